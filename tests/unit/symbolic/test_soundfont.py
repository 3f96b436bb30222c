"""A user's SoundFont: notes to the sample, loops, and files that are missing or damaged."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from scores import part, score_with
from soundfonts import FREQUENCY_HZ, soundfont

from gantools.errors import DependencyError
from gantools.symbolic.config import SoundConfig
from gantools.symbolic.rendering import render
from gantools.symbolic.sf2file import is_sound


@pytest.fixture
def sine(tmp_path: Path) -> Path:
    (tmp_path / "sine.sf2").write_bytes(soundfont())
    return tmp_path / "sine.sf2"


def test_it_plays_all_parts_in_place_of_the_recordings(sine: Path) -> None:
    score = score_with(part([480], [69], program=33, length=480), part([1440], [81], program=33, length=240), bpm=97)
    wave = render(score, SoundConfig(sf2=str(sine)))
    beat_s = 60 / 97
    sounding = np.flatnonzero(np.abs(wave).max(axis=0) > 1e-3)
    assert sounding[0] == pytest.approx(beat_s * 44100, abs=70)  # the attack of the sine
    assert sounding[-1] == pytest.approx(3.5 * beat_s * 44100, abs=200)
    for at_s, hz in ((1.1 * beat_s, FREQUENCY_HZ), (3.05 * beat_s, 2 * FREQUENCY_HZ)):
        window = wave[0, round(at_s * 44100) :][:8192]
        peak = np.abs(np.fft.rfft(window * np.hanning(8192), 1 << 17)).argmax() * 44100 / (1 << 17)
        assert peak == pytest.approx(hz, rel=2e-3)


def test_a_loop_has_its_length_and_no_seam(sine: Path) -> None:
    # A note that lasts over the end goes on at the start.
    score = score_with(part([1680], [69], program=33, length=480), bpm=121.7)
    loop_s = 240 / 121.7
    wave = render(score, SoundConfig(sf2=str(sine)), loop_seconds=loop_s, repeats=3)
    assert wave.shape == (2, round(3 * loop_s * 44100))
    assert np.abs(wave[0, :5000]).max() == pytest.approx(np.abs(wave).max(), rel=0.01)
    steps = np.abs(np.diff(wave[0], append=wave[0, :1]))
    assert steps[-1] <= np.quantile(steps[:5000], 0.99) * 1.5


def test_drums_ring_on_and_a_hi_hat_closes(sine: Path) -> None:
    drums = part([0, 480], [46, 42], length=10)
    wave = np.abs(render(score_with(drums), SoundConfig(sf2=str(sine)))).max(axis=0)
    assert wave[10000:21000].max() > 0.01  # the open hi-hat, longer than its note
    alone = np.abs(render(score_with(part([0], [46], length=10)), SoundConfig(sf2=str(sine)))).max(axis=0)
    assert alone[100_000:].max() > 0.01
    assert len(wave) > 100_000
    # In a loop the hat at the start closes the one at the end.
    late = part([240, 1680], [42, 46], length=10)
    looped = np.abs(render(score_with(late), SoundConfig(sf2=str(sine)), loop_seconds=2.0))
    assert looped.max(axis=0)[:10_000].max() > 0.01  # still open before the hat at 0.25 s


def test_what_has_none_of_the_instruments_says_so(tmp_path: Path) -> None:
    (tmp_path / "drums.sf2").write_bytes(soundfont([(128, 0)]))
    with pytest.raises(DependencyError, match="has none of the instruments that play here"):
        render(score_with(part([0], [60], program=40)), SoundConfig(sf2=str(tmp_path / "drums.sf2")))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"RIFF\x04\0\0\0WAVE",
        soundfont()[:5000],
        soundfont()[:-20],
        soundfont(sample=7),
        soundfont().replace(b"igen", b"xgen"),
    ],
)
def test_damaged_ones_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.sf2").write_bytes(data)
    with pytest.raises(DependencyError, match=r"a\.sf2: is damaged, or of another kind; name a SoundFont"):
        render(score_with(part([0], [60], program=33)), SoundConfig(sf2=str(tmp_path / "a.sf2")))


def test_missing_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match=r"gone\.sf2: cannot be read \(No such.*GANTOOLS_SF2") as caught:
        render(score_with(part([0], [60])), SoundConfig(sf2=str(tmp_path / "gone.sf2")))
    assert str(caught.value).count("gone.sf2") == 1


def test_tables_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    data, rng, refused = soundfont(), random.Random(0), 0
    tables = data.index(b"pdta")
    for _ in range(60):
        damaged = bytearray(data)
        damaged[rng.randrange(tables, len(data))] = rng.randrange(256)
        (tmp_path / "a.sf2").write_bytes(damaged)
        if is_sound(tmp_path / "a.sf2"):
            # What passes is played, or refused by symusic itself; it must not end the process.
            try:
                render(score_with(part([0], [60], program=33)), SoundConfig(sf2=str(tmp_path / "a.sf2")))
            except DependencyError:
                refused += 1
        else:
            refused += 1
    assert 5 < refused < 55
