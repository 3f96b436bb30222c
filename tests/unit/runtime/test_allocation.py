"""Freed blocks are kept, or given back."""

from __future__ import annotations

import subprocess
import sys

import pytest

# A freed block raises glibc's own limit of what it maps; a small one behind the large ones pins the heap below it.
_FREED = """
import numpy as np
from gantools.runtime import allocation
getattr(allocation, {name!r})()
def rss(): return int(open("/proc/self/statm").read().split()[1]) * 4096
large = np.ones(5 << 20, np.uint8); del large
before = rss()
blocks = [np.ones(5 << 20, np.uint8) for _ in range(20)]
pin = np.ones(100 << 10, np.uint8)
del blocks
print(rss() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc")
def test_large_blocks_are_given_back_or_kept() -> None:
    left = {
        name: int(
            subprocess.run([sys.executable, "-c", _FREED.format(name=name)], check=True, capture_output=True).stdout
        )
        for name in ("give_back_large_blocks", "keep_freed_memory")
    }
    assert left["give_back_large_blocks"] < 2 << 20
    assert left["keep_freed_memory"] > 50 << 20
