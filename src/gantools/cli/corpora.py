"""A corpus of scores as a command: MIDI files to the folder that a system of notes learns from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from gantools.chunks.config import ChunkConfig
from gantools.chunks.item import Item
from gantools.cli.batch import require_out
from gantools.cli.extras import publish_extra
from gantools.cli.flags import Run
from gantools.cli.progress import Bar
from gantools.cli.records import emit, say
from gantools.errors import ConfigError

#: What ``--for`` may say -> system, and the preset whose rows are made.
PURPOSES = {"symphony": ("symphony", "default"), "symphony-paper": ("symphony", "paper")}


def write_corpus(items: Sequence[Item], run: Run, config: ChunkConfig, purpose: str) -> int:
    """Write the corpus of some MIDI files into the output folder, unless it is there; return the exit code.

    Raises
    ------
    ConfigError
        No file can be used, the folder is in use, or holds files that are not ours.
    """
    from gantools.files.hashing import hash_file, hash_json
    from gantools.files.lock import FolderLock
    from gantools.files.manifest import Manifest

    if run.shard[1] > 1:
        raise ConfigError("--shard: a corpus of scores is one whole; leave it out")
    out = require_out(run)
    system, preset = PURPOSES[purpose]
    options = _options(system, preset, config)
    record: dict[str, Any] = {"action": "chunk", "path": str(out), "source": f"{len(items)} files", "rel": ""}
    if run.dry_run:
        emit(run, {**record, "role": "score", "status": "planned"})
        return 0
    corpus = import_module(f"gantools.systems.{system}.corpus")
    with FolderLock(out, "is being cut by another gantools chunk"):
        manifest = Manifest(out)
        inputs = {item.key: item.path for item in items}
        digest = hash_json([purpose, options.split, options.val_songs, options.test_songs, preset])
        digest = hash_json([digest, [[item.key, _hash(hash_file, item)] for item in items]])
        if not run.force and _done(manifest, corpus.CORPUS, digest, run.check):
            say(run, "nothing to do: no new input")
            emit(run, {**record, "role": "score", "status": "skipped"})
            return 0
        with Bar(run, len(items), "read") as bar:
            writer = corpus.CorpusWriter(list(inputs.items()), options, bar.advance)
        for line in writer.encoded.left_out:
            say(run, line, error=True)
        if why := manifest.kept(writer.names, run.force):
            raise ConfigError(why)
        code = publish_extra(run, manifest, writer.names, digest, writer.write)
    pieces, rows = len(writer.encoded.pieces), len(writer.encoded.rows)
    say(run, f"{pieces} pieces, {rows:,} rows")
    status = "error" if code else "ok"
    emit(run, {**record, "role": "score", "status": status, "pieces": pieces, "rows": rows})
    return code or int(bool(writer.encoded.left_out))


def _options(system: str, preset: str, config: ChunkConfig) -> Any:
    """Return the options of the system that rows and merges depend on."""
    presets = import_module(f"gantools.systems.{system}.config").PRESETS
    return dataclasses.replace(
        presets[preset], split=config.split, val_songs=config.val_songs, test_songs=config.test_songs
    )


def _hash(hash_file: Any, item: Item) -> str:
    try:
        return str(hash_file(item.path))
    except OSError:
        return ""


def _done(manifest: Any, key: str, digest: str, check: bool) -> bool:
    """Return whether the folder is what these inputs and options make."""
    from gantools.files.ownership import state_of

    record = manifest.records.get(key)
    if record is None or record.get("source") != digest:
        return False
    outputs = record["outputs"].items()
    return all(state_of(manifest.folder / name, [entry], check=check) == "ours" for name, entry in outputs)
