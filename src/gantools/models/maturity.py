"""What a model's training amounts to, beside what the documentation's figures took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gantools.files.jsontext import parse_object

#: Shares of the documented steps below which a model makes noise, and below which it falls short of the figures.
_NOISE_SHARE = 0.1
_SHORT_SHARE = 0.5


@dataclass(frozen=True)
class Maturity:
    """Steps that were done, and about how many the documentation's figures took; 0 where they are not known.

    With `part` they are those of a part of a model, such as a scale.
    """

    steps: int
    documented_steps: int
    part: str = ""

    @property
    def words(self) -> str:
        """What to expect, ``4 of about 1,200 steps: expect noise``; empty where nothing needs to be said."""
        if not self.steps or self.steps >= _SHORT_SHARE * self.documented_steps:
            return ""
        much = "noise" if self.steps < _NOISE_SHARE * self.documented_steps else "less than the documentation shows"
        where = f" at {self.part}" if self.part else ""
        return f"{self.steps:,} of about {self.documented_steps:,} steps{where}: expect {much}"

    @property
    def fields(self) -> dict[str, int]:
        """Fields of the records of what the model makes, which `of_records` reads."""
        return {"model_steps": self.steps, "documented_steps": self.documented_steps} if self.steps else {}


def of_model(folder: str | Path, model: Mapping[str, Any]) -> Maturity:
    """Return the maturity of a model folder from its journals; of several scales, that of the least trained.

    Noise at one scale is heard, however long the others were trained.

    Parameters
    ----------
    folder : str or Path
    model : mapping
        Contents of its ``config.json``.
    """
    documented = model["config"].get("documented_steps", 0)
    documented = documented if isinstance(documented, int) else 0
    parts = {path.parent.name: _last_step(path) for path in sorted(Path(folder).glob("scales/*/metrics.jsonl"))}
    if not parts:
        return Maturity(_last_step(Path(folder) / "metrics.jsonl"), documented)
    # Scales lie in folders such as 04000hz.
    part = min(parts, key=lambda name: parts[name])
    return Maturity(parts[part], documented, part.lstrip("0").replace("hz", " Hz"))


def _last_step(path: Path) -> int:
    steps = [0]
    try:
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                steps.append(int(parse_object(line)["step"]))
            except (ValueError, KeyError, TypeError):
                continue  # half a line, of a run that goes on
    except OSError:
        return 0
    return steps[-1]


def of_records(records: Iterable[Mapping[str, Any]]) -> Maturity:
    """Return the maturity of the least trained of the models that made what some records tell of."""
    found = [Maturity(0, 0)]
    for record in records:
        steps, documented = record.get("model_steps"), record.get("documented_steps")
        if isinstance(steps, int) and isinstance(documented, int) and steps > 0 and documented > 0:
            found.append(Maturity(steps, documented))
    return min(found[1:] or found, key=lambda one: one.steps / max(1, one.documented_steps))
