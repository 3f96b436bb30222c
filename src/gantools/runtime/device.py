"""Device and thread choice."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from gantools.errors import DeviceError

if TYPE_CHECKING:
    import torch


def resolve_device(name: str = "auto") -> torch.device:
    """Return the torch device for ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises
    ------
    DeviceError
        The name is unknown or the device is not on this machine.
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (index and not index.isdecimal()):
        raise DeviceError(f"unknown device {name!r}; use auto, cpu, cuda, cuda:N or mps")
    if kind == "cuda" and (not torch.cuda.is_available() or int(index or 0) >= torch.cuda.device_count()):
        raise DeviceError(f"no device {name!r} on this machine; use --device cpu")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("no device 'mps' on this machine; use --device cpu")
    return torch.device(name)


#: What Linux shows of NVIDIA's driver, AMD's, and that of Windows below it. Without one, no GPU is worth a search.
_DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def accelerator(name: str = "auto") -> str | None:
    """Return what a device name stands for (``cuda``, ``cuda:1``, ``mps``), or None where that is the CPU.

    torch, which takes seconds to import, is asked only where the machine may have an accelerator.

    Raises
    ------
    DeviceError
        As `resolve_device`.
    """
    if name == "cpu" or (name == "auto" and sys.platform == "linux" and not any(map(os.path.exists, _DRIVERS))):
        return None
    device = resolve_device(name)
    return None if device.type == "cpu" else str(device)


def available_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1
