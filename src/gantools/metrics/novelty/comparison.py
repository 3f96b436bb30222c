"""Generated files against the clip that their model learned from: what ``gantools evaluate novelty`` runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import AudioReader, load_mono
from gantools.audio.resample import resample
from gantools.errors import InputError, ModelError
from gantools.metrics.metric import Conditions, Failed, Result
from gantools.metrics.novelty.config import NoveltyConfig
from gantools.metrics.novelty.figures import FIGURES, Analysis, Reference, diversity
from gantools.metrics.novelty.gates import FIELD_S, judge
from gantools.metrics.novelty.mel_profile import Profile, band_centres_hz
from gantools.metrics.novelty.visuals import outline, spectrum
from gantools.metrics.thinning import thinned
from gantools.models.clips import CLIPS_FILE, read_clips
from gantools.models.folder import read_configuration
from gantools.report.clip import Clip


def training_clips(folder: Path) -> tuple[list[np.ndarray], int]:
    """Return the training clips of a model folder as mono float32 (n,), and their rate in Hz.

    Raises
    ------
    ModelError
        The file is broken or of another kind.
    """
    try:
        clips, rate_hz = read_clips(folder)
    except ModelError as error:
        advice = "not the clips of a model; train it again, or give the audio file itself"
        raise ModelError(advice, folder / CLIPS_FILE) from error
    return [clip.mean(axis=0, dtype=np.float32) for clip in clips], rate_hz


def receptive_field_s(folder: Path) -> float | None:
    """Return the receptive field of a model's coarsest scale in seconds, as it tells itself; None where it does not."""
    try:
        told = read_configuration(folder)["data"].get("receptive_field_s")
    except ModelError:
        return None
    return float(told) if isinstance(told, int | float) and told > 0 else None


def compare_novelty(
    generated: Sequence[Clip], real: Sequence[Clip] | Path, config: NoveltyConfig, conditions: Conditions
) -> Result:
    """Measure generated files against a clip, or several of one style.

    Parameters
    ----------
    generated : sequence of Clip
    real : sequence of Clip, or Path
        The training clips, or the folder of the model that holds them.
    config : NoveltyConfig
    conditions : Conditions

    Returns
    -------
    dict
        ``verdicts`` (figure -> value, gate, passed), of the means over files, ``verbatim_s`` being the longest;
        ``halves``; ``rows``, the figures of each file and which gates it fails; the rate at which all was compared,
        which is the lowest of all files'; ``curves``, ``correlations`` and ``visuals`` for the plots.

    Raises
    ------
    InputError
        If no generated file, or none of the real ones, could be measured.
    """
    reference = _reference(generated, real, conditions)
    field_s = config.field_seconds or (receptive_field_s(real) if isinstance(real, Path) else None) or FIELD_S
    sources = [real / CLIPS_FILE] if isinstance(real, Path) else [clip.path for clip in real]
    names, analyses, waves, rate = [], list[Analysis](), [], str(reference.rate_hz)
    shown: Clip | None = None
    for clip in generated:
        wave = _load(clip, reference.rate_hz, conditions.failed)
        if wave is not None:
            kept = _unpacked(conditions.keep(partial(_packed, reference, wave), clip.path, *sources, part=rate))
            if kept.profile is None:
                conditions.failed(clip.path, InputError("is shorter than 0.064 s; nothing can be compared", clip.path))
            else:
                names.append(clip.name)
                shown = shown or clip
                analyses.append(kept)
                waves.append(wave)
        conditions.tick()
    if not analyses or shown is None:
        raise InputError("none of the generated files could be measured; give audio that is neither silent nor shorter")
    figures = {name: _mean([one.figures[name] for one in analyses]) for name in FIGURES}
    # A mean would hide the one file that copies.
    figures["verbatim_s"] = max(one.figures["verbatim_s"] for one in analyses)
    halves = reference.halves
    sides = {"real": _whole(real, reference), "generated": _whole(shown, Reference(waves[0], reference.rate_hz))}
    verdicts = judge(figures | diversity(waves, reference.rate_hz), halves, config.small, field_s)
    rows = []
    for name, analysis in zip(names, analyses, strict=True):
        own = judge(analysis.figures, halves, config.small, field_s)
        rows.append(
            {"file": name, **analysis.figures, "fails": [key for key, one in own.items() if one.passed is False]}
        )
    return {
        **{name: verdict.value for name, verdict in verdicts.items()},
        "verdicts": {name: verdict._asdict() for name, verdict in verdicts.items()},
        "gates": sum(verdict.passed is not None for verdict in verdicts.values()),
        "gates_passed": sum(verdict.passed is True for verdict in verdicts.values()),
        "halves": halves,
        "small": config.small,
        "field_s": round(field_s, 3),
        "rate_hz": reference.rate_hz,
        "files": len(rows),
        "rows": rows,
        "curves": _curves(reference, analyses),
        "correlations": _correlations(reference, analyses),
        "visuals": _visuals(sides, names[0]),
    }


def _whole(source: Clip | Sequence[Clip] | Path, heard: Reference) -> tuple[np.ndarray, int]:
    """Return a sound at its own rate, up to which its spectrum goes; of several real ones what they were joined to."""
    if isinstance(source, Path):
        waves, rate_hz = training_clips(source)
        return (waves[0], rate_hz) if len(waves) == 1 else (heard.wave, heard.rate_hz)
    clips = [source] if isinstance(source, Clip) else list(source)
    if len(clips) > 1:
        return heard.wave, heard.rate_hz
    # It was read before, or there would be nothing to compare; its warnings were given then.
    rate_hz = _rate_hz(clips[0])
    return load_mono(clips[0].path, rate_hz), rate_hz


def _visuals(sides: dict[str, tuple[np.ndarray, int]], file: str) -> dict[str, Any]:
    """Return waveform and spectrum of both sides; `file` is the name of the generated one."""
    highest_hz = max(rate_hz for _, rate_hz in sides.values())
    looks: dict[str, Any] = {
        side: {"wave": outline(wave, rate_hz), "spectrum": spectrum(wave, rate_hz, highest_hz), "rate_hz": rate_hz}
        for side, (wave, rate_hz) in sides.items()
    }
    looks["generated"]["file"] = file
    return looks


def _packed(reference: Reference, wave: np.ndarray) -> tuple[Any, ...]:
    """Return the fields of an analysis, as they can be kept."""
    found = reference.analyse(wave)
    own = found.profile
    arrays = None if own is None else (own.frames_db, own.ltas_db, own.modulation_db)
    return found.figures, arrays, found.ncc_1s, found.ncc_quarter


def _unpacked(fields: Sequence[Any]) -> Analysis:
    figures, arrays, *correlations = fields
    return Analysis(figures, None if arrays is None else Profile(*arrays), *correlations)


def _reference(generated: Sequence[Clip], real: Sequence[Clip] | Path, conditions: Conditions) -> Reference:
    # All is compared at the lowest rate: above its band one of the sides would have nothing.
    rates = [rate for rate in map(_rate_hz, generated) if rate]
    if isinstance(real, Path):
        waves, own_hz = training_clips(real)
        rate_hz = min([own_hz, *rates])
        waves = [resample(wave, own_hz, rate_hz) for wave in waves]
        return _audible(Reference.of_clips(waves, rate_hz))
    rate_hz = min([*rates, *(rate for rate in map(_rate_hz, real) if rate)], default=16000)
    found = []
    for clip in real:
        wave = _load(clip, rate_hz, conditions.failed)
        if wave is not None:
            found.append(wave)
        conditions.tick()
    if not found:
        raise InputError("none of the real files could be measured; give the training clip")
    return _audible(Reference.of_clips(found, rate_hz))


def _audible(reference: Reference) -> Reference:
    if reference.profile is None:
        raise InputError("the real clip is silent or shorter than 0.064 s; nothing can be compared with it")
    return reference


def _rate_hz(clip: Clip) -> int:
    """Return the rate of a file; 0 where it cannot be read, which loading it will tell."""
    try:
        with AudioReader(clip.path) as reader:
            return reader.rate_hz
    except InputError:
        return 0


def _load(clip: Clip, rate_hz: int, failed: Failed) -> np.ndarray | None:
    try:
        wave = load_mono(clip.path, rate_hz, failed)
        if not wave.any():
            raise InputError("is silent", clip.path)
        return wave
    except InputError as error:
        failed(clip.path, error if error.path else InputError(error.message, clip.path))
        return None


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def _curves(reference: Reference, analyses: Sequence[Analysis]) -> dict[str, Any]:
    """Return what the plot shows of each band: the clip, and mean and range of the generated files."""
    curves: dict[str, Any] = {"hz": band_centres_hz(reference.rate_hz).round(1).tolist()}
    profiles = [one.profile for one in analyses if one.profile is not None]
    for name in ("ltas_db", "modulation_db"):
        made = np.array([getattr(one, name) for one in profiles]).reshape(len(profiles), -1)
        made = made if len(profiles) else np.full((1, len(curves["hz"])), np.nan)
        spread = {"mean": made.mean(axis=0), "low": made.min(axis=0), "high": made.max(axis=0)}
        curves[name] = {
            "real": getattr(reference.profile, name).round(2).tolist(),
            "generated": {key: values.round(2).tolist() for key, values in spread.items()},
        }
    return curves


def _correlations(reference: Reference, analyses: Sequence[Analysis]) -> dict[str, list[float]]:
    values = np.concatenate([one.ncc_1s for one in analyses])
    return {"generated": thinned(values, digits=4), "halves": reference.halves_ncc_1s.round(4).tolist()}
