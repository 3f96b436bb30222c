"""Drafts of nearest patches: exact parts against brute force, and a draw that is like its clip without copying it."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.errors import ConfigError, InputError
from gantools.metrics.novelty.figures import Reference
from gantools.systems.patches import choosing
from gantools.systems.patches.engine import (
    PatchEngine,
    PatchSettings,
    level_rises,
    settings_of,
)
from gantools.systems.patches.matching import PATCH_FRAMES, averaged, nearest, pooled, stretched
from gantools.systems.patches.path import cheapest_path

RATE_HZ = 8000


def _melody(seconds: float, channels: int = 1, seed: int = 3) -> np.ndarray:
    """Return plucked notes of random pitch every quarter of a second: each sounds like the others, none is another."""
    random = np.random.default_rng(seed)
    time = np.arange(round(0.4 * RATE_HZ)) / RATE_HZ
    wave = np.zeros(round((seconds + 1) * RATE_HZ))
    for start in np.arange(0, seconds, 0.25):
        pitch_hz = 110 * 2 ** (random.choice([0, 3, 5, 7, 10, 12, 15]) / 12)
        note = sum(np.sin(2 * np.pi * pitch_hz * k * time + random.uniform(0, 6)) / k for k in range(1, 8))
        first = round(start * RATE_HZ)
        wave[first : first + len(time)] += note * np.exp(-time * 9) * random.uniform(0.5, 1)
    clip = 0.2 * wave[: round(seconds * RATE_HZ)].astype(np.float32)
    return np.stack([clip, 0.5 * clip])[:channels]


@pytest.mark.parametrize("kept", [0, 1 << 22])
def test_nearest_equals_brute_force(monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    monkeypatch.setattr("gantools.systems.patches.matching._MOST_KEPT", kept)
    random = np.random.default_rng(0)
    queries = random.standard_normal((40, 3)).astype(np.float32)
    keys = random.standard_normal((30, 3)).astype(np.float32)
    asked = [queries[i : i + PATCH_FRAMES] for i in range(40 - PATCH_FRAMES + 1)]
    known = [keys[i : i + PATCH_FRAMES] for i in range(30 - PATCH_FRAMES + 1)]
    distance = np.array([[np.mean((q - k) ** 2) for k in known] for q in asked])
    expected = np.argmin(distance / (0.05 + distance.min(axis=0)), axis=1)
    assert nearest(queries, keys, 0.05).tolist() == expected.tolist()


def test_patches_of_the_real_sequence_make_the_real_sequence() -> None:
    frames = np.random.default_rng(1).standard_normal((50, 4)).astype(np.float32)
    chosen = nearest(frames, frames, 1e3)
    assert chosen.tolist() == list(range(50 - PATCH_FRAMES + 1))
    np.testing.assert_allclose(averaged(frames, chosen, 50), frames, atol=1e-6)


def test_pooling_and_stretching_keep_a_line() -> None:
    line = np.arange(40, dtype=np.float32)[:, None]
    np.testing.assert_allclose(pooled(line, 4)[:, 0], np.arange(10) * 4 + 1.5)
    np.testing.assert_allclose(stretched(pooled(line, 4), 40, 4)[2:-2], line[2:-2], atol=1e-5)


def test_path_follows_pieces_and_avoids_places() -> None:
    frames = np.random.default_rng(2).standard_normal((60, 6)).astype(np.float32)
    pieces = np.concatenate([np.arange(30, 50), np.arange(5, 25)])
    path = cheapest_path(frames[pieces], frames, 0.5)
    assert path.tolist() == pieces.tolist()
    # The second half of the sequence repeats the first, so that there is somewhere else to play from.
    twice = np.concatenate([frames, frames])
    other = cheapest_path(frames[10:50], twice, 0.5, np.arange(10, 50)[None], 1.0, 5)
    assert other.tolist() == list(range(70, 110))


def test_path_in_parts_is_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = np.random.default_rng(2).standard_normal((60, 6)).astype(np.float32)
    monkeypatch.setattr("gantools.systems.patches.path._PART_FRAMES", 7)
    assert cheapest_path(frames[10:50], frames, 0.5).tolist() == list(range(10, 50))


def test_draws_are_new_like_the_clip_and_of_exact_length() -> None:
    clip = _melody(10.0, channels=2)
    engine = PatchEngine(clip, RATE_HZ)
    first, second = engine.draw(5.003, 1, tries=2), engine.draw(5.003, 2)
    assert first.shape == (2, round(5.003 * RATE_HZ))
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, PatchEngine(clip, RATE_HZ).draw(5.003, 1, tries=2))
    assert np.abs(first).max() <= np.abs(clip).max() * (1 + 1e-6)
    np.testing.assert_allclose(first[1], 0.5 * first[0], atol=1e-6)  # channels are cut together
    reference = Reference(clip[0], RATE_HZ)
    figures, halves = reference.measure(first[0]), reference.halves
    assert figures["ltas_db"] < 3
    assert 0.6 < figures["modulation_ratio"] < 1.4
    assert figures["recall_db"] < 1.35 * halves["recall_db"]
    assert figures["precision_db"] < 1.5 * halves["precision_db"]
    assert figures["copied_1s"] <= 0.25
    assert figures["copied_quarter"] <= 0.5
    assert Reference(first[0], RATE_HZ).measure(second[0])["ncc_1s"] < 0.9


def test_one_band_is_a_collage() -> None:
    clip = _melody(6.0)
    draw = PatchEngine(clip, RATE_HZ, PatchSettings(bands=1)).draw(4.0, 0)
    assert Reference(clip[0], RATE_HZ).measure(draw[0])["copied_quarter"] > 0.4


def test_tries_end_at_a_good_draw_or_the_best_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = PatchEngine(_melody(6.0), RATE_HZ)
    found: list[np.ndarray] = []
    faults = [0.3, 0.11, 0.2, 0.05, 0.01]

    def fault(judge: choosing.Judge, wave: np.ndarray, first_s: float) -> float:
        found.append(wave)
        return faults[len(found) - 1]

    monkeypatch.setattr(choosing.Judge, "fault", fault)
    kept = engine.draw(4.0, 7, tries=3)
    np.testing.assert_array_equal(kept, found[1])
    assert not np.array_equal(found[0], found[1])
    # The first of several is the draw that is made without tries, and a good one is kept at once.
    np.testing.assert_array_equal(found[0], engine.draw(4.0, 7))
    np.testing.assert_array_equal(engine.draw(4.0, 7, tries=3), found[0])
    assert len(found) == 4
    # Short pieces tell nothing.
    np.testing.assert_array_equal(engine.draw(1.0, 7, tries=3), engine.draw(1.0, 7))
    assert len(found) == 4


def test_patches_are_as_long_as_the_partials_of_the_clip() -> None:
    drone = np.sin(2 * np.pi * 300 * np.arange(8 * RATE_HZ) / RATE_HZ).astype(np.float32)[None]
    assert PatchEngine(_melody(6.0), RATE_HZ)._longest_seconds == 2.0
    engine = PatchEngine(drone, RATE_HZ)
    assert engine._longest_seconds == 4.0
    # Eight frames of 16 ms a patch: 4 s, halved down to an eighth.
    assert engine._pools() == [31, 16, 8, 4, 2, 1]


def test_long_draws_and_clips_and_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gantools.systems.patches.engine._MOST_SECONDS", 3.0)
    assert PatchEngine(_melody(6.0), RATE_HZ, PatchSettings(bands=2)).draw(9.0, 0).shape == (1, 9 * RATE_HZ)
    silent = PatchEngine(np.zeros((1, 2 * RATE_HZ), np.float32), RATE_HZ).draw(1.0, 0)
    assert silent.shape == (1, RATE_HZ)
    assert not silent.any()


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(InputError, match="at least 1 s"):
        PatchEngine(_melody(0.5), RATE_HZ)
    with pytest.raises(ConfigError, match="no length"):
        PatchEngine(_melody(2.0), RATE_HZ).draw(0.0, 0)
    with pytest.raises(ConfigError, match="bands"):
        PatchSettings(bands=0)


def test_variety_turns_the_levers_and_half_of_it_is_the_default() -> None:
    plain = PatchSettings()
    assert settings_of(0.5) == plain
    least, most = settings_of(0.0), settings_of(1.0)
    assert (least.bands, most.bands) == (1, 8)
    assert least.noise < plain.noise < most.noise
    assert least.jump_cost > plain.jump_cost > most.jump_cost


def test_rises_are_where_a_sound_begins_and_no_single_one_outweighs_all() -> None:
    # Silence, noise from frame 32 on, and twice as loud noise from frame 64 on.
    wave = 0.1 * np.random.default_rng(0).standard_normal(100 * 128).astype(np.float32)
    wave[: 32 * 128] = 0
    wave[64 * 128 :] *= 2
    rises = level_rises(wave, RATE_HZ, 128)
    assert rises.shape == (100,)
    assert rises.dtype == np.float32
    assert rises.argmax() == 32
    assert rises.max() == 4.0
    assert set(rises[:31]) == {rises.min()}
    # The second rise is the highest of what is left.
    assert 63 <= int(np.argmax(np.where(np.abs(np.arange(100) - 32) < 3, -9, rises))) <= 65


def test_with_an_onset_weight_bands_from_different_places_attack_together() -> None:
    clip = _melody(12.0)

    def agreement(onset_weight: float) -> float:
        """Return the mean rise of what each band plays where the others do, over three draws."""
        engine = PatchEngine(clip, RATE_HZ, PatchSettings(onset_weight=onset_weight, metre_weight=0))
        rises = level_rises(clip[0], RATE_HZ, engine.hop)
        found = []
        for seed in range(3):
            random = np.random.default_rng(seed)
            played = np.stack([rises[path] for path in engine._paths(engine._frames, 400, random)[0]])
            found.append(np.corrcoef(played)[np.triu_indices(len(played), 1)].mean())
        return float(np.mean(found))

    assert agreement(6.0) > agreement(0.0) + 0.05
