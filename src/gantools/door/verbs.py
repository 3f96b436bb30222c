"""The verbs, run in this process: their records come back in place of being printed."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from gantools.errors import ConfigError, InputError


def separate(*songs: str | Path, out: str | Path, **options: Any) -> list[dict[str, Any]]:
    """Split songs into stems as ``gantools separate`` does.

    Parameters
    ----------
    *songs : str or Path
        Audio files or folders.
    out : str or Path
        Folder for the stems.
    **options
        ``model="tiny"``, ``two_stems="vocals"``, ``device="cuda"`` ... as of the command.

    Returns
    -------
    list of dict
        A record for each stem: ``path``, ``role``, ``song``, ``status`` ...

    Raises
    ------
    InputError
        Songs that failed; the stems of the others are written.
    ConfigError, DependencyError, DeviceError
        Nothing was started.

    Examples
    --------
    >>> [record["path"] for record in gt.separate("song.wav", out="stems", model="tiny")]  # doctest: +SKIP
    """
    return run("separate", *songs, out=out, **options)


def fxnorm(action: str, *stems: str | Path, **options: Any) -> list[dict[str, Any]]:
    """Bring stems to a common sound, or measure them, as ``gantools fxnorm`` does.

    Parameters
    ----------
    action : str
        ``apply``, ``fit``, ``measure`` or ``check``.
    *stems : str or Path
        Audio files or folders.
    **options
        ``target="musdb18"``, ``out="norm"``, ``amount=0.5`` ... as of the command.

    Returns
    -------
    list of dict
        A record for each stem; the figures of ``measure`` are in it.

    Raises
    ------
    InputError, ConfigError
        As of `separate`.

    Examples
    --------
    >>> gt.fxnorm("apply", "stems", target="musdb18", out="norm")  # doctest: +SKIP
    """
    return run("fxnorm", action, *stems, **options)


def loopscore(*paths: str | Path, **options: Any) -> list[dict[str, Any]]:
    """Score which bars of songs and MIDI loop, or cut loops out, as ``gantools loopscore`` does.

    Parameters
    ----------
    *paths : str or Path
        Audio, MIDI or folders.
    **options
        ``best=True``, ``top=3``, ``bpm=122``, ``extract="loops"`` ... as of the command.

    Returns
    -------
    list of dict
        A record for each window: ``score``, ``percentile``, ``seam``, ``verdict``, ``start_bar``, ``bpm`` ...; with
        ``extract`` one for each loop that was written, its ``path`` among them.

    Raises
    ------
    InputError, ConfigError
        As of `separate`.

    Examples
    --------
    >>> [record["verdict"] for record in gt.loopscore("song.wav", top=3)]  # doctest: +SKIP
    """
    return run("loopscore", *paths, **options)


def evaluate(metric: str, *inputs: str | Path, **options: Any) -> dict[str, Any]:
    """Measure generated music as ``gantools evaluate METRIC`` does.

    Parameters
    ----------
    metric : str
        ``frechet``, ``rhythm``, ``mix`` ...
    *inputs : str or Path
        What the command takes: generated files, then what they are compared with.
    **options
        ``out="report"`` writes the report too.

    Returns
    -------
    dict
        The figures, as in ``report.json``.

    Raises
    ------
    InputError, ConfigError
        As of `separate`.

    Examples
    --------
    >>> gt.evaluate("rhythm", "drums", "bass")  # doctest: +SKIP
    """
    refuse("evaluate", options, "print_config", "dry_run")
    return promised("evaluate", run("evaluate", *metric.split(), *inputs, **options))[0]


def run(verb: str, *arguments: str | Path | int, **options: Any) -> list[dict[str, Any]]:
    """Run any verb in this process.

    Parameters
    ----------
    verb : str
        ``melify``, ``chunk``, ``train`` ...
    *arguments : str, Path or int
        As on the command line: the system or metric first where the verb has them, then inputs.
    **options
        The command's options with ``_`` for ``-``; ``True`` and ``False`` for flags. None is as if left out. Variables
        ``GANTOOLS_*`` count as on the command line. Nothing is written to standard error unless ``quiet=False``: what
        fails is raised, and what is left out is a Python warning. Standard input is read only for the input ``-``.

    Returns
    -------
    list of dict
        The records that ``--json`` prints, one for each output.

    Raises
    ------
    ConfigError
        There is no such verb, system or option, or its value is wrong. Nothing was started.
    InputError
        Some inputs failed; the results of the others are written.

    Examples
    --------
    >>> [record["path"] for record in gt.run("melify", "stems", out="mels")]  # doctest: +SKIP
    """
    from gantools.cli.records import collected

    words = [verb, *map(str, arguments)]
    command, name, rest = command_of(*words)
    options = {"json": True, "quiet": True, **options}
    flags = _flags(command, name, options)
    # Behind -- an input may begin with a dash.
    with collected(silent=bool(options["quiet"])) as said:
        try:
            code = command(args=[*flags, "--", *rest], prog_name=name, standalone_mode=False) or 0
        except Exception as error:
            # Typer's own errors are known by their shape, as Click must not be imported.
            message = getattr(error, "format_message", None)
            if message is None:
                raise
            raise ConfigError(f"{name}: {message().strip().rstrip('.')}") from error
    if code == 130:
        raise KeyboardInterrupt
    failed = [record for record in said.records if record.get("status") == "error"]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise InputError(f"{name}: {failed[0].get('error')}{more}")
    if code:
        raise InputError(f"{name}: {'; '.join(said.notices) or f'ended with exit code {code}; quiet=False tells why'}")
    if options["quiet"]:
        for notice in said.notices:
            warnings.warn(f"{name}: {notice}", stacklevel=2)
    return said.records


def refuse(call: str, options: dict[str, Any], *names: str) -> None:
    """Raise ConfigError where options are given with which a call could not return what it promises."""
    for name in names:
        if options.pop(name, None) not in (None, False):
            raise ConfigError(f"{call} takes no {name}, as it returns its result; gt.run(...) takes all of a command")


def promised(call: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records that tell of results; raises ConfigError where a variable or a file has asked for a plan alone."""
    if any(record.get("status") == "planned" for record in records):
        raise ConfigError(f"{call}: a dry run has no result; take it out of the GANTOOLS_* variables or the file")
    if not records:
        raise ConfigError(f"{call}: the options leave no result; look at the GANTOOLS_* variables and the file")
    return records


def command_of(*words: str) -> tuple[Any, str, list[str]]:
    """Return a command of the program, its name, and the words that are left for it."""
    from gantools.cli.app import VERBS, find_command
    from gantools.options import did_you_mean

    if words[0] not in VERBS:
        raise ConfigError(f"no verb {words[0]!r}; there are {', '.join(VERBS)}{did_you_mean(words[0], list(VERBS))}")
    command, name, rest = find_command(words)
    if there := list(getattr(command, "commands", ())):
        wrong = repr(rest[0]) if rest else "nothing"
        hint = did_you_mean(rest[0], there) if rest else ""
        raise ConfigError(f"{name} {wrong}: there are {', '.join(there)}{hint}")
    return command, name, rest


def options_of(found: tuple[Any, str, list[str]]) -> dict[str, Any]:
    """Return the options of a command by their names in Python: those of its configuration, and of its flags."""
    known = {}
    for parameter in found[0].params:
        if parameter.param_type_name == "option":
            for name in (parameter.name, *(text.lstrip("-").replace("-", "_") for text in parameter.opts)):
                known[name] = parameter
    return known


def _flags(command: Any, name: str, options: dict[str, Any]) -> list[str]:
    """Return keyword arguments as they stand on the command line."""
    from gantools.options import did_you_mean

    known = options_of((command, name, []))
    flags = []
    for key, value in options.items():
        if key in ("json", "quiet") and key not in known:
            continue  # asked for by `run` itself
        if key not in known:
            raise ConfigError(f"{name} has no option {key!r}{did_you_mean(key, list(known))}")
        parameter = known[key]
        # The long form: after it a value may follow =, so that one which begins with a dash is no option.
        flag = max(parameter.opts, key=len)
        if value is None:
            continue
        if parameter.is_flag:
            if not isinstance(value, bool | np.bool_):
                raise ConfigError(f"{name}: {key}={value!r}: write True or False")
            if not value and not parameter.secondary_opts:
                continue
            flags.append(flag if value else max(parameter.secondary_opts, key=len))
        elif isinstance(value, list | tuple):
            # Two numbers are two words; a list is one, as configurations parse it.
            flags += [flag, *map(str, value)] if parameter.nargs > 1 else [f"{flag}={','.join(map(str, value))}"]
        else:
            flags.append(f"{flag}={value}")
    return flags
