"""Notes to sound by the recordings: places to the sample, levels, kits, basses, and loops without a seam or drift."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scores import part, score_with

from gantools.errors import InputError
from gantools.symbolic.bass import BASSES, RELEASE_S, bass_note
from gantools.symbolic.config import BASS_NAMES, KIT_NAMES, SoundConfig
from gantools.symbolic.drumkits import KITS, NOTES
from gantools.symbolic.kit import hit
from gantools.symbolic.midi import read_midi
from gantools.symbolic.oneshots import FOLDER, one_shot
from gantools.symbolic.rendering import LARGEST_PEAK, render
from gantools.symbolic.roll import DRUMS, drums_and_bass, score_of
from gantools.symbolic.tape import in_rings
from gantools.symbolic.tones import FAMILIES, tone_note

ROCK = SoundConfig()


def drums(onsets: list[int], pitches: list[int], **more: int) -> np.ndarray:
    return render(score_with(part(onsets, pitches, **more)), ROCK)


def test_hits_stand_where_their_ticks_say_to_the_sample() -> None:
    kick = drums([0], [36])
    for bpm, tick in ((120.0, 479), (97.3, 1), (97.3, 700), (151.0, 1919)):
        score = score_with(part([tick], [36]), bpm=bpm)
        start = round(tick / 480 * 60 / bpm * 44100)
        wave = render(score, ROCK)
        assert not wave[:, :start].any()
        np.testing.assert_array_equal(wave[:, start:], kick)


def test_swing_and_changes_of_tempo_stay() -> None:
    late = score_with(part([0, 160], [36, 36]))  # the second third of a quarter, which no grid of sixteenths has
    changing = dataclasses.replace(late, tempo_ticks=np.array([0, 80]), tempo_bpm=np.array([120.0, 60.0]))
    kick = drums([0], [36])
    for score, second_s in ((late, 1 / 6), (changing, 1 / 12 + 1 / 6)):
        expected = np.zeros((2, round(second_s * 44100) + kick.shape[1]), np.float32)
        expected[:, : kick.shape[1]] += kick
        expected[:, -kick.shape[1] :] += kick
        np.testing.assert_allclose(render(score, ROCK), expected, atol=1e-6)


def test_velocities_are_a_curve_of_40_db_for_a_factor_of_ten() -> None:
    peaks = [np.abs(drums([0], [36], velocity=velocity)).max() for velocity in (120, 60, 12)]
    np.testing.assert_allclose(20 * np.log10(np.array(peaks) / peaks[0]), [0, -12.04, -40], atol=0.01)
    # Ghost notes have a recording of their own where the kit has one.
    hard, soft = drums([0], [38], velocity=80), drums([0], [38], velocity=40)
    assert hard.shape != soft.shape


def test_a_closed_hi_hat_and_the_pedal_close_the_open_one() -> None:
    alone = drums([0], [46])
    for closing in (42, 44):
        closed = drums([0, 240], [46, closing]) - drums([240], [closing])[:, : drums([0, 240], [46, closing]).shape[1]]
        at = 11025
        np.testing.assert_allclose(closed[:, :at], alone[:, :at], atol=1e-6)
        assert np.abs(closed[:, at + 900 :]).max() < 1e-5
        # Faded, not cut: no sample leaps where it closes.
        inside = np.abs(np.diff(alone[0, at - 4000 : at])).max()
        assert np.abs(np.diff(closed[0, at - 5 : at + 900])).max() <= inside
    ride = drums([0, 240], [51, 42])
    assert np.abs(ride[:, 30000:]).max() > 1e-3  # nothing closes a ride


@pytest.mark.parametrize("kit", KIT_NAMES)
def test_a_kit_has_a_sound_for_every_drum(kit: str) -> None:
    sounds = {note: hit(kit, note, False, 44100) for note in range(128)}
    for note, wave in sounds.items():
        assert 0.05 < np.abs(wave).max() < 1.5, note
        assert abs(float(wave[-1])) < 1e-3
        assert len(wave) < 4.0 * 44100
    nine = [sounds[drum].tobytes() for drum in DRUMS]
    assert len(set(nine)) == 9
    # What no kit names is a sound nevertheless, and all names are of recordings that are there.
    assert set(range(35, 82)) <= set(NOTES)
    assert all((FOLDER / f"{layer.sample}.flac").is_file() for drum in KITS[kit].values() for layer in drum)


def test_the_names_of_kits_and_basses_are_those_that_there_are() -> None:
    assert (tuple(KITS), tuple(BASSES)) == (KIT_NAMES, BASS_NAMES)
    files = sorted(path.stem for path in FOLDER.glob("*.flac"))
    assert len(files) == 43
    assert not one_shot(files[0]).flags.writeable


def pitch_of(wave: np.ndarray, rate_hz: int, near_hz: float) -> float:
    """Return by how many semitones the partials of a sound lie beside those of a pitch."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 19))
    cents = np.arange(-150, 151, 2)
    places = near_hz * 2 ** (cents[:, None] / 1200) * np.arange(1, 7) / rate_hz * (1 << 19)
    score = np.sqrt(spectrum[np.round(places).astype(int)]).sum(axis=1)
    return float(cents[score.argmax()]) / 100


@pytest.mark.parametrize("bass", BASS_NAMES)
def test_a_bass_plays_in_tune_and_holds_its_notes(bass: str) -> None:
    for pitch in (26, 33, 40):
        wave = bass_note(bass, pitch, 5.0, 44100)
        hz = 440 * 2 ** ((pitch - 69) / 12)
        assert abs(pitch_of(wave[4410:92610], 44100, hz)) < 0.15
        assert abs(pitch_of(wave[3 * 44100 : 5 * 44100], 44100, hz)) < 0.15  # in the loop too
        assert len(wave) == round((5.0 + RELEASE_S) * 44100)
        levels = [np.sqrt(np.mean(wave[i : i + 8820] ** 2)) for i in range(2 * 44100, 5 * 44100 - 8820, 8820)]
        assert max(levels) < 2.5 * min(levels)
        assert min(levels) > 0.2
        assert wave[-1] == 0
        # The join of the loop is no click: no step there exceeds those of the note's own.
        steps = np.abs(np.diff(wave))
        assert steps[2 * 44100 :].max() <= steps[: 2 * 44100].max() * 1.5


def test_notes_of_the_bass_last_as_long_as_they_are_written() -> None:
    for length in (60, 240, 1920):
        wave = render(score_with(part([0], [40], program=33, length=length)), ROCK)
        assert wave.shape[1] == pytest.approx((length / 960 + RELEASE_S) * 44100, abs=20)
    low = [pitch_of(bass_note("thick", pitch, 1.0, 48000), 48000, 440 * 2 ** ((pitch - 69) / 12)) for pitch in (24, 60)]
    assert np.abs(low).max() < 0.15


def test_other_parts_are_heard_too_and_in_tune() -> None:
    for family, tone in enumerate(FAMILIES):
        wave = tone_note(tone, 60, 1.0, 44100)
        assert abs(pitch_of(wave[2000:40000], 44100, 261.63)) < 0.05
        assert np.abs(wave[:3]).max() < 0.5
        assert abs(wave[-1]) < 1e-3
        assert np.abs(wave).max() < 8, family
    # No partial is above half the rate.
    high = np.abs(np.fft.rfft(tone_note(FAMILIES[10], 100, 1.0, 16000)[:16000] * np.hanning(16000)))
    assert (high[20:2500] < 1e-3 * high.max()).all()
    assert np.abs(render(score_with(part([0], [60], program=40)), ROCK)).max() > 0.01
    # A part that is called bass plays the bass.
    named = render(score_with(part([0], [40], program=80, name="Bass")), ROCK)
    np.testing.assert_array_equal(named, render(score_with(part([0], [40], program=33)), ROCK))


@pytest.mark.parametrize("rate_hz", [22050, 48000])
def test_any_rate(rate_hz: int) -> None:
    score = score_with(part([0, 480, 960, 1440], [36, 42, 38, 42]), part([0], [40], program=33, length=1920))
    wave, usual = render(score, ROCK, rate_hz=rate_hz, loop_seconds=2.0), render(score, ROCK, loop_seconds=2.0)
    assert wave.shape == (2, 2 * rate_hz)
    power = [np.sum(w.astype(float) ** 2) / hz for w, hz in ((wave, rate_hz), (usual, 44100))]
    assert 10 * np.log10(power[0] / power[1]) == pytest.approx(0, abs=0.5)


def test_what_would_clip_is_turned_down_as_a_whole_and_quiet_music_stays() -> None:
    loud = score_with(part([0] * 4, [36, 38, 49, 41], velocity=127), part([0], [28], program=33, velocity=127))
    assert np.abs(render(loud, ROCK)).max() == pytest.approx(LARGEST_PEAK, rel=1e-4)
    assert np.abs(drums([0], [36], velocity=30)).max() < 0.1
    with pytest.raises(InputError, match="up to 60 are rendered"):
        render(score_with(part([480 * 9000], [36])), ROCK)
    with pytest.raises(InputError, match="up to 60 are rendered"):
        render(score_with(part([0], [36])), ROCK, loop_seconds=100.0, repeats=64)


@pytest.mark.parametrize("bpm", [120.0, 121.7, 97.123])
def test_a_loop_never_drifts(bpm: float) -> None:
    score, loop_s = score_with(part([0, 960], [36, 38]), bpm=bpm), 240 / bpm
    wave = render(score, ROCK, loop_seconds=loop_s, repeats=64)
    assert wave.shape == (2, round(64 * loop_s * 44100))
    once = render(score, ROCK, loop_seconds=loop_s)
    last = round(63 * loop_s * 44100)
    np.testing.assert_allclose(wave[:, last : last + 40000], once[:, :40000], atol=1e-6)


def test_what_rings_beyond_the_end_of_a_loop_is_heard_at_its_start() -> None:
    score = score_with(part([1800], [46]), part([1800], [40], program=33, length=360))
    open_end = render(score, ROCK)
    loop = render(score, ROCK, loop_seconds=2.0)
    assert loop.shape == (2, 88200)
    tail = open_end[:, 88200:]
    np.testing.assert_allclose(loop[:, : tail.shape[1]], tail[:, :88200], atol=1e-6)
    # A tail longer than the loop goes round more than once.
    np.testing.assert_allclose(in_rings(np.ones((1, 10), np.float32), 4.0), [[3, 3, 2, 2]])
    np.testing.assert_allclose(in_rings(np.eye(1, 2, dtype=np.float32), 2.5, 4), [[1, 0, 1, 0, 0, 1, 0, 0, 1, 0]])
    # What begins after the end is no part of the loop, and a hat at the start closes one at the end.
    beyond = score_with(part([0, 1920], [36, 38]), bars=2)
    np.testing.assert_array_equal(
        render(beyond, ROCK, loop_seconds=2.0), render(score_with(part([0], [36])), ROCK, loop_seconds=2.0)
    )
    hats = render(score_with(part([0, 1800], [42, 46])), ROCK, loop_seconds=2.0)
    hat = render(score_with(part([0], [42])), ROCK, loop_seconds=2.0)
    assert np.abs((hats - hat)[:, 900:80000]).max() < 1e-6


def test_real_loops_repeat_without_a_click(shared_data: Path) -> None:
    pieces = sorted((shared_data / "midi/band").glob("*.mid"))[5::20]
    for index, path in enumerate(pieces):
        piece = read_midi(path)
        roll = drums_and_bass(piece)
        if len(roll) < 20 or (np.diff(roll.edges[8:17]) != 16).any():
            continue
        score, loop_s = score_of(roll.window(8, 8), piece.bpm), 8 * 240 / piece.bpm
        config = SoundConfig(kit=KIT_NAMES[index % 7], bass=BASS_NAMES[index % 7])
        wave = render(score, config, loop_seconds=loop_s)
        assert wave.shape[1] == round(loop_s * 44100)
        steps = np.abs(np.diff(wave, axis=1, append=wave[:, :1])).max(axis=0)
        assert steps[-1] <= np.quantile(steps, 0.99)
        assert 0.1 < np.abs(wave).max() <= LARGEST_PEAK + 1e-6
