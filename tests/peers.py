"""Peers that results are compared with and that cannot be imported as they are."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from functools import lru_cache
from typing import Any

import pytest


@lru_cache
def torchaudio_transforms() -> Any:
    """Return `torchaudio.transforms`, also where torch is built without CUDA; skip the test without torchaudio.

    The wheel of torchaudio links CUDA's libraries, so that its import fails beside a torch without them. Only its
    compiled extension needs them, and the transforms need no extension: another module stands in for it. Nothing of
    it stays in `sys.modules`, where other tests would find it.
    """
    if importlib.util.find_spec("torchaudio") is None:
        pytest.skip("torchaudio is not installed")
    before = dict(sys.modules)
    extension: Any = types.ModuleType("torchaudio._extension")
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
    extension.fail_if_no_align = lambda function: function
    sys.modules["torchaudio._extension"] = extension
    try:
        return importlib.import_module("torchaudio.transforms")
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
            if name not in before:
                del sys.modules[name]
