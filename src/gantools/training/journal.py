"""metrics.jsonl: what a run reports about itself, one JSON object per line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from gantools.files.atomic import plain_json, write_text
from gantools.files.jsontext import parse_object


class Journal:
    """The lines of one run, in the order of their steps.

    Each line has ``kind`` (``start``, ``threads``, ``train``, ``validation``, ``symptoms``, ``collapse``, ``skipped``),
    ``step`` (updates done) and ``seconds`` (of training so far, over all starts). NaN is null. After a return to an
    earlier state, lines also have ``rollbacks``, how many returns there were, and the steps begin anew from that state.

    Parameters
    ----------
    path : Path
        The file; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, kind: str, step: int, seconds: float, values: dict[str, Any]) -> None:
        """Append one line; `values` have names of their own, or the run would lose its place."""
        record = {"kind": kind, "step": step, "seconds": round(seconds, 3)}
        if taken := record.keys() & values.keys():
            raise ValueError(f"{', '.join(sorted(taken))}: the journal's own")
        record |= values
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(plain_json(record), allow_nan=False) + "\n")

    def sync(self) -> None:
        """Wait until all lines are on the disk."""
        with open(self.path, "a", encoding="utf-8") as file:
            os.fsync(file.fileno())

    def cut(self, step: int, validated: bool, rollbacks: int = 0) -> None:
        """Drop what a run resumed after `step` updates writes again, and half a line that a kill left.

        Parameters
        ----------
        step : int
            Updates done in the state that is resumed.
        validated : bool
            Whether the validation after this step is part of that state.
        rollbacks : int
            Returns to an earlier state that are part of it.
        """
        kept = []
        for line in self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []:
            try:
                record = parse_object(line)
                again = record["kind"] in ("validation", "symptoms", "collapse") and not validated
                place, end = (record.get("rollbacks", 0), record["step"]), (rollbacks, step)
                if place < end or (place == end and not again):
                    kept.append(line + "\n")
            except (ValueError, KeyError, TypeError):
                continue
        write_text(self.path, "".join(kept))
