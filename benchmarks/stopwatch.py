"""Wall and CPU time, for the benchmarks beside this file."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable


def cpu_s() -> float:
    """CPU-seconds of this process and its finished children."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds, the latter with those of finished children."""
    wall_s, before_s = time.perf_counter(), cpu_s()
    work()
    return time.perf_counter() - wall_s, cpu_s() - before_s


def timed_cpu(work: Callable[[], object]) -> float:
    """Return CPU seconds of this process alone."""
    before_s = time.process_time()
    work()
    return time.process_time() - before_s
