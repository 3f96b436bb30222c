"""Training over scales: bit-identical when resumed, warm starts, holes, stereo, several clips."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from gantools.audio.midside import to_mid_side
from gantools.errors import ConfigError, InputError, ModelError
from gantools.files.containers import read_state
from gantools.models.clips import read_clips
from gantools.systems.caw.clips import TrainingClip, choose_scales, read_clip
from gantools.systems.caw.config import PRESETS, CawConfig
from gantools.systems.caw.model import load_model, scale_folder
from gantools.systems.caw.run import CawRun
from gantools.systems.caw.scale_data import prepare
from gantools.systems.caw.training import train_caw
from gantools.training.report import Progress

Make = Callable[..., CawConfig]


def run_of(path: Path, config: CawConfig) -> CawRun:
    return CawRun(config, [read_clip(path, config)])


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    found = {}
    for path in sorted(folder.rglob("*.safetensors")):
        for name, tensor in read_state(path)[0].items():
            found[f"{path.relative_to(folder)}/{name}"] = tensor
    return found


@pytest.mark.parametrize(("preset", "start"), [("paper", "noise"), ("small", "noise"), ("small", "patches")])
def test_stopped_anywhere_it_ends_with_the_same_weights(
    preset: str, start: str, tiny: Make, clip_file: Path, tmp_path: Path
) -> None:
    config = tiny(preset, start=start, rates="1000,2000", sample_rate_hz=2000)
    assert train_caw(run_of(clip_file, config), tmp_path / "whole").status == "finished"
    stops = (1, 4)  # in the first and in the last scale

    def interrupted_at(step: int) -> Callable[[Progress], None]:
        def report(progress: Progress) -> None:
            if progress.activity == "train" and progress.step == step:
                os.kill(os.getpid(), signal.SIGINT)

        return report

    for step in stops:
        summary = train_caw(run_of(clip_file, config), tmp_path / "parts", report=interrupted_at(step))
        assert (summary.status, summary.step, summary.total) == ("interrupted", step, 6)
    summary = train_caw(run_of(clip_file, config), tmp_path / "parts")
    assert (summary.status, summary.step) == ("finished", 6)
    whole, parts = weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    assert [key for key in whole if not torch.equal(whole[key], parts[key])] == []
    assert not list((tmp_path / "parts").rglob("state"))
    assert train_caw(run_of(clip_file, config), tmp_path / "parts").status == "skipped"


def test_model_folder(tiny: Make, clip_file: Path, tmp_path: Path) -> None:
    folder, config = tmp_path / "model", tiny(channels=2, match_eq_db=6.0)
    train_caw(run_of(clip_file, config), folder)
    model = load_model(folder)
    assert model.finished
    assert model.data["rates_hz"] == list(model.stack.rates_hz) == [1000, 2000, 4000]
    assert model.config == config
    clip = read_clip(clip_file, config)
    assert np.array_equal(read_clips(folder)[0][0], clip.wave)
    assert model.peaks == [clip.peak]
    assert [s.equaliser is not None for s in model.stack.scales] == [True] * 3
    drawn = model.stack.draw([3, 4], 1.5)
    assert drawn.shape == (2, 2, 6000)
    assert torch.allclose(drawn[1:], model.stack.draw([4], 1.5), atol=1e-5)
    # Noise amplitudes: 1, then as loud as the reconstruction below, then by the energies.
    amplitudes = [scale.amplitude for scale in model.stack.scales]
    mid = [to_mid_side(torch.from_numpy(clip.wave))[0].numpy()]
    assert torch.equal(amplitudes[0], torch.ones(2, 1))
    assert float(amplitudes[2][0, 0]) < 0.01 * float(np.abs(mid[0]).max())
    assert float(amplitudes[1].min()) > 0.0
    (folder / "scales/02000hz/scale.safetensors").unlink()
    assert load_model(folder).stack.rates_hz == (1000,)
    shutil.rmtree(folder / "scales")
    with pytest.raises(ModelError, match="no finished scale"):
        load_model(folder)


def test_warm_start_and_transfer(tiny: Make, clip_file: Path, tmp_path: Path) -> None:
    def first_weights(folder: Path, **options: Any) -> dict[str, torch.Tensor]:
        """Train with a learning rate of 0: the weights stay what the scales began with."""
        config = tiny(lr=0.0, zero_init=False, ema=False, steps=1)
        train_caw(run_of(clip_file, config), folder, **options)
        return {rate: load_model(folder).stack.scales[i].generator.state_dict() for i, rate in enumerate((1, 2, 4))}

    started = first_weights(tmp_path / "a")
    name = "body.convs.1.parametrizations.weight.original1"
    assert torch.equal(started[1][name], started[2][name])
    trained = tmp_path / "trained"
    train_caw(run_of(clip_file, tiny(ema=False)), trained)
    moved = first_weights(tmp_path / "b", base_model=trained)
    for index, rate in enumerate((1, 2, 4)):
        kept = read_state(scale_folder(trained, rate * 1000) / "G.safetensors")[0]
        assert torch.equal(moved[rate][name], kept[name]), index


def test_zero_init_begins_as_upsampling(tiny: Make, clip_file: Path, tmp_path: Path) -> None:
    config = tiny(lr=0.0, steps=1, match_eq_db=0.0)
    train_caw(run_of(clip_file, config), tmp_path / "m")
    stack = load_model(tmp_path / "m").stack
    below = stack.scales[0].run(torch.zeros(1, 1, 2000), torch.randn(1, 1, 2000))
    raised = stack.raise_to(1, below, 4000)
    assert torch.allclose(stack.scales[1].run(raised, torch.zeros_like(raised)), raised, atol=1e-6)


def test_what_is_in_a_hole_does_not_matter(tiny: Make, clip_file: Path, tmp_path: Path) -> None:
    import soundfile

    wave, rate_hz = soundfile.read(clip_file, dtype="float32", always_2d=True)
    other = wave.copy()
    other[4000:4400] = 0.01 * np.random.default_rng(0).standard_normal((400, 2))
    soundfile.write(tmp_path / "other.wav", other, rate_hz, subtype="FLOAT")
    config = tiny(task="inpaint", holes="1.0-1.0999", steps=2)
    trained = []
    for index, path in enumerate((clip_file, tmp_path / "other.wav")):
        train_caw(run_of(path, config), tmp_path / f"m{index}")
        trained.append(load_model(tmp_path / f"m{index}"))
    for ours, theirs in zip(*(model.stack.scales for model in trained), strict=True):
        one, two = ours.generator.state_dict(), theirs.generator.state_dict()
        assert [name for name in one | two if not torch.equal(one[name], two[name])] == []
    # Noise fills the hole at every scale.
    top = trained[0].stack.scales[-1].reconstruction_noise
    assert float(top[:, 4100:4300].abs().min(-1).values) > 0
    assert float(top[:, :3900].abs().max()) == 0.0


def test_statistics_leave_out_holes(tiny: Make, clip_file: Path) -> None:
    config = tiny(task="inpaint", holes="0.5-0.6,1.0-1.1")
    signal = read_clip(clip_file, config).signal
    material = prepare([signal], 4000, 2000, None, config, torch.device("cpu"))
    stretches = material.stretches()
    assert len(stretches) == 3
    # 200 samples each, what resampling smears, and the last one.
    assert sum(s.shape[-1] for s in stretches) == 4000 - 2 * (201 + 16)
    assert float(torch.cat(stretches, -1).square().mean()) > float(material.real[0].square().mean())


def test_crop_must_hold_the_receptive_field(tiny: Make) -> None:
    with pytest.raises(ConfigError, match="crop"):
        tiny(layers=8)


def test_several_clips_in_one_model(tiny: Make, clip_file: Path, tmp_path: Path) -> None:
    config = tiny()
    clip = read_clip(clip_file, config)
    shorter = dataclasses.replace(clip, wave=clip.wave[:, :6400].copy(), digest="other")
    run = CawRun(config, [clip, shorter])
    train_caw(run, tmp_path / "m")
    model = load_model(tmp_path / "m")
    assert [wave.shape[-1] for wave in read_clips(tmp_path / "m")[0]] == [8000, 6400]
    assert len(model.data["clips"]) == 2


def test_segments_of_a_file_are_clips_of_one_model(tiny: Make, clip_file: Path, tmp_path: Path) -> None:
    """Of two seconds of left and right at 4 kHz: 0 to 0.75 s and 1 to 2 s, each mono and with a peak of 1."""
    mono = soundfile.read(clip_file, dtype="float32")[0].mean(1)
    expected = [mono[:3000], mono[4000:]]
    config = tiny(segments="1-2,0-0.75", epochs=2)
    run = CawRun.of_files([clip_file], config)
    assert list(run.data["sounds"]) == ["riff.wav 0-0.75 s", "riff.wav 1-2 s"]
    assert [clip["segment"] for clip in run.data["clips"]] == [[0, 0.75], [1, 2]]
    assert run.config.steps == 4  # an epoch is a step for each clip
    for clip, wave in zip(run.clips, expected, strict=True):
        np.testing.assert_allclose(clip.wave[0], wave / np.abs(wave).max(), atol=1e-6)
    assert train_caw(run, tmp_path / "m").step == 3 * 4
    assert [wave.shape[-1] for wave in read_clips(tmp_path / "m")[0]] == [3000, 4000]
    with pytest.raises(ConfigError, match="segments"):
        train_caw(CawRun.of_files([clip_file], tiny(segments="0-0.75", epochs=2)), tmp_path / "m")
    with pytest.raises(InputError, match=r"has only 2.00 s: the segment 1.5-3 ends behind it"):
        CawRun.of_files([clip_file], tiny(segments="1.5-3"))
    with pytest.raises(ConfigError, match="one stretch"):
        tiny(segments="0-1", task="inpaint", holes="0.1-0.2")


def test_budget_is_kept(tiny: Make, clip_file: Path, tmp_path: Path) -> None:
    config = tiny(budget="4s")
    summary = train_caw(run_of(clip_file, config), tmp_path / "m")
    assert summary.status == "finished"
    budgets = [
        float(json.loads((scale_folder(tmp_path / "m", rate) / "config.json").read_text())["config"]["budget"][:-1])
        for rate in (1000, 2000, 4000)
    ]
    assert budgets[0] <= config.coarsest_share * 4 + 0.05
    assert min(budgets) > 0


def test_another_clip_or_setting_is_refused(tiny: Make, clip_file: Path, tmp_path: Path) -> None:
    config = tiny(steps=1)
    train_caw(run_of(clip_file, config), tmp_path / "m")
    with pytest.raises(ConfigError, match="lr"):
        train_caw(run_of(clip_file, dataclasses.replace(config, lr=0.1)), tmp_path / "m")
    other = dataclasses.replace(read_clip(clip_file, config), digest="other")
    with pytest.raises(ConfigError, match="another clip"):
        train_caw(CawRun(config, [other]), tmp_path / "m")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/diary.txt").write_text("dear diary")
    with pytest.raises(ConfigError, match="exists and is no model folder"):
        train_caw(run_of(clip_file, config), tmp_path / "notes")


def test_too_short_and_too_low_scales() -> None:
    def clip(seconds: float) -> TrainingClip:
        wave = np.random.default_rng(0).uniform(-1, 1, (1, int(seconds * 16000))).astype(np.float32)
        return TrainingClip(Path("x.wav"), wave, 16000, 1.0, "")

    config = PRESETS["paper"]
    assert choose_scales([clip(25)], config).rates_hz[0] == 320
    choice = choose_scales([clip(6)], config)
    assert choice.rates_hz[0] == 800  # two receptive fields of 2041 samples in 6 s
    assert "receptive field" in choice.skipped[640]
    with pytest.raises(InputError, match="too short"):
        choose_scales([clip(0.01)], config)
