"""Several processes that train one model, as started by torchrun.

Gradients are summed here by hand, flattened, once per update. DistributedDataParallel is not used: it hooks into single
backward passes and gives wrong gradients, without a word, where one update has several passes or a gradient penalty.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import load as decode_tensors
from safetensors.torch import save as encode_tensors

from gantools.errors import ConfigError, DeviceError
from gantools.runtime.device import available_cores

# Ranks wait for rank 0 while it validates, which may be long.
_TIMEOUT = datetime.timedelta(hours=6)


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together.

    Parameters
    ----------
    index, size : int
        Number of this rank and how many there are.
    """

    index: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the rank that validates and writes."""
        return self.index == 0

    def share(self, count: int) -> range:
        """Return the contiguous items of a global batch that this rank processes."""
        if count < self.size:
            raise ConfigError(f"batch_size {count} is smaller than the number of ranks; use at least {self.size}")
        return range(self.index * count // self.size, (self.index + 1) * count // self.size)

    def sum_(self, tensor: torch.Tensor) -> torch.Tensor:
        """Replace `tensor` by its sum over the ranks."""
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def broadcast_(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replace tensors by those of rank 0."""
        if self.size > 1:
            for tensor in tensors:
                # A collective needs contiguous memory, which views and channels_last tensors do not have.
                whole = tensor.detach().contiguous()
                dist.broadcast(whole, 0)
                with torch.no_grad():
                    tensor.copy_(whole)

    def broadcast_json(self, value: Any) -> Any:
        """Return the JSON value of rank 0."""
        if self.size == 1:
            return value
        text = json.dumps(value).encode()
        # The others do not know how long the text is, and have to make room for it.
        size = torch.tensor([len(text)])
        dist.broadcast(size, 0)
        data = _padded(text, int(size)) if self.first else torch.empty(int(size), dtype=torch.uint8)
        dist.broadcast(data, 0)
        return json.loads(data.numpy().tobytes())

    def gather(self, tensors: dict[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
        """Return the tensors of every rank, on rank 0; an empty list on the others."""
        if self.size == 1:
            return [tensors]
        data = encode_tensors({name: t.detach().cpu().contiguous() for name, t in tensors.items()})
        sizes = [torch.zeros(1, dtype=torch.int64) for _ in range(self.size)]
        dist.all_gather(sizes, torch.tensor([len(data)]))
        # Gathered tensors must have one shape, and what the ranks hold differs: all are padded to the longest.
        largest = max(int(size) for size in sizes)
        rows = [torch.empty(largest, dtype=torch.uint8) for _ in range(self.size)] if self.first else None
        dist.gather(_padded(data, largest), rows, 0)
        return [
            decode_tensors(row[: int(size)].numpy().tobytes()) for row, size in zip(rows or [], sizes, strict=False)
        ]

    def barrier(self) -> None:
        """Wait for all ranks."""
        if self.size > 1:
            self.sum_(torch.zeros(1))


def _padded(data: bytes, size: int) -> torch.Tensor:
    return torch.frombuffer(bytearray(data.ljust(size, b"\0")), dtype=torch.uint8)


class _Launch:
    """What this process keeps of its launch: where the ranks meet, how often they did, how many joins are open."""

    store: dist.Store | None = None
    meetings = 0
    depth = 0


def join_ranks() -> Ranks:
    """Meet the other processes of this torchrun launch; alone, return the only rank there is.

    Joins nest: an outer one spares the inner ones the meeting. A process may also leave and join again.

    Raises
    ------
    DeviceError
        The ranks did not find each other.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size <= 1:
        return Ranks()
    if not dist.is_initialized():
        # CPU tensors (decisions, states) go through gloo also where the gradients go through NCCL.
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        try:
            if _Launch.store is None:
                _Launch.store = next(iter(dist.rendezvous("env://", timeout=_TIMEOUT)))[0]
            # Each meeting has names of its own in the store: addresses of an earlier one are no longer valid.
            store = dist.PrefixStore(f"meeting{_Launch.meetings}", _Launch.store)
            index = int(os.environ["RANK"])
            dist.init_process_group(backend, timeout=_TIMEOUT, store=store, rank=index, world_size=size)
        except (RuntimeError, ValueError, KeyError) as error:
            raise DeviceError(
                f"the ranks of this launch did not find each other ({error}); start them with torchrun"
            ) from error
        _Launch.meetings += 1
        _Launch.depth = 0
    _Launch.depth += 1
    return Ranks(dist.get_rank(), dist.get_world_size())


def leave_ranks(*, wait: bool = True) -> None:
    """End what `join_ranks` began; the last one to leave ends the connection.

    Parameters
    ----------
    wait : bool
        Wait for the other ranks first, which may still read what this one sent. Not after an error, of which they may
        not know: they then get one too.
    """
    if not (dist.is_available() and dist.is_initialized()):
        return
    _Launch.depth -= 1
    if _Launch.depth <= 0 or not wait:
        if wait:
            dist.barrier()
        dist.destroy_process_group()


def is_first_rank() -> bool:
    """Return whether this process is the one that prints and writes; needs no `join_ranks` before."""
    return int(os.environ.get("RANK", "0")) == 0


def rank_device(device: torch.device) -> torch.device:
    """Return the device of this rank: each rank of a machine takes a GPU of its own."""
    if device.type == "cuda" and device.index is None and "LOCAL_RANK" in os.environ:
        index = int(os.environ["LOCAL_RANK"])
        if index >= torch.cuda.device_count():
            raise DeviceError(
                f"rank {index} has no GPU of its own; start at most {torch.cuda.device_count()} per machine"
            )
        torch.cuda.set_device(index)
        return torch.device("cuda", index)
    return device


def wanted_threads(threads: int = 0) -> int:
    """Return the number of threads that somebody asked for, by `threads` or ``OMP_NUM_THREADS``; 0 if nobody did."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return threads or (int(wanted) if wanted.isdecimal() else 0)


def set_threads(threads: int = 0) -> int:
    """Set the number of CPU threads of this process and return it.

    Parameters
    ----------
    threads : int
        0 takes ``OMP_NUM_THREADS``, or else the cores of this process, shared by the ranks on this machine. Threads
        beyond the cores make small networks 15 to 30 times slower.
    """
    local_size = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    threads = max(1, wanted_threads(threads) or available_cores() // local_size)
    torch.set_num_threads(threads)
    return threads
