"""The page of all metrics: what each measures, where it is from, what it is held to, and its picture.

python -m gantools.cli.metricpage FILE
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from gantools.cli.manual import all_commands
from gantools.files.atomic import write_text
from gantools.metrics.registry import METRICS, load

_HEAD = """\
# The metrics: `gantools evaluate`

Every metric prints a table, or with `--json` a record. `-o` adds `report.json`, a page with players, and the picture
that is named below. `gantools evaluate METRIC --help` has the options. `make man` makes this page of the metrics
themselves ([a new one](contributing.md#a-metric)).

*Source* is where the definition is from. *Held to* is what its figures are tested against: another implementation,
a count by brute force, or a case that is known; and the file of these tests.
"""
#: Commands of `evaluate` that measure nothing by themselves: source, what they are held to, their picture.
_OTHERS = {
    "listen": (
        "The listening tests of the papers, a form each: [listening tests](listening.md#forms)",
        "every form clicked through in a browser: tests/commands/test_listen.py",
        "the page itself",
    ),
}


def metrics_page() -> str:
    """Return the page, in the order of the help."""
    parts = [_HEAD]
    for command in all_commands():
        if command.path[0] == "evaluate" and len(command.path) > 1 and not command.parts:
            name = " ".join(command.path[1:])
            source, held_to, picture = _facts(name)
            rows = (("Source", source), ("Held to", held_to), ("Picture", picture))
            told = "\n".join(f"- *{word}*: {_with_files(text)}." for word, text in rows)
            parts.append(f"## `evaluate {name}`\n\n{command.line}\n\n{told}\n")
    return "\n".join(parts)


def _facts(name: str) -> tuple[str, str, str]:
    if name not in METRICS:
        return _OTHERS[name]
    metric = load(name)
    picture = f"`{metric.plot_name}.png`. {metric.caption.rstrip('.')}" if metric.plot_name else "none"
    return metric.source, metric.reference, picture


def _with_files(text: str) -> str:
    """Return text with the paths of tests as code."""
    return re.sub(r"(tests/[\w/]+\.py)", r"`\1`", text)


if __name__ == "__main__":
    write_text(Path(sys.argv[1]), metrics_page())
