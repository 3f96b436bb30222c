"""What the card of a trained model says: data, licence, budget, figures, date, command."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gantools.files.jsontext import parse_object
from gantools.models.card import write_card
from gantools.training.report import Summary
from gantools.version import __version__

#: Names of songs and files that a card lists before it only counts.
_MOST_NAMES = 12
#: Files that tell of rights, as they are called beside recordings.
_RIGHTS = ("licence", "license", "copying", "credits", "attribution", "copyright")


def write_training_card(system: Any, summary: Summary) -> None:
    """Write the card of a run that is over into its folder; a model is none the worse where it cannot be written.

    Parameters
    ----------
    system : System
        Or what consists of several, with the same attributes.
    summary : Summary
    """
    with contextlib.suppress(OSError):  # of folders that are looked into, too
        _write_rows(system, summary)


def _write_rows(system: Any, summary: Summary) -> None:
    config = system.config
    best = "" if summary.best_step is None else f", the weights of {summary.best_step:,}"
    documented = (
        f" (the documentation's figures: about {summary.documented_steps:,})" if summary.documented_steps else ""
    )
    rows = {
        "system": system.name,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": system.command,
        "preset": system.preset,
        "budget": config.budget,
        "steps": f"{summary.step:,}{best}{documented}",
        "time": f"{summary.seconds:.0f} s",
        "data": _data(system),
        "licence": _licence(system, summary.folder),
        "parameters": ", ".join(f"{name} {count:,}" for name, count in system.describe()["parameters"].items()),
        "machine": ", ".join(
            text
            for text in (
                str(system.device),
                summary.precision,
                f"{summary.threads} thread{'s' * (summary.threads != 1)}",
            )
            if text
        ),
        "seed": str(config.seed),
        "gantools": __version__,
    }
    notes = [summary.never_healthy.capitalize() + "."] if summary.symptoms else []
    write_card(summary.folder, summary.folder.resolve().name, rows, _figures(summary), notes)


def _data(system: Any) -> str:
    """Return what the model learnt from: songs on each side by number, and the first names."""
    counts = ", ".join(f"{len(songs)} {side}" for side, songs in system.songs.items() if songs)
    sounds, clips = system.data.get("sounds"), system.data.get("clips")
    if isinstance(sounds, Mapping):
        names = sorted(sounds)
    elif isinstance(clips, list):
        names = [str(clip["name"]) for clip in clips if isinstance(clip, Mapping) and "name" in clip]
    else:
        names = sorted({song for songs in system.songs.values() for song in songs})
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    listed = ", ".join(map(str, names[:_MOST_NAMES])) + more
    return ": ".join(text for text in (counts, listed) if text) or "see config.json"


def _licence(system: Any, folder: Path) -> str:
    """Return what is known of rights: files beside the recordings, and a model that the weights began with."""
    folders = [place if place.is_dir() else place.parent for place in map(Path, system.sources)]
    texts = {path for one in folders for path in one.glob("*") if path.name.lower().startswith(_RIGHTS)}
    found = sorted(str(path) for path in texts if path.is_file())
    known = [f"of the data see {', '.join(found)}"] if found else ["of the data not known to gantools"]
    begun = _started_from(folder)
    return "; ".join([*known, *([f"the weights began with {begun}, whose licence holds too"] if begun else [])])


def _started_from(folder: Path) -> str:
    try:
        begun = parse_object((folder / "config.json").read_text(encoding="utf-8")).get("started_from")
    except (OSError, ValueError):
        return ""
    return str(begun.get("path", "")) if isinstance(begun, dict) else ""


def _figures(summary: Summary) -> dict[str, float]:
    """Return the figures of the validation whose weights are the model's, or of the last one."""
    best: dict[str, Any] = {}
    try:
        for line in (summary.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record.get("kind") == "validation" and (summary.best_step in (None, record.get("step"))):
                best = record
    except (OSError, ValueError):
        return {}
    skipped = ("kind", "step", "seconds", "rollbacks")
    return {
        k: v for k, v in best.items() if k not in skipped and isinstance(v, int | float) and not isinstance(v, bool)
    }
