"""``--preset auto``: the small settings on a CPU, the default ones on a GPU; a run that goes on keeps its own."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from gantools.cli.sources import Option, Sources
from gantools.files.jsontext import parse_object

AUTO = "auto"
PRESET = Option("preset", "preset", str)


def offers_auto(presets: Collection[str]) -> bool:
    """Tell whether a command has an automatic preset: one for a CPU, and another choice."""
    return "small" in presets and len(presets) > 1


def automatic_preset(presets: Collection[str], preset: str, device: str, out: Path | None) -> tuple[str, str]:
    """Return the preset that ``auto`` means, and why in words.

    Parameters
    ----------
    presets : collection of str
        Those that there are, with ``small`` among them.
    preset : str
        The command's own, for a GPU where there is none called ``default``.
    device : str
        As of ``--device``.
    out : Path or None
        The model folder; where a run is in it that would go on, its preset stays, whatever machine this is. None where
        none would.
    """
    begun = _preset_of(out) if out else ""
    if begun in presets:
        return begun, f"with which the run in {out} began"
    from gantools.runtime.device import resolve_device

    found = resolve_device(device).type
    if found == "cpu":
        return "small", "on a CPU"
    return "default" if "default" in presets else preset, "on a GPU"


def _preset_of(folder: Path) -> str:
    try:
        return str(parse_object((folder / "config.json").read_text(encoding="utf-8")).get("preset", ""))
    except (OSError, ValueError):
        return ""


def asked_preset(given: str | None, sources: Sources, preset: str) -> str:
    """Return the name of the preset that a flag, a variable or a file asks for, or else the command's own."""
    return given or sources.find(PRESET)[0] or preset
