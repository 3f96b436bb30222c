"""Loops of trained baselines: functions of their number, at a temperature, and with one note of the bass at most."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from small_loop_models import tiny_gan, tiny_transformer, write_pieces

from gantools.errors import ModelError
from gantools.symbolic.roll import DRUM_ROWS
from gantools.systems.loopgan import generate as loopgan
from gantools.systems.loops.generate_config import LoopsGenerateConfig
from gantools.systems.loops.sampling import RollSampler
from gantools.systems.looptransformer import generate as looptransformer
from gantools.training.loop import train


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_pieces(folder / "midi")
    train(tiny_gan(folder / "midi", steps=2), folder / "gan")
    train(tiny_transformer(folder / "midi", steps=2), folder / "transformer")
    return folder


Open = Callable[..., RollSampler]


@pytest.fixture(params=["gan", "bernoulli", "transformer"])
def opened(request: pytest.FixtureRequest, models: Path) -> Open:
    def open_one(**options: object) -> RollSampler:
        if request.param == "transformer":
            return looptransformer.load_sampler(models / "transformer", LoopsGenerateConfig(**options), "cpu")  # type: ignore[arg-type]
        binarise = "bernoulli" if request.param == "bernoulli" else "threshold"
        config = LoopsGenerateConfig(binarise=binarise, **options)  # type: ignore[arg-type]
        return loopgan.load_sampler(models / "gan", config, "cpu")

    return open_one


def test_a_loop_is_a_function_of_its_number(opened: Open) -> None:
    sounding, onsets = opened().draw(70, 5)
    assert sounding.shape == onsets.shape == (70, 32, 57)
    assert sounding[:, :, DRUM_ROWS:].sum(2).max() <= 1
    assert not (onsets & ~sounding).any()
    later = opened().loops([74, 63])
    assert np.array_equal(later[0], sounding[[69, 58]])
    assert np.array_equal(later[1], onsets[[69, 58]])
    assert not np.array_equal(opened().loops([74], attempt=1)[0][0], sounding[69])


def test_the_tempo_is_the_middle_one_of_the_pieces(opened: Open) -> None:
    assert opened().bpm == 101.0
    assert opened().bars == 2


def test_without_temperature_all_loops_of_transformer_and_latents_are_one(models: Path) -> None:
    config = LoopsGenerateConfig(temperature=0.0)
    for sampler in (
        loopgan.load_sampler(models / "gan", config, "cpu"),
        looptransformer.load_sampler(models / "transformer", config, "cpu"),
    ):
        sounding, _ = sampler.draw(3)
        assert (sounding == sounding[0]).all()


def test_a_model_of_the_other_kind_is_refused(models: Path) -> None:
    with pytest.raises(ModelError, match="loopgan"):
        looptransformer.load_sampler(models / "gan", LoopsGenerateConfig(), "cpu")
