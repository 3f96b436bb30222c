"""Arithmetic of the networks: float32, or half the bits where the hardware computes them faster."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from gantools.errors import DeviceError

_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def choose_precision(name: str, device: torch.device) -> str:
    """Return ``float32``, ``bfloat16`` or ``float16`` for a configured precision.

    ``auto`` is bfloat16 where the hardware multiplies it natively: CPUs with AMX or AVX512-BF16, and CUDA devices
    from compute capability 8. The choice follows from the hardware and not from a measurement, so that two runs on
    one machine cannot differ in it.

    Raises
    ------
    DeviceError
        float16 is asked for on a device other than CUDA.
    """
    if name == "auto":
        return "bfloat16" if _has_bfloat16(device) else "float32"
    if name == "float16" and device.type != "cuda":
        raise DeviceError(
            f"precision float16 needs a CUDA device, not {device.type}; use --precision bfloat16 or float32"
        )
    return name


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    features: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    if not (features.get("amx_bf16") or features.get("avx512_bf16")):
        return False
    # The user may keep oneDNN from these instructions (ONEDNN_MAX_CPU_ISA); it then takes many times as long.
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which networks and losses run forward."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, dtype=_DTYPES[precision])


def allow_fast_kernels(device: torch.device) -> None:
    """Let CUDA use TF32 and search for the fastest convolutions; does nothing on other devices."""
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True


class LossScale:
    """Scale float16 losses so that small gradients do not vanish; 1 and fixed for the other precisions.

    The scale halves when a gradient overflows and doubles after `patience` good steps.

    Notes
    -----
    Micikevicius et al. 2018, section 3.2.
    """

    def __init__(self, precision: str, patience: int = 2000) -> None:
        self.active = precision == "float16"
        self.patience = patience
        self.value = 2.0**16 if self.active else 1.0
        self.good_steps = 0

    def tolerates(self) -> bool:
        """Return whether an overflow can be answered by a smaller scale; it must be told to `update` then."""
        return self.active and self.value > 1.0

    def update(self, finite: bool) -> None:
        """Take note of a step."""
        if not self.active:
            return
        self.good_steps = self.good_steps + 1 if finite else 0
        if not finite:
            self.value = max(1.0, self.value / 2.0)
        elif self.good_steps == self.patience:
            self.value, self.good_steps = self.value * 2.0, 0

    def state(self) -> dict[str, float]:
        """Return what `load` takes back."""
        return {"value": self.value, "good_steps": self.good_steps}

    def load(self, state: dict[str, float]) -> None:
        """Take back a state."""
        self.value, self.good_steps = float(state["value"]), int(state["good_steps"])
