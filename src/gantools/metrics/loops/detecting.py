"""Which loop detector judges: the one that ships, or one that the user names."""

from __future__ import annotations

from pathlib import Path

from gantools.models.folder import model_files, read_model
from gantools.models.shipped import find_model
from gantools.structure.loops.detector import SHIPPED, LoopDetector, open_detector


def chosen_detector(named: str) -> LoopDetector:
    """Return the detector of a model folder or shipped name; of no name, the one that ships.

    Raises
    ------
    ModelError, DependencyError
        There is none, or it is damaged.
    """
    return open_detector(find_model(named) if named else None)


def detector_files(named: str) -> dict[str, Path]:
    """Return the files that the verdicts of a detector depend on, by names for the record of a run."""
    folder = find_model(named) if named else SHIPPED
    return {f"detector {path.name}": path for path in model_files(folder, read_model(folder, "loopdetector"))}
