"""`gantools fxnorm apply`: one stem, the gain of a song, the table of all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gantools.chunks.item import Item
from gantools.cli.extras import publish_extra
from gantools.cli.flags import Run
from gantools.cli.naming import output_name
from gantools.cli.survey import cell, columns, survey
from gantools.cli.tasks import Task
from gantools.cli.terminal import write_message
from gantools.effects.config import ApplyConfig
from gantools.errors import ConfigError
from gantools.files.members import holder

if TYPE_CHECKING:
    from gantools.effects.features import Features

Tick = Callable[[float], None]
#: A longer table is summed up by type of stem.
_MOST_ROWS = 40


def apply_task(run: Run, item: Item, config: ApplyConfig) -> Task:
    """Return what one stem becomes; raises ConfigError where it would be written over itself."""
    from gantools.audio.formats import written_as

    name = output_name(run, item, written_as(item.path))
    if run.out and (run.out / name).exists() and (run.out / name).samefile(holder(item.path)):
        raise ConfigError("would be written over itself; name another folder with -o", item.path)
    return Task(item, (name, str(Path(name).with_suffix(".png"))) if config.report else (name,))


def apply_file(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Tick,
    *,
    features: Features,
    config: ApplyConfig,
    changes: dict[str, Change],
    again: bool,
) -> dict[str, Any]:
    """Write one normalised stem, and its plot where asked; return the fields of its record."""
    from gantools.effects.stemfile import normalise_file

    change = changes.get(item.key)
    options: dict[str, Any] = {"role": item.role, "seed": seed, "dither": config.dither == "tpdf", "again": again}
    if change is not None:
        options["change_lu"] = change.lu
    fields = normalise_file(item.path, outputs, features, config, tick=tick, **options)
    # The ceiling held the whole song back: each of its stems says so, also those with room to spare.
    if change is not None and change.limited and "unchanged" not in fields["flags"]:
        fields["flags"] = [*fields["flags"], "tp_limited"]
    return fields


def _change(pair: Sequence[float | None] | None, digits: int = 1) -> str:
    before, after = pair or (None, None)
    return f"{cell(before, digits)} > {cell(after, digits)}"


_CHANGES = (
    ("lufs", "LUFS", 1),
    ("true_peak_db", "dBTP", 1),
    ("eq_distance_db", "EQ dB", 1),
    ("pan_distance", "pan", 3),
    ("onset_peak_db", "onset dB", 1),
)


def print_changes(run: Run, tasks: Sequence[Task], config: ApplyConfig) -> int:
    """Print a table of what `fxnorm apply` changed, from the manifest; write report.json where asked.

    Returns
    -------
    int
        Exit code: 1 where the report could not be written.
    """
    from gantools.files.atomic import write_json
    from gantools.files.manifest import Manifest

    if run.dry_run or run.out is None or not run.out.is_dir():
        return 0
    code = 0
    # The manifest also knows the stems that were up to date, of which this run has measured nothing.
    records = Manifest(run.out).records
    done = [(task, records[task.key]["fields"]) for task in tasks if task.key in records]
    if config.report:
        rows = [
            {"path": str(run.out / t.outputs[0]), "source": str(t.item.path), "role": t.item.role, **f} for t, f in done
        ]
        names = ["report.json"]
        code = publish_extra(
            run, Manifest(run.out), names, "", lambda folder: write_json(folder / names[0], {"stems": rows})
        )
    if run.quiet or not config.table or not done:
        return code
    table: list[Sequence[str]] = [("stem", *(title for _, title, _ in _CHANGES), "")]
    if len(done) <= _MOST_ROWS:
        for task, fields in done:
            cells = (_change(fields.get(name), digits) for name, _, digits in _CHANGES)
            table.append((task.item.key, *cells, " ".join(fields.get("flags", ()))))
    else:
        for role in sorted({task.item.role for task, _ in done}):
            mine = [fields for task, fields in done if task.item.role == role]
            cells = (_change(_mean_pair([f.get(name) for f in mine]), digits) for name, _, digits in _CHANGES)
            table.append((f"{role} (mean of {len(mine)})", *cells, ""))
    write_message(columns(table))
    return code


def _mean_pair(pairs: Sequence[Sequence[float | None] | None]) -> list[float | None]:
    sides = [[pair[side] for pair in pairs if pair and pair[side] is not None] for side in (0, 1)]
    return [sum(side) / len(side) if side else None for side in sides]  # type: ignore[arg-type]


class Change(NamedTuple):
    """How much louder all stems of a song become.

    Attributes
    ----------
    lu : float
    limited : bool
        One of them would be above the ceiling; all stay below what they were to become.
    """

    lu: float
    limited: bool


def song_of(item: Item) -> str:
    """Return what tells the song of a stem; its folder, where its name is that of a part alone (drums.wav)."""
    from gantools.chunks.roles import role_and_song

    role, song = role_and_song(item.stem)
    return item.song if role == "mix" or song != item.stem else str(item.path.parent)


def group_changes(run: Run, items: Sequence[Item], features: Features, config: ApplyConfig) -> dict[str, Change]:
    """Return the change of loudness of each stem, which is one for all stems of a song.

    It is the mean, over the stems, of what would bring each to the target of its type, and no more than the true peak
    of any of them allows after all effects: so a ceiling moves no stem against the others.
    """
    work = partial(_measure_grouped, features=features, config=config)
    # A stem that fails here fails again in the batch, and there --on-error decides.
    found = [
        (item, fields)
        for item, fields in survey(dataclasses.replace(run, on_error="continue"), items, work, "loudness")
        if fields.get("wanted_lu") is not None
    ]
    changes: dict[str, Change] = {}
    for song in sorted({song_of(item) for item, _ in found}):
        stems = [fields for item, fields in found if song_of(item) == song]
        loudness = "loudness" in config.stages()
        # Without a stage for loudness a song stays as loud as it is, unless full scale forces it down.
        wanted = config.amount * sum(f["wanted_lu"] for f in stems) / len(stems) if loudness else 0.0
        room = min(f["room_db"] for f in stems)
        # Rounded, because it goes into the hash that decides what is up to date.
        change = Change(round(min(wanted, room), 6), room < wanted)
        changes |= {item.key: change for item, _ in found if song_of(item) == song}
    return changes


def _measure_grouped(
    item: Item, outputs: Sequence[Path], seed: int, tick: Tick, *, features: Features, config: ApplyConfig
) -> dict[str, Any]:
    from gantools.effects.group import room_of_file

    return room_of_file(item.path, features, config, role=item.role, seed=seed)
