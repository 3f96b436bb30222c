"""What ``gantools --env`` prints: all that one has to know of a machine to tell why something works there or not."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version

from gantools.cli.standing import OFF, standing_files
from gantools.version import __version__

_PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "numba",
    "soundfile",
    "soxr",
    "av",
    "safetensors",
    "demucs",
    "symusic",
    "music21",
)


def environment() -> str:
    """Return a line for each fact: versions, the processor, devices, threads, decoders, models that ship."""
    import torch

    from gantools.models.shipped import shipped_models
    from gantools.runtime.device import available_cores, resolve_device

    facts = {"gantools": __version__, "python": f"{platform.python_version()} ({sys.executable})"}
    facts["system"] = f"{platform.system()} {platform.release()}, {platform.machine()}"
    for package in _PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "not installed"
    facts["cores"] = f"{available_cores()} of {os.cpu_count()}"
    facts["instructions"] = torch.backends.cpu.get_cpu_capability()
    devices = [f"cuda:{n} {torch.cuda.get_device_name(n)}" for n in range(torch.cuda.device_count())]
    devices += ["mps"] if torch.backends.mps.is_available() else []
    facts["devices"] = ", ".join(["cpu", *devices]) + f"; auto takes {resolve_device('auto')}"
    facts["threads"] = str(torch.get_num_threads())
    facts["decoders"] = "soundfile, then PyAV; " + (shutil.which("ffmpeg") or "no ffmpeg program, which is not needed")
    facts["models"] = ", ".join(f"{model.name} ({model.system})" for model in shipped_models())
    files = {name: path if os.path.isfile(path) else f"none ({path})" for name, path in standing_files().items()}
    facts["files"] = "; ".join(f"{name} {path}" for name, path in files.items()) or f"not read, as {OFF} says"
    settings = {name: value for name, value in os.environ.items() if name.startswith(("GANTOOLS_", "OMP_", "MKL_"))}
    facts["settings"] = " ".join(f"{name}={value}" for name, value in sorted(settings.items())) or "none"
    width = max(map(len, facts))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in facts.items())
