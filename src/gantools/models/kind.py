"""Which system a folder is a model of. Imports no torch, so that what is no model for a verb is refused at once."""

from __future__ import annotations

from pathlib import Path

from gantools.files.jsontext import parse_object


def system_of(folder: str | Path) -> str:
    """Return the name of the system whose model a folder is, by its `config.json`; empty where it is none."""
    try:
        system = parse_object((Path(folder) / "config.json").read_text(encoding="utf-8"))["system"]
    except (OSError, ValueError, KeyError):
        return ""
    return system if isinstance(system, str) else ""
