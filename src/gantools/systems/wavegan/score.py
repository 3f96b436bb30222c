"""How far generated clips are from real ones, cheaply: the sliced Wasserstein distance of their mel-spectrograms."""

from __future__ import annotations

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.mel import mel_db

_BANDS = 40
_PARTS = 8
_FLOOR_DB = -20.0
_DIRECTIONS = 256


def mel_params(rate_hz: int, samples: int) -> MelParams:
    """Return the analysis of a clip: windows of about 40 ms, at most an eighth of it, half overlapping, 40 bands."""
    wanted = min(0.04 * rate_hz, samples / 8)
    n_fft = max(16, 2 ** int(np.log2(wanted)))
    return MelParams(sample_rate_hz=rate_hz, n_fft=n_fft, hop_samples=n_fft // 2, n_mels=min(_BANDS, n_fft // 8))


def describe_clips(clips: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return what the score compares of each clip, (clip, feature) in dB.

    Its mel-spectrogram averaged over eighths of its length, and how much each band rises and falls in each of them
    (standard deviation over the frames): noise of the right colour has the first and lacks the second.

    Parameters
    ----------
    clips : array (clip, channel, time)
    """
    params = mel_params(rate_hz, clips.shape[-1])
    rows = []
    for clip in clips:
        levels = np.maximum(mel_db(np.ascontiguousarray(clip.mean(axis=0)), params), _FLOOR_DB)
        parts = np.array_split(levels, min(_PARTS, len(levels)))
        rows.append(np.concatenate([p.mean(0) for p in parts] + [p.std(0) for p in parts]))
    return np.stack(rows)


def sliced_distance(made: np.ndarray, real: np.ndarray) -> float:
    """Return the sliced Wasserstein-1 distance of two equally large sets of vectors, per dimension's root.

    The mean, over 256 fixed random directions, of the mean difference of the sorted projections (Rabin et al. 2011).
    Equal sets give 0; a set shifted by s dB in every dimension gives about .8 s.
    """
    random = np.random.default_rng(7)
    directions = random.standard_normal((made.shape[1], _DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    a, b = np.sort(made @ directions, axis=0), np.sort(real @ directions, axis=0)
    return float(np.abs(a - b).mean())


class ClipScore:
    """Scores generated clips against real ones that training does not see.

    Parameters
    ----------
    real : array (clip, channel, time)
    rate_hz : int
    """

    def __init__(self, real: np.ndarray, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._real = describe_clips(real, rate_hz)

    def measure(self, made: np.ndarray) -> float:
        """Return the distance in dB of as many clips; lower is better, 0 for the real clips themselves."""
        return sliced_distance(describe_clips(made, self._rate_hz), self._real[: len(made)])
