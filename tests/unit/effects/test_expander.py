"""What is quiet, and bands that hold only noise, rise no more than what is loud."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import bass_with_hiss, stem

from gantools.effects.chain import Normalised, normalise
from gantools.effects.config import ChainConfig
from gantools.effects.expander import expand_into, plan_expansion, quiet_rise_db
from gantools.effects.features import Features, find_features
from gantools.effects.noisefloor import BandLevels, measure_bands
from gantools.effects.stem import Stem

RATE_HZ = 44100
N_FFT = 2048


@pytest.fixture(scope="module")
def preset() -> Features:
    return find_features("musdb18")


def run(wave: np.ndarray, role: str, preset: Features, **options: object) -> tuple[np.ndarray, Normalised]:
    """Return what the chain makes of a wave (n, 2), with its last gain, and the report."""
    planar = np.ascontiguousarray(wave.T, np.float32)
    stem = Stem(planar.copy(), RATE_HZ, peak=float(np.abs(planar).max()))
    result = normalise(stem, preset, ChainConfig(**options), role=role)  # type: ignore[arg-type]
    return (result.wave * np.float32(result.gain)).T, result


def level_db(wave: np.ndarray, low_hz: float = 20.0, high_hz: float = 20000.0) -> float:
    """Level of a band of samples (n, 2), through one long transform."""
    hz = np.fft.rfftfreq(len(wave), 1 / RATE_HZ)
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave))[:, None], axis=0)) ** 2
    return float(10 * np.log10(power[(hz >= low_hz) & (hz < high_hz)].sum() / len(wave)))


def rise_db(before: np.ndarray, after: np.ndarray, where: np.ndarray, *band_hz: float) -> float:
    """Mean rise over the stretches of `where`, without 0.15 s at the beginning of each and 0.1 s at its end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(int)))
    parts = [slice(a + 6600, b - 4400) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return float(np.mean([level_db(after[part], *band_hz) - level_db(before[part], *band_hz) for part in parts]))


@pytest.mark.parametrize("hiss_db", [-60.0, -50.0])
@pytest.mark.parametrize("phase", ["zero", "minimum"])
def test_hiss_rises_no_more_than_the_bass_over_it(preset: Features, hiss_db: float, phase: str) -> None:
    wave, rests = bass_with_hiss(hiss_db=hiss_db)
    out, report = run(wave, "bass", preset, eq_phase=phase)
    loud = rise_db(wave, out, ~rests)
    assert rise_db(wave, out, rests) <= loud + 1
    for band_hz in ((2000, 4000), (4000, 8000), (8000, 16000)):
        assert rise_db(wave, out, rests, *band_hz) <= loud + 1, band_hz
        assert rise_db(wave, out, ~rests, *band_hz) <= loud + 1, band_hz  # under the notes
    assert report.figures["quiet_rise_db"][1] <= 0.5
    without, plain = run(wave, "bass", preset, eq_phase=phase, expander=False)
    assert plain.figures["eq_distance_db"][0] > plain.figures["eq_distance_db"][1]
    assert "eq_floor" not in plain.flags
    if hiss_db == -50:  # at -60 it is outside the band of the stem, where the equaliser alone boosts nothing
        assert report.figures["quiet_rise_db"][0] > 15
        assert rise_db(wave, without, rests, 2000, 4000) > loud + 20
        assert "eq_floor" in report.flags
        assert report.floor_hz[0][0] < 2000 < 6000 < report.floor_hz[0][1]


def test_hiss_under_a_bass_without_rests(preset: Features) -> None:
    wave, rests = bass_with_hiss(rests=False)
    out, report = run(wave, "bass", preset)
    loud, everywhere = rise_db(wave, out, ~rests), np.ones(len(wave), bool)
    assert rise_db(wave, out, everywhere, 2000, 8000) <= loud + 1
    assert "eq_floor" in report.flags
    without, _ = run(wave, "bass", preset, expander=False)
    assert rise_db(wave, without, everywhere, 2000, 8000) > loud + 15


def test_treble_that_is_music_is_equalised_as_before(preset: Features) -> None:
    sound, rng = stem("drums", 8.0), np.random.default_rng(0)
    wave = sound + (1e-4 * np.abs(sound).max() * rng.standard_normal(sound.shape)).astype(np.float32)
    wave[6 * RATE_HZ :] = wave[6 * RATE_HZ :] - sound[6 * RATE_HZ :]  # ends with its hiss alone
    out, report = run(wave, "drums", preset)
    without, plain = run(wave, "drums", preset, expander=False)
    playing, hiss = slice(RATE_HZ // 2, 5 * RATE_HZ), slice(int(6.5 * RATE_HZ), int(7.9 * RATE_HZ))
    for band_hz in ((100, 1000), (1000, 4000), (4000, 16000)):
        assert abs(level_db(out[playing], *band_hz) - level_db(without[playing], *band_hz)) < 0.2, band_hz
    assert report.figures["eq_distance_db"][1] == pytest.approx(plain.figures["eq_distance_db"][1], abs=0.2)
    assert "eq_floor" not in report.flags
    loud = level_db(out[playing]) - level_db(wave[playing])
    assert level_db(out[hiss]) - level_db(wave[hiss]) <= loud + 1


def test_real_stems_rise_alike_and_stay_on_target(preset: Features, shared_data: Path) -> None:
    """Excerpts with rests: without the expander the quiet frames rise by 11 to 31 dB more than the loud ones."""
    for name, start_s, lifted_db in (("sodium/vocals", 274, 30), ("potassium/other", 138, 10), ("sodium/bass", 83, 15)):
        path = shared_data / f"stems4/{name}.ogg"
        wave, _ = soundfile.read(path, start=start_s * RATE_HZ, frames=30 * RATE_HZ, dtype="float32")
        out, report = run(wave, name.partition("/")[2], preset)
        _, plain = run(wave, name.partition("/")[2], preset, expander=False)
        assert report.figures["quiet_rise_db"][0] > lifted_db, name
        assert report.figures["quiet_rise_db"][1] <= 0.5, name
        found = quiet_rise_db(measure_bands(wave.T, RATE_HZ), measure_bands(out.T, RATE_HZ))
        assert found == pytest.approx(report.figures["quiet_rise_db"][1], abs=0.5), name
        assert report.figures["eq_distance_db"][1] <= plain.figures["eq_distance_db"][1] + 0.1, name


def test_the_compressor_lifts_nothing_that_is_quiet(preset: Features) -> None:
    wave, rests = bass_with_hiss(hiss_db=-60)
    wave *= np.where(np.arange(len(wave)) % (2 * RATE_HZ) < RATE_HZ, 1.0, 0.2)[:, None].astype(np.float32)
    strict = replace(preset.stems["bass"], drc_onset_peak_db=replace(preset.stems["bass"].drc_onset_peak_db, mean=-30))
    features = replace(preset, stems={"bass": strict})
    out, report = run(wave, "bass", features, effects="drc")
    assert report.settings["drc"]["active"]
    assert report.figures["quiet_rise_db"][0] > 2
    assert report.figures["quiet_rise_db"][1] <= 0.5
    assert report.floor_hz == []
    without, _ = run(wave, "bass", features, effects="drc", expander=False)
    assert rise_db(wave, out, rests) < rise_db(wave, without, rests) - 2


def test_noise_alone_is_left_alone(preset: Features) -> None:
    hiss = np.random.default_rng(0).standard_normal((3 * RATE_HZ, 2)).astype(np.float32)
    faint = hiss * np.float32(0.01 / np.abs(hiss).max())
    out, report = run(faint, "bass", preset)
    assert report.flags == ["silent"]
    np.testing.assert_array_equal(out, faint)
    assert "silent" not in run(faint * 20, "bass", preset)[1].flags  # somebody's sound of rain


def test_the_papers_equaliser_stays_as_it_is(preset: Features) -> None:
    wave, _ = bass_with_hiss(4.0)
    one, report = run(wave, "bass", preset, eq_compat=True)
    two, _ = run(wave, "bass", preset, eq_compat=True, expander=False)
    np.testing.assert_array_equal(one, two)
    assert "quiet_rise_db" not in report.figures


EDGES = np.array([0, 5, 9, 1025])


def levels(power: np.ndarray) -> BandLevels:
    return BandLevels(power.astype(np.float32), EDGES, N_FFT, RATE_HZ)


def test_a_plan_by_hand() -> None:
    before = np.full((200, 3), 1.0)
    before[:, 2] = 1e-7  # hiss, the same under notes and in rests
    before[100:, :2] = 1e-7
    after = before * [10.0, 10.0, 1000.0]  # the equaliser: 10 dB, and 30 in the band of the hiss
    plan = plan_expansion(levels(before), levels(after))
    # While it plays, the last band is at its floor, and is turned down by the 20 dB that it rose more than the whole.
    np.testing.assert_allclose(plan.gains_db[:100], [[0, 0, -20]] * 100, atol=0.01)
    np.testing.assert_allclose(plan.gains_db[105:], [[0, 0, -20]] * 95, atol=0.01)
    assert plan.floor_hz == [pytest.approx((9 * RATE_HZ / N_FFT, 1025 * RATE_HZ / N_FFT))]
    without, with_it = plan.quiet_rise_db
    # Three bands of equal power rise by 10, 10 and 30 dB: as a whole by 25.3.
    assert without == pytest.approx(10 * np.log10((10 + 10 + 1000) / 3) - 10, abs=0.01)
    assert with_it == pytest.approx(0, abs=0.01)
    assert plan.active
    assert quiet_rise_db(levels(before), levels(after)) == without
    # A gain of the input or of the result changes nothing.
    again = plan_expansion(levels(before * 100), levels(after * 5))
    np.testing.assert_allclose(again.gains_db, plan.gains_db, atol=0.01)


def test_gains_return_at_once_and_go_in_a_tenth_of_a_second() -> None:
    before = np.full((300, 3), 1e-5)
    before[100:200] = 1.0
    after = before * 1.0
    after[:100] *= 1000
    after[200:] *= 1000  # 30 dB too much in both rests
    gains_db = plan_expansion(levels(before), levels(after)).gains_db[:, 0]
    np.testing.assert_allclose(gains_db[:100], -30, atol=0.01)
    np.testing.assert_allclose(gains_db[100:200], 0, atol=0.01)
    steps = np.arange(1, 6) * (N_FFT / 2 / RATE_HZ / 0.1)
    np.testing.assert_allclose(gains_db[200:205], -30 * np.minimum(steps, 1), atol=0.01)
    np.testing.assert_allclose(gains_db[205:], -30, atol=0.01)


def test_what_rose_alike_or_less_is_left_alone() -> None:
    before = np.full((100, 3), 1.0)
    before[50:] = 1e-6
    after = before * 4
    after[50:] /= 2
    plan = plan_expansion(levels(before), levels(after))
    assert not plan.active
    assert plan.floor_hz == []
    assert plan.quiet_rise_db[0] == pytest.approx(-10 * np.log10(2), abs=1e-3)
    nothing = plan_expansion(levels(np.zeros((50, 3))), levels(np.zeros((50, 3))))
    assert not nothing.active
    assert nothing.quiet_rise_db == (None, None)


@pytest.mark.parametrize("channels", [1, 2])
def test_turning_down(channels: int) -> None:
    rng = np.random.default_rng(0)
    wave = rng.standard_normal((channels, 3 * RATE_HZ)).astype(np.float32)
    bands = measure_bands(wave, RATE_HZ)
    plan = plan_expansion(bands, bands)
    out = np.empty_like(wave)
    expand_into(wave, replace(plan, gains_db=np.full_like(plan.gains_db, -6.0)), out)
    np.testing.assert_allclose(out, wave * 10 ** (-6 / 20), atol=1e-6)
    # From a band to the next the gain glides.
    only = np.zeros_like(plan.gains_db)
    only[:, bands.edges_hz[:-1] >= 4000] = -20
    expand_into(wave, replace(plan, gains_db=only), wave)
    for low_hz, high_hz, expected_db in ((100, 3000, 0), (6000, 20000, -14)):
        found = level_db(wave.T, low_hz, high_hz) - level_db(out.T, low_hz, high_hz)
        assert found == pytest.approx(expected_db + 6 if expected_db == 0 else expected_db, abs=0.2)
