#!/usr/bin/env -S python3 -P
"""`gantools chunk`: mel files or audio to training shards."""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gantools.chunks.config import ChunkConfig
from gantools.chunks.splits import SPLITS
from gantools.cli.app import SETTINGS, main
from gantools.cli.batch import Task, require_out, run_batch
from gantools.cli.flags import BATCH, Run, verb
from gantools.cli.inputs import AUDIO_SUFFIXES, MEL_SUFFIXES, Item, gather, part
from gantools.cli.records import say

app = typer.Typer(**SETTINGS)


@verb(app, "chunk", ChunkConfig, uses=(*(name for name in BATCH if name != "name"), "map"))
def chunk(
    inputs: Annotated[list[str] | None, typer.Argument(help="Mel files, audio, folders, or - for a list.")] = None,
    *,
    run: Run,
    config: ChunkConfig,
) -> int:
    """Cut mel files into windows, or audio into clips, for training.

    Writes a shard per source, dataset.json (parameters, one dB range for all roles) and index.jsonl (a row per
    chunk). Songs go to train, val or test as a whole.

    \b
      gantools chunk mels/ -o chunks/
      gantools chunk mels/ -o chunks/ --test-songs song-11,song-12
      gantools chunk songs/ -o clips/ --samples 65536 --per-song 4 --sample-rate 16000
    """
    from gantools.chunks import plan
    from gantools.chunks.shards import read_dataset, write_dataset, write_index
    from gantools.files.manifest import Manifest

    out = require_out(run)
    everything = gather(inputs, MEL_SUFFIXES + AUDIO_SUFFIXES, dataclasses.replace(run, shard=(1, 1)))
    items = part(everything, run)
    if config.role:
        items = [dataclasses.replace(item, role=config.role) for item in items]
    known = read_dataset(out)
    if not everything and known:
        say(run, "nothing to do: no new input")
        return 0
    kind = plan.kind_of(item.path for item in everything)
    dataset = plan.describe(kind, [item.path for item in everything], config, None if run.force else known)
    digest = plan.dataset_hash(dataset)
    manifest = Manifest(out)
    stale = plan.stale_keys(manifest.records, digest, [item.key for item in everything], run.force)
    taken = {key: next(iter(record["outputs"])) for key, record in manifest.records.items() if key not in stale}
    names = plan.shard_names([item.key for item in items], taken, *run.shard)
    tasks = [Task(item, (names[item.key],), key=item.key) for item in items]
    if run.dry_run:
        return run_batch(run, tasks, [digest, config.role], _nothing)
    for key in stale:
        (out / next(iter(manifest.records[key]["outputs"]))).unlink(missing_ok=True)
    manifest.forget(stale)
    write_dataset(out, dataset)
    try:
        return run_batch(run, tasks, [digest, config.role], partial(cut, dataset=dataset, digest=digest, config=config))
    finally:
        records = [r for r in Manifest(out).records.values() if r["fields"].get("dataset") == digest]
        shards = [name for record in records for name in record["outputs"] if (out / name).exists()]
        rows = write_index(out, shards, partial(say, run))
        splits = Counter(row["split"] for row in rows)
        say(run, f"{len(rows)} chunks in {len(shards)} shards: " + ", ".join(f"{splits[s]} {s}" for s in SPLITS))


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
        identity |= {"song": mel.meta.get("song") or item.song, "role": config.role or mel.role}
        rows = cut_mel(mel, outputs[0], db_range, config, identity)
    fields: dict[str, Any] = {
        "chunks": len(rows),
        "dataset": digest,
        "song": identity["song"],
        "role": identity["role"],
    }
    warning = warning if rows else warning or "silent: no chunk kept"
    return fields | ({"warning": warning} if warning else {})


if __name__ == "__main__":
    main(["chunk", *sys.argv[1:]])
