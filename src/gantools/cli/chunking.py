"""A chunk folder as a command: its lock, its shards, its description and its index."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gantools.chunks.config import ChunkConfig
from gantools.chunks.item import Item
from gantools.chunks.splits import SPLITS
from gantools.cli.batch import require_out, run_batch
from gantools.cli.extras import publish_extra
from gantools.cli.flags import Run
from gantools.cli.inputs import part
from gantools.cli.records import say
from gantools.cli.tasks import Task
from gantools.errors import ConfigError, DamagedError
from gantools.files.ownership import inside


def cut_folder(everything: Sequence[Item], run: Run, config: ChunkConfig) -> int:
    """Cut all items of this part into the output folder, which no other run may change meanwhile.

    Raises
    ------
    ConfigError, InputError
        Nothing starts: the folder is in use, holds chunks of other options, or files that are not ours.
    """
    from gantools.files.lock import FolderLock

    out = require_out(run)
    if run.dry_run:
        return _cut_all(everything, run, config, out)
    # Parts of a job array work side by side; two runs over the same sources would give one shard two contents.
    part_of = "{}-of-{}".format(*run.shard) if run.shard[1] > 1 else ""
    with FolderLock(out, "is being cut by another gantools chunk", part_of):
        return _cut_all(everything, run, config, out)


def _cut_all(everything: Sequence[Item], run: Run, config: ChunkConfig, out: Path) -> int:
    from gantools.chunks import plan
    from gantools.chunks.shards import CHUNK_AGAIN, DATASET, INDEX, is_damaged, read_dataset, write_dataset
    from gantools.files.manifest import Manifest

    manifest = Manifest(out)
    # Damaged files that gantools never wrote here are the user's, and are refused below.
    damaged = is_damaged(out) and any(map(manifest.has_made, (DATASET, INDEX)))
    if damaged and not (run.check or run.force):
        raise DamagedError("dataset.json or index.jsonl is damaged", out, CHUNK_AGAIN)
    if why := manifest.kept((DATASET, INDEX), run.force or damaged):
        raise ConfigError(why)
    # With the same options the description stays, and with it one dB range for all that is added later.
    known = None if damaged or run.force else read_dataset(out)
    if not everything and known:
        say(run, "nothing to do: no new input")
        return 0
    # The description is made from all inputs, not from this part's: the parts of a job array have to agree on it.
    items = part(everything, run)
    if config.role:
        items = [dataclasses.replace(item, role=config.role) for item in items]
    kind = plan.kind_of(item.path for item in everything)
    dataset = plan.describe(kind, [item.path for item in everything], config, known)
    digest = plan.dataset_hash(dataset)
    stale = plan.stale_keys(manifest.records, digest, [item.key for item in everything], run.force)
    names = plan.shard_names([i.key for i in items], plan.shards_of(manifest.records, stale), *run.shard)
    tasks = [Task(item, (names[item.key],), key=item.key) for item in items]
    if run.dry_run:
        return run_batch(run, tasks, [digest, config.role], _nothing)
    # Shards go before their records: a record without its file is redone, a file without a record would be the user's.
    for name in plan.shards_of({key: manifest.records[key] for key in stale}).values():
        inside(out, name, manifest.path).unlink(missing_ok=True)
    manifest.forget(stale)
    # It stands before any shard, whose record names its hash.
    code = publish_extra(run, manifest, [DATASET], "", lambda folder: write_dataset(folder, dataset), force=damaged)
    if code:
        return code
    try:
        code = run_batch(run, tasks, [digest, config.role], partial(cut, dataset=dataset, digest=digest, config=config))
    finally:
        # Also after an interruption: what has been cut can be trained on.
        with (manifest := Manifest(out)).locked():  # another part may add its shards at this moment
            records = {k: r for k, r in manifest.records.items() if r["fields"].get("dataset") == digest}
            shards = [name for name in plan.shards_of(records).values() if (out / name).exists()]
            found: list[Any] = []
            write = partial(_write_index, run, out, shards, found)
            failed = publish_extra(run, manifest, [INDEX], "", write, force=damaged)
        rows, left_out = found or ([], {})
        for why in left_out.values():
            say(run, f"{why}; left out", error=True)
        splits = Counter(row["split"] for row in rows)
        counted = ", ".join(f"{splits[s]} {s}" for s in SPLITS)
        say(run, f"{len(rows)} chunks in {len(shards) - len(left_out)} shards: {counted}")
    return code or failed or int(bool(left_out))


def _nothing(*_: Any) -> dict[str, Any]:
    return {}


def cut(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    dataset: dict[str, Any],
    digest: str,
    config: ChunkConfig,
) -> dict[str, Any]:
    """Write the shard of one source; return the fields of its record."""
    from gantools.audio.melfile import read_mel, require_same
    from gantools.chunks.cutting import cut_audio, cut_mel
    from gantools.chunks.plan import params_of

    identity, warning = {"source": item.key, "song": item.song, "role": item.role}, ""
    if dataset["kind"] == "audio":
        rows, warning = cut_audio(item.path, outputs[0], config, identity)
    else:
        mel = read_mel(item.path)
        params, db_range = params_of(dataset)
        require_same(params, mel.params, item.path, "the chunk folder")
        # A mel file knows its song and role better than its name does; --role beats both.
        identity |= {"song": mel.meta.get("song") or item.song, "role": config.role or mel.role}
        rows = cut_mel(mel, outputs[0], db_range, config, identity)
    fields: dict[str, Any] = {
        "chunks": len(rows),
        "dataset": digest,
        "song": identity["song"],
        "role": identity["role"],
    }
    # A source without chunks is no failure, but nobody should learn of it only in training.
    warning = warning if rows else warning or "silent: no chunk kept"
    return fields | ({"warning": warning} if warning else {})


def _write_index(run: Run, out: Path, shards: list[str], found: list[Any], folder: Path) -> None:
    from gantools.chunks.shards import write_index

    found[:] = write_index(out, shards, partial(say, run), folder)
