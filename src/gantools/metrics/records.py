"""What the record of a generated file says of how it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gantools.errors import ConfigError
from gantools.files.manifest import Manifest

#: Folders above a file in which its record is looked for.
_DEEP = 3


def told(path: Path, name: str) -> Any:
    """Return a field of the newest record of a file, as the manifest of the run that made it has it; else None."""
    # The manifest lies at the root of what a run wrote, and a file may lie in a folder below.
    for folder in list(path.parents)[:_DEEP]:
        try:
            records = Manifest(folder).records.values()
        except ConfigError:  # somebody else's manifest
            continue
        own = path.relative_to(folder).as_posix()
        found = [record["fields"].get(name) for record in records if own in record["outputs"]]
        if found and found[-1] is not None:
            return found[-1]
    return None
