"""Flags of every verb, built from its configuration dataclass and from the options that mean the same everywhere.

Precedence: flag > ``GANTOOLS_*`` variable > ``--config x.toml`` > preset > default.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import os
import tomllib
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gantools.errors import ConfigError
from gantools.options import base_type, check_value, did_you_mean, field_types, from_mapping, to_mapping


@dataclasses.dataclass(frozen=True)
class Run:
    """Options with one meaning in every verb."""

    verb: str = ""
    out: Path | None = None
    jobs: int = 1
    device: str = "auto"
    seed: int = 0
    dry_run: bool = False
    force: bool = False
    on_error: str = "continue"
    shard: tuple[int, int] = (1, 1)
    json: bool = False
    null: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    limit: int = 0
    name: str = "{rel}/{stem}.{ext}"


def _shard(text: str) -> tuple[int, int]:
    try:
        index, count = (int(part) for part in text.split("/"))
    except ValueError:
        index, count = 0, 0
    if not 1 <= index <= count:
        raise ConfigError(f"--shard {text!r}: write I/N with 1 <= I <= N, such as 2/8")
    return index, count


_STANDARD: dict[str, tuple[Any, Any]] = {
    "out": (Path | None, typer.Option("--out", "-o", help="Folder to write to.", show_default=False)),
    "jobs": (int, typer.Option("--jobs", "-j", help="Files worked on at a time; 0 takes all cores.", min=0)),
    "device": (str, typer.Option("--device", "-d", help="auto, cpu, cuda, cuda:N or mps.")),
    "seed": (
        int | None,
        typer.Option("--seed", "-s", help="Seed; equal seeds give equal results. [0]", show_default=False),
    ),
    "dry_run": (bool, typer.Option("--dry-run", "-n", help="Say what would be done; write nothing.")),
    "force": (bool, typer.Option("--force", "-f", help="Redo what is up to date.")),
    "on_error": (str, typer.Option("--on-error", help="continue or stop after a file that fails.")),
    "shard": (str, typer.Option("--shard", help="Work on part I of N (I/N), chosen by name.")),
    "json": (bool, typer.Option("--json", help="Print one JSON record per output instead of its path.")),
    "null": (bool, typer.Option("-0", help="Names on standard input end with NUL.")),
    "limit": (int, typer.Option("--limit", help="Stop after so many inputs; 0 takes all.", min=0)),
    "name": (str, typer.Option("--name", help="Output name from {rel}, {stem}, {role}, {song} and {ext}.")),
    "quiet": (bool, typer.Option("--quiet", "-q", help="Errors only.")),
    "verbose": (bool, typer.Option("--verbose", "-v", help="A line per file.")),
    "debug": (bool, typer.Option("--debug", help="Tracebacks.")),
}
_DEFAULTS: dict[str, Any] = {f.name: f.default for f in dataclasses.fields(Run)} | {"shard": "1/1", "seed": None}
BATCH = tuple(name for name in _STANDARD if name not in ("device", "seed"))
SINGLE = tuple(name for name in BATCH if name not in ("jobs", "shard", "limit", "name", "null", "on_error"))


def was_debug(arguments: Sequence[str]) -> bool:
    """Tell whether ``--debug`` was asked for."""
    return "--debug" in arguments or bool(os.environ.get("GANTOOLS_DEBUG"))


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
) -> Callable[[Callable[..., int | None]], Callable[..., Any]]:
    """Decorate a function so that it becomes a command of `app`.

    The function takes its positional arguments (annotated ``typer.Argument``), then `run` (`Run`) and `config`
    (an instance of the class). It returns its exit code. Its docstring is the help.

    Parameters
    ----------
    app : typer.Typer
    name : str
        Name on the command line.
    config : type
        Frozen dataclass made of `gantools.options.option` fields; its flags follow the standard ones.
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
    """
    defaults = {**_DEFAULTS, **({"name": name_template} if name_template else {})}
    presets = dict(presets or {})

    def decorate(function: Callable[..., int | None]) -> Callable[..., Any]:
        hints = typing.get_type_hints(function, include_extras=True)
        positional = [p for p in inspect.signature(function).parameters if p not in ("run", "config")]

        @functools.wraps(function)
        def command(**values: Any) -> int:
            chosen = resolve_config(config, values, presets, preset)
            if values["print_config"]:
                print(json.dumps(to_mapping(chosen), indent=2))
                return 0
            run = _run_options(action or name, values, uses, defaults, chosen)
            return function(*(values[p] for p in positional), run=run, config=chosen) or 0

        parameters = [_parameter(p, hints[p], inspect.signature(function).parameters[p].default) for p in positional]
        parameters += [_parameter(n, Annotated[_STANDARD[n]], defaults[n]) for n in uses]
        parameters += _config_parameters(config, presets, preset)
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        app.command(name)(command)
        return command

    return decorate


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def flag_of(field: dataclasses.Field[Any]) -> str:
    """Return the flag of a configuration field, without dashes."""
    return field.metadata.get("flag") or field.name.replace("_", "-")


def _config_parameters(config: type, presets: Mapping[str, Any], preset: str) -> list[inspect.Parameter]:
    parameters = []
    hints = field_types(config)
    shown = presets.get(preset) or config()
    for field in dataclasses.fields(config):
        if field.metadata.get("flag") == "":
            continue
        kind, flag, value = base_type(hints[field.name]), flag_of(field), getattr(shown, field.name)
        text = field.metadata["help"]
        words = [text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")]
        if field.metadata["choices"]:
            words.append(f"One of {', '.join(field.metadata['choices'])}.")
        unit = f" {field.metadata['unit']}" if field.metadata["unit"] else ""
        words.append(f"[{'unset' if value in (None, '') else value}{unit}]")
        declared = f"--{flag}/--no-{flag}" if kind is bool else f"--{flag}"
        option: Any = typer.Option(declared, help=" ".join(words), show_default=False)
        parameters.append(_parameter(field.name, Annotated[kind | None, option], None))  # type: ignore[valid-type]
    if presets:
        text = f"Named settings: {', '.join(presets)}. [{preset}]"
        option = typer.Option("--preset", help=text, show_default=False)
        parameters.append(_parameter("preset", Annotated[str | None, option], None))
    toml = Annotated[Path | None, typer.Option("--config", help="TOML file with option names as keys.")]
    parameters.append(_parameter("config_file", toml, None))
    shown_only = Annotated[bool, typer.Option("--print-config", help="Print the resolved options as JSON and exit.")]
    parameters.append(_parameter("print_config", shown_only, False))
    return parameters


def resolve_config(config: type, values: Mapping[str, Any], presets: Mapping[str, Any], preset: str) -> Any:
    """Return the configuration from flags, environment, TOML file and preset.

    Raises
    ------
    ConfigError
        For an unknown preset or key, an unreadable file, a wrong type or a value out of range.
    """
    from_file: dict[str, Any] = {}
    path = values.get("config_file")
    if path is not None:
        try:
            from_file = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"cannot be read ({error.strerror})", path) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"not a TOML file: {error}", path) from error
    base = config()
    if presets:
        wanted = values.get("preset") or os.environ.get("GANTOOLS_PRESET") or from_file.pop("preset", None) or preset
        if wanted not in presets:
            there = f"{', '.join(presets)}{did_you_mean(wanted, list(presets))}"
            raise ConfigError(f"no preset {wanted!r}; there are {there}")
        base = presets[wanted]
        from_file.pop("preset", None)
    try:
        base = from_mapping(config, from_file, base)
    except ConfigError as error:
        raise ConfigError(error.message, path) from error
    hints = field_types(config)
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(config):
        variable = f"GANTOOLS_{field.name.upper()}"
        if values.get(field.name) is not None:
            changes[field.name] = values[field.name]
        elif variable in os.environ:
            changes[field.name] = _parse(os.environ[variable], base_type(hints[field.name]), variable)
    for name, value in changes.items():
        field = next(f for f in dataclasses.fields(config) if f.name == name)
        try:
            changes[name] = check_value(field, hints[name], value)
        except ConfigError as error:
            raise ConfigError(f"--{flag_of(field)}{error.message.removeprefix(name)}") from error
    return dataclasses.replace(base, **changes)


def _parse(text: str, kind: type, variable: str) -> Any:
    if kind is bool:
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise ConfigError(f"{variable}={text!r}: write true or false")
    try:
        return kind(text)
    except ValueError as error:
        raise ConfigError(f"{variable}={text!r} is not of type {kind.__name__}") from error


def _run_options(
    verb_name: str, values: Mapping[str, Any], uses: Sequence[str], defaults: Mapping[str, Any], config: Any
) -> Run:
    given = {name: values[name] for name in uses}
    for name in uses:
        variable = f"GANTOOLS_{name.upper()}"
        if given[name] == defaults[name] and variable in os.environ and name not in ("out", "null"):
            kind = int if name == "seed" else type(defaults[name])
            given[name] = _parse(os.environ[variable], kind, variable)
    if given.get("seed", 0) is None:
        given["seed"] = getattr(config, "seed", 0)  # a system's own field may come from a file or a preset
    if given.get("on_error", "continue") not in ("continue", "stop"):
        raise ConfigError(f"--on-error {given['on_error']!r}: write continue or stop")
    if "shard" in given:
        given["shard"] = _shard(given["shard"])
    return Run(verb=verb_name, **given)
