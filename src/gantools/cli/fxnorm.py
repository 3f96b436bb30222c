"""What the four commands of `gantools fxnorm` share: features, tables, passes over many stems."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools.chunks.item import Item
from gantools.cli.batch import stopped
from gantools.cli.flags import Run
from gantools.cli.inputs import AUDIO_SUFFIXES, gather
from gantools.cli.records import emit, say
from gantools.cli.survey import cell, columns, survey
from gantools.cli.terminal import write_message
from gantools.effects.config import CheckConfig, FitConfig, MeasureConfig
from gantools.errors import ConfigError, InputError
from gantools.files.atomic import sweep_temporaries
from gantools.files.members import MIXTURE, holder, is_part
from gantools.options import config_hash
from gantools.version import __version__

if TYPE_CHECKING:
    from gantools.effects.features import Features

Tick = Callable[[float], None]


def target_features(target: str | None) -> Features:
    """Return the features of ``--target``.

    Raises
    ------
    ConfigError
        The option is missing.
    InputError
        There is no such target, or the file cannot be read.
    """
    from gantools.effects.features import find_features

    if not target:
        raise ConfigError("no target; give --target features.json (from gantools fxnorm fit) or --target musdb18")
    return find_features(target)


def gather_stems(stems: Sequence[str] | None, run: Run) -> list[Item]:
    """Return the stems that are named, without the mixtures that lie in one file with them."""
    items = gather(stems, AUDIO_SUFFIXES, run)
    return [item for item in items if not (item.stem == MIXTURE and is_part(item.path))]


def require_meter(meter: str) -> None:
    """Refuse a meter whose package is absent, before anything is read.

    Raises
    ------
    DependencyError
    """
    if meter == "pyloudnorm":
        from gantools.audio.peermeter import require_pyloudnorm

        require_pyloudnorm()


def fit_features(run: Run, items: Sequence[Item], config: FitConfig) -> int:
    """Measure the stems in one pass (``raw``) or in three, write the features file, print its table."""
    from gantools.effects.features import state_of_features
    from gantools.files.hashing import hash_json
    from gantools.files.lock import FolderLock
    from gantools.files.ownership import refusal

    require_meter(config.reads_with())
    if run.out is None:
        raise ConfigError("no output file; name one with -o features.json")
    if run.out.is_dir():
        raise ConfigError("is a folder; name a file, such as -o features.json", run.out)
    if not run.force and (why := refusal(run.out, state_of_features(run.out))):
        raise ConfigError(why)
    items = [dataclasses.replace(item, role=config.role or item.role) for item in items]
    record = {"action": "fxnorm", "path": str(run.out), "rel": "", "role": "", "files": len(items)}
    # A file that is merged into itself changes with each run, which must not count it twice.
    merged = Path(config.merge) if config.merge and Path(config.merge).resolve() != run.out.resolve() else None
    # Size and time stand for the contents: hashing whole data sets would be slow where nothing is left to do.
    known = [[item.key, item.role, *_stat(item.path)] for item in items]
    digest = hash_json([config_hash(config), known, _stat(merged) if merged else ()])
    if not run.force and _has_inputs(run.out, digest):
        say(run, "nothing to do: the features are up to date")
        emit(run, {**record, "status": "skipped"})
        return 0
    if run.dry_run:
        say(run, f"would measure {len(items)} stems: {_counted(items)}")
        emit(run, {**record, "status": "planned"})
        return 0
    # Two fits of one file would share its kept results, and the first to end would remove them.
    with FolderLock(run.out, "is being written by another gantools fxnorm fit"):
        sweep_temporaries(run.out.parent, of=run.out.name)
        return _fit_in_passes(run, items, config, digest, record)


def _fit_in_passes(run: Run, items: Sequence[Item], config: FitConfig, digest: str, record: Mapping[str, Any]) -> int:
    from gantools.effects.features import write_features
    from gantools.effects.fitting import PASSES, Fit
    from gantools.files.hashing import hash_json
    from gantools.files.partial import Partial

    assert run.out is not None
    start, failed = time.perf_counter(), 0
    fit, passes = Fit(config), PASSES[config.measure]
    kept = Partial(run.out, hash_json([config_hash(config), __version__]))
    # A later pass measures stems after the effects whose averages the earlier ones gave: dynamics after EQ, and so on.
    for number, stage in enumerate(passes, 1):
        so_far = None if number == 1 else fit.features()
        work = partial(_fit_one, stage=stage, features=so_far, config=config)
        # Results of a pass hold only beside the features that it was given.
        part = f"{stage} {so_far.feature_id if so_far else ''}"
        try:
            done = survey(run, items, work, f"fit {number}/{len(passes)}", kept, part)
        except KeyboardInterrupt:
            stopped(kept.count)
        failed += sum("error" in fields for _, fields in done)
        good = [(item, fields) for item, fields in done if "error" not in fields]
        fit.take([(item.key, item.role, fields) for item, fields in good])
        # What was silent, short or unreadable is not read again in the next pass.
        items = [item for item, _ in good if fit.wants(item.key)]
    if not items:
        raise InputError("no stem could be measured: silent, too short or unreadable")
    for line in fit.warnings:
        say(run, f"warning: {line}")
    features = fit.features("" if failed else digest)  # a file that failed fails again, and is said again
    write_features(run.out, features)
    kept.sweep()
    _print_features(run, features)
    fields = {"files": len(items), "failed": failed, "seconds": round(time.perf_counter() - start, 3)}
    emit(run, {**record, **fields, "status": "ok", "feature_id": features.feature_id, "left_out": dict(fit.left_out)})
    return 1 if failed else 0


def _fit_one(item: Item, outputs: Sequence[Path], seed: int, tick: Tick, **arguments: Any) -> dict[str, Any]:
    from gantools.effects.fitting import fit_file

    return fit_file(item.path, item.role, **arguments)


def _stat(path: Path) -> tuple[int, int]:
    try:
        status = holder(path).stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _counted(items: Sequence[Item]) -> str:
    roles = sorted({item.role for item in items})
    return ", ".join(f"{sum(item.role == role for item in items)} {role}" for role in roles)


def _has_inputs(path: Path, digest: str) -> bool:
    from gantools.effects.features import read_features

    try:
        return read_features(path).extra.get("inputs_sha256") == digest
    except InputError:
        return False


def _print_features(run: Run, features: Features) -> None:
    if run.quiet:
        return
    table: list[Sequence[str]] = [("type", "files", "LUFS", "sd", "onset peak dB", "sd", "spread dB")]
    for role, stem in sorted(features.stems.items()):
        loud, peak, spread = stem.loudness_lufs, stem.drc_onset_peak_db, stem.drc_spread_db
        cells = [cell(v, 2) for v in (loud.mean, loud.std, peak.mean, peak.std, spread.mean)]
        table.append((role, str(stem.n_files), *cells))
    write_message(columns(table))


_MEASURES = (
    ("lufs", "LUFS", 2),
    ("range_lu", "LRA", 1),
    ("momentary_max_lufs", "M max", 1),
    ("short_term_max_lufs", "S max", 1),
    ("true_peak_db", "dBTP", 2),
    ("eq_distance_db", "EQ dB", 1),
    ("pan_distance", "pan", 3),
    ("onset_peak_db", "onset dB", 1),
    ("onset_spread_db", "spread dB", 1),
)


def measure_stems(run: Run, items: Sequence[Item], features: Features | None, config: MeasureConfig) -> int:
    """Print a row, or with ``--json`` a record, for each stem; write nothing."""
    require_meter(config.meter)
    done = survey(run, items, partial(_measure_one, features=features, config=config))
    # Columns without a single figure are left out: distances, for one, need features.
    shown = [column for column in _MEASURES if any(fields.get(column[0]) is not None for _, fields in done)]
    table: list[Sequence[str]] = [("stem", *(title for _, title, _ in shown))]
    for item, fields in done:
        status = "error" if "error" in fields else "ok"
        record = {"action": "fxnorm", "status": status, "path": None, "source": str(item.path), "rel": item.rel}
        if run.json:
            emit(run, {**record, "role": item.role, "song": item.song, **fields})
        elif status == "ok":
            table.append((item.key, *(cell(fields.get(name), digits) for name, _, digits in shown)))
    if not run.json:
        print(columns(table), flush=True)
    return 1 if any("error" in fields for _, fields in done) else 0


def _measure_one(
    item: Item, outputs: Sequence[Path], seed: int, tick: Tick, *, features: Features | None, config: MeasureConfig
) -> dict[str, Any]:
    from gantools.effects.analysis import measure_file

    options = {name: getattr(config, name) for name in ("fallback", "dual_mono", "nan", "meter")}
    return measure_file(item.path, item.role, features, **options)


def check_pairs(run: Run, before: Path, after: Path, features: Features, config: CheckConfig) -> int:
    """Print which promises hold for each pair of stems; exit code 1 where one does not."""
    require_meter("pyloudnorm" if config.both_meters else config.reads_with())
    first = [dataclasses.replace(i, role=config.role or i.role) for i in gather_stems([str(before)], run)]
    # Two files are a pair whatever they are called; folders are matched by the keys of their files.
    if before.is_file() and after.is_file():
        made = {first[0].key: after}
    else:
        made = {item.key: item.path for item in gather_stems([str(after)], run)}
    work = partial(_check_one, made=made, features=features, config=config)
    failed = False
    for item, fields in survey(run, first, work):
        record = {"action": "fxnorm", "path": str(made.get(item.key, "")), "source": str(item.path), "rel": item.rel}
        bad = [c["name"] for c in fields.get("checks", ()) if not c["ok"]]
        failed |= "error" in fields or bool(bad)
        status = "error" if "error" in fields or bad else "ok"
        if run.json:
            emit(run, {**record, "role": item.role, "song": item.song, "status": status, **fields})
        for check in fields.get("checks", ()):
            if not run.json and not (run.quiet and check["ok"]):
                word = "ok    " if check["ok"] else "FAILED"
                print(f"{word}  {item.key}: {check['name']}: {check['text']}", flush=True)
    return 1 if failed else 0


def _check_one(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Tick,
    *,
    made: dict[str, Path],
    features: Features,
    config: CheckConfig,
) -> dict[str, Any]:
    from gantools.effects.verification import check_files

    if item.key not in made:
        raise InputError("has no normalised version", item.path)
    return {"checks": check_files(item.path, made[item.key], features, config, role=item.role, seed=seed)}
