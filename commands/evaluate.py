#!/usr/bin/env -S python3 -P
"""`gantools evaluate`: generated music against real music, and against what it was made from."""

from __future__ import annotations

import inspect
import sys
from typing import Annotated, Any

import typer

from gantools.cli.app import SETTINGS, main
from gantools.cli.evaluation import evaluate
from gantools.cli.flags import SINGLE, Run, verb
from gantools.cli.listening import listen
from gantools.metrics.metric import Metric
from gantools.metrics.registry import METRICS, load
from gantools.report.listening.config import ListenConfig

app = typer.Typer(**SETTINGS, no_args_is_help=True)


@app.callback()
def group() -> None:
    """Measure generated music.

    \b
      gantools evaluate frechet drums/ songs/ --role drums -o report/
      gantools evaluate texture night/ --real techno/ -o report/
      gantools evaluate listen ours/ theirs/ -o test/
    """


def add(metric: Metric[Any]) -> None:
    """Add the command of a metric: its sets of files are the arguments, its class's docstring is the help."""

    def command(*, run: Run, config: Any, **places: str | list[str]) -> int:
        return evaluate(metric, places, run, config)

    # Typer reads arguments from the signature of a function: this one's is made of those of the metric.
    parameters = []
    for argument in metric.arguments:
        info = typer.Argument(help=argument.help, show_default=False)
        annotation = Annotated[list[str], info] if argument.several else Annotated[str, info]
        default = inspect.Parameter.empty if argument.required else [] if argument.several else ""
        kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(argument.name, kind, default=default, annotation=annotation))
    command.__doc__ = metric.help
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    group, _, last = metric.name.rpartition(" ")
    verb(groups[group], last, metric.config, uses=(*SINGLE, *metric.uses), action="evaluate")(command)


GRADE = """Learn listeners' grades, and give them.

\b
  gantools evaluate listen drums/ real_drums/ -o test/
  gantools evaluate grade fit drums/ real_drums/ results/ -o grades/
  gantools evaluate grade predict night/ --model grades/ -o report/
"""
#: Commands of two words stand below the first of them.
groups = {
    "": app,
    "grade": typer.Typer(**SETTINGS, no_args_is_help=True, help=GRADE),
}
app.add_typer(groups["grade"], name="grade")

for name in METRICS:
    add(load(name))


@verb(app, "listen", ListenConfig, uses=(*SINGLE, "map", "seed"), action="evaluate", folder="listening")
def make_test(
    sets: Annotated[list[str], typer.Argument(help="Sets of clips: a folder, file or - each.", show_default=False)],
    *,
    run: Run,
    config: ListenConfig,
) -> int:
    """Make a listening test: one page to send to listeners, and the key to what they hear.

    Clips are blind, shuffled for each listener, and equally loud; real ones have the bandwidth of the generated ones.
    The page needs no server, keeps answers in the browser, and saves them as a file for evaluate ratings.

    \b
      gantools evaluate listen night/ day/ real/ --clips 20 --one-per-song -o test/
      gantools evaluate listen ideas/ jukebox/ --real fragments/ --form songwriter -o test/
      gantools evaluate listen ours/ theirs/ --form mix --dry-stems stems/ -o test/
    """
    return listen(sets, run, config)


if __name__ == "__main__":
    main(["evaluate", *sys.argv[1:]])
