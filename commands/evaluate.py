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
from gantools.metrics.metric import Metric
from gantools.metrics.registry import METRICS, load

app = typer.Typer(**SETTINGS, no_args_is_help=True, help="Measure generated music.")


@app.callback()
def group() -> None:
    """Measure generated music."""


def add(metric: Metric[Any]) -> None:
    """Add the command of a metric: its sets of files are the arguments, its class's docstring is the help."""

    def command(*, run: Run, config: Any, **places: str | list[str]) -> int:
        return evaluate(metric, places, run, config)

    # Typer reads arguments from the signature of a function: this one's is made of those of the metric.
    parameters = []
    for argument in metric.arguments:
        info = typer.Argument(help=argument.help, show_default=False)
        annotation = Annotated[list[str], info] if argument.several else Annotated[str, info]
        default = inspect.Parameter.empty if argument.required else ""
        kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(argument.name, kind, default=default, annotation=annotation))
    command.__doc__ = metric.help
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    verb(app, metric.name, metric.config, uses=(*SINGLE, *metric.uses), action="evaluate")(command)


for name in METRICS:
    add(load(name))


if __name__ == "__main__":
    main(["evaluate", *sys.argv[1:]])
