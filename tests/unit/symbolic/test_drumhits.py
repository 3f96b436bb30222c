"""Hits out of recordings of drums: where they begin, what they are, which are taken, and that a kit plays them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from scores import part, score_with

from gantools.errors import InputError
from gantools.symbolic.config import SoundConfig
from gantools.symbolic.drumhits import best_hits, find_hits
from gantools.symbolic.oneshots import one_shot
from gantools.symbolic.rendering import render

RATE_HZ = 44100
#: Drum -> bundled recording, its gain and how long it is let ring, in seconds.
STRUCK = {
    "kick": ("bd_haus", 0.9, 0.3),
    "snare": ("drum_snare_hard", 0.7, 0.4),
    "hat": ("drum_cymbal_closed", 0.4, 0.1),
    "tom": ("drum_tom_mid_hard", 0.7, 0.4),
}
PATTERN = ("kick", "hat", "snare", "hat", "kick", "tom", "snare", "hat")
STEP_S = 0.45


def recording(times: int = 3) -> tuple[np.ndarray, list[tuple[str, int]]]:
    """Return drums played one after the other, (1, n), and what begins at which sample."""
    wave = np.zeros((1, round((len(PATTERN) * times + 1) * STEP_S * RATE_HZ)), np.float32)
    struck = []
    for number, drum in enumerate(PATTERN * times):
        name, gain, rings_s = STRUCK[drum]
        shot = one_shot(name) / np.abs(one_shot(name)).max()
        shot = shot[np.argmax(np.abs(shot) > 0.05) :][: round(rings_s * RATE_HZ)]
        start = round((0.2 + number * STEP_S) * RATE_HZ)
        wave[0, start : start + len(shot)] += gain * shot
        struck.append((drum, start))
    return wave, struck


def test_hits_are_found_to_three_milliseconds_and_named() -> None:
    wave, struck = recording()
    hits = find_hits(wave, RATE_HZ)
    assert [hit.part for hit in hits] == [drum for drum, _ in struck]
    late_s = np.array([hit.start - start for hit, (_, start) in zip(hits, struck, strict=True)]) / RATE_HZ
    assert np.abs(late_s).max() < 0.003


def test_the_cleanest_and_most_usual_hits_are_taken() -> None:
    wave, struck = recording()
    # One kick has a hat over it, one is much softer: neither is as good as the four others.
    kicks = [start for drum, start in struck if drum == "kick"]
    hat = one_shot("drum_cymbal_closed")[: RATE_HZ // 10]
    wave[0, kicks[1] : kicks[1] + len(hat)] += 0.8 * hat / np.abs(hat).max()
    wave[0, kicks[3] : kicks[3] + RATE_HZ // 5] *= 0.2
    taken = best_hits(find_hits(wave, RATE_HZ), 4)
    near = {min(range(6), key=lambda k: abs(kicks[k] - hit.start)) for hit in taken["kick"]}
    assert near == {0, 2, 4, 5}


def test_low_drums_that_are_most_of_what_is_struck_are_the_kick() -> None:
    wave, _ = recording()
    hits = [hit for hit in find_hits(wave, RATE_HZ) if hit.part in ("tom", "snare")]
    assert set(best_hits(hits, 4)) == {"kick", "snare"}


def test_a_kit_of_a_recording_plays_its_hits_and_the_rest_with_rock(tmp_path: Path) -> None:
    wave, struck = recording()
    soundfile.write(tmp_path / "drums.wav", wave.T, RATE_HZ, subtype="FLOAT")
    kit = SoundConfig(kit=str(tmp_path / "drums.wav"))
    played = render(score_with(part([0], [36])), kit)
    start = next(at for drum, at in struck if drum == "kick")
    of_recording = wave[0, start : start + 4000]
    likeness = [np.corrcoef(played[0, lag : lag + 4000], of_recording)[0, 1] for lag in range(140)]
    assert max(likeness) > 0.99
    cowbell = render(score_with(part([0], [56])), kit)
    np.testing.assert_array_equal(cowbell, render(score_with(part([0], [56])), SoundConfig()))


@pytest.mark.parametrize("wave", [np.zeros((1, 44100)), np.zeros((1, 0)), np.zeros((2, 100))])
def test_silence_and_scraps_have_no_hits(tmp_path: Path, wave: np.ndarray) -> None:
    assert find_hits(wave.astype(np.float32), RATE_HZ) == []
    soundfile.write(tmp_path / "none.wav", wave.T, RATE_HZ)
    with pytest.raises(InputError, match=r"no clean hits|no samples"):
        render(score_with(part([0], [36])), SoundConfig(kit=str(tmp_path / "none.wav")))
