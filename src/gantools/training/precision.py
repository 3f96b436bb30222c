"""The choice of the networks' arithmetic: float32, or half the bits where the hardware computes them faster."""

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
