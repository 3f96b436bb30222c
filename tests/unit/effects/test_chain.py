"""The chain on real stems: each promise, in numbers (fxnorm check applies the same rules to files)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import stem as played

from gantools.audio.loudness import measure_loudness
from gantools.effects.chain import Normalised, normalise
from gantools.effects.config import ChainConfig
from gantools.effects.features import Features, find_features
from gantools.effects.stem import Stem

RATE_HZ = 44100
ROLES = ("vocals", "drums", "bass", "other")


def as_stem(wave: np.ndarray) -> Stem:
    return Stem(np.ascontiguousarray(wave, np.float32), RATE_HZ, peak=float(np.abs(wave).max()))


def run(wave: np.ndarray, role: str, features: Features, **options: object) -> tuple[np.ndarray, Normalised]:
    """Return what the chain makes of a wave, with its last gain, and the report."""
    result = normalise(as_stem(wave.copy()), features, ChainConfig(**options), role=role)  # type: ignore[arg-type]
    return result.wave * np.float32(result.gain), result


@dataclass
class Case:
    name: str
    role: str
    wave: np.ndarray
    out: np.ndarray
    report: Normalised


@pytest.fixture(scope="module")
def preset() -> Features:
    return find_features("musdb18")


def bundled() -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield name, role and wave of two synthesised stems of each type, and of real guitars and bands."""
    for seed in range(2):
        for role in ROLES:
            yield f"played{seed}/{role}", role, played(role, 6.0, seed=seed).T
    for path in sorted((Path(__file__).parents[3] / "examples/audio/stems2").rglob("*.ogg"))[::2]:
        wave, _ = soundfile.read(path, start=10 * RATE_HZ, frames=8 * RATE_HZ, dtype="float32")
        yield f"{path.parent.name}/{path.stem}", "other", wave.T


def real(shared_data: Path) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield the same of every stem of five songs."""
    for path in sorted((shared_data / "stems4").rglob("*.ogg")):
        wave, _ = soundfile.read(path, start=60 * RATE_HZ, frames=15 * RATE_HZ, dtype="float32")
        yield f"{path.parent.name}/{path.stem}", path.stem, wave.T


@pytest.fixture(scope="module", params=["bundled", "shared"])
def cases(request: pytest.FixtureRequest, preset: Features) -> list[Case]:
    """Excerpts of stems that are not silent there, before and after."""
    stems = bundled() if request.param == "bundled" else real(request.getfixturevalue("shared_data"))
    found = []
    for name, role, wave in stems:
        out, report = run(wave, role, preset)
        if "silent" not in report.flags:
            found.append(Case(name, role, wave, out, report))
    assert len(found) >= 11
    return found


def error_db(a: np.ndarray, b: np.ndarray) -> float:
    """Level of the difference against that of `b`."""
    return float(10 * np.log10(np.sum((a - b) ** 2, dtype=np.float64) / np.sum(b**2, dtype=np.float64) + 1e-30))


def test_loudness_and_true_peak(cases: list[Case], preset: Features) -> None:
    for case in cases:
        target = preset.for_stem(case.role).loudness_lufs.mean
        lufs = measure_loudness(case.out, RATE_HZ).integrated_lufs()
        assert abs(lufs - target) <= 0.02 or "tp_limited" in case.report.flags, case.name
        assert case.report.figures["true_peak_db"][1] <= -1 + 0.05, case.name


def test_spectrum(cases: list[Case]) -> None:
    for case in cases:
        before, after = case.report.figures["eq_distance_db"]
        assert after <= 2.5 or after <= 0.5 * before or "eq_clamped" in case.report.flags, case.name
        assert after <= before + 0.3, case.name


def test_panning(cases: list[Case], preset: Features) -> None:
    panned = 0
    for case in cases:
        before, after = case.report.figures["pan_distance"]
        assert after <= 0.045, (case.name, after)
        assert after <= 0.65 * before or before <= 0.02, (case.name, before, after)
        out, report = run(case.wave, case.role, preset, effects="pan")
        if "pan" not in report.settings:  # two channels in tune with each other are left alone
            continue
        panned += 1
        assert report.settings["pan"]["largest_db"] <= 12.01, case.name
        change = (
            measure_loudness(out, RATE_HZ).integrated_lufs() - measure_loudness(case.wave, RATE_HZ).integrated_lufs()
        )
        assert abs(change) <= 0.2, (case.name, change)
    assert panned >= 8


def test_dynamics(cases: list[Case], preset: Features) -> None:
    compressed = 0
    for case in cases:
        settings, after = case.report.settings["drc"], case.report.figures["onset_peak_db"][1]
        assert after <= settings["bound_db"] + 0.1 or settings["unreached"], case.name
        assert settings["reduction_db"] <= 12.0, case.name
        compressed += settings["active"]
        out, report = run(case.wave, case.role, preset, effects="drc")
        if not report.settings["drc"]["active"]:
            assert np.array_equal(out, case.wave), case.name
    assert compressed >= 3


def test_a_second_pass_changes_little(cases: list[Case], preset: Features) -> None:
    for case in cases[::2]:
        again, report = run(case.out, case.role, preset)
        assert report.figures["pan_distance"][1] <= case.report.figures["pan_distance"][1] + 0.005, case.name
        # An equaliser at its limit goes on where it stopped, and bands that were empty begin to count.
        if "eq_clamped" not in case.report.flags:
            assert report.figures["eq_distance_db"][1] <= case.report.figures["eq_distance_db"][1] + 0.2, case.name
            assert error_db(again, case.out) <= -15, (case.name, error_db(again, case.out))
        once, first = run(case.wave, case.role, preset, drc_stat="off")
        twice, _ = run(once, case.role, preset, drc_stat="off")
        if "eq_clamped" not in first.flags:
            assert error_db(twice, once) <= -18, (case.name, error_db(twice, once))


def test_level_does_not_matter_and_sides_stay_sides(cases: list[Case], preset: Features) -> None:
    for case in cases[::3]:
        for gain_db in (-20 if np.abs(case.wave).max() > 0.05 else -2, 10):
            louder, _ = run(case.wave * np.float32(10 ** (gain_db / 20)), case.role, preset)
            assert error_db(louder, case.out) <= -80, (case.name, gain_db, error_db(louder, case.out))
        swapped, _ = run(case.wave[::-1], case.role, preset)
        assert error_db(swapped[::-1], case.out) <= -100, (case.name, error_db(swapped[::-1], case.out))


def test_every_second_is_treated_alike(preset: Features) -> None:
    """The paper's program re-pans only the first 15.7 s: its limit in frequency indexes time."""
    part = played("other", 5.0, seed=3).T
    wave = np.tile(part, 8)
    out, _ = run(wave, "other", preset, effects="pan")
    early, late = (out[:, at * RATE_HZ : (at + 5) * RATE_HZ] for at in (5, 35))
    assert error_db(late[:, 4096:-4096], early[:, 4096:-4096]) < -40
    assert error_db(late, wave[:, : 5 * RATE_HZ]) > -30


def test_rests_do_not_change_the_result(preset: Features) -> None:
    part = played("vocals", 6.0, seed=1).T
    rests = np.concatenate([part, np.zeros_like(part)], axis=1)
    _, one = run(part, "vocals", preset, effects="eq,pan")
    _, two = run(rests, "vocals", preset, effects="eq,pan")
    spectra, similarities = ([r.curves[kind]["before"] for r in (one, two)] for kind in ("spectra_db", "similarities"))
    shape = [db - np.median(db) for db in spectra]
    assert np.abs(shape[0] - shape[1])[20:100].max() < 0.1
    assert np.abs(similarities[0] - similarities[1]).max() < 0.002
