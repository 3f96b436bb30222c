"""The collapse panel: healthy clips show nothing, and each fault shows itself and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch

from gantools.metrics.collapse.clip_statistics import ClipStatistics
from gantools.metrics.collapse.symptoms import FIGURES, CollapsePanel

RATE_HZ, LENGTH = 8000, 8192


def tunes(count: int, seed: int) -> np.ndarray:
    """Return clips (count, 1, LENGTH) of decaying notes and noisy hits at random times."""
    random, time = np.random.default_rng(seed), np.arange(LENGTH) / RATE_HZ
    clips = np.zeros((count, 1, LENGTH))
    for clip in clips:
        for _ in range(random.integers(3, 9)):
            start = random.uniform(0, 1)
            after = np.maximum(time - start, 0) * (time >= start)
            hz = 110 * 2 ** (random.integers(0, 48) / 12)
            decay = np.exp(-after * random.uniform(3, 20)) * (time >= start)
            clip += random.uniform(0.05, 0.15) * decay * np.sin(2 * np.pi * hz * after)
        for start in random.uniform(0, 1, random.integers(0, 4)):
            after = time - start
            clip += 0.1 * random.standard_normal(LENGTH) * np.where(after >= 0, np.exp(-30 * np.maximum(after, 0)), 0)
    return clips.astype(np.float32)


@pytest.fixture(scope="module")
def panel() -> CollapsePanel:
    return CollapsePanel(tunes(48, 0), RATE_HZ, training=tunes(40, 1))


def faults(real: np.ndarray) -> dict[str, np.ndarray]:
    """Return what each symptom is the name of, made from real clips."""
    random, time, rms = np.random.default_rng(3), np.arange(real.shape[2]), real.std()
    noise = random.standard_normal(real.shape)
    colour = np.sqrt(np.square(np.abs(np.fft.rfft(real))).mean(0, keepdims=True))
    angles = np.exp(2j * np.pi * random.random((len(real), 1, colour.shape[2])))
    broken = real.copy()
    broken[3, 0, 7] = np.nan
    return {
        "divergence": broken,
        "silence": np.zeros_like(real),
        "silence of quiet clips": 0.01 * real,
        "noise, white": rms * noise,
        "noise of the right colour": np.fft.irfft(colour * angles, real.shape[2]),
        "mode_collapse to one clip": real[:1] + 0.02 * rms * noise,
        "mode_collapse to two": real[[0, 1] * (len(real) // 2)],
        "combs": real + 0.1 * rms * np.sin(2 * np.pi * time / 4 + 0.3),
        "combs of the second layer": real + 0.1 * rms * sum(np.sin(2 * np.pi * m * time / 16 + m) for m in (1, 3)),
        "clipping": np.clip(20 * real, -1, 1),
        "clipping of tanh": np.tanh(30 * real),
    }


def test_healthy_clips_show_nothing(panel: CollapsePanel) -> None:
    for clips in (tunes(48, 4), 0.5 * tunes(16, 5)):
        assert panel.symptoms(clips) == {}
        assert panel.symptoms(torch.from_numpy(np.repeat(clips, 2, axis=1))) == {}  # in stereo, as a tensor
    figures = panel.figures(tunes(48, 4))
    assert tuple(figures) == FIGURES
    for name in ("level_ratio", "pairwise_ratio", "modulation_ratio", "flatness_ratio", "coverage"):
        assert figures[name] == pytest.approx(1.0, abs=0.3), name


def test_each_fault_shows_itself_only(panel: CollapsePanel) -> None:
    for name, clips in faults(tunes(48, 6)).items():
        assert list(panel.symptoms(clips.astype(np.float32))) == [name.split()[0].rstrip(",")], name


def test_copies_are_found_at_any_level_and_place(panel: CollapsePanel) -> None:
    copies = -0.3 * tunes(40, 1)[:16]
    assert list(panel.symptoms(copies)) == ["memorisation"]
    assert panel.figures(copies)["copied_share"] == 1.0
    assert panel.figures(tunes(16, 8))["copied_share"] == 0.0


def test_figures_by_hand() -> None:
    time = np.arange(LENGTH)
    tone = 0.5 * np.sin(2 * np.pi * 440 / RATE_HZ * time)
    clips = ClipStatistics(np.stack([tone, -tone, np.roll(tone, 300), 2 * tone]).astype(np.float32), RATE_HZ)
    assert clips.level == pytest.approx(0.5 * np.sqrt((1 + 1 + 1 + 4) / 8), rel=1e-3)
    assert clips.clipped_share == pytest.approx(0.25 * np.arccos(0.99) / (np.pi / 2), rel=0.1)
    assert clips.twin_share == 0.5  # three of six pairs: the shifted tone begins later and so lacks 300 samples
    assert ClipStatistics(clips.waves[[0, 1, 3]], RATE_HZ).pairwise_db == pytest.approx(0.0, abs=0.01)
    assert clips.flatness < 0.05
    noise = np.random.default_rng(0).standard_normal((8, LENGTH)).astype(np.float32)
    white = ClipStatistics(noise, RATE_HZ)
    assert white.flatness > 0.75
    assert white.variety == pytest.approx(1.0, abs=0.1)
    assert white.twin_share == 0.0
    level = 0.02 * np.sin(2 * np.pi * time * 5 / 64)
    lines = ClipStatistics((noise * 0.01 + level).astype(np.float32), RATE_HZ).comb_lines_db
    assert int(lines.argmax()) == 4  # the fifth multiple of a 64th
    assert np.delete(lines, 4).max() < 12 < lines[4]


def test_few_silent_or_short_clips(panel: CollapsePanel) -> None:
    mixed = tunes(24, 10)
    mixed[:6] = 0
    assert panel.symptoms(mixed) == {}
    assert [list(panel.symptoms(tunes(1, seed))) for seed in (11, 12)] == [[], ["mode_collapse"]]
    short = CollapsePanel(tunes(32, 0)[:, :, :1024], RATE_HZ)
    assert short.symptoms(tunes(32, 4)[:, :, :1024]) == {}
    assert "silence" in short.symptoms(0 * tunes(32, 4)[:, :, :1024])
    with pytest.raises(ValueError, match="two real clips"):
        CollapsePanel(np.zeros((4, 1, LENGTH), np.float32), RATE_HZ)
    with pytest.raises(ValueError, match=r"must be \(n, channels, time\)"):
        panel.figures(np.zeros((4, LENGTH), np.float32))


def cut(song: Path, seed: int, skip_s: int) -> np.ndarray:
    """Return clips from anywhere in a song."""
    wave, rate_hz = soundfile.read(song, frames=100 * 44100, dtype="float32", always_2d=True)
    wave = soxr.resample(wave[skip_s * 44100 :].mean(1), rate_hz, RATE_HZ)
    starts = np.random.default_rng(seed).integers(0, len(wave) - LENGTH, 32)
    return np.stack([wave[start : start + LENGTH] for start in starts])[:, None]


def test_bundled_recordings(recording: Callable[[str], Path]) -> None:
    """A band: the panel from two songs, healthy clips and faults from the third; much of it is near noise anyway."""
    songs = [recording(f"stems2/{name}/band.ogg") for name in ("feelings", "escape-from-chaosland", "metal-madness")]
    panel = CollapsePanel(np.concatenate([cut(song, 0, 0) for song in songs[:2]]), RATE_HZ)
    held_out = cut(songs[2], 1, 0)
    assert panel.symptoms(held_out) == {}
    for name, clips in faults(held_out).items():
        assert name.split()[0].rstrip(",") in panel.symptoms(clips.astype(np.float32)), name


def test_real_music(shared_data: Path) -> None:
    """Electronic songs: the panel from two, healthy clips and faults from the third."""
    songs = sorted((shared_data / "songs/electronic").glob("*.ogg"))
    panel = CollapsePanel(np.concatenate([cut(song, 0, 20) for song in songs[:2]]), RATE_HZ)
    held_out = cut(songs[2], 1, 20)
    assert panel.symptoms(held_out) == {}
    for name, clips in faults(held_out).items():
        assert list(panel.symptoms(clips.astype(np.float32))) == [name.split()[0].rstrip(",")], name
