"""What ships of a model of loops: less than half of it, and it makes loops."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_loop_models import tiny_lm, write_pieces_and_codes

from gantools.errors import ModelError
from gantools.systems.looplm.generate import load_sampler
from gantools.systems.looplm.shipping import ship
from gantools.systems.loops.generate_config import LoopsGenerateConfig
from gantools.training.loop import train


def test_the_folder_stands_alone_and_is_small(tmp_path: Path) -> None:
    write_pieces_and_codes(tmp_path)
    train(tiny_lm(tmp_path, steps=2, hidden=64), tmp_path / "m")
    ship(tmp_path / "m", tmp_path / "out", "CREDITS", "three pieces")
    (tmp_path / "vae").rename(tmp_path / "elsewhere")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("config.json", "card.json", "CREDITS.txt", "prior.safetensors", "vae.safetensors")
    }
    assert json.loads((tmp_path / "out/card.json").read_text())["data"] == "three pieces"
    sizes = [(tmp_path / folder / "prior.safetensors").stat().st_size for folder in ("m", "out")]
    assert sizes[1] < 0.6 * sizes[0]
    made = [load_sampler(tmp_path / folder, LoopsGenerateConfig(), "cpu").draw(64)[0] for folder in ("m", "out")]
    # Half precision moves a logit now and then across a random number, and no more.
    assert np.mean([np.array_equal(*pair) for pair in zip(*made, strict=True)]) > 0.5


def test_a_model_of_another_system_does_not_ship(tmp_path: Path) -> None:
    write_pieces_and_codes(tmp_path)
    with pytest.raises(ModelError, match="is a model of loopvae, not of looplm"):
        ship(tmp_path / "vae", tmp_path / "out", "", "")
