"""How the threads of the numeric libraries wait for work, decided before these libraries are loaded."""

from __future__ import annotations

import os

#: Each of these says how idle threads wait; a user who has set one of them has decided.
_WAIT_POLICIES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


def let_idle_threads_sleep() -> None:
    """Let idle threads of OpenMP sleep instead of spin, in this process and those that it starts.

    Call it before torch, SciPy or scikit-learn are imported: each carries a libgomp of its own, which reads the
    environment once, when it is loaded. By default its threads spin for some milliseconds after each piece of work; on
    a machine that does something else too, they take the core from the thread that they wait for. A program may decide
    this for its process; a library that is imported may not, so nothing but the program calls it.

    What the user has set stays.
    """
    if not any(name in os.environ for name in _WAIT_POLICIES):
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
