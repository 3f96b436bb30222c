"""Names of outputs: from ``--name``, inside the output folder, short enough for the disk, no two alike."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gantools.chunks.item import Item
from gantools.cli.flags import Run
from gantools.cli.tasks import Task
from gantools.errors import ConfigError
from gantools.files.atomic import shortened
from gantools.files.hashing import hash_json

#: What file systems take as the name of one file.
LONGEST_NAME_BYTES = 255
_DIGITS = 8
_LONG_ENDINGS = (".mel.safetensors", ".latents.safetensors", ".mel.png")


def output_name(run: Run, item: Item, extension: str) -> str:
    """Return the output path of an item below the output folder, from ``--name``.

    A part of the path that is too long for a file system is cut, and ends with a hash of the whole. What tells an input
    from another of the same name by its ending is left out where the output keeps that ending.

    Raises
    ------
    ConfigError
        The template has an unknown field, or leads out of the output folder.
    """
    stem = item.stem if item.mark == f"-{extension}" else item.stem + item.mark
    try:
        name = run.name.format(rel=item.rel, stem=stem, role=item.role, song=item.song, ext=extension)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise ConfigError(f"--name {run.name!r}: the fields are rel, stem, role, song and ext") from error
    # An empty rel leaves a slash in front, which must not make the path absolute; normalising shows where ".." leads.
    parts = os.path.normpath(name.lstrip("/")).split("/")
    if parts[0] == "..":
        raise ConfigError(f"--name {run.name!r} leads out of the output folder")
    if parts == ["."]:
        raise ConfigError(f"--name {run.name!r} names no file")
    # Only what is before the ending is cut, as the next verb of a pipe knows files by their endings.
    ending = f".{extension}" if parts[-1].endswith(f".{extension}") else ""
    last = shortened(parts[-1].removesuffix(ending), LONGEST_NAME_BYTES - len(os.fsencode(ending))) + ending
    return "/".join([*(shortened(part, LONGEST_NAME_BYTES) for part in parts[:-1]), last])


def output_names(run: Run, item: Item, roles: Sequence[str], extension: str) -> tuple[str, ...]:
    """Return the output paths of several results of one item, one for each role and no two alike.

    A template without ``{role}`` would give all of them one name; the later ones then have their role before the
    ending.
    """
    names: list[str] = []
    for role in roles:
        name = output_name(run, dataclasses.replace(item, role=role), extension)
        names.append(name if name not in names else f"{name.removesuffix(f'.{extension}')}.{role}.{extension}")
    if len(set(names)) < len(names):
        raise ConfigError(f"--name {run.name!r} gives one name to several results; put {{role}} into it")
    return tuple(names)


def distinct_outputs(tasks: Sequence[Task], records: Mapping[str, Mapping[str, Any]]) -> list[Task]:
    """Return the tasks with outputs of which no two have one name.

    Those that meet get the name of their input behind their own; who had the name in an earlier run keeps it. Inputs of
    equal names are told apart before (`gantools.cli.distinct`): what still meets has a ``--name`` that drops what
    differs.

    Parameters
    ----------
    tasks : sequence of Task
    records : mapping
        Key -> record of the manifest of the output folder.
    """
    counts = Counter(name for task in tasks for name in set(task.outputs))
    taken = {name for name, count in counts.items() if count == 1}
    found: list[Task] = []
    for task in tasks:
        if all(counts[name] == 1 for name in task.outputs) or _holds(task, records, taken):
            taken.update(task.outputs)
            found.append(task)
            continue
        behind = f"-{task.item.stem}{task.item.mark}"
        outputs = tuple(_behind(name, behind) for name in task.outputs)
        # The longer name may be that of a third task; a hash of the input's path has no double.
        if taken & set(outputs):
            behind += f"-{hash_json(os.path.abspath(task.item.path))[:_DIGITS]}"
            outputs = tuple(_behind(name, behind) for name in task.outputs)
        taken.update(outputs)
        found.append(dataclasses.replace(task, outputs=outputs, key=outputs[0] if task.key in counts else task.key))
    return found


def _holds(task: Task, records: Mapping[str, Mapping[str, Any]], taken: set[str]) -> bool:
    source = records.get(task.key, {}).get("source")
    same = isinstance(source, str) and os.path.abspath(source) == os.path.abspath(task.item.path)
    return same and not taken & set(task.outputs)


def _behind(name: str, text: str) -> str:
    ending = next((e for e in _LONG_ENDINGS if name.endswith(e)), os.path.splitext(name)[1])
    folder, _, last = name.removesuffix(ending).rpartition("/")
    last = shortened(last + text, LONGEST_NAME_BYTES - len(os.fsencode(ending))) + ending
    return f"{folder}/{last}" if folder else last
