"""The chain: a stem is brought to the features of its type, effect after effect.

Reverberation, equalisation, compression, panning, loudness: the order of the paper's program. (The text of the paper
that is at hand ends before its section 2.2, which is to say it.) That program writes a file of 16 bits between the
stages; here everything stays in float32 and is written once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gantools.effects.analysis import (
    StemAnalysis,
    analyse,
    decibels,
    is_short,
    is_silent,
    measure_onsets,
)
from gantools.effects.compression import compress_into, plan_compression
from gantools.effects.config import ChainConfig
from gantools.effects.equalisation import design, eq_distance_db, filter_into
from gantools.effects.expander import expand_into, plan_expansion
from gantools.effects.features import Features, StemFeatures
from gantools.effects.gain import design_gain
from gantools.effects.noisefloor import BandLevels, measure_bands
from gantools.effects.paper_equalisation import paper_equalise, text_equalise
from gantools.effects.paper_panning import text_pan
from gantools.effects.repanning import PanAim, pan_to_target
from gantools.effects.reverberation import reverberate
from gantools.effects.similarity import pan_distance, pan_size
from gantools.effects.spectrum import gamma_size, grid_magnitude
from gantools.effects.stem import Stem, allocate, chunks
from gantools.errors import InputError
from gantools.options import parsed

#: A gain that the record calls 0 dB is none, so that the samples stay as they are.
_NO_GAIN_DB = 5e-5


@dataclass(eq=False)
class Normalised:
    """A stem after the chain, and what happened to it.

    Attributes
    ----------
    wave : numpy.ndarray
        float32 (channels, frames), before the last gain.
    gain : float
        Linear gain of the loudness stage, to be applied to `wave`.
    flags : list of str
        ``normalized``, or ``silent`` (nothing was done), with ``short``, ``mono``, ``eq_clamped``, ``eq_floor``,
        ``drc_unreached``, ``no_onsets``, ``tp_limited`` where they apply.
    figures : dict
        Name -> (before, after); None for what does not apply. ``lufs``, ``true_peak_db``, ``eq_distance_db``,
        ``pan_distance`` of the whole chain, ``onset_peak_db`` before and after the compressor, ``quiet_rise_db``
        without and with the expander. Bands left at their noise floor (`floor_hz`) do not count in ``eq_distance_db``.
    settings : dict
        What the stages chose.
    curves : dict
        ``spectra_db`` and ``similarities``: before, after and target on the grid of the features.
    changed : bool
        Some stage changed more than the level.
    """

    wave: np.ndarray
    gain: float
    flags: list[str]
    figures: dict[str, tuple[float | None, float | None]]
    settings: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    changed: bool = False

    @property
    def untouched(self) -> bool:
        """Whether the samples are those of the stem."""
        return not self.changed and self.gain == 1.0

    @property
    def floor_hz(self) -> list[list[float]]:
        """Stretches in which the spectrum stays off its target, as the stem has little but noise there."""
        found: list[list[float]] = self.settings.get("eq", {}).get("floor_hz", [])
        return found


def normalise(
    stem: Stem,
    features: Features,
    config: ChainConfig,
    *,
    role: str,
    seed: int = 0,
    scratch: Path | None = None,
    change_lu: float | None = None,
    tick: Callable[[float], None] = lambda share: None,
) -> Normalised:
    """Bring a stem to the features of its type.

    Parameters
    ----------
    stem : Stem
        Its wave is overwritten.
    features : Features
    config : ChainConfig
    role : str
        Stem type.
    seed : int
        Seed of the reverberation, the only stage that draws random numbers.
    scratch : Path, optional
        Folder for what is too long for memory.
    change_lu : float, optional
        How much louder than before the stem becomes, in place of the target of its type, and without a ceiling.
    tick : callable
        Progress callback, called with the completed share of the work, 0 to 1.

    Raises
    ------
    InputError
        The features lack the type, or a curve that a stage needs.
    """
    target = features.for_stem(role, config.fallback)
    stages, wave, rate_hz = config.stages(), stem.wave, stem.rate_hz
    # Reverberation has no target to go a part of the way to; loudness stays because its ceiling holds at any amount.
    if config.amount == 0:  # no stage goes any way to its target
        stages = tuple(stage for stage in stages if stage in ("reverb", "loudness"))
    before = _measured(stem, config)
    tick(0.25)
    result = Normalised(wave, 1.0, ["normalized"], {})
    # A gain to the target would lift nothing but noise, and the statistics of silence mean nothing.
    if is_silent(stem, before.lufs):
        result.flags = ["silent"]
        result.figures["true_peak_db"] = (decibels(before.true_peak),) * 2
        return result
    if is_short(stem):
        result.flags.append("short")
    if len(wave) == 1:
        result.flags.append("mono")
    # Reverberation changes spectrum and image, so the later stages start from a measurement of the wet stem.
    start = before
    if "reverb" in stages:
        start = _reverberate(stem, result, config, role, seed, scratch) or before
    levels = measure_bands(wave, rate_hz) if config.expands() else None
    # Below half a frame of Gamma (here) or of the panning (later) most of what is measured would be padding.
    if "eq" in stages and wave.shape[1] >= gamma_size(rate_hz) // 2:
        _equalise(stem, result, config, target, role, start)
    tick(0.45)
    if "drc" in stages and config.drc_stat != "off" and not is_short(stem):
        _compress(stem, result, config, target, features, role)
    if levels is not None:
        _expand(stem, result, levels)
    tick(0.6)
    if "pan" in stages and start.image and wave.shape[1] >= pan_size(rate_hz) // 2:
        _pan(stem, result, config, target, role, start, scratch)
    tick(0.75)
    # Measured and not predicted: the ceiling needs the true peak that the stages have left.
    after = _measured(stem, config) if result.changed else start
    _finish(result, config, target, before, after, rate_hz, change_lu)
    return result


def _measured(stem: Stem, config: ChainConfig) -> StemAnalysis:
    return analyse(stem, dual_mono=config.dual_mono, onsets=False, meter=config.reads_with())


def _needed(curve: np.ndarray | None, name: str) -> np.ndarray:
    if curve is None:
        raise InputError(f"the features have no {name} for this stem type; leave that stage out with --effects")
    return curve


def _reverberate(
    stem: Stem, result: Normalised, config: ChainConfig, role: str, seed: int, scratch: Path | None
) -> StemAnalysis | None:
    """Add a room; return how the stem measures with it, None where it stays dry."""
    result.settings["reverb"] = reverberate(
        stem.wave,
        stem.rate_hz,
        kind=config.reverb_kind(),
        role=role,
        seed=seed,
        ir=config.reverb_ir,
        wet_range_db=parsed(config, "reverb_wet_db"),
        out=stem.wave,
        scratch=scratch,
    )
    result.changed = bool(result.settings["reverb"])
    return _measured(stem, config) if result.changed else None


def _equalise(
    stem: Stem, result: Normalised, config: ChainConfig, target: StemFeatures, role: str, start: StemAnalysis
) -> None:
    result.changed = True
    # Kept to compare with the paper's program: it knows no bounds, and so there is nothing to report of them.
    if config.eq_compat:
        paper_equalise(stem.wave, _needed(target.eq_db, "spectrum"), stem.rate_hz, role)
        result.settings["eq"] = {"method": "paper"}
        return
    if config.paper:
        text_equalise(stem.wave, _needed(target.eq_db, "spectrum"), stem.rate_hz, start.reference_gain, role)
        result.settings["eq"] = {"method": "text"}
        return
    eq = design(
        start.spectrum.gamma,
        _needed(target.eq_db, "spectrum"),
        stem.rate_hz,
        max_db=config.eq_max_db,
        smooth_octaves=config.eq_smooth,
        amount=config.amount,
        phase=config.eq_phase,
    )
    filter_into(stem.wave, eq, stem.wave)
    if eq.clamped:
        result.flags.append("eq_clamped")
    result.settings["eq"] = {
        "largest_db": round(float(np.abs(eq.curve_db).max()), 2),
        "bandlimit_hz": eq.bandlimit_hz and round(eq.bandlimit_hz),
    }


def _compress(
    stem: Stem, result: Normalised, config: ChainConfig, target: StemFeatures, features: Features, role: str
) -> None:
    statistic = target.drc_onset_peak_db if config.drc_stat == "peak" else target.drc_spread_db
    if not math.isfinite(statistic.mean):
        raise InputError(f"the features have no {config.drc_stat} of onsets for {role!r}; use another --drc-stat")
    # A sequential fit measures the dynamics after the EQ, so the onsets here are those of the equalised stem.
    peak = max(float(np.abs(block).max()) for block in chunks(stem.wave))
    found = measure_onsets(stem.wave, stem.rate_hz, peak)
    plan = plan_compression(
        found,
        stem.wave,
        statistic,
        features.compressor(role),
        statistic=config.drc_stat,
        max_reduction_db=config.drc_max_db,
        amount=config.amount,
    )
    compress_into(stem.wave, plan, stem.wave)
    result.changed |= plan.active
    result.figures["onset_peak_db"] = (plan.before_db, plan.after_db)
    result.settings["drc"] = {
        name: getattr(plan, name)
        for name in ("threshold_db", "ratio", "bound_db", "reduction_db", "unreached", "active")
    }
    if found.no_onsets:
        result.flags.append("no_onsets")
    if plan.unreached:
        result.flags.append("drc_unreached")


def _expand(stem: Stem, result: Normalised, levels: BandLevels) -> None:
    if "eq" not in result.settings and not result.settings.get("drc", {}).get("active"):
        return
    plan = plan_expansion(levels, measure_bands(stem.wave, stem.rate_hz))
    result.figures["quiet_rise_db"] = plan.quiet_rise_db
    if not plan.active:
        return
    expand_into(stem.wave, plan, stem.wave)
    if plan.floor_hz and "eq" in result.settings:
        result.settings["eq"]["floor_hz"] = [[round(low), round(high)] for low, high in plan.floor_hz]
        result.flags.append("eq_floor")


def _pan(
    stem: Stem,
    result: Normalised,
    config: ChainConfig,
    target: StemFeatures,
    role: str,
    start: StemAnalysis,
    scratch: Path | None,
) -> None:
    assert start.image is not None
    if config.paper:
        result.changed = True
        largest_db = text_pan(stem.wave, _needed(target.pan_psi, "panning"), stem.rate_hz, stem.wave)
        result.settings["pan"] = {"method": "text", "largest_db": round(largest_db, 2)}
        return
    # One filter and one gain serve both channels, so the image from before the EQ still holds (not so for --eq-compat).
    aim = PanAim(
        _needed(target.pan_psi, "panning"),
        start.reference_gain,
        role=role,
        side=config.pan_side,
        max_db=config.pan_max_db,
        k=config.pan_k,
        amount=config.amount,
        smooth_ms=config.pan_smooth_ms,
    )
    skip = aim.skip(start.image)
    if skip == "mono":
        result.flags.append(skip)
    if skip is None:
        result.changed = True
        source = stem.wave
        # Every round of panning starts from the same samples, so the result needs an array of its own.
        stem.wave = result.wave = allocate(len(source), source.shape[1], scratch)
        result.settings["pan"] = pan_to_target(source, start.image, aim, stem.wave)


def _finish(
    result: Normalised,
    config: ChainConfig,
    target: StemFeatures,
    before: StemAnalysis,
    after: StemAnalysis,
    rate_hz: int,
    change_lu: float | None,
) -> None:
    """Choose the last gain, and tell the figures."""
    level = "loudness" in config.stages()
    if level:
        lufs = config.lufs if config.lufs is not None else target.loudness_lufs.mean
        # With an amount, a share of the way from the stem's own loudness, not from what the other stages left.
        lufs = before.lufs + (config.amount * (lufs - before.lufs) if change_lu is None else change_lu)
        # The gain of a group keeps all its stems under the ceiling already; lowering one alone would break the balance.
        ceiling = config.true_peak_db if change_lu is None else None
        # Amount 0 asks for a gain of exactly 1, which only the ceiling may lower.
        share = 0.0 if config.amount == 0 and change_lu is None else 1.0
        gain = design_gain(after.loudness, after.true_peak, lufs, ceiling, share)
        result.gain = gain.gain if abs(gain.gain_db) >= _NO_GAIN_DB else 1.0
        if gain.tp_limited:
            result.flags.append("tp_limited")
    elif change_lu:
        result.gain = 10 ** (change_lu / 20)
    peak_db = decibels(after.true_peak * result.gain)
    result.figures["lufs"] = (before.lufs, after.loudness.integrated_lufs(result.gain))
    result.figures["true_peak_db"] = (decibels(before.true_peak), peak_db)
    # At -30 LUFS, where the spectrum of the target was measured, so that the curves can be laid over each other.
    spectra = [grid_magnitude(m.spectrum.gamma, rate_hz, m.reference_gain) for m in (before, after)]
    levels = [20 * np.log10(np.maximum(magnitude, 1e-6)) for magnitude in spectra]
    if target.eq_db is not None:
        distances = [eq_distance_db(m.spectrum.gamma, target.eq_db, rate_hz, result.floor_hz) for m in (before, after)]
        result.figures["eq_distance_db"] = (distances[0], distances[1])
        result.curves["spectra_db"] = dict(zip(("before", "after", "target"), (*levels, target.eq_db), strict=True))
    if target.pan_psi is not None and before.image and after.image:
        curves = (before.image.psi, after.image.psi, target.pan_psi)
        result.figures["pan_distance"] = (pan_distance(curves[0], curves[2]), pan_distance(curves[1], curves[2]))
        result.curves["similarities"] = dict(zip(("before", "after", "target"), curves, strict=True))
