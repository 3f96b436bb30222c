"""How the threads of the numeric libraries wait for work, decided before these libraries are loaded."""

from __future__ import annotations

import os

#: Each of these says how idle threads wait; a user who has set one of them has decided.
_WAIT_POLICIES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


#: Sleep; libgomp, which takes its own variable before the policy, after 2000 turns of waiting: some microseconds.
SLEEP_SOON = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "2000"}


def let_idle_threads_sleep() -> None:
    """Let idle threads of OpenMP sleep soon instead of spin, in this process and those that it starts.

    Call it before torch, SciPy or scikit-learn are imported: each carries an OpenMP of its own, which reads the
    environment once, when it is loaded. By default libgomp spins 300,000 turns, some milliseconds, after each piece of
    work, and LLVM's 200 ms; on a machine that does something else too, such threads take the core from the thread that
    they wait for. Threads that sleep at once (``PASSIVE`` alone) have to be woken for each of the thousands of small
    pieces of a training step, which costs an idle machine nearly twice the time. A short spin has neither fault: the
    figures are in docs/benchmarks.md, "Threads". A program may decide this for its process; a library that is imported
    may not, so nothing but the program calls it.

    What the user has set stays.
    """
    if not any(name in os.environ for name in _WAIT_POLICIES):
        os.environ.update(SLEEP_SOON)


#: Where numpy's linear algebra reads how many threads it may use.
_ALGEBRA = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def keep_algebra_in_one_thread() -> None:
    """Let numpy multiply matrices in one thread, in this process and those that it starts.

    For work of many small products: OpenBLAS hands even them to all cores, whose threads spin in between. On two cores
    that doubled the CPU time of `loopscore` and shortened nothing. Call it before numpy is imported; what the user has
    set stays.
    """
    for name in _ALGEBRA:
        os.environ.setdefault(name, "1")
