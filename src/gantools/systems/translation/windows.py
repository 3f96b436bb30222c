"""A song of any length through a network that takes fixed windows: overlap, cross-fade, constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

#: Frames at the edges of a window that are not used: the network sees no neighbours there.
MARGIN_FRAMES = 32

ReadFrames = Callable[[int, int], np.ndarray]
#: (windows (k, window, n_mels), their first frames) -> windows of the same shape.
Network = Callable[[np.ndarray, Sequence[int]], np.ndarray]


def window_starts(n_frames: int, window: int, stride: int) -> list[int]:
    """Return the first frames of windows that cover a song; the last window ends with the song."""
    if n_frames <= window:
        return [0]
    return [*range(0, n_frames - window, stride), n_frames - window]


def fade_weights(window: int, stride: int, first: bool, last: bool) -> np.ndarray:
    """Return the weight of each frame of one window, float32 (window,).

    Raised-cosine fades over the part of the overlap that is left when each window gives up its outer frames; no fade
    at the ends of the song.
    """
    margin, fade = _margin_and_fade(window, stride)
    ramp = np.sin(np.pi / 2 * (np.arange(fade) + 0.5) / fade) ** 2
    edge = np.concatenate([np.zeros(margin), ramp])
    weights = np.ones(window)
    if not first:
        weights[: len(edge)] = edge
    if not last:
        # The smaller one, where both fades of a window meet.
        weights[window - len(edge) :] = np.minimum(weights[window - len(edge) :], edge[::-1])
    return weights.astype(np.float32)


def _margin_and_fade(window: int, stride: int) -> tuple[int, int]:
    margin = min(MARGIN_FRAMES, (window - stride) // 4)
    return margin, max(1, window - stride - 2 * margin)


@dataclass
class SeamMeter:
    """Measure whether the joins of windows show: mean frame difference where windows take turns, over that elsewhere.

    Frames are added in order; `ratio` is NaN while there is no join.
    """

    joins: Sequence[int]
    _last: np.ndarray | None = None
    _position: int = 0
    _sums: dict[bool, float] = field(default_factory=lambda: {True: 0.0, False: 0.0})
    _counts: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    def add(self, frames: np.ndarray) -> None:
        """Add frames (k, n_mels)."""
        known = frames if self._last is None else np.concatenate([self._last[None], frames])
        change = np.abs(np.diff(known, axis=0)).mean(axis=1)  # change[i] leads to frame `first + i`
        first = self._position + len(frames) - len(change)
        at_join = np.isin(np.arange(len(change)) + first, self.joins)
        for where in (True, False):
            self._sums[where] += float(change[at_join == where].sum())
            self._counts[where] += int((at_join == where).sum())
        self._position += len(frames)
        self._last = frames[-1]

    @property
    def ratio(self) -> float:
        """Mean absolute difference at joins over that elsewhere."""
        if not self._counts[True] or not self._counts[False] or not self._sums[False]:
            return float("nan")
        return (self._sums[True] / self._counts[True]) / (self._sums[False] / self._counts[False])


def join_frames(n_frames: int, window: int, stride: int) -> list[int]:
    """Return the frames at which a window comes in, is halfway, and has taken over."""
    margin, fade = _margin_and_fade(window, stride)
    count = len(window_starts(n_frames, window, stride))
    return [k * stride + margin + step for k in range(1, count) for step in (0, fade // 2, fade)]


def translate(
    read: ReadFrames, n_frames: int, network: Network, *, window: int, stride: int, batch: int = 4
) -> Iterator[np.ndarray]:
    """Yield the translated frames of a song, in order, in constant memory.

    Parameters
    ----------
    read : callable
        (start, stop) -> frames (stop - start, n_mels), in network units.
    n_frames : int
    network : callable
        See `Network`.
    window, stride : int
        Frames per window, and from one window to the next; the last window is moved to end with the song.
    batch : int
        Windows given to the network at a time.

    Yields
    ------
    float32 arrays (k, n_mels), `n_frames` in all
    """
    starts = window_starts(n_frames, window, stride)
    # Too short for one window: the song goes on as its own reflection, which is cut off again.
    if n_frames < window:
        frames = read(0, n_frames)
        mode = "reflect" if n_frames > 1 else "edge"
        padded = np.pad(frames, ((0, window - n_frames), (0, 0)), mode=mode)  # type: ignore[call-overload]
        yield network(padded[None], [0])[0][:n_frames]
        return
    # Two accumulators of one window and one stride are all that the longest song needs.
    total: np.ndarray | None = None
    weight = np.zeros(window + stride, np.float32)
    origin = 0  # the song's frame in row 0 of the accumulators
    for group in (starts[i : i + batch] for i in range(0, len(starts), batch)):
        results = network(np.stack([read(start, start + window) for start in group]), group)
        for start, result in zip(group, results, strict=True):
            if total is None:
                total = np.zeros((window + stride, result.shape[1]), np.float32)
            # No later window reaches back before its own start: these frames are complete.
            if start > origin:
                done = start - origin
                yield total[:done] / weight[:done, None]
                for buffer in (total, weight):
                    # A copy first, because the two stretches can overlap.
                    buffer[: len(buffer) - done] = buffer[done:].copy()
                    buffer[len(buffer) - done :] = 0
                origin = start
            fade = fade_weights(window, stride, start == 0, start == starts[-1])
            if start == starts[-1] and len(starts) > 1:
                # It overlaps more than the others do; it comes in where it would if it did not.
                late = starts[-2] + stride - start
                fade = np.concatenate([np.zeros(late, np.float32), fade[: window - late]])
            total[:window] += result * fade[:, None]
            weight[:window] += fade
    assert total is not None
    yield total[:window] / weight[:window, None]
