"""What happens at the places where patches meet, beside what happens everywhere, and a rhythm that patches impose.

Musika's patches are made apart and put side by side (Pasini and Schlüter 2022, section 3.2). That they fit each other
is something that a discriminator teaches, and so it is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import maximum_filter1d

from gantools.audio.config import MelParams
from gantools.audio.mel import mel_db
from gantools.audio.onset_strength import levelled
from gantools.structure.beats import autocorrelation

RATE_HZ = 22050
_MEL = MelParams(sample_rate_hz=RATE_HZ, n_fft=1024, hop_samples=256, n_mels=64, fmin_hz=30.0, fmax_hz=8000.0)
FRAME_HZ = _MEL.frames_per_second
_RANGE_DB = 60.0
#: An onset belongs to a seam that is this near, in frames: windows of 46 ms see it a little before and after.
_REACH = 3
#: Spectra are compared over this long before and behind a place.
_SIDE_FRAMES = round(0.25 * FRAME_HZ)
#: Half the width of the picture around a seam.
AROUND_FRAMES = round(0.5 * FRAME_HZ)
#: Parts of a patch at which a generator that is not done repeats itself: its first steps, and whole patches.
LAGS = (0.25, 0.5, 1.0)
#: Part of a patch from such a lag to what it is compared with.
_BESIDE = 1 / 32


@dataclass(frozen=True, eq=False)
class Flux:
    """How a sound changes from frame to frame.

    Parameters
    ----------
    mel : float32 array (frames, 64)
        Level in dB, 86 frames a second; what is 60 dB down counts as silence.
    """

    mel: np.ndarray

    @classmethod
    def of(cls, wave: np.ndarray) -> Flux:
        """Return that of a mono wave, float32 (n,) at 22,050 Hz."""
        mel = mel_db(np.ascontiguousarray(wave, np.float32), _MEL)
        return cls(np.maximum(mel, mel.max() - _RANGE_DB))

    @cached_property
    def rises(self) -> np.ndarray:
        """Mean rise of the bands at each frame in dB, float64 (frames,)."""
        return np.maximum(np.diff(self.mel, axis=0, prepend=self.mel[:1]), 0.0).mean(1, dtype=np.float64)

    @cached_property
    def onsets(self) -> np.ndarray:
        """The largest rise near each frame, float64 (frames,)."""
        return np.asarray(maximum_filter1d(self.rises, 2 * _REACH + 1))

    @cached_property
    def changes(self) -> np.ndarray:
        """Mean difference in dB between the spectra of the quarter second before and behind each frame, (frames,).

        NaN nearer than that to either end.
        """
        sums = np.cumsum(np.concatenate([np.zeros((1, self.mel.shape[1])), self.mel]), axis=0, dtype=np.float64)
        means = (sums[_SIDE_FRAMES:] - sums[:-_SIDE_FRAMES]) / _SIDE_FRAMES  # of frames k to k + side
        found = np.full(len(self.mel), np.nan)
        inside = np.abs(means[_SIDE_FRAMES:] - means[:-_SIDE_FRAMES]).mean(1)
        found[_SIDE_FRAMES : _SIDE_FRAMES + len(inside)] = inside[: len(found) - _SIDE_FRAMES]
        return found

    def seams(self, patch_s: float) -> np.ndarray:
        """Return the frames at which patches meet, int64, a quarter second from both ends at least."""
        patch = patch_s * FRAME_HZ
        places = np.round(np.arange(1, int(len(self.mel) / patch) + 1) * patch).astype(np.int64)
        return places[(places >= _SIDE_FRAMES) & (places < len(self.mel) - _SIDE_FRAMES)]

    def lock(self, patch_s: float) -> list[float]:
        """Return how much more the onsets repeat at the `LAGS` of a patch than beside them, NaN in a sound too short.

        The autocorrelation there, less its mean at a little less and a little more. Music with an even pulse, or a
        codec that puts onsets where its latents begin, repeats beside them too; what patches impose does not.
        """
        found, values = autocorrelation(levelled(self.rises, FRAME_HZ)), []

        def near(seconds: float) -> float:
            place = round(seconds * FRAME_HZ)
            return float(found[max(1, place - 1) : place + 2].max())

        for lag in LAGS:
            # Beyond half the length too few repetitions are left.
            if 1 <= lag * patch_s * FRAME_HZ < len(found) / 2:
                at, beside_s = lag * patch_s, _BESIDE * patch_s
                values.append(near(at) - (near(at - beside_s) + near(at + beside_s)) / 2)
            else:
                values.append(float("nan"))
        return values


def beside(places: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the values at some places, each over the mean of all values, and that mean; NaNs do not count."""
    mean = float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
    return (values[places] / mean if mean > 0 else np.full(len(places), np.nan)), mean
