"""Everything that fxnorm measures of one stem."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gantools.audio.loudness import Loudness, Meter
from gantools.audio.peermeter import by_pyloudnorm
from gantools.audio.polarity import CANCELS
from gantools.audio.truepeak import TruePeak
from gantools.effects.compression import DynamicsMeter, OnsetPeaks
from gantools.effects.equalisation import eq_distance_db
from gantools.effects.features import Features
from gantools.effects.noisefloor import is_noise, measure_bands
from gantools.effects.similarity import PanImage, PanMeter, pan_distance
from gantools.effects.spectrum import GATE_DB, MeanSpectrum, SpectrumMeter
from gantools.effects.stem import Stem, chunks, read_stem

#: Level at which every stage looks at a stem, so that its gates are relative (the paper's program: -30 LUFS).
REFERENCE_LUFS = -30.0
#: Onset peaks are told relative to this sample peak (the paper's program).
DYNAMICS_PEAK_DBFS = -10.0
_SILENT_PEAK_DBFS, _NOISE_PEAK_DBFS = -50.0, -30.0
_SHORT_SECONDS = 0.4
_OFFSET_DBFS = -40.0


class _Takes(Protocol):
    def push(self, block: np.ndarray) -> None: ...


@dataclass(frozen=True, eq=False)
class StemAnalysis:
    """Statistics of one stem as it is.

    Attributes
    ----------
    loudness : Loudness
    true_peak : float
        True peak on a linear scale, full scale 1.
    spectrum : MeanSpectrum
    image : PanImage or None
        Stereo similarity; None for mono.
    onsets : OnsetPeaks or None
        None below 0.4 s, and where it was not asked for.
    """

    loudness: Loudness
    true_peak: float
    spectrum: MeanSpectrum
    image: PanImage | None
    onsets: OnsetPeaks | None

    @property
    def lufs(self) -> float:
        """Integrated loudness."""
        return self.loudness.integrated_lufs()

    @property
    def reference_gain(self) -> float:
        """Gain that would bring the stem to -30 LUFS."""
        return reference_gain(self.lufs)


def reference_gain(lufs: float) -> float:
    """Return the linear gain that brings a stem of this loudness to -30 LUFS; 1 for silence."""
    return 10 ** ((REFERENCE_LUFS - lufs) / 20) if math.isfinite(lufs) else 1.0


def feed(wave: np.ndarray, *meters: _Takes) -> None:
    """Give a wave to several meters in one pass."""
    for block in chunks(wave):
        for meter in meters:
            meter.push(block)


def is_silent(stem: Stem, lufs: float) -> bool:
    """Tell whether a stem counts as silent.

    So it does with a peak of at most -50 dBFS, with nothing above the loudness gate, and with a peak of at most -30
    dBFS where it holds nothing but steady noise.
    """
    if stem.peak <= 10 ** (_SILENT_PEAK_DBFS / 20) or not math.isfinite(lufs):
        return True
    return stem.peak <= 10 ** (_NOISE_PEAK_DBFS / 20) and is_noise(measure_bands(stem.wave, stem.rate_hz))


def is_short(stem: Stem) -> bool:
    """Tell whether a stem is too short for gated loudness and for dynamics (0.4 s)."""
    return stem.wave.shape[1] < _SHORT_SECONDS * stem.rate_hz


def measure_onsets(wave: np.ndarray, rate_hz: int, peak: float) -> OnsetPeaks:
    """Return the onset peaks of a wave with sample peak `peak`, as if that were -10 dBFS."""
    meter = DynamicsMeter(rate_hz, len(wave), scale=10 ** (DYNAMICS_PEAK_DBFS / 20) / peak)
    feed(wave, meter)
    return meter.result()


def analyse(
    stem: Stem, *, dual_mono: bool = False, onsets: bool = True, meter: str = "own", gated: bool = True
) -> StemAnalysis:
    """Measure a stem.

    Parameters
    ----------
    stem : Stem
    dual_mono : bool
        Count mono as two equal channels.
    onsets : bool
        Look for onsets too, which takes a second pass.
    meter : str
        ``own`` or ``pyloudnorm``: what reads the integrated loudness.
    gated : bool
        False counts all frames in spectrum and panning, as the paper's text does; by default rests do not count.
    """
    channels, rate_hz = len(stem.wave), stem.rate_hz
    energies, peak = Meter(rate_hz, channels, dual_mono), TruePeak(rate_hz, channels)
    spectrum = SpectrumMeter(rate_hz, channels, gate_db=GATE_DB if gated else None)
    image = PanMeter(rate_hz, gated) if channels == 2 else None
    feed(stem.wave, energies, peak, spectrum, *([image] if image else []))
    # The onset meter scales by the sample peak, which silence does not have.
    loudness = energies.loudness()
    if meter == "pyloudnorm":
        loudness = by_pyloudnorm(stem.wave, rate_hz, loudness, dual_mono)
    known = onsets and stem.peak > 0 and not is_short(stem)
    return StemAnalysis(
        loudness,
        peak.peak,
        spectrum.result(),
        image.result() if image else None,
        measure_onsets(stem.wave, rate_hz, stem.peak) if known else None,
    )


def warnings_of(stem: Stem) -> list[str]:
    """Return what is wrong with the samples of a stem but does not stop the work."""
    found = []
    if stem.clipped_runs:
        found.append(f"clipped in {stem.clipped_runs} places")
    if stem.offset > 10 ** (_OFFSET_DBFS / 20):
        found.append(f"DC offset of {decibels(stem.offset):.0f} dBFS")
    if stem.polarity.cancels:
        found.append(CANCELS)
    if stem.replaced:
        found.append(f"{stem.replaced} samples that are not finite became zero")
    return found


def decibels(linear: float) -> float:
    """Return 20 log10, -inf for zero."""
    return 20 * math.log10(linear) if linear > 0 else -math.inf


def measure_file(
    path: Path,
    role: str,
    features: Features | None,
    *,
    fallback: str = "",
    dual_mono: bool = False,
    nan: str = "error",
    meter: str = "own",
) -> dict[str, Any]:
    """Return all figures of a file as the fields of a record; those that do not apply are missing.

    Raises
    ------
    InputError
        Unreadable, or a stem type without features.
    """
    stem = read_stem(path, nan=nan)
    found = analyse(stem, dual_mono=dual_mono, meter=meter)
    fields: dict[str, Any] = {
        "lufs": found.lufs,
        "range_lu": found.loudness.range_lu(),
        "momentary_max_lufs": found.loudness.momentary_max_lufs(),
        "short_term_max_lufs": found.loudness.short_term_max_lufs(),
        "true_peak_db": decibels(found.true_peak),
        "peak_db": decibels(stem.peak),
        "duration_s": stem.wave.shape[1] / stem.rate_hz,
        "silent": is_silent(stem, found.lufs),
    }
    if found.onsets is not None:
        fields |= {"onset_peak_db": found.onsets.mean_db, "onset_spread_db": found.onsets.spread_db}
    if features is not None:
        target = features.for_stem(role, fallback)
        if target.eq_db is not None:
            fields["eq_distance_db"] = eq_distance_db(found.spectrum.gamma, target.eq_db, stem.rate_hz)
        if found.image is not None and target.pan_psi is not None:
            fields["pan_distance"] = pan_distance(found.image.psi, target.pan_psi)
    warnings = warnings_of(stem)
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in fields.items()} | (
        {"warning": "; ".join(warnings)} if warnings else {}
    )
