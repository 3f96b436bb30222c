"""Flags of a configuration, and the configuration that comes of flags, other sources and presets.

Precedence: flag > ``GANTOOLS_*`` variable > ``--config x.toml`` > ``gantools.toml`` of the project > of the user >
preset > default.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gantools.cli.presets import AUTO, PRESET, asked_preset, offers_auto
from gantools.cli.sections import EVERYWHERE
from gantools.cli.sources import WEAKEST, Option, Sources
from gantools.errors import ConfigError
from gantools.options import base_type, check_value, did_you_mean, field_types


def keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    """Return a keyword parameter of a command's signature."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def flag_of(field: dataclasses.Field[Any]) -> str:
    """Return the flag of a configuration field, without dashes."""
    return field.metadata.get("flag") or field.name.replace("_", "-")


def _field_option(field: dataclasses.Field[Any], annotation: Any) -> Option:
    return Option(field.name, flag_of(field), base_type(annotation))


def config_options(config: type, presets: Iterable[str] = ()) -> list[Option]:
    """Return the options of a configuration, with that of its presets where it has any."""
    hints = field_types(config)
    found = [_field_option(field, hints[field.name]) for field in dataclasses.fields(config)]
    return [*found, PRESET] if presets else found


def config_parameters(
    config: type, presets: Mapping[str, Any], preset: str
) -> tuple[list[inspect.Parameter], list[inspect.Parameter]]:
    """Return the flags of a configuration: those that come first in the help, and those of its groups, in order."""
    hints = field_types(config)
    # The help shows the values of the preset that is taken by default.
    shown = presets.get(preset) or config()
    groups: dict[str, list[inspect.Parameter]] = {"": []}
    if presets:
        text = f"Named settings: {', '.join(presets)}. [{preset}]"
        if offers_auto(presets):
            text = f"Named settings: {', '.join((*presets, AUTO))}. With auto small on a CPU. [{preset}]"
        option: Any = typer.Option("--preset", help=text, show_default=False)
        groups[""].append(keyword("preset", Annotated[str | None, option], None))
    for field in dataclasses.fields(config):
        if field.metadata.get("flag") == "":
            continue
        kind, group = base_type(hints[field.name]), field.metadata["group"]
        # A switch can be turned off again, where a preset or a file has turned it on.
        declared = f"--{flag_of(field)}/--no-{flag_of(field)}" if kind is bool else f"--{flag_of(field)}"
        text = _help_of(field, getattr(shown, field.name))
        option = typer.Option(declared, help=text, show_default=False, rich_help_panel=group or None)
        made = keyword(field.name, Annotated[kind | None, option], None)  # type: ignore[valid-type]
        groups.setdefault(group, []).append(made)
    first = groups.pop("")
    return first, [parameter for group in groups.values() for parameter in group]


def _help_of(field: dataclasses.Field[Any], value: Any) -> str:
    """Return what the help says of a field: its sentences, what may be chosen, and its value with its unit."""
    words = [field.metadata["help"]]
    if field.metadata["choices"]:
        words.append(f"One of {', '.join(field.metadata['choices'])}.")
    if value is None or value == "":
        shown = "unset"
    elif isinstance(value, bool):
        shown = "on" if value else "off"
    else:
        shown = f"{value} {field.metadata['unit']}".rstrip()
    words.append(f"[{shown}]")
    return " ".join(words)


def file_parameters() -> list[inspect.Parameter]:
    """Return the flags that every configuration has: the file that it is read from, and a look at what comes of it."""
    text = "TOML file with option names as keys."
    toml = typer.Option("--config", help=text, rich_help_panel=EVERYWHERE)
    text = "Print the resolved options as JSON and exit."
    shown_only = typer.Option("--print-config", help=text, rich_help_panel=EVERYWHERE)
    return [
        keyword("config_file", Annotated[Path | None, toml], None),
        keyword("print_config", Annotated[bool, shown_only], False),
    ]


def resolve_config(
    config: type, values: Mapping[str, Any], presets: Mapping[str, Any], preset: str, sources: Sources
) -> Any:
    """Return the configuration from flags, the other sources and the preset.

    Raises
    ------
    ConfigError
        For an unknown preset, a wrong type or a value out of range.
    """
    # Where nothing else is said: the preset's value, or the default.
    base = config()
    if presets:
        wanted = asked_preset(values.get("preset"), sources, preset)
        if wanted not in presets:
            there = f"{', '.join(presets)}{did_you_mean(wanted, list(presets))}"
            raise ConfigError(f"no preset {wanted!r}; there are {there}")
        base = presets[wanted]
    hints = field_types(config)
    changes: dict[str, Any] = {}
    levels: dict[str, int] = {}  # 0 flag, 1 variable, then files in their order; a preset comes last
    for field in dataclasses.fields(config):
        # A flag, else the other sources; `said` is what an error calls it.
        value, said, level = values.get(field.name), f"--{flag_of(field)}", 0
        if value is None:
            option = _field_option(field, hints[field.name])
            (value, said), level = sources.find(option), sources.level(option)
        if value is None:
            continue
        levels[field.name] = level
        try:
            changes[field.name] = check_value(field, hints[field.name], value)
        except ConfigError as error:
            raise ConfigError(f"{said}{error.message.removeprefix(field.name)}") from error
    # A value that was asked for puts out those that it replaces, unless they were asked for at least as strongly.
    for wins, others in getattr(config, "OVERRIDES", {}).items():
        if wins in getattr(config, "ALTERNATIVES", ()) and not changes.get(wins):
            continue  # 0 epochs, or no budget, put nothing out
        for yields in others:
            if wins in levels and levels[wins] < levels.get(yields, WEAKEST):
                changes[yields] = getattr(config(), yields)
    _refuse_alternatives(config, changes, levels)
    try:
        return dataclasses.replace(base, **changes)
    except ConfigError as error:  # options that exclude each other
        raise in_flags(error, config, values, sources) from error


def _refuse_alternatives(config: type, changes: Mapping[str, Any], levels: Mapping[str, int]) -> None:
    """Raise ConfigError where two options that say the same in other ways are asked for equally strongly."""
    alternatives = getattr(config, "ALTERNATIVES", ())
    asked = [name for name in alternatives if name in levels and changes[name]]
    strongest = [name for name in asked if levels[name] == min(levels[other] for other in asked)]
    if len(strongest) > 1:
        flags = [f"--{name.replace('_', '-')}" for name in alternatives]
        both = " and ".join(f"--{name}" for name in strongest)
        raise ConfigError(f"{both} exclude each other; give one of {', '.join(flags[:-1])} and {flags[-1]}")


def in_flags(error: ConfigError, config: type, values: Mapping[str, Any], sources: Sources) -> ConfigError:
    """Return an error of a configuration that calls its fields what the user wrote: flag, variable or key of a file.

    The library knows fields; what was not given by anybody is called by its flag. A field of one word is a name only
    where it leads the message (``samples: ...``), as elsewhere it may be a word like any other.
    """
    text, hints = error.message, field_types(config)
    for field in dataclasses.fields(config):
        if field.metadata.get("flag") == "":
            continue
        said = f"--{flag_of(field)}"
        if values.get(field.name) is None:
            said = sources.find(_field_option(field, hints[field.name]))[1] or said
        # Not within quotes, paths or longer names, which are the user's own.
        pattern = rf"(?<![\w'\"./-]){field.name}(?![\w'\"/=-])" if "_" in field.name else rf"\A{field.name}(?=: )"
        text = re.sub(pattern, lambda _, said=said: said, text)  # type: ignore[misc]
    return ConfigError(text, error.path)
