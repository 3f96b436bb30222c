"""The commands of every verb: the options that mean the same everywhere, beside those of a configuration.

No flag has a default of its own: what is not given is None until the other sources were asked, so that a flag wins
also where it equals the default.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import json
import os
import re
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gantools.cli.configuration import (
    config_options,
    config_parameters,
    file_parameters,
    in_flags,
    keyword,
    resolve_config,
)
from gantools.cli.presets import AUTO, asked_preset, automatic_preset, offers_auto
from gantools.cli.sections import EVERYWHERE, SectionedCommand
from gantools.cli.sources import Option, Sources, truth
from gantools.cli.terminal import hear_libraries, write_line
from gantools.errors import ConfigError
from gantools.options import base_type, to_mapping


@dataclasses.dataclass(frozen=True)
class Run:
    """Options with one meaning in every verb.

    `map` is None where a verb reads no roles. `missed` grows while inputs are gathered: what could not be read there.
    `preset` is that of the configuration by its name, `automatic` whether ``auto`` has chosen it. `command` is what was
    typed, for the card of a model.
    """

    verb: str = ""
    out: Path | None = None
    jobs: int = 1
    cluster: str = ""
    device: str = "auto"
    seed: int = 0
    dry_run: bool = False
    force: bool = False
    check: bool = False
    on_error: str = "continue"
    shard: tuple[int, int] = (1, 1)
    json: bool = False
    null: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    limit: int = 0
    name: str = "{rel}/{stem}.{ext}"
    map: str | None = None
    page: bool = False
    missed: list[str] = dataclasses.field(default_factory=list)
    preset: str = dataclasses.field(default="", compare=False)
    command: str = dataclasses.field(default="", compare=False)
    automatic: bool = dataclasses.field(default=False, compare=False)


def _shard(text: str) -> tuple[int, int]:
    try:
        index, count = (int(part) for part in text.split("/"))
    except ValueError:
        index, count = 0, 0
    if not 1 <= index <= count:
        raise ConfigError(f"--shard {text!r}: write I/N with 1 <= I <= N, such as 2/8")
    return index, count


def _check_address(text: str) -> None:
    if not re.fullmatch(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):\d{1,5}", text):
        raise ConfigError(f"--cluster {text!r}: write tcp://HOST:PORT, as dask scheduler prints it")


_STANDARD: dict[str, tuple[Any, Any]] = {
    "out": (Path, typer.Option("--out", "-o", help="Folder to write to.")),
    "jobs": (int, typer.Option("--jobs", "-j", help="Files worked on at a time; 0 takes all cores.", min=0)),
    "cluster": (
        str,
        typer.Option("--cluster", help="Dask scheduler, tcp://HOST:PORT, whose workers do what --jobs does here."),
    ),
    "device": (str, typer.Option("--device", "-d", help="Device to compute on: auto, cpu, cuda, cuda:N or mps.")),
    "seed": (int, typer.Option("--seed", "-s", help="Seed of all that is random. Equal seeds give equal results. [0]")),
    "dry_run": (bool, typer.Option("--dry-run", "-n", help="Say what would be done, and write nothing.")),
    "force": (
        bool,
        typer.Option("--force", "-f", help="Redo what is up to date, and overwrite what gantools did not make."),
    ),
    "check": (bool, typer.Option("--check", help="Read also what looks up to date, and make damaged files again.")),
    "on_error": (str, typer.Option("--on-error", help="What to do after a file that fails: continue or stop.")),
    "shard": (str, typer.Option("--shard", help="Work on part I of N (I/N), chosen by name.")),
    "json": (bool, typer.Option("--json", help="Print one JSON record per output instead of its path.")),
    "null": (bool, typer.Option("-0", help="Names on standard input end with NUL.")),
    "limit": (int, typer.Option("--limit", help="Stop after so many inputs; 0 takes all.", min=0)),
    "name": (str, typer.Option("--name", help="Output name from {rel}, {stem}, {role}, {song} and {ext}.")),
    "map": (str, typer.Option("--map", help="Further names of parts: NAME=ROLE,... such as kick=drums.")),
    "page": (bool, typer.Option("--page/--no-page", help="Write index.html: players and pictures of the results.")),
    "quiet": (bool, typer.Option("--quiet", "-q", help="Show errors only.")),
    "verbose": (bool, typer.Option("--verbose", "-v", help="Show a line for each file.")),
    "debug": (bool, typer.Option("--debug", help="Show tracebacks, and what libraries have to say.")),
}
_DEFAULTS: dict[str, Any] = {f.name: f.default for f in dataclasses.fields(Run)} | {
    "shard": "1/1",
    "seed": None,
    "map": "",
}
#: All options that mean the same in every verb; none has all of them.
STANDARD = tuple(_STANDARD)
#: Headings of standard options that not every verb has.
_PANELS = {"page": "Output files"}
BATCH = tuple(name for name in _STANDARD if name not in ("device", "seed", "map", "page"))
#: Those of verbs that make sound of files.
SOUNDING = (*BATCH, "seed", "device", "page")
SINGLE = tuple(name for name in BATCH if name not in ("jobs", "cluster", "shard", "limit", "name", "null", "on_error"))


def was_debug(arguments: Sequence[str]) -> bool:
    """Tell whether ``--debug`` was asked for, as far as that shows before the arguments are parsed."""
    return "--debug" in arguments or truth(os.environ.get("GANTOOLS_DEBUG", "")) is True


def verb(
    app: typer.Typer,
    name: str,
    config: type,
    *,
    uses: Sequence[str] = BATCH,
    presets: Mapping[str, Any] | None = None,
    preset: str = "default",
    name_template: str | None = None,
    action: str = "",
    folder: str = "",
) -> Callable[[Callable[..., int | None]], Callable[..., Any]]:
    """Decorate a function so that it becomes a command of `app`.

    The function takes its positional arguments (annotated ``typer.Argument``), options of its own (``typer.Option``),
    then `run` (`Run`) and `config` (an instance of the class). It returns its exit code. Its docstring is the help.

    Parameters
    ----------
    app : typer.Typer
    name : str
        Name on the command line.
    config : type
        Frozen dataclass made of `gantools.options.option` fields; its flags come before the standard ones.
    uses : sequence of str
        Standard options that the command has: `BATCH`, `SINGLE`, with ``device`` and ``seed`` where they matter.
    presets : mapping, optional
        Named instances of `config`.
    preset : str
        Preset taken when none is asked for.
    name_template : str, optional
        Default of ``--name``.
    action : str, optional
        The verb in messages and records, where `name` is that of a system.
    folder : str, optional
        Where results go on a terminal if nobody says; ``{name}`` stands for the name. Without one ``--out`` is what it
        is elsewhere: to be named, or not needed.
    """
    folder = folder.format(name=name)
    defaults = {**_DEFAULTS, **({"name": name_template} if name_template else {})}
    presets = dict(presets or {})

    def decorate(function: Callable[..., int | None]) -> Callable[..., Any]:
        # What the function itself takes, what every verb takes, and what its configuration holds.
        arguments, own = _of_function(function)
        standard = {n: _Flag(n, *_STANDARD[n], defaults[n], _PANELS.get(n, EVERYWHERE)) for n in uses}
        known = [flag.option for flag in (*standard.values(), *own.values())] + config_options(config, presets)

        @functools.wraps(function)
        def command(invocation: typer.Context, **values: Any) -> int:
            # Values from flags, variables, the file and those that stand, in that order; callers in Python, who give no
            # `Standing`, get what they ask for whatever folder they are in.
            read = invocation.obj.layers if invocation.obj else lambda words, known: []
            standing = read(invocation.command_path.split()[1:], known)
            sources = Sources(values["config_file"], known, standing)
            asked = asked_preset(values.get("preset"), sources, preset) if presets else ""
            if asked == AUTO and offers_auto(presets):
                out, device = (standard[n].resolve(values, sources) for n in ("out", "device"))
                resumes = own["resume"].resolve(values, sources) if "resume" in own else True
                begun = (out or Path(folder)) if resumes else None
                values["preset"], why = automatic_preset(presets, preset, device, begun)
            chosen = resolve_config(config, values, presets, preset, sources)
            if values["print_config"]:
                print(json.dumps(to_mapping(chosen), indent=2))
                return 0
            # The function gets its arguments as they are, everything else from the first source that has it.
            found = {n: flag.resolve(values, sources) for n, flag in (own | standard).items()}
            run = _run(action or name, {n: found[n] for n in uses}, chosen)
            run = dataclasses.replace(run, command=invocation.obj.command if invocation.obj else "")
            if presets:
                run = dataclasses.replace(run, preset=values.get("preset") or asked, automatic=asked == AUTO)
            if run.automatic and not run.quiet:
                write_line(f"gantools {run.verb}: --preset auto: {run.preset}, {why}")
            # Somebody at a terminal, who asked for no file by itself, sees where results go; scripts have to say it.
            if folder and run.out is None and invocation.obj and not found.get("export") and sys.stdout.isatty():
                run = dataclasses.replace(run, out=Path(folder))
                if not run.quiet:
                    write_line(f"gantools {run.verb}: no output folder named: writing to {folder}/; -o names another")
            for path, keys in sources.used.items() if not run.quiet else ():
                write_line(f"gantools {run.verb}: options from {path}: {', '.join(keys)}")
            given = {n: values[n] for n in arguments} | {n: found[n] for n in own}
            try:
                code = function(**given, run=run, config=chosen) or 0
            except ConfigError as error:
                raise in_flags(error, config, values, sources) from error
            # Inputs that could not even be read are failures too.
            return 1 if run.missed and not code else code

        # As the help shows them: what people use first, the named groups, what every verb has.
        first, grouped = config_parameters(config, presets, preset)
        parameters = [*arguments.values(), *(flag.parameter for flag in own.values()), *first, *grouped]
        parameters += [*(flag.parameter for flag in standard.values()), *file_parameters()]
        # Typer reads the parameters of a command from its signature, and `command` takes any: it is given one.
        parameters.append(keyword("invocation", typer.Context, inspect.Parameter.empty))
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        command.folder = folder  # type: ignore[attr-defined]
        command.options = known  # type: ignore[attr-defined]  # for those who list what a command knows
        app.command(name, cls=SectionedCommand)(command)
        return command

    return decorate


class _Flag:
    """A standard option of a command, or one that its function declares.

    Parameters
    ----------
    name : str
    annotation : type
    info : typer.Option
    default
        Its value where no source has one; `inspect.Parameter.empty` where it must be given.
    panel : str, optional
        Heading in the help, in place of its own.
    """

    def __init__(self, name: str, annotation: Any, info: Any, default: Any, panel: str | None = None) -> None:
        info = copy.copy(info)
        info.rich_help_panel = panel or info.rich_help_panel
        declared = [info.default, *(info.param_decls or ())]  # inside Annotated, Typer's default is the first name
        long = next((text.split("/")[0] for text in declared if text.startswith("--")), "")
        if default is inspect.Parameter.empty:
            info.help += " [required]"
        elif default not in (None, "") and not isinstance(default, bool):
            info.help += f" [{default}]"
        info.show_default = False
        # The least value holds for every source, so `resolve` looks at it and not Typer, which reads flags alone.
        self._default, self._least, self._said = default, info.min, long or declared[0]
        info.min = None
        kind = base_type(annotation)
        kind = typing.get_origin(kind) or kind
        # By its name in the code only where it has no long flag.
        self.option = Option("" if long else name, long.lstrip("-"), kind)
        self._name = name
        self.parameter = keyword(name, Annotated[annotation | None, info], None)

    def resolve(self, values: Mapping[str, Any], sources: Sources) -> Any:
        """Return the value of the flag, or else what the other sources say, or the default."""
        value, said = values[self._name], self._said
        if value is None:
            value, said = sources.find(self.option)
        if value is None:
            if self._default is inspect.Parameter.empty:
                raise ConfigError(f"missing option {self._said!r}")
            return self._default
        if self._least is not None and value < self._least:
            raise ConfigError(f"{said}: {value!r} is out of range; at least {self._least}")
        return value


def _of_function(function: Callable[..., Any]) -> tuple[dict[str, inspect.Parameter], dict[str, _Flag]]:
    """Return the arguments of a command's function and its own options."""
    hints = typing.get_type_hints(function, include_extras=True)
    arguments, own = {}, {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in ("run", "config"):
            continue
        info = next(iter(getattr(hints[name], "__metadata__", ())), None)
        if isinstance(info, typer.models.OptionInfo):
            own[name] = _Flag(name, typing.get_args(hints[name])[0], info, parameter.default)
        else:
            arguments[name] = keyword(name, hints[name], parameter.default)
    return arguments, own


def _run(verb_name: str, given: dict[str, Any], config: Any) -> Run:
    if given.get("seed", 0) is None:
        given["seed"] = getattr(config, "seed", 0)  # that of a preset
    if given.get("on_error", "continue") not in ("continue", "stop"):
        raise ConfigError(f"--on-error {given['on_error']!r}: write continue or stop")
    if given.get("cluster"):
        _check_address(given["cluster"])
        # As with all cores taken: each file gets one thread, and no work is done in this process.
        given["jobs"] = 0
    if "shard" in given:
        given["shard"] = _shard(given["shard"])
    run = Run(verb=verb_name, **given)
    if run.debug:
        hear_libraries()
    return run
