"""Songs as latents: in windows as in one piece, mono and short ones too, what cannot be used named, a part held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from small_musika import tiny_musika_config, untrained_codec
from sounds import stem as stereo_stem

from gantools.audio.infrasound import HighPass
from gantools.audio.midside import to_mid_side
from gantools.errors import ConfigError
from gantools.systems.latents import encoding as module
from gantools.systems.musika.latents import LatentSongs

RATE = 8000


def stem(role: str, seconds: float, rate_hz: int, seed: int) -> np.ndarray:
    """Return a stem as mono (n,)."""
    return stereo_stem(role, seconds, rate_hz, seed)[:, 0]


def songs(folder: Path, **changes: object) -> LatentSongs:
    """Return the songs of a folder."""
    return LatentSongs(
        [(path.stem, path) for path in sorted(folder.iterdir())], tiny_musika_config(**changes), untrained_codec()
    )


def test_windows_give_the_latents_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = np.stack([stem("drums", 3.0, RATE, 1), 0.5 * stem("bass", 3.0, RATE, 2)]).astype(np.float32)
    soundfile.write(tmp_path / "song.wav", wave.T, RATE, subtype="FLOAT")
    monkeypatch.setattr(module, "_WINDOW_SECONDS", 0.4)
    made = songs(tmp_path)
    codec, spl = made.codec, made.codec.samples_per_latent
    heard = np.ascontiguousarray(HighPass(RATE).push(to_mid_side(wave).T).T)
    for take, offset in zip(made.songs[0].takes, (0, spl // 2), strict=True):
        expected = codec.encode(torch.from_numpy(heard[:, offset:])).flatten(0, 1)
        # The first latent of an offset sees what came before it, and the last one the end.
        inner = slice(1, take.shape[1] - 1)
        torch.testing.assert_close(take[:, inner].float(), expected[:, inner], atol=2e-3, rtol=0)
    level = made.songs[0].level(4, 6)
    assert level == pytest.approx(float(np.square(heard[:, 4 * spl : 10 * spl]).mean()), rel=1e-4)


def test_mono_short_and_broken_files(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a-mono.wav", stem("drums", 2.0, RATE, 1), RATE)
    soundfile.write(tmp_path / "b-short.wav", stem("bass", 0.15, RATE, 2), RATE)
    soundfile.write(tmp_path / "c-silent.wav", np.zeros(2 * RATE), RATE)
    soundfile.write(tmp_path / "d-tiny.wav", stem("bass", 0.02, RATE, 2), RATE)
    (tmp_path / "e-broken.wav").write_bytes(b"RIFF")
    made = songs(tmp_path)
    assert [song.name for song in made.songs] == ["a-mono", "b-short"]
    assert made.repeated == ["b-short"]
    assert [line.rpartition("/")[2].split(":")[0] for line in made.left_out] == [
        "c-silent.wav",
        "d-tiny.wav",
        "e-broken.wav",
    ]
    assert "is silent" in made.left_out[0]
    assert "too short; give at least" in made.left_out[1]
    # The side of mono is silence, and every crop is whole.
    crop = made.draw(np.random.default_rng(0)).latents
    assert crop.shape == (12, made.crop)
    assert float(crop[6:].std(1).max()) < 1e-3


def test_what_is_held_out_is_never_drawn_in_training(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", stem("drums", 6.0, RATE, 1), RATE)
    made = songs(tmp_path, held_out_share=0.2)
    draws = {side: [made.draw(np.random.default_rng(n), side).start for n in range(300)] for side in ("train", "val")}
    first, last = min(draws["val"]), max(draws["val"]) + made.crop
    assert last - first <= 0.2 * made.songs[0].length + made.crop
    assert all(start + made.crop <= first or start >= last for start in draws["train"])
    assert made.minutes["val"] == pytest.approx((last - first) * made.seconds_per_latent / 60, abs=0.01)


def test_silence_is_not_drawn(tmp_path: Path) -> None:
    wave = np.concatenate([np.zeros(4 * RATE), stem("drums", 2.0, RATE, 1)])
    soundfile.write(tmp_path / "song.wav", wave, RATE)
    made = songs(tmp_path, held_out_share=0.0)
    silent = 4 * RATE // made.codec.samples_per_latent
    assert all(made.draw(np.random.default_rng(n)).start + made.crop > silent for n in range(100))
    assert "hears the training" in made.notes[-1]


def test_nothing_to_use_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    with pytest.raises(ConfigError, match=r"none of these files can be used .*song\.wav"):
        songs(tmp_path)
