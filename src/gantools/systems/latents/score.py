"""How near generated latents are to real ones: cheap figures for the validation, and what shows a collapse."""

from __future__ import annotations

import numpy as np
import torch

from gantools.metrics.frechet.distance import frechet_distance

#: Latents of a window, and principal components of its features, that distances are measured in.
_WINDOW, _COMPONENTS = 8, 32
_NEIGHBOUR_WINDOW = 16
_MOST_WINDOWS = 4096
_LEAST = 1e-6
LEAST_SPREAD, MOST_SPREAD = 0.25, 4.0
LEAST_STEP, MOST_STEP = 0.2, 4.0
LEAST_VARIETY = 0.25
#: Copies lie nearer to the training than this share of what unseen music does.
LEAST_NEIGHBOUR = 0.4


class LatentScore:
    """Judges generated pairs of patches beside real crops.

    Parameters
    ----------
    train, held_out : tensor (n, channels, 2 L)
        Real crops, scaled as the GAN sees them.
    patch_latents : int
    """

    def __init__(self, train: torch.Tensor, held_out: torch.Tensor, patch_latents: int) -> None:
        self._length = patch_latents
        features = _features(train)
        self._mean = features.mean(0)
        _, _, axes = np.linalg.svd(features - self._mean, full_matrices=False)
        self._axes = axes[: min(_COMPONENTS, len(axes))].T
        self._real = self._project(held_out)
        self._train = _windows(train)
        # Of a song that has one place for a clip all clips are one.
        self._spread, self._step, self._variety = (
            max(measured(held_out), _LEAST) for measured in (_spread, _step, _variety)
        )
        self._neighbour = self._nearest(held_out)

    def _project(self, latents: torch.Tensor) -> np.ndarray:
        return (_features(latents) - self._mean) @ self._axes

    def _nearest(self, latents: torch.Tensor) -> float:
        """Return the mean distance of windows to the nearest ones of the training."""
        windows = _windows(latents)
        squares = (windows**2).sum(1)[:, None] + (self._train**2).sum(1)[None] - 2 * windows @ self._train.T
        return float(np.sqrt(np.maximum(squares.min(1), 0)).mean())

    def figures(self, made: torch.Tensor) -> dict[str, float]:
        """Return figures of generated pairs of patches (n, channels, 2 L).

        ``score`` is the Fréchet distance to held-out music of windows of 8 latents (their means, deviations and steps
        in 32 principal components), ``spread`` and ``motion`` deviation and step between latents over those of real
        music, ``seam`` the step between two patches over those within, ``variety`` how much items differ, and
        ``neighbour`` the distance to the nearest training music, over that of held-out music.
        """
        return {
            "score": frechet_distance(self._project(made), self._real),
            "spread": _spread(made) / self._spread,
            "motion": _step(made) / self._step,
            "seam": seam_ratio(made, self._length),
            "variety": _variety(made) / self._variety,
            "neighbour": self._nearest(made) / max(self._neighbour, 1e-9),
        }

    def symptoms(self, made: torch.Tensor) -> dict[str, str]:
        """Return what shows a collapse, name -> sentence; empty for healthy latents."""
        if not bool(torch.isfinite(made).all()):
            return {"divergence": "generated latents are not finite"}
        f = self.figures(made)
        found = {}
        if not LEAST_SPREAD <= f["spread"] <= MOST_SPREAD:
            found["spread"] = f"latents vary {f['spread']:.2g} times as much as those of real music"
        if not LEAST_STEP <= f["motion"] <= MOST_STEP:
            # At first it is too still: what moves has to be learnt.
            name = "noise" if f["motion"] > MOST_STEP else "stillness"
            found[name] = f"latents move {f['motion']:.2g} times as far from one to the next as those of real music"
        if f["variety"] < LEAST_VARIETY:
            found["mode_collapse"] = f"pieces differ {f['variety']:.2g} times as much as real ones do"
        if f["neighbour"] < LEAST_NEIGHBOUR:
            near = f"{f['neighbour']:.2g} times as near to the training as unseen music is"
            found["memorisation"] = f"what is made lies {near}"
        return found


def seam_ratio(latents: torch.Tensor, patch_latents: int) -> float:
    """Return the mean step |a(t + 1) - a(t)| between patches over that within them, of latents (n, channels, k L)."""
    steps = (latents[:, :, 1:] - latents[:, :, :-1]).float().norm(dim=1)
    at_seam = torch.zeros(steps.shape[1], dtype=torch.bool)
    at_seam[patch_latents - 1 :: patch_latents] = True
    return float(steps[:, at_seam].mean() / steps[:, ~at_seam].mean().clamp(min=1e-9))


def _features(latents: torch.Tensor) -> np.ndarray:
    """Return what windows of latents are like: means, deviations and steps of each channel, (windows, 3 channels)."""
    windows = latents.float().unfold(2, _WINDOW, _WINDOW // 2)
    parts = [windows.mean(3), windows.std(3), windows.diff(dim=3).abs().mean(3)]
    return torch.cat(parts, 1).transpose(1, 2).flatten(0, 1).cpu().double().numpy()


def _windows(latents: torch.Tensor) -> np.ndarray:
    """Return windows of 16 latents as vectors, an even choice of at most 4096."""
    size = min(_NEIGHBOUR_WINDOW, latents.shape[2])
    windows = latents.float().unfold(2, size, max(1, size // 4)).transpose(1, 2).flatten(0, 1).flatten(1)
    if len(windows) > _MOST_WINDOWS:
        windows = windows[torch.linspace(0, len(windows) - 1, _MOST_WINDOWS).long()]
    return windows.cpu().numpy()


def _spread(latents: torch.Tensor) -> float:
    return float(latents.float().std((0, 2)).square().mean().sqrt())


def _step(latents: torch.Tensor) -> float:
    return float(latents.float().diff(dim=2).square().mean().sqrt())


def _variety(latents: torch.Tensor) -> float:
    return float(latents.float().mean(2).std(0).square().mean().sqrt())
