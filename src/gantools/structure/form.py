"""Musical form: letters for sections, and whether a sound has the form that was asked for."""

from __future__ import annotations

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.mel import mel_db
from gantools.errors import ConfigError, InputError

#: Sections are compared in means of this length: small shifts do not matter.
POOL_SECONDS = 0.1


def form_letters(form: str) -> list[str]:
    """Return the letters of a form in capitals; ConfigError if there are none or others than letters."""
    letters = list("".join(form.split()).upper())
    if not letters or not all(letter.isalpha() for letter in letters):
        raise ConfigError(f"form: {form!r} is not letters; give one such as AABA")
    return letters


def self_similarity(wave: np.ndarray, rate_hz: int, sections: int, section_samples: int = 0) -> np.ndarray:
    """Return how alike equal sections of a sound are: correlations of their levels over time and 24 mel bands.

    Parameters
    ----------
    wave : float32 array (channels, n)
    rate_hz : int
    sections : int
    section_samples : int
        Length of a section; 0: the sound is cut into equal parts.

    Returns
    -------
    float64 array (sections, sections)
        In [-1, 1], 1 on the diagonal. Levels are means of 0.1 s, without the average spectrum of the whole sound.

    Raises
    ------
    InputError
        The sound is too short for so many sections.
    """
    levels = pooled_levels(wave, rate_hz)
    span = section_samples / rate_hz / POOL_SECONDS if section_samples else len(levels) / sections
    starts = np.round(span * np.arange(sections)).astype(int)
    frames = min(int(span + 0.5), len(levels) - int(starts[-1]))
    if frames < 2:
        raise InputError(f"{wave.shape[1] / rate_hz:.1f} s are too short for {sections} sections")
    return similarities([levels[start : start + frames] for start in starts])


def form_similarity(wave: np.ndarray, rate_hz: int, form: str, section_samples: int = 0) -> float:
    """Return how well a sound follows a form, in [-2, 2].

    The mean similarity of sections of the same letter less that of different letters (see `self_similarity`): 0 without
    the form, about 1 for exact repeats of parts that have nothing in common.

    Parameters
    ----------
    wave : float32 array (channels, n)
    rate_hz : int
    form : str
        A letter per section; `FormPlan.letters` where the form is repeated.
    section_samples : int
        Length of a section, such as `FormPlan.lengths[0]`; 0: the sound is the form and nothing more.

    Raises
    ------
    ConfigError
        No letter of the form comes twice, or there is only one.
    """
    letters = form_letters(form)
    first, second = np.triu_indices(len(letters), 1)
    same = np.array([letters[i] == letters[j] for i, j in zip(first, second, strict=True)])
    if not same.any() or same.all():
        raise ConfigError(f"form: {form!r} needs a letter that comes again, and another one")
    values = self_similarity(wave, rate_hz, len(letters), section_samples)[first, second]
    return float(values[same].mean() - values[~same].mean())


def pooled_levels(wave: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the levels of 24 mel bands in dB every 0.1 s, less their means: float64 (frames, 24)."""
    hop = max(1, round(POOL_SECONDS / 4 * rate_hz))
    params = MelParams(sample_rate_hz=rate_hz, n_fft=2 * hop, hop_samples=hop, n_mels=24, fmin_hz=30.0)
    levels = mel_db(np.ascontiguousarray(wave.mean(0, dtype=np.float32)), params).astype(np.float64)
    levels = np.maximum(levels, levels.max() - 50.0)
    groups = max(1, len(levels) // 4)
    levels = levels[: 4 * groups].reshape(groups, -1, 24).mean(1)
    return np.asarray(levels - levels.mean(0))


def similarities(sections: list[np.ndarray]) -> np.ndarray:
    """Return the cosines between sections of levels, over the length that all have."""
    frames = max(1, min(len(section) for section in sections))
    rows = np.stack([section[:frames].ravel() for section in sections])
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return np.asarray(rows @ rows.T)
