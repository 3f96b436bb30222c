"""A song of any length through networks that hear one segment: overlapping, weighted, in bounded memory.

Each pass cuts the song into segments that overlap by a share (Demucs: 0.25) and adds what the network makes of them
with triangular weights; the sum is divided by the sum of the weights. Several passes (networks of a bag, random shifts
of the song) advance together and are averaged source by source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import torch
from torch.nn.functional import pad

from gantools.errors import DeviceError
from gantools.separation.networks import Network

#: (first sample, number) -> float32 (2, number); zeros outside the song.
Read = Callable[[int, int], torch.Tensor]

_SHORTEST_S = 0.5
_MOST_WORKERS = 4


@dataclass
class Segmenting:
    """How much goes through a network at a time; lowered for good when memory runs out.

    Attributes
    ----------
    device : torch.device
    rate_hz : int
    overlap : float
        Share of a segment, 0 to 0.9.
    batch : int
        Segments at a time.
    threads : int
        On a CPU, all threads; up to four take a segment each, as each needs memory of its own, and share the others.
    divisor : int
        Segments are this many times shorter than the networks'.
    notices : list of str
        What was lowered, for the user.
    """

    device: torch.device
    rate_hz: int
    overlap: float = 0.25
    batch: int = 1
    threads: int = 1
    divisor: int = 1
    notices: list[str] = field(default_factory=list)
    pool: ThreadPoolExecutor | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.threads > 1:
            self.pool = ThreadPoolExecutor(self.workers)

    @property
    def workers(self) -> int:
        """Segments that are worked on at a time."""
        return min(self.threads, _MOST_WORKERS)

    def lower(self, segment_samples: int) -> None:
        """Halve the batch, else the segment.

        Raises
        ------
        DeviceError
            The segment is half a second already.
        """
        if self.device.type == "cuda":
            # The blocks of the attempt that failed would stay in torch's cache, in sizes that the next one does not ask
            # for.
            torch.cuda.empty_cache()
        if self.batch > 1:
            self.batch //= 2
            self.notices.append(f"out of memory: going on with {self.batch} segments at a time")
            return
        if segment_samples / (2 * self.divisor) < _SHORTEST_S * self.rate_hz:
            raise DeviceError("out of memory even with the shortest segments; use --device cpu, or a smaller model")
        self.divisor *= 2
        seconds = segment_samples / self.divisor / self.rate_hz
        self.notices.append(f"out of memory: segments halved to {seconds:.1f} s")


def triangle(n: int, device: torch.device) -> torch.Tensor:
    """Return the weights of a segment: up to 1 in the middle, down to the end, float32 (n,)."""
    half = n // 2
    weights = torch.cat([torch.arange(1, half + 1, device=device), torch.arange(n - half, 0, -1, device=device)])
    return weights / weights.max()


class Pass:
    """One network over one song, from sample `start` (0, or less for a shifted song) to `stop`.

    Parameters
    ----------
    network : Network
    weights : torch.Tensor
        Weight of each source in the average, (sources,).
    sources : sequence of int
        Numbers of the network's outputs that are wanted.
    start, stop : int
    """

    def __init__(self, network: Network, weights: torch.Tensor, sources: Sequence[int], start: int, stop: int) -> None:
        self.network, self.weights, self.sources = network, weights, list(sources)
        self.done = 0
        self._next, self._stop = start, stop
        self._first = start  # position of the first sample of the sums
        self._sum = torch.zeros(len(self.sources), 2, 0)
        self._weight = torch.zeros(0)

    @property
    def finished(self) -> bool:
        """Whether all samples were returned."""
        return self._next >= self._stop

    @torch.inference_mode()
    def step(self, read: Read, segmenting: Segmenting) -> torch.Tensor:
        """Run the next segments; return the samples (sources, 2, k) that nothing will change any more."""
        # Nothing is added to the sums before a batch is done, so that it can be tried again with less.
        while True:
            segment = self.network.segment_samples // segmenting.divisor
            stride = max(1, int((1 - segmenting.overlap) * segment))
            chunks = self._chunks(segment, stride, segmenting.batch)
            try:
                made = self._run(read, chunks, segment, segmenting)
                break
            except (RuntimeError, MemoryError) as error:
                if not _is_out_of_memory(error):
                    raise
            segmenting.lower(self.network.segment_samples)
        self._grow(max(start + n for start, n in chunks) - self._first)
        weights = triangle(segment, segmenting.device)
        for (start, n), stems in zip(chunks, made, strict=True):
            here = slice(start - self._first, start - self._first + n)
            # The sums lie in main memory; a GPU holds one batch and no more.
            self._sum[..., here] += (weights[:n] * stems[..., :n]).cpu()
            self._weight[here] += weights[:n].cpu()
        self._next = chunks[-1][0] + stride
        # No later segment begins before `_next`, so what lies before it is final.
        return self._release(min(self._next, self._stop))

    def _chunks(self, segment: int, stride: int, batch: int) -> list[tuple[int, int]]:
        """Return (start, length) of segments that the network can hear together."""
        starts = range(self._next, min(self._stop, self._next + batch * stride), stride)
        chunks = [(start, min(segment, self._stop - start)) for start in starts]
        heard = [self.network.heard_samples(n, segment) for _, n in chunks]
        # A batch needs one length; a shorter last segment goes by itself in the next step.
        return [chunk for chunk, length in zip(chunks, heard, strict=True) if length == heard[0]]

    def _run(
        self, read: Read, chunks: list[tuple[int, int]], segment: int, segmenting: Segmenting
    ) -> list[torch.Tensor]:
        heard = self.network.heard_samples(chunks[0][1], segment)
        before = [(heard - n) // 2 for _, n in chunks]
        wave = torch.stack([read(start - lead, heard) for (start, _), lead in zip(chunks, before, strict=True)])
        stems = self._apply(wave, segmenting)
        return [one[..., lead : lead + n] for one, lead, (_, n) in zip(stems, before, chunks, strict=True)]

    def _apply(self, wave: torch.Tensor, segmenting: Segmenting) -> torch.Tensor:
        if segmenting.pool is None:
            return self._network(wave.to(segmenting.device))
        if len(wave) == 1:
            torch.set_num_threads(segmenting.threads)  # a segment alone gets all cores
            try:
                return self._network(wave)
            finally:
                torch.set_num_threads(segmenting.threads // segmenting.workers)
        # Cores that take a segment each never wait for one another, as they do within every operation otherwise.
        made = [segmenting.pool.submit(self._network, one) for one in wave.split(1)]
        wait(made)
        return torch.cat([one.result() for one in made])

    @torch.inference_mode()
    def _network(self, wave: torch.Tensor) -> torch.Tensor:
        # Inference mode belongs to a thread, so that those of the pool need it of their own.
        return self.network(wave)[:, self.sources]

    def _grow(self, n: int) -> None:
        more = max(0, n - len(self._weight))
        self._sum, self._weight = pad(self._sum, (0, more)), pad(self._weight, (0, more))

    def _release(self, stop: int) -> torch.Tensor:
        # A shifted pass begins before the song; what it makes of the silence there is dropped.
        n, outside = stop - self._first, max(0, min(-self._first, stop - self._first))
        out = self._sum[..., outside:n] / self._weight[outside:n]
        # Cloned: a view would keep all of the old sums in memory.
        self._sum, self._weight = self._sum[..., n:].clone(), self._weight[n:].clone()
        self._first = stop
        self.done += out.shape[-1]
        return out


def _is_out_of_memory(error: BaseException) -> bool:
    text = str(error).lower()
    return isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or any(
        words in text for words in ("out of memory", "not enough memory", "can't allocate memory")
    )


def average(passes: Sequence[Pass], read: Read, segmenting: Segmenting) -> Iterator[torch.Tensor]:
    """Yield the weighted mean of all passes, float32 blocks (sources, 2, k) that follow one another."""
    waiting = [torch.zeros(len(one.sources), 2, 0) for one in passes]
    total = sum((one.weights for one in passes), torch.zeros(len(passes[0].sources)))
    share = [(one.weights / total)[:, None, None] for one in passes]
    while not all(one.finished for one in passes):
        # The pass that is furthest behind goes on, so that no other one's samples pile up waiting for it.
        last = min((i for i, one in enumerate(passes) if not one.finished), key=lambda i: passes[i].done)
        waiting[last] = torch.cat([waiting[last], passes[last].step(read, segmenting)], dim=-1)
        n = min(block.shape[-1] for block in waiting)
        if n:
            yield sum((s * block[..., :n] for s, block in zip(share, waiting, strict=True)), torch.zeros(()))
            waiting = [block[..., n:] for block in waiting]
