"""One recording in two files is recognised; two recordings are not taken for one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from sounds import stem, tone

from gantools.audio.fingerprint import describe_twins, fingerprint, twins

RATE_HZ = 22050
SONG = stem("other", 6.0, RATE_HZ, 3).T


def test_the_hash_is_of_the_samples(tmp_path: Path) -> None:
    prints = []
    for ending, subtype in (("wav", "PCM_16"), ("flac", "PCM_16"), ("aiff", "PCM_24")):
        codes = np.round(32767 * SONG.T).astype(np.int16)
        soundfile.write(tmp_path / f"a.{ending}", codes, RATE_HZ, subtype=subtype)
        prints.append(fingerprint(soundfile.read(tmp_path / f"a.{ending}", dtype="float32")[0].T, RATE_HZ))
    assert len({one.digest for one in prints}) == 1


@pytest.mark.parametrize(("ending", "rate_hz"), [("mp3", RATE_HZ), ("ogg", RATE_HZ), ("wav", 16000)])
def test_other_encoders_rates_gains_and_channels_are_the_same_recording(
    tmp_path: Path, ending: str, rate_hz: int
) -> None:
    wave = soxr.resample(0.3 * SONG.mean(axis=0), RATE_HZ, rate_hz)
    soundfile.write(tmp_path / f"a.{ending}", wave, rate_hz)
    again = fingerprint(soundfile.read(tmp_path / f"a.{ending}", always_2d=True, dtype="float32")[0].T, rate_hz)
    own = fingerprint(SONG, RATE_HZ)
    assert own.digest != again.digest
    assert own.sounds_like(again)
    assert again.sounds_like(own)


def test_what_is_alike_but_another_recording() -> None:
    own = fingerprint(SONG, RATE_HZ)
    others = [stem("other", 6.0, RATE_HZ, seed).T for seed in range(3)]
    others += [SONG[:, : 5 * RATE_HZ], SONG[:, RATE_HZ // 2 :], np.zeros_like(SONG)]
    assert not any(own.sounds_like(fingerprint(other, RATE_HZ)) for other in others)
    # The same rhythm with other notes, and with other noise.
    notes = [fingerprint(tone(6.0, hz=hz).T, RATE_HZ) for hz in (55.0, 82.0)]
    assert not notes[0].sounds_like(notes[1])
    assert not fingerprint(tone(6.0, hz=900, seed=1).T, RATE_HZ).sounds_like(
        fingerprint(tone(6.0, hz=900, seed=2).T, RATE_HZ)
    )


def test_groups_and_the_sentence_on_them() -> None:
    one, two = fingerprint(SONG, RATE_HZ), fingerprint(SONG[:, ::-1], RATE_HZ)
    groups = twins({"a": one, "b": two, "c": one, "d": one})
    assert groups == [["a", "c", "d"]]
    assert describe_twins(groups, "so what") == ["the same recording more than once: a = c = d; so what"]
    assert describe_twins([]) == []
