"""The batches of a run: a rank's items of each step in micro-batches, those of the next step made ahead."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue

import torch

from gantools.runtime.device import available_cores
from gantools.training.system import Step, System

Tensors = dict[str, torch.Tensor]
#: How long the end of a run waits for a batch that is being made: a run that is told to stop has ten seconds.
_PATIENCE_S = 1.0


@dataclass
class MicroBatch:
    """The data of some items of the global batch, and the step that they are for."""

    data: Tensors
    step: Step


class Batches:
    """Loads a rank's items of a step, and meanwhile those of the next step in a thread of its own.

    `System.batch` is a function of (step, items) alone, so batches are the same whether they were made ahead or not. At
    most one is ahead. The thread starts with the first batch that is wanted ahead and ends with `close`.

    Parameters
    ----------
    system : System
    share : range
        Items of the global batch that this rank processes.
    """

    def __init__(self, system: System, share: range) -> None:
        self.system = system
        size = system.config.micro_batch or len(share)
        self.pieces = [list(share[start : start + size]) for start in range(0, len(share), size)]
        self._wanted: SimpleQueue[tuple[int, int, Future[list[Tensors]]] | None] = SimpleQueue()
        self._ahead: tuple[int, int, Future[list[Tensors]]] | None = None
        self._thread: threading.Thread | None = None

    def load(self, step: int, total: int, *, ahead: bool = False) -> list[MicroBatch]:
        """Return the micro-batches of a step of `total`, on the system's device.

        Parameters
        ----------
        step, total : int
        ahead : bool
            Begin with the next step's, as long as there is one.
        """
        # Sums of floats depend on the number of threads, which a budget run still chooses in its first steps: what was
        # made with another number than now is not used, so that a batch has the same bits however it was made.
        threads = torch.get_num_threads()
        self.rest()
        if self._ahead and self._ahead[:2] == (step, threads):
            made = self._ahead[2].result()
        else:  # the first step of a process, or a run that has gone back
            made = self._make(step)
        self._ahead = None
        if ahead and step + 1 < total:
            self._begin(step + 1, threads)
        # Only CUDA keeps what a copy still reads until it has ended.
        device, at_once = self.system.device, self.system.device.type == "cuda"
        return [
            MicroBatch({name: t.to(device, non_blocking=at_once) for name, t in data.items()}, Step(step, total, items))
            for data, items in zip(made, self.pieces, strict=True)
        ]

    def rest(self) -> None:
        """Wait for the batch under way, so that nobody else uses the system's data at the moment."""
        if self._ahead:
            self._ahead[2].exception()

    def close(self) -> None:
        """End the thread, after the batch under way; one that takes long is left to itself, as nobody wants it."""
        thread, self._ahead, self._thread = self._thread, None, None
        if thread:
            self._wanted.put(None)
            thread.join(_PATIENCE_S)

    def _make(self, step: int) -> list[Tensors]:
        return [self.system.batch(step, items) for items in self.pieces]

    def _begin(self, step: int, threads: int) -> None:
        if self._thread is None:
            # The current device belongs to a thread; a new one begins with the first.
            device = self.system.device
            index = torch.cuda.current_device() if device.type == "cuda" and device.index is None else device.index
            # A daemon: a process that is told to end does not wait for it.
            self._thread = threading.Thread(target=self._work, args=(index,), name="batches", daemon=True)
            self._thread.start()
        self._ahead = (step, threads, Future())
        self._wanted.put(self._ahead)

    def _work(self, device: int | None) -> None:
        while wanted := self._wanted.get():
            step, threads, made = wanted
            try:
                if self.system.device.type == "cuda":
                    torch.cuda.set_device(device)
                # The number of threads belongs to a thread too.
                if torch.get_num_threads() != threads:
                    torch.set_num_threads(threads)
                made.set_result(self._make(step))
            except BaseException as error:  # raised where the batch is used, if it ever is
                made.set_exception(error)


def pays_ahead(device: torch.device) -> bool:
    """Return whether batches should be made ahead: for a GPU, or with a CPU core that no thread of the step uses.

    Where the threads take all cores it costs instead: two on two cores take 1 to 14 % longer for a step of cyclegan or
    wavegan. One thread means that no more is wanted. Not on MPS, where nobody has tried whether two may
    compute at once.
    """
    if device.type == "cpu":
        return 1 < torch.get_num_threads() < available_cores()
    return device.type == "cuda"
