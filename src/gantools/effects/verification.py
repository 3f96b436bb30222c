"""What `fxnorm apply` promises of each stem, put to the test on its files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.formats import depth
from gantools.audio.io import AudioReader
from gantools.effects.analysis import StemAnalysis, analyse, decibels, is_silent
from gantools.effects.chain import Normalised, normalise
from gantools.effects.config import METERS, ChainConfig, CheckConfig
from gantools.effects.equalisation import eq_distance_db
from gantools.effects.expander import quiet_rise_db
from gantools.effects.features import Features, StemFeatures
from gantools.effects.noisefloor import BandLevels, measure_bands
from gantools.effects.similarity import pan_distance
from gantools.effects.stem import Stem, read_stem

#: pyloudnorm reads some .04 LU less than the standard's filter, and counts a last block that is not whole.
_METERS_LU = 0.2
_LOUDNESS_LU, _PEAK_DB, _DYNAMICS_DB = 0.1, 0.05, 0.1
_EQ_GOOD_DB, _EQ_SHARE, _EQ_WORSE_DB = 2.5, 0.5, 0.3
_PAN_GOOD, _PAN_SHARE, _PAN_NOTHING = 0.045, 0.65, 0.02
_QUIET_RISE_DB, _TELLING_BITS = 1.0, 24
_REPRODUCED_DB = -40.0
#: Codecs of these formats code the difference of the channels coarsely, which the similarity shows.
_LOSSY = ("VORBIS", "OPUS", "AAC", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")
_LOSSY_PAN = 0.035


def _check(name: str, ok: bool, text: str) -> dict[str, Any]:
    return {"name": name, "ok": bool(ok), "text": text}


def check_files(
    before: Path, after: Path, features: Features, config: CheckConfig, *, role: str, seed: int = 0
) -> list[dict[str, Any]]:
    """Measure a stem and its normalised version, and compare both with what was promised.

    Parameters
    ----------
    before, after : Path
    features : Features
    config : CheckConfig
        Configuration with which `after` was made.
    role : str
    seed : int

    Returns
    -------
    list of dict
        ``name``, ``ok`` and ``text`` of each check: format, loudness, true peak, spectrum, panning, dynamics, quiet
        parts, and whether the chain gives the same samples again.

    Raises
    ------
    InputError
        A file cannot be read, or the features lack the type.
    """
    target = features.for_stem(role, config.fallback)
    first, made = read_stem(before, nan=config.nan), read_stem(after)
    with AudioReader(after) as reader:
        lossy, bits = reader.subtype in _LOSSY, depth(reader.subtype)
    checks = [_format(before, after, first, made)]
    found = analyse(first, dual_mono=config.dual_mono, meter=config.reads_with())
    if is_silent(first, found.lufs):
        same = first.wave.shape == made.wave.shape and np.array_equal(first.wave, made.wave)
        return [*checks, _check("silence", same, "the same samples" if same else "changed")]
    # What does not line up cannot be compared, and a part of the way promises no distance from the target.
    if first.wave.shape != made.wave.shape or config.amount < 1:
        return checks
    # The samples of `first` are overwritten here; all that is said of them was measured before.
    levels = measure_bands(first.wave, first.rate_hz)
    result = normalise(first, features, config, role=role, seed=seed)
    now, stages = analyse(made, dual_mono=config.dual_mono, meter=config.reads_with()), config.stages()
    if "loudness" in stages:
        checks += _level(now, target, config, result)
        if config.both_meters:
            checks.append(_other_meter(made, now, config))
    # Of the paper's own EQ and panning nothing was promised: they are neither bounded nor corrected.
    if "eq" in stages and not config.paper and "eq_distance_db" in result.figures and "eq" in result.settings:
        checks.append(_spectrum(found, now, target, made.rate_hz, result))
    if "pan" in stages and not config.paper and "pan" in result.settings:
        checks.append(_panning(found, now, target, _LOSSY_PAN if lossy else 0.0))
    if "drc" in result.settings:
        checks.append(_dynamics(result, config))
    # A room fills the rests on purpose.
    if "quiet_rise_db" in result.figures and not result.settings.get("reverb"):
        # The noise of 16 bits or of a codec is not lifted from the stem, but may be louder than all that is quiet.
        checks += _quiet(levels, measure_bands(made.wave if bits >= _TELLING_BITS else result.wave, made.rate_hz))
    if not lossy:
        error_db = decibels(_relative_error(result, made))
        text = f"the chain gives it again to {error_db:.0f} dB"
        checks.append(_check("same again", error_db <= _REPRODUCED_DB, text))
    return checks


def _format(before: Path, after: Path, first: Stem, made: Stem) -> dict[str, Any]:
    with AudioReader(before) as a, AudioReader(after) as b:
        facts = [(r.rate_hz, r.channels, r.container, r.subtype) for r in (a, b)]
    same = facts[0] == facts[1] and first.wave.shape == made.wave.shape
    words = [f"{rate_hz} Hz, {channels} ch, {kind}" for rate_hz, channels, _, kind in facts]
    text = words[0] if same else f"{words[0]}, {first.wave.shape[1]} samples; now {words[1]}, {made.wave.shape[1]}"
    return _check("format", same, text)


def _level(now: StemAnalysis, target: StemFeatures, config: ChainConfig, result: Normalised) -> list[dict[str, Any]]:
    wanted = config.lufs if config.lufs is not None else target.loudness_lufs.mean
    peak_db, limited = decibels(now.true_peak), "tp_limited" in result.flags
    near = abs(now.lufs - wanted) <= _LOUDNESS_LU
    held = limited and now.lufs < wanted and abs(peak_db - config.true_peak_db) <= 4 * _PEAK_DB
    note = f"{now.lufs:.2f} LUFS for {wanted:.2f}" + (", held back by the true peak" if held else "")
    peak = _check(
        "true peak", peak_db <= config.true_peak_db + _PEAK_DB, f"{peak_db:.2f} dBTP, ceiling {config.true_peak_db:g}"
    )
    return [_check("loudness", near or held, note), peak]


def _other_meter(made: Stem, now: StemAnalysis, config: CheckConfig) -> dict[str, Any]:
    (other,) = set(METERS) - {config.reads_with()}
    lufs = analyse(made, dual_mono=config.dual_mono, onsets=False, meter=other).lufs
    text = f"{now.lufs:.2f} LUFS by {config.reads_with()}, {lufs:.2f} by {other}"
    return _check("both meters", abs(lufs - now.lufs) <= _METERS_LU, text)


def _spectrum(
    found: StemAnalysis, now: StemAnalysis, target: StemFeatures, rate_hz: int, result: Normalised
) -> dict[str, Any]:
    assert target.eq_db is not None
    old, new = (eq_distance_db(a.spectrum.gamma, target.eq_db, rate_hz, result.floor_hz) for a in (found, now))
    clamped = "eq_clamped" in result.flags
    ok = (new <= _EQ_GOOD_DB or new <= _EQ_SHARE * old or clamped) and new <= old + _EQ_WORSE_DB
    notes = ["gain at its limit"] if clamped else []
    if result.floor_hz:
        notes.append("not counting noise at " + ", ".join(f"{low:g} to {high:g} Hz" for low, high in result.floor_hz))
    text = f"{old:.2f} dB from the target, now {new:.2f}"
    # Where nothing but noise is left, no band has a distance.
    return _check("spectrum", ok or math.isnan(new), text + (f" ({'; '.join(notes)})" if notes else ""))


def _panning(found: StemAnalysis, now: StemAnalysis, target: StemFeatures, slack: float) -> dict[str, Any]:
    assert target.pan_psi is not None
    old, new = (pan_distance(a.image.psi, target.pan_psi) for a in (found, now) if a.image)
    ok = new <= _PAN_GOOD + slack and (new <= _PAN_SHARE * old + slack or old <= _PAN_NOTHING)
    note = " (a lossy format blurs it)" if slack else ""
    return _check("panning", ok, f"{old:.3f} from the target, now {new:.3f}{note}")


def _dynamics(result: Normalised, config: ChainConfig) -> dict[str, Any]:
    settings, (old, new) = result.settings["drc"], result.figures["onset_peak_db"]
    bound, cut = settings["bound_db"], settings["reduction_db"]
    reached = new <= bound + _DYNAMICS_DB or settings["unreached"]
    text = f"onset peaks {old:.2f} dB, now {new:.2f}, at most {bound:.2f}; largest cut {cut:.1f} dB"
    text += " (out of reach)" if settings["unreached"] else ""
    return _check("dynamics", reached and cut <= config.drc_max_db + _PEAK_DB, text)


def _quiet(before: BandLevels, after: BandLevels) -> list[dict[str, Any]]:
    rise_db = quiet_rise_db(before, after)
    if rise_db is None:
        return []
    text = f"what is quiet rises by {rise_db:.1f} dB more than what is loud"
    return [_check("quiet parts", rise_db <= _QUIET_RISE_DB, text)]


def _relative_error(result: Normalised, made: Stem) -> float:
    error = signal = 0.0
    gain = np.float32(result.gain)
    # In parts: the difference as a whole would need as much memory as the stem.
    for start in range(0, made.wave.shape[1], 1 << 20):
        part = slice(start, start + (1 << 20))
        expected = result.wave[:, part] * gain
        error += float(np.sum((made.wave[:, part] - expected) ** 2, dtype=np.float64))
        signal += float(np.sum(expected**2, dtype=np.float64))
    return math.sqrt(error / signal) if signal else 0.0
