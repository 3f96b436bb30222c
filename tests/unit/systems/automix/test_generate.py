"""Whole songs: length, chunks, missing and additional stems, loudness."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from sounds import stem

from gantools.audio.io import read_audio
from gantools.audio.loudness import measure_loudness
from gantools.audio.truepeak import true_peak
from gantools.audio.writing import write_audio
from gantools.chunks.multitrack import Multitrack
from gantools.effects.features import as_mapping, find_features
from gantools.errors import InputError, ModelError
from gantools.systems.automix.baselines import GainMixer
from gantools.systems.automix.config import PRESETS, AutomixConfig, MixConfig
from gantools.systems.automix.generate import Mixer, load, mix_blocks, mix_song
from gantools.systems.automix.networks import build_network
from gantools.systems.automix.objective import Automix
from gantools.systems.automix.streams import StemStream, sum_files
from gantools.training.loop import train

Songs = tuple[list[Multitrack], list[Multitrack]]
RATE_HZ, SECONDS = 16000, 6
SMALL = dataclasses.replace(
    PRESETS["small"],
    sample_rate_hz=RATE_HZ,
    bottleneck=16,
    hidden=16,
    blocks=2,
    crop=16384,
    steps=1,
    threads=1,
    bands=20,
)
CPU = torch.device("cpu")


def _stem(role: str, rate_hz: int = RATE_HZ) -> np.ndarray:
    return np.ascontiguousarray(0.2 * stem(role, SECONDS, rate_hz).T)


def _mixer(config: AutomixConfig) -> Mixer:
    network = build_network(config).eval()
    if config.network == "bands":
        torch.nn.init.normal_(network.leave[1].weight, std=0.3)  # type: ignore[index, union-attr]
    return Mixer(network, config, {}, CPU)


def _mixed(
    mixer: Mixer, files: dict[str, Path], frames: int, segment_seconds: float, rate_hz: int = RATE_HZ
) -> np.ndarray:
    return np.concatenate(list(mix_blocks(files, mixer, rate_hz, frames, segment_seconds)), axis=1)


def _files(songs: Songs) -> dict[str, Path]:
    """Return role -> file of the first song; each of its stems has one."""
    return {role: path for role, (path,) in songs[0][0].stems.items()}


def test_chunks_equal_one_pass(songs: Songs) -> None:
    files, frames = _files(songs), RATE_HZ * SECONDS
    mixer = _mixer(SMALL)
    whole = _mixed(mixer, files, frames, 100.0)
    for segment_seconds in (2.0, 3.3):
        np.testing.assert_allclose(_mixed(mixer, files, frames, segment_seconds), whole, atol=2e-6)
    plain = np.concatenate([read_audio(files[role])[0] for role in ("bass",)])
    assert np.abs(whole - plain).max() > 0.01


def test_paper_network_in_chunks_is_close(songs: Songs) -> None:
    config = AutomixConfig(
        sample_rate_hz=RATE_HZ, filters=8, repeats=1, blocks=2, bottleneck=8, hidden=8, skip=8, lstm_layers=1
    )
    mixer, frames = _mixer(config), RATE_HZ * SECONDS
    mixer.network.warmup_samples = 16384  # type: ignore[assignment]
    whole, parts = (_mixed(mixer, _files(songs), frames, segment_seconds) for segment_seconds in (100.0, 3.0))
    assert np.linalg.norm(parts - whole) < 0.03 * np.linalg.norm(whole)  # -30 dB; it averages over what it hears


@pytest.mark.parametrize("frames", [1, 100, 4096, 32001, 96000])
@pytest.mark.parametrize("rate_hz", [RATE_HZ, 22050])
def test_lengths_are_exact(tmp_path: Path, frames: int, rate_hz: int) -> None:
    write_audio(tmp_path / "bass.wav", _stem("bass", rate_hz)[:, :frames], rate_hz, "32f")
    mixed = _mixed(_mixer(SMALL), {"bass": tmp_path / "bass.wav"}, frames, 2.0, rate_hz)
    assert mixed.shape == (2, frames)
    assert np.isfinite(mixed).all()


def test_resampled_mix_is_the_mix(tmp_path: Path) -> None:
    wave = _stem("vocals", 22050)
    write_audio(tmp_path / "vocals.wav", wave, 22050, "32f")
    mixer = Mixer(GainMixer([0.0] * 4), SMALL, {}, CPU)
    mixed = _mixed(mixer, {"vocals": tmp_path / "vocals.wav"}, wave.shape[1], 2.0, 22050)
    error = (mixed - wave)[:, 2000:-2000]
    assert np.linalg.norm(error) < 0.02 * np.linalg.norm(wave)


def test_stream_reflects_and_forgets(tmp_path: Path) -> None:
    wave = np.arange(2000, dtype=np.float32) / 4000
    write_audio(tmp_path / "a.wav", wave, RATE_HZ, "32f")
    stream = StemStream(tmp_path / "a.wav", RATE_HZ, 2000)
    padded = np.pad(wave, 500, mode="reflect")
    for start in range(-500, 2000, 300):
        stop = min(start + 700, 2500)
        np.testing.assert_array_equal(stream.window(start, stop)[1], padded[start + 500 : stop + 500])
    assert not StemStream(None, RATE_HZ, 100).window(-10, 50).any()


def test_stream_keeps_little(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.zeros(100 * RATE_HZ, np.float32), RATE_HZ)
    stream = StemStream(tmp_path / "a.wav", RATE_HZ, 100 * RATE_HZ)
    for second in range(-1, 99):
        stream.window(second * RATE_HZ, (second + 3) * RATE_HZ)
        assert stream._kept.shape[1] <= 2**18 + 6 * RATE_HZ  # a block of the reader and the window


def test_song_of_a_trained_model(songs: Songs, tmp_path: Path) -> None:
    train(Automix(SMALL, *songs, {"name": "none"}), tmp_path / "model")
    config = MixConfig(normalised=True, bits="32f", lufs=-20.0)
    one = songs[0][0]
    for mixer in ("network", "gains", "sum"):
        record = mix_song(
            one,
            tmp_path / "m.wav",
            load(tmp_path / "model", dataclasses.replace(config, mixer=mixer), "cpu").mixer,
            config,
        )
        wave, rate_hz = read_audio(tmp_path / "m.wav")
        assert (wave.shape, rate_hz) == ((2, RATE_HZ * SECONDS), RATE_HZ)
        assert not record["tp_limited"]
        assert measure_loudness(wave, rate_hz).integrated_lufs() == pytest.approx(-20.0, abs=0.02)
    limited = mix_song(
        one, tmp_path / "m.wav", load(tmp_path / "model", config, "cpu").mixer, dataclasses.replace(config, lufs=-3.0)
    )
    assert limited["tp_limited"]
    assert limited["lufs"] < -3
    assert 20 * np.log10(true_peak(*read_audio(tmp_path / "m.wav"))) == pytest.approx(-1.0, abs=0.01)
    with pytest.raises(ModelError):
        load(tmp_path, config, "cpu")


def test_unknown_stems_join_other(songs: Songs, tmp_path: Path) -> None:
    stems, config = songs[0][0].stems, MixConfig(normalised=True, bits="32f")
    mixer = Mixer(GainMixer([0.0] * 4), SMALL, {}, CPU)
    track = Multitrack("x", {"bass": stems["bass"], "guitar": stems["vocals"], "keys": stems["drums"]})
    record = mix_song(track, tmp_path / "x.wav", mixer, config)
    assert record["roles"] == ["bass", "other"]
    paths = [path for (path,) in track.stems.values()]
    total = sum(read_audio(path)[0] for path in paths) * 10 ** (record["gain_db"] / 20)
    np.testing.assert_allclose(read_audio(tmp_path / "x.wav")[0], total, atol=1e-4)
    summed = read_audio(sum_files(paths, tmp_path / "s.wav", RATE_HZ))[0]
    np.testing.assert_allclose(summed, sum(read_audio(path)[0] for path in paths), atol=1e-6)


def test_what_cannot_be_mixed(tmp_path: Path) -> None:
    mixer, config = Mixer(GainMixer([0.0] * 4), SMALL, {}, CPU), MixConfig(normalised=True)
    write_audio(tmp_path / "bass.wav", _stem("bass"), RATE_HZ)
    write_audio(tmp_path / "drums.wav", _stem("drums", 22050), 22050)
    write_audio(tmp_path / "silence.wav", np.zeros((2, 50_000), np.float32), RATE_HZ)
    for stems, text in (
        ({}, "no stems"),
        ({"bass": (tmp_path / "bass.wav",), "drums": (tmp_path / "drums.wav",)}, "differ in sample rate"),
        ({"bass": (tmp_path / "silence.wav",)}, "silent"),
    ):
        with pytest.raises(InputError, match=text):
            mix_song(Multitrack("x", stems), tmp_path / "x.wav", mixer, config)
    assert not (tmp_path / "x.wav").exists()


@pytest.mark.parametrize("dry", [False, True])
def test_stems_are_normalised_on_the_way(songs: Songs, tmp_path: Path, dry: bool) -> None:
    config = MixConfig(bits="32f", lufs=-23.0, dry=dry)
    mixer = Mixer(GainMixer([0.0] * 4), SMALL, as_mapping(find_features("musdb18")), CPU)
    record = mix_song(songs[1][0], tmp_path / "new" / "mix.wav", mixer, config)
    wave, rate_hz = read_audio(tmp_path / "new" / "mix.wav")
    assert record["lufs"] == pytest.approx(-23.0, abs=0.05)
    assert (wave.shape, rate_hz) == ((2, RATE_HZ * SECONDS), RATE_HZ)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["mix.wav"]
