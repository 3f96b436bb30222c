"""Whether what a generator makes has collapsed: silence, one clip again and again, noise, combs, clipping, copies.

The limits are those at which nobody would call the result music any more. Real clips of songs held out stay clear of
all of them, also where panel and clips are of different genres; that is why modulation, flatness and coverage need a
second sign, or are set lower than one would for a single genre. Divergence of the losses is for the training loop and
the system to notice.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.cluster.vq import kmeans2, vq
from scipy.signal import resample_poly

from gantools.metrics.collapse.clip_statistics import ClipStatistics
from gantools.metrics.novelty.crosscorrelation import best_matches, cut_windows

Clips = np.ndarray | torch.Tensor

#: Figures of `CollapsePanel.figures`, in the order of tables.
FIGURES = (
    "level_ratio",
    "quiet_share",
    "pairwise_ratio",
    "variety",
    "twin_share",
    "coverage",
    "modulation_ratio",
    "flatness_ratio",
    "comb_db",
    "clipped_share",
    "copied_share",
)
SILENT_LEVEL, SILENT_SHARE = 0.05, 0.95
LEAST_PAIRWISE, MOST_TWINS, LEAST_COVERAGE = 0.3, 0.2, 0.25
#: Noise differs from clip to clip as little as one clip does from itself; but its clips move independently. Noise of
#: one colour has a variety of 1.04 to 1.08, real clips one of 1.2 to 1.9.
LEAST_VARIETY, NOISE_VARIETY = 0.6, 1.15
#: Little modulation is noise where all clips have one spectrum, very little is so in any case.
LEAST_MODULATION, STEADY_MODULATION = 0.6, 0.45
#: Flat spectra are noise where modulation is not that of music either, or where they are nearly white.
MOST_FLATNESS, FLAT_MODULATION, NEARLY_WHITE = 1.8, 0.8, 0.5
COMB_DB = 12.0
MOST_CLIPPED = 0.01
MOST_COPIED, COPY_LINE = 0.2, 0.95
_CLUSTERS, _CLIPS_PER_CLUSTER = 16, 4
_MOST_CLIPS = 256
#: Copies are looked for at about this rate, in windows of a second.
_COPY_RATE_HZ = 4000


class CollapsePanel:
    """Judges samples beside real clips.

    Parameters
    ----------
    real : array or Tensor
        (n, channels, time) float32, full scale 1: real clips, 16 to 256 of them, best held out from training.
    rate_hz : int
    training : array or Tensor, optional
        (n, channels, time): training clips to look for copies of; of more than 256 an even choice is taken.
    seed : int
        Seed of the clusters of the real clips.

    Raises
    ------
    ValueError
        The real clips are fewer than two, or silent.
    """

    def __init__(self, real: Clips, rate_hz: int, training: Clips | None = None, seed: int = 0) -> None:
        self.rate_hz = rate_hz
        self.real = ClipStatistics(_mono(real), rate_hz)
        features = self.real.features
        if len(features) < 2:
            raise ValueError("a collapse panel needs at least two real clips that are not silent")
        # A feature that hardly varies among real clips must not outweigh all others.
        self._scale = np.maximum(features.std(axis=0), 1e-3 + 0.1 * features.std())
        count = max(2, min(_CLUSTERS, len(features) // _CLIPS_PER_CLUSTER))
        generator = np.random.default_rng(seed)
        self._centres, labels = kmeans2(features / self._scale, count, minit="++", rng=generator)
        self._shares = np.bincount(labels, minlength=count) / len(labels)
        self._training: np.ndarray | None = None
        self._copied_real = 0.0
        if training is not None:
            self._training = self._slow(_mono(training)).reshape(-1)
            self._copied_real = self._copied(self.real)

    def figures(self, samples: Clips) -> dict[str, float]:
        """Return the figures of samples (n, channels, time) by the names of `FIGURES`; NaN where there is none."""
        return self._figures(ClipStatistics(np.nan_to_num(_mono(samples)), self.rate_hz))

    def _figures(self, made: ClipStatistics) -> dict[str, float]:
        real = self.real
        return {
            "level_ratio": made.level / real.level,
            "quiet_share": made.quiet_share,
            "pairwise_ratio": made.pairwise_db / real.pairwise_db,
            "variety": made.variety,
            "twin_share": made.twin_share,
            "coverage": self._coverage(made),
            "modulation_ratio": made.modulation_db / real.modulation_db,
            "flatness_ratio": made.flatness / real.flatness,
            "comb_db": self._comb_db(made),
            "clipped_share": made.clipped_share,
            "copied_share": self._copied(made),
        }

    def symptoms(self, samples: Clips) -> dict[str, str]:
        """Return what is wrong with samples (n, channels, time): name -> sentence; empty for healthy ones.

        Names: ``divergence`` (samples that are no numbers), ``silence``, ``mode_collapse``, ``noise``, ``combs``,
        ``clipping``, ``memorisation``. One fault gets one name: of silence nothing more is said, and a single clip made
        again and again, or noise, misses most kinds of real clips without that being a fault of its own.
        """
        waves = _mono(samples)
        broken = float(np.mean(~np.isfinite(waves)))
        # First of all: a single NaN would make every other figure NaN.
        if broken:
            return {"divergence": f"{broken:.1%} of the samples are not finite"}
        f = self._figures(ClipStatistics(waves, self.rate_hz))
        if silence := self._silence(f):
            return {"silence": silence}
        same = _sameness(f)
        found = {
            "mode_collapse": same,
            "noise": "" if same else _noise(f, f["flatness_ratio"] * self.real.flatness),
            "combs": "" if same or not f["comb_db"] > 0 else _comb(f),
            "clipping": self._clipping(f),
            "memorisation": self._memory(f),
        }
        if not any(found.values()) and f["coverage"] < LEAST_COVERAGE:
            found["mode_collapse"] = f"only {f['coverage']:.0%} of the kinds of real clips appear"
        return {name: sentence for name, sentence in found.items() if sentence}

    def _silence(self, f: dict[str, float]) -> str:
        # Where real clips pause much themselves, the limit lies half of the way from their share to 1.
        most = max(SILENT_SHARE, (1 + self.real.quiet_share) / 2)
        if f["level_ratio"] < SILENT_LEVEL:
            return f"the level is {f['level_ratio']:.2g} times that of real clips"
        return f"{f['quiet_share']:.1%} of the samples are below 0.001" if f["quiet_share"] > most else ""

    def _clipping(self, f: dict[str, float]) -> str:
        most = max(MOST_CLIPPED, 2 * self.real.clipped_share)
        return f"{f['clipped_share']:.1%} of the samples are at full scale" if f["clipped_share"] > most else ""

    def _memory(self, f: dict[str, float]) -> str:
        most = max(MOST_COPIED, 2 * self._copied_real)
        return f"{f['copied_share']:.0%} of the seconds stand in the training clips" if f["copied_share"] > most else ""

    def _coverage(self, made: ClipStatistics) -> float:
        """Return the share of real clips whose cluster has a sample, over what as many real clips would reach.

        After the number of statistically different bins (Richardson and Weiss 2018), without its test.
        """
        if not len(made.features):
            return math.nan
        labels, _ = vq(made.features / self._scale, self._centres)
        reached = self._shares[np.unique(labels)].sum()
        # Of n real clips none falls into a cluster of share p with probability (1 - p)^n.
        return float(reached / (self._shares * (1 - (1 - self._shares) ** len(labels))).sum())

    def _comb_db(self, made: ClipStatistics) -> float:
        """Return the most that a comb line stands out which does not in real clips; 0 below 12 dB."""
        lines, real = made.comb_lines_db, self.real.comb_lines_db
        if len(lines) != len(real):
            return 0.0
        return float(np.where((lines >= COMB_DB) & (real < COMB_DB / 2), lines, 0.0).max(initial=0.0))

    def _slow(self, waves: np.ndarray) -> np.ndarray:
        factor = max(1, self.rate_hz // _COPY_RATE_HZ)
        return waves if factor == 1 else resample_poly(waves, 1, factor, axis=1).astype(np.float32)

    def _copied(self, made: ClipStatistics) -> float:
        if self._training is None:
            return math.nan
        waves = self._slow(made.waves)
        length = min(waves.shape[1], self.rate_hz // max(1, self.rate_hz // _COPY_RATE_HZ))
        windows = np.concatenate([cut_windows(wave, length, length) for wave in waves])
        matches = best_matches(windows, self._training)
        return float((matches > COPY_LINE).mean()) if len(matches) else 0.0


def _sameness(f: dict[str, float]) -> str:
    if f["pairwise_ratio"] < LEAST_PAIRWISE and f["variety"] < LEAST_VARIETY:
        return f"clips differ {f['pairwise_ratio']:.2g} times as much as real ones do"
    return f"{f['twin_share']:.0%} of all pairs are the same clip" if f["twin_share"] > MOST_TWINS else ""


def _comb(f: dict[str, float]) -> str:
    return f"a tone at a multiple of a 64th of the rate stands out by {f['comb_db']:.0f} dB"


def _noise(f: dict[str, float], flatness: float) -> str:
    modulation = f["modulation_ratio"]
    if modulation < (LEAST_MODULATION if f["variety"] < NOISE_VARIETY else STEADY_MODULATION):
        return f"levels vary {modulation:.2g} times as much as those of real clips"
    if f["flatness_ratio"] > MOST_FLATNESS and (modulation < FLAT_MODULATION or flatness > NEARLY_WHITE):
        return f"spectra are {f['flatness_ratio']:.2g} times as flat as those of real clips"
    return ""


def _mono(clips: Clips) -> np.ndarray:
    """(n, channels, time) -> float32 (n, time), an even choice of at most 256."""
    array = clips.detach().cpu().numpy() if isinstance(clips, torch.Tensor) else np.asarray(clips)
    if array.ndim != 3:
        raise ValueError(f"clips must be (n, channels, time), not {array.shape}")
    if len(array) > _MOST_CLIPS:
        array = array[np.linspace(0, len(array) - 1, _MOST_CLIPS).round().astype(int)]
    return array.astype(np.float32, copy=False).mean(axis=1)
