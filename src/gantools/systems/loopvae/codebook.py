"""The codebook of a VQ-VAE, which follows the latents as the centroids of k-means do.

Van den Oord et al. 2017, appendix A.1, for the running means; Dhariwal et al. 2020 (Jukebox), section 3.2, for the
random restarts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

_EPS = 1e-5


@dataclass(frozen=True, eq=False)
class Gathered:
    """What some items of a batch have to say to the codebook.

    Attributes
    ----------
    counts : float32 tensor (codes,)
        Latents that are nearest to each code.
    sums : float32 tensor (codes, size)
        The sums of these latents.
    fresh : float32 tensor (codes, size)
        The latent that each code starts anew with if it is dead, where these items hold it, and 0 elsewhere.
    """

    counts: torch.Tensor
    sums: torch.Tensor
    fresh: torch.Tensor

    def flat(self) -> torch.Tensor:
        """Return all of it as one tensor."""
        return torch.cat([self.counts[:, None], self.sums, self.fresh], dim=1)


class Codebook(nn.Module):
    """Vectors that follow the running mean of the latents nearest to them; nothing in it has gradients.

    Parameters
    ----------
    codes, size : int
        K and D in the paper.
    decay : float
        Of the running sums, 0.99 in the paper.
    restart_below : float
        Running count of latents in a batch below which a code starts anew; at most a quarter of what an even use
        would give, or small batches would let all of them die.

    Attributes
    ----------
    vectors : buffer (codes, size)
        The embeddings e.
    counts, sums : buffers (codes,) and (codes, size)
        The running count n and the running sum m; e is m / n.
    restarted : buffer ()
        Codes that the last update started anew.
    """

    vectors: torch.Tensor
    counts: torch.Tensor
    sums: torch.Tensor
    restarted: torch.Tensor

    def __init__(self, codes: int, size: int, decay: float = 0.99, restart_below: float = 1.0) -> None:
        super().__init__()
        self.decay, self.restart_below = decay, restart_below
        vectors = torch.randn(codes, size)
        self.register_buffer("vectors", vectors)
        self.register_buffer("counts", torch.ones(codes))
        self.register_buffer("sums", vectors.clone())
        self.register_buffer("restarted", torch.zeros(()))

    @torch.no_grad()
    def begin_at(self, latents: torch.Tensor, expected: float, seed: int) -> None:
        """Place the codes at latents (n, size) drawn at random: far from all of them a code would never be taken.

        `expected` is the count that a batch gives each code if it uses them evenly.
        """
        random = np.random.default_rng(seed)
        count = len(self.vectors)
        chosen = random.choice(len(latents), count, replace=len(latents) < count)
        self.vectors.copy_(latents[torch.from_numpy(chosen)])
        self.sums.copy_(self.vectors)
        self.counts.fill_(expected)
        self.sums.mul_(expected)

    def nearest(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the codes nearest to latents (batch, size, step), int64 (batch, step)."""
        flat = latents.transpose(1, 2).reshape(-1, latents.shape[1])
        # |z - e|^2 without |z|^2, which is the same for all codes.
        distances = torch.addmm(self.vectors.square().sum(1), flat, self.vectors.T, alpha=-2)
        return distances.argmin(1).view(len(latents), -1)

    def of(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the vectors of codes (batch, step), (batch, size, step)."""
        return functional.embedding(codes, self.vectors).transpose(1, 2)

    @torch.no_grad()
    def gather(
        self, latents: torch.Tensor, codes: torch.Tensor, items: Sequence[int], batch_size: int, seed: int
    ) -> Gathered:
        """Return what some items of a batch say to `update`.

        Parameters
        ----------
        latents : tensor (items, size, step)
        codes : tensor (items, step)
            The nearest ones.
        items : sequence of int
            Which items of the global batch these are.
        batch_size : int
            Items of the global batch.
        seed : int
            Chooses, for each code, the latent of the global batch that it would start anew with.
        """
        count, steps = len(self.vectors), latents.shape[2]
        flat, index = latents.transpose(1, 2).reshape(-1, latents.shape[1]), codes.reshape(-1)
        counts = torch.bincount(index, minlength=count).to(flat)
        sums = torch.zeros_like(self.vectors).index_add_(0, index, flat)
        chosen = np.random.default_rng(seed).integers(0, batch_size * steps, count)
        rows = {item: row for row, item in enumerate(items)}
        held = [
            (code, rows[at // steps] * steps + at % steps)
            for code, at in enumerate(chosen.tolist())
            if at // steps in rows
        ]
        fresh = torch.zeros_like(self.vectors)
        if held:
            code, place = torch.tensor(held, device=flat.device).T
            fresh[code] = flat[place]
        return Gathered(counts, sums, fresh)

    @torch.no_grad()
    def update(self, gathered: torch.Tensor) -> None:
        """Follow the latents of a batch, and start dead codes anew at some of them.

        Parameters
        ----------
        gathered : tensor (codes, 1 + 2 size)
            `Gathered.flat`, summed over the whole batch. One that is not finite changes nothing.

        Notes
        -----
        A code that starts anew takes a count of 1 and the sum of its one latent with it. The paper's program leaves
        its old sums in place, and its next running mean is where the dead code was.
        """
        if not bool(torch.isfinite(gathered).all()):
            return
        size = self.vectors.shape[1]
        counts, sums, fresh = gathered[:, 0], gathered[:, 1 : 1 + size], gathered[:, 1 + size :]
        self.counts.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        # Laplace smoothing keeps the mean of a code that is hardly used finite.
        whole = self.counts.sum()
        smooth = (self.counts + _EPS) / (whole + len(self.counts) * _EPS) * whole
        self.vectors.copy_(self.sums / smooth[:, None])
        dead = self.counts < torch.clamp(counts.mean() / 4, max=self.restart_below)
        self.vectors[dead] = fresh[dead]
        self.sums[dead] = fresh[dead]
        self.counts[dead] = 1.0
        self.restarted.copy_(dead.sum())

    def perplexity(self) -> torch.Tensor:
        """Return how many codes are in use by their running counts: exp of their entropy, 1 to `codes`."""
        return perplexity(self.counts)


def perplexity(counts: torch.Tensor) -> torch.Tensor:
    """Return exp of the entropy of the distribution that counts (n,) stand for, a scalar."""
    shares = counts / counts.sum().clamp_min(1e-12)
    return torch.exp(-(shares * shares.clamp_min(1e-12).log()).sum())
