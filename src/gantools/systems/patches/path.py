"""The cheapest way to play a wanted sequence from a real one: on from frame to frame, with as few jumps as it takes."""

from __future__ import annotations

import numpy as np

from gantools.audio.compiled import compiled

#: Frames at which a jump may begin, the best so far at each moment.
_SOURCES = 24
#: Frames per search: memory does not grow with the length of the wanted sequence.
_PART_FRAMES = 2048


def cheapest_path(
    wanted: np.ndarray,
    frames: np.ndarray,
    jump_cost: float,
    avoided: np.ndarray | None = None,
    avoid_cost: float = 0.0,
    avoid_frames: int = 0,
    products: np.ndarray | None = None,
) -> np.ndarray:
    """Return which real frame to play at each moment (dynamic programming).

    A frame costs its mean squared difference from the wanted one. Going on to the next real frame is free, a jump costs
    `jump_cost` times (0.5 + how much the frame that would have followed differs from the one jumped to).

    Parameters
    ----------
    wanted : float32 array (m, features)
    frames : float32 array (n, features)
    jump_cost : float
    avoided : int64 array (paths, m), optional
        Paths whose neighbourhood costs `avoid_cost` more.
    avoid_cost : float
    avoid_frames : int
        Half the width of the neighbourhood.
    products : float32 array (n, n), optional
        `doubled_products` of the frames, for several paths through the same ones.

    Returns
    -------
    int64 array (m,)
    """
    m, n = len(wanted), len(frames)
    total = np.zeros(n, np.float32)
    squares = np.square(frames).mean(1)
    products = doubled_products(frames) if products is None else products
    path = np.empty(m, np.int64)
    elsewhere = np.zeros((0, m), np.int64) if avoided is None else avoided
    # Viterbi's algorithm over parts: `total` is the least cost of ending at each real frame, `before` where each came
    # from. A jump may come from few places only, the best so far: all pairs of frames would be too many.
    for first in range(0, m, _PART_FRAMES):
        part = wanted[first : first + _PART_FRAMES]
        before = np.empty((len(part), n), np.int32)
        costs = squares + np.square(part).mean(1)[:, None] - (2 / frames.shape[1]) * (part @ frames.T)
        for moment, cost in enumerate(costs):
            for other in elsewhere[:, first + moment]:
                cost[max(0, other - avoid_frames) : other + avoid_frames + 1] += avoid_cost
            # A jump is judged by the frame that would have come: the last one has none after it, and is no source.
            sources = np.argpartition(total[:-1], min(_SOURCES, n - 2))[:_SOURCES] if n > 2 else np.zeros(1, np.int64)
            _advance(total, cost, sources, squares, products, jump_cost, before[moment])
        # Back from the cheapest end of the part.
        state = int(np.argmin(total))
        for moment in range(len(part) - 1, -1, -1):
            path[first + moment] = state
            state = int(before[moment, state])
        # The next part goes on from where this one ends, or jumps.
        total[:] = np.inf
        total[path[first + len(part) - 1]] = 0
        total[np.isinf(total)] = np.float32(1e6)
    return path


def doubled_products(frames: np.ndarray) -> np.ndarray:
    """Return twice the mean product of each frame with each, float32 (n, n)."""
    return np.asarray((2 / frames.shape[1]) * (frames @ frames.T))


@compiled
def _advance(
    total: np.ndarray,
    cost: np.ndarray,
    sources: np.ndarray,
    squares: np.ndarray,
    products: np.ndarray,
    jump_cost: float,
    before: np.ndarray,
) -> None:
    """Take one step: `total` becomes the least cost of ending at each frame, `before` where each came from.

    What a jump is heard by is how much the frame that would have come differs from the one that comes: the sum of their
    `squares` less their `products`, which are doubled.
    """
    n, scale = total.size, np.float32(jump_cost)
    best = np.empty_like(total)
    # Stands for infinity, which `compiled` may not meet.
    best[0] = np.float32(3e38)
    before[0] = 0
    for frame in range(1, n):
        best[frame] = total[frame - 1]
        before[frame] = frame - 1
    for source in sources:
        landing = min(source + 1, n - 1)
        least = total[source] + scale * (np.float32(0.5) + squares[landing])
        row = products[landing]
        for frame in range(n):
            jump = least + scale * (squares[frame] - row[frame])
            if jump < best[frame]:
                best[frame] = jump
                before[frame] = source
    lowest = np.float32(3e38)
    for frame in range(n):
        total[frame] = best[frame] + max(cost[frame], np.float32(0))
        lowest = min(lowest, total[frame])
    for frame in range(n):
        # Only differences count; sums over a long piece would cost float32 their precision.
        total[frame] -= lowest
