"""The program `gantools`: its verbs, and the one place that turns exceptions into one line and an exit code."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from gantools import __version__
from gantools.cli.flags import was_debug
from gantools.errors import GantoolsError, StoppedError

#: Verbs in the order of a pipeline. A verb stands here from the day it works.
VERBS = ("separate", "fxnorm", "melify", "chunk", "train", "generate", "invert", "evaluate")

SETTINGS: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "add_completion": False}


def build(verbs: Sequence[str] = VERBS) -> typer.Typer:
    """Return the Typer application with the given verbs."""
    root = typer.Typer(
        **SETTINGS,
        no_args_is_help=True,
        help="Music from generative adversarial networks: nine Unix verbs that read and write files and join in pipes.",
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @root.callback(invoke_without_command=True)
    def options(
        version: bool = typer.Option(False, "--version", help="Print the version and exit.", is_eager=True),
    ) -> None:
        if version:
            typer.echo(f"gantools {__version__}")
            raise typer.Exit

    for verb in verbs:
        app: typer.Typer = importlib.import_module(f"gantools.commands.{verb}").app
        if app.registered_callback or app.registered_groups:
            root.add_typer(app, name=verb)
        else:
            root.registered_commands.extend(app.registered_commands)
    return root


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `gantools` and exit with its code: 0 done, 1 some input failed, 2 nothing started, 130 interrupted."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # A name that is not valid UTF-8 must survive the way from stdin to stdout.
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="surrogateescape")
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(_run(arguments))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _run(arguments: list[str]) -> int:
    verb = next((a for a in arguments if not a.startswith("-")), "")
    name = f"gantools {verb}" if verb in VERBS else "gantools"
    try:
        code = typer.main.get_command(build())(args=arguments, prog_name="gantools", standalone_mode=False)
        sys.stdout.flush()
        if code == 130:  # Typer turns KeyboardInterrupt into an exit of its own
            raise KeyboardInterrupt
        return int(code or 0)
    except KeyboardInterrupt:
        _say(f"{name}: interrupted; run it again to go on where it stopped")
        return 130
    except BrokenPipeError:
        # The reader has left (`| head`). Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except StoppedError as error:
        _say(f"{name}: {error}")
        return 130
    except GantoolsError as error:
        if was_debug(arguments):
            traceback.print_exc()
        _say(f"{name}: {error}")
        return 2
    except OSError as error:
        if was_debug(arguments):
            traceback.print_exc()
        _say(f"{name}: {error.filename + ': ' if isinstance(error.filename, str) else ''}{error.strerror or error}")
        return 2
    except Exception as error:
        return _usage_or_bug(error, name, was_debug(arguments))


def _usage_or_bug(error: Exception, name: str, debug: bool) -> int:
    # Typer's private Click: its errors are known by their shape, as Click must not be imported.
    if type(error).__name__ in ("Exit", "Abort"):
        return int(getattr(error, "exit_code", 1))
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(getattr(error, "message", ""), err=True)
        return 2
    message = getattr(error, "format_message", None)
    if message is not None:
        context = getattr(error, "ctx", None)
        path = getattr(context, "command_path", name)
        _say(f"{path}: {message().strip().rstrip('.')}; see {path} --help")
        return 2
    if debug:
        traceback.print_exc()
    _say(f"{name}: internal error: {type(error).__name__}: {error}; run with --debug and report it")
    return 1


def _say(line: str) -> None:
    print(" ".join(line.splitlines()), file=sys.stderr, flush=True)
