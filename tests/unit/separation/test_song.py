"""One song through a separator that only scales: what must be kept is then known exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from sounds import tone

from gantools.errors import InputError
from gantools.separation.config import REST, SeparateConfig
from gantools.separation.demucs_models import StemModel
from gantools.separation.networks import OwnNetwork
from gantools.separation.separator import Separator
from gantools.separation.song import Decoder, separate_song

ROLES = ("quarter", "rest")


class Scaling:
    """Stands for a model of `train separator` of two stems, scaled by `gains`."""

    rate_hz, segment_samples = 44100, 30_000

    def __init__(self, gains: tuple[float, float]) -> None:
        self.gains = gains

    def separate(self, wave: torch.Tensor) -> torch.Tensor:
        return torch.stack([gain * wave for gain in self.gains], dim=1)


def separate(folder: Path, source: Path, roles=ROLES, gains=(0.25, 0.75), ending="wav", bits="32f"):
    separator = Separator(StemModel("x", "own", (), ROLES), [OwnNetwork(Scaling(gains))], torch.device("cpu"))
    decoder = Decoder(folder / "out", 44100)
    outputs = [folder / "out" / f"{role}.{ending}" for role in roles]
    try:
        fields = separate_song(source, outputs, roles, separator, decoder, bits=bits)
    finally:
        decoder.close()
    assert sorted(path.name for path in (folder / "out").iterdir()) == sorted(path.name for path in outputs)
    return fields, [soundfile.read(path, dtype="float32", always_2d=True)[0] for path in outputs]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [8000, 22050, 44100, 48000, 96000])
def test_rate_length_and_channels_are_kept_and_stems_sum_to_the_song(
    tmp_path: Path, rate_hz: int, channels: int
) -> None:
    time = np.arange(int(1.7 * rate_hz)) / rate_hz
    noise = 0.1 * np.random.default_rng(0).standard_normal((len(time), channels))
    parts = [np.sin(2 * np.pi * hz * time) * np.hanning(len(time)) for hz in (220, 3000)][:channels]
    wave = 0.5 * np.stack(parts, axis=1)
    soundfile.write(tmp_path / "a.wav", wave, rate_hz, subtype="FLOAT")
    soundfile.write(tmp_path / "noise.wav", noise, rate_hz, subtype="FLOAT")
    _, (quarter, rest) = separate(tmp_path, tmp_path / "a.wav")
    assert quarter.shape == rest.shape == wave.shape
    assert soundfile.info(tmp_path / "out/rest.wav").samplerate == rate_hz
    np.testing.assert_allclose(quarter + rest, wave, atol=1e-6)
    np.testing.assert_allclose(quarter, wave / 4, atol=3e-4)
    _, (quarter, rest) = separate(tmp_path, tmp_path / "noise.wav")
    np.testing.assert_allclose(quarter + rest, noise, atol=1e-6)


@pytest.mark.parametrize("n", [1, 10, 441])
def test_very_short_and_silent_songs(tmp_path: Path, n: int) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((n, 2)), 48000)
    _, stems = separate(tmp_path, tmp_path / "a.wav")
    assert all(stem.shape == (n, 2) and not stem.any() for stem in stems)


def test_stems_that_would_clip_are_lowered_together(tmp_path: Path) -> None:
    wave = 0.8 * np.sin(np.arange(44100) / 20)[:, None]
    soundfile.write(tmp_path / "a.wav", wave, 44100, subtype="FLOAT")
    fields, (loud, soft) = separate(tmp_path, tmp_path / "a.wav", gains=(2.5, 0.5), bits="24")
    assert fields["gain_db"] == pytest.approx(20 * np.log10(0.9999 / 2.0), abs=0.01)
    np.testing.assert_allclose(loud, 0.9999 * wave / 0.8, atol=1e-4)
    np.testing.assert_allclose(soft, loud / 5, atol=1e-5)
    fields, (loud, _) = separate(tmp_path, tmp_path / "a.wav", gains=(2.5, 0.5), bits="32f")
    assert fields["gain_db"] == 0
    np.testing.assert_allclose(loud, 2.5 * wave, atol=1e-5)


def test_two_stems_sum_to_the_song_whatever_the_network_does(tmp_path: Path) -> None:
    wave = tone(1.0, 44100, 2)
    soundfile.write(tmp_path / "a.wav", wave, 44100, subtype="FLOAT")
    _, (stem, accompaniment) = separate(tmp_path, tmp_path / "a.wav", ("quarter", REST), gains=(0.1, 0.2))
    np.testing.assert_allclose(stem, 0.1 * wave, atol=1e-6)
    np.testing.assert_allclose(stem + accompaniment, wave, atol=1e-6)


def test_tags_survive(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "a.flac", "w", 44100, 2) as file:
        file.title, file.artist = "Tür", "Nobody"
        file.write(tone(0.5, 44100, 2))
    separate(tmp_path, tmp_path / "a.flac", ending="flac", bits="16")
    with soundfile.SoundFile(tmp_path / "out/rest.flac") as file:
        assert (file.title, file.artist) == ("Tür", "Nobody")


def test_surround_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((100, 6)), 44100)
    with pytest.raises(InputError, match="6 channels; mix it down"):
        separate(tmp_path, tmp_path / "a.wav")
    assert not list((tmp_path / "out").iterdir())


def test_roles() -> None:
    sources = ("drums", "bass", "vocals")
    assert SeparateConfig().roles(sources) == sources
    assert SeparateConfig(stems="vocals, drums,vocals").roles(sources) == ("vocals", "drums")
    assert SeparateConfig(two_stems="bass").roles(sources) == ("bass", REST)
    with pytest.raises(Exception, match="did you mean vocals"):
        SeparateConfig(stems="vocal").roles(sources)
    with pytest.raises(Exception, match="exclude each other"):
        SeparateConfig(stems="vocals", two_stems="bass")
