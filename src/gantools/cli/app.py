"""The program `gantools`: its verbs, and the one place that turns exceptions into one line and an exit code."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from gantools.cli.flags import was_debug
from gantools.cli.standing import Standing
from gantools.cli.terminal import (
    READER_LEFT,
    OutputError,
    close_messages,
    debugging,
    messages,
    open_streams,
    write_line,
    write_message,
)
from gantools.errors import ConfigError, GantoolsError, StoppedError
from gantools.files.failures import explain
from gantools.runtime.stopping import obey_signals
from gantools.runtime.threads import let_idle_threads_sleep
from gantools.version import __version__

#: Verbs in the order of a pipeline, each with its line in the list. A verb stands here from the day it works.
VERBS = {
    "separate": "Split songs into stems.",
    "fxnorm": "Bring stems to a common sound.",
    "melify": "Turn audio into mel files.",
    "chunk": "Cut mel files into windows, or audio into clips, for training.",
    "train": "Train a model.",
    "generate": "Generate music with a trained model.",
    "invert": "Turn mel files back into audio.",
    "loopscore": "Score which bars of songs and MIDI loop, and cut loops out.",
    "evaluate": "Measure generated music.",
}

#: One sentence on the program.
ABOUT = "Music from generative adversarial networks: Unix verbs that read and write files and join in pipes."
_EXAMPLES = (
    "gantools separate song.flac -o stems/",
    "gantools generate drummer bass.wav -o drums/ --mix",
    "gantools train musika techno/ -o models/techno --preset small --budget 3h",
)
SETTINGS: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "add_completion": False}
_HELP = ["-h", "--help"]


def find_command(arguments: Sequence[str]) -> tuple[Any, str, list[str]]:
    """Return the command that arguments begin with, its full name, and the arguments that are left for it.

    Nothing is imported but the verb's own module: making the commands of all verbs takes longer than most of them
    start. Without a verb it is the list of verbs, made of `VERBS` alone.
    """
    if not arguments or arguments[0] not in VERBS:
        return typer.main.get_command(_list_of_verbs()), "gantools", list(arguments)
    verb, *rest = arguments
    command: Any = typer.main.get_command(importlib.import_module(f"gantools.commands.{verb}").app)
    name = f"gantools {verb}"
    # Straight to the system or metric: for the groups above it, which have no options, Typer would import pydantic.
    while rest and rest[0] in getattr(command, "commands", ()):
        command, name, rest = command.commands[rest[0]], f"{name} {rest[0]}", rest[1:]
    return command, name, rest


def _list_of_verbs() -> typer.Typer:
    """Return `gantools` without its verbs: their names and lines for the help, and what to say of an unknown one."""
    root = typer.Typer(
        **SETTINGS,
        no_args_is_help=True,
        help=f"{ABOUT}\n\n\b\n  " + "\n  ".join(_EXAMPLES),
    )

    @root.callback(invoke_without_command=True)
    def options(
        version: bool = typer.Option(False, "--version", "-V", help="Print the version and exit."),
        models: bool = typer.Option(
            False, "--models", help="List the models that ship, and those in models/, and exit."
        ),
        env: bool = typer.Option(False, "--env", help="Print versions, devices, decoders and models, and exit."),
        completion: str = typer.Option(
            "", help="Print what completes commands in a shell: bash, zsh or fish.", show_default=False
        ),
    ) -> None:
        if version:
            print(f"gantools {__version__}")
        elif models:
            importlib.import_module("gantools.cli.shipped").print_models()
        elif env:
            print(importlib.import_module("gantools.cli.environment").environment())
        elif completion:
            print(importlib.import_module("gantools.cli.completion").completion(completion), end="")

    for verb, line in VERBS.items():
        root.command(verb, short_help=line)(_misplaced)
    return root


def _misplaced() -> None:
    """Stand for a verb that is not the first argument."""
    raise ConfigError("the verb comes first; see gantools --help")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `gantools` and exit with its code.

    0: done. 1: some input failed, or standard output could not be written. 2: nothing started. 130: interrupted.
    141: the reader of standard output has left.
    """
    # Before anything imports torch, whose threads read their wait policy only when they start.
    let_idle_threads_sleep()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] == ["help"]:  # as git and others have it
        arguments = [*arguments[1:], "--help"]
    open_streams(debug=was_debug(arguments))
    try:
        with obey_signals(lambda: write_line("gantools: interrupted")):
            code = _run(arguments)
    finally:
        close_messages()
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    name = f"gantools {arguments[0]}" if arguments and arguments[0] in VERBS else "gantools"
    try:
        command, program, rest = find_command(arguments)
        standing = Standing(lambda words: find_command(words)[0], tuple(VERBS), arguments)
        code = command(args=rest, prog_name=program, standalone_mode=False, help_option_names=_HELP, obj=standing)
        # What is still buffered is written here, where a failure can still become a line and an exit code.
        sys.stdout.flush()
        if code == 130:  # Typer turns KeyboardInterrupt into an exit of its own
            raise KeyboardInterrupt
        return int(code or 0)
    except KeyboardInterrupt:
        write_line(f"{name}: interrupted")
        return 130
    except OutputError as error:
        if error.code != READER_LEFT:  # `| head` is no error
            write_line(f"{name}: {error}")
        return error.code
    except StoppedError as error:
        write_line(f"{name}: {error}")
        return 130
    except (GantoolsError, OSError) as error:
        _trace()
        if _while_stopping(error):
            write_line(f"{name}: interrupted")
            return 130
        write_line(f"{name}: {explain(error) if isinstance(error, OSError) else error}")
        return 2
    except MemoryError:
        _trace()
        write_line(f"{name}: out of memory; use fewer --jobs")
        return 1
    except Exception as error:
        return _usage_or_bug(error, name)


def _while_stopping(error: BaseException) -> bool:
    """Whether an error came up while an interruption was on its way, such as a pipe to a process that has gone."""
    cause = error.__context__
    return cause is not None and (isinstance(cause, KeyboardInterrupt) or _while_stopping(cause))


def _trace() -> None:
    if debugging():
        traceback.print_exc(file=messages())


def _usage_or_bug(error: Exception, name: str) -> int:
    # Typer's private Click: its errors are known by their shape, as Click must not be imported.
    if type(error).__name__ in ("Exit", "Abort"):
        return int(getattr(error, "exit_code", 1))
    if type(error).__name__ == "NoArgsIsHelpError":
        write_message(getattr(error, "message", ""))
        return 2
    message = getattr(error, "format_message", None)
    if message is not None:
        context = getattr(error, "ctx", None)
        path = getattr(context, "command_path", name)
        write_line(f"{path}: {message().strip().rstrip('.')}; see {path} --help")
        return 2
    _trace()
    write_line(f"{name}: internal error: {type(error).__name__}: {error}; run with --debug and report it")
    return 1
