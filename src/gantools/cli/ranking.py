"""The ranking of new music against the clip that it was learnt from, beside the outputs of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gantools.cli.batch import require_out
from gantools.cli.extras import publish_extra
from gantools.cli.flags import Run
from gantools.cli.progress import Bar
from gantools.cli.records import say
from gantools.cli.tasks import Task

if TYPE_CHECKING:
    import numpy as np

#: What is ranked together, by the field ``mode`` of its record: music that did not exist.
_RANKED = ("unconditional", "vary", "patch")


def rank_ideas(run: Run, tasks: Sequence[Task], source: Path, clip: np.ndarray, rate_hz: int, clip_name: str) -> int:
    """Write ``ranked.csv`` and ``index.html`` over the new music in the output folder; return the exit code.

    Parameters
    ----------
    run : Run
    tasks : sequence of Task
        Those of this batch; what earlier batches made from the same source is ranked with it.
    source : Path
        The input that records name: of a model its ``config.json``.
    clip : float32 array (channels, n)
        The clip at the level of the results.
    rate_hz : int
    clip_name : str
    """
    from gantools.files.manifest import Manifest
    from gantools.metrics.novelty.ranking import PAGE_NOTE, as_ideas, rank, write_ranking
    from gantools.metrics.texture.verdict import verdict
    from gantools.report.ideas import PAGE_FILES, write_page

    out = require_out(run)
    names = {task.outputs[0] for task in tasks}
    heard: dict[Path, str] = {}
    # Ideas of earlier batches stay in the running, as the page replaces the one that they were on.
    for record in Manifest(out).records.values():
        if record["source"] == str(source) and record["fields"].get("mode") in _RANKED:
            names |= set(record["outputs"])
            if "heard" in record["fields"]:
                heard |= {out / name: str(record["fields"]["heard"] or "") for name in record["outputs"]}
    ideas = [out / name for name in sorted(names) if (out / name).exists()]
    if not ideas:
        return 1
    with Bar(run, len(ideas), "rank") as bar:
        rows = rank(ideas, clip, rate_hz, tick=bar.advance)
    for row in rows:
        row["flags"] += [f"heard as {what}"] if (what := heard.get(Path(row["path"]))) else []
    facts = [f"{len(ideas)} ideas of {source.parent.name if source.name == 'config.json' else source.name}", PAGE_NOTE]

    if words := verdict(heard[path] for path in ideas if path in heard):
        facts.insert(0, f"Heard: {words}.")

    def write(folder: Path) -> None:
        write_ranking(folder / "ranked.csv", rows, out)
        write_page(folder, as_ideas(rows), clip, rate_hz, clip_name=clip_name, facts=facts, place=out)

    if publish_extra(run, Manifest(out), PAGE_FILES, str(source), write):
        return 1
    say(run, f"ranked {len(rows)}: {out / 'index.html'}; best: {Path(rows[0]['path']).name}")
    return 0
