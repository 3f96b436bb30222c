"""Loops in many files: a row for each window on standard output, or the loops themselves in a folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools.chunks.item import Item
from gantools.cli.batch import run_batch
from gantools.cli.extras import publish_extra
from gantools.cli.flags import Run
from gantools.cli.inputs import kind_of
from gantools.cli.naming import output_name
from gantools.cli.records import collecting, emit
from gantools.cli.survey import cell, columns, surveyed
from gantools.cli.tasks import Task
from gantools.errors import ConfigError
from gantools.structure.loops.config import LoopScoreConfig

if TYPE_CHECKING:
    from gantools.report.loops import LoopEntry
    from gantools.structure.loops.piece import Piece
    from gantools.structure.loops.windows import Judge

Tick = Callable[[float], None]
PAGE = "loops.html"
#: The page shows so many loops, and plays so many of notes, whose sounds it carries.
_MOST_SHOWN, _MOST_PLAYED = 200, 40
_TITLES = ("file", "kind", "bars", "bpm", "start_bar", "score", "pct", "seam", "verdict")
_FIGURES = ("bpm", "bars", "score", "percentile", "seam", "flux", "step")
_DETAILS = ("start_bar", "start_s", "end_s", "start", "end", "tempo_from", "cut", "verdict")
#: What changes no loop that is written.
_IRRELEVANT: dict[str, Any] = {"points": False, "model": ""}


def print_windows(run: Run, items: Sequence[Item], config: LoopScoreConfig) -> int:
    """Print a row, or with ``--json`` a record, for each window of each file; write nothing."""
    if config.matrix:
        raise ConfigError("--matrix writes pictures; name a folder for them with --extract or -o")
    table: list[Sequence[str]] = [_TITLES]
    failed = False
    for item, fields in surveyed(run, items, partial(score_file, config=config, opened=_opener(config))):
        failed |= "error" in fields
        record: dict[str, Any] = {"action": run.verb, "status": "ok", "path": str(item.path), "source": str(item.path)}
        record |= {"rel": item.rel, "role": item.role, "song": item.song}
        if "error" in fields:
            record |= {"status": "error", "path": None, "verdict": "error", "error": fields["error"]}
            table.append((str(item.path), kind_of(item.path) or "-", *["-"] * 6, "error"))
        if run.json or collecting():
            for window in fields.get("windows", [{}]):
                emit(run, record | window | {"remarks": fields.get("remarks", [])})
        elif config.points:
            for window in fields.get("windows", ()):
                print(f"{window['start']} {window['end']} {item.path}", flush=True)
        table += [_row(item, window) for window in fields.get("windows", ())]
    if not (run.json or config.points or collecting()):
        print(columns(table), flush=True)
    return 1 if failed else 0


def _row(item: Item, window: dict[str, Any]) -> Sequence[str]:
    figures = (cell(window["score"], 4), cell(window["percentile"], 0), cell(window["seam"], 2))
    bpm = cell(window["bpm"], 2).rstrip("0").rstrip(".")
    start = str(window["start_bar"])
    return (str(item.path), window["kind"], str(window["bars"]), bpm, start, *figures, window["verdict"])


def _opener(config: LoopScoreConfig) -> Callable[[], Judge]:
    """Return what opens the detector, after it was opened once: a model that is not there stops all before work."""
    opened = partial(_judge, config)
    opened()
    return opened


@lru_cache(maxsize=1)
def _judge(config: LoopScoreConfig) -> Judge:
    """Return what windows are judged by, opened once per process."""
    from gantools.models.shipped import find_model
    from gantools.structure.loops.detector import SHIPPED, open_detector
    from gantools.structure.loops.piece import judge_of

    if config.method != "svdd":
        return judge_of(config, None)
    # Without a folder it is the one that ships, or a message that says that this installation has none.
    folder = None if config.model == SHIPPED.name and not Path(config.model).is_dir() else find_model(config.model)
    return judge_of(config, open_detector(folder))


def score_file(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Tick,
    *,
    config: LoopScoreConfig,
    opened: Callable[[], Judge],
) -> dict[str, Any]:
    """Return the windows of one file."""
    from gantools.errors import InputError
    from gantools.structure.loops.piece import cut_window, facts_of, is_midi, read_piece, to_extract

    if config.points and is_midi(item.path):
        raise InputError("has notes and no samples that loop points could count; --extract cuts its loops", item.path)
    piece = read_piece(item.path, config, opened())
    # Points are those of loops, ready to be played; rows are of all windows.
    windows = to_extract(piece, config.most) if config.points else piece.scan.best(config.most)
    found = []
    for window in windows:
        facts = facts_of(piece, window)
        if config.points:
            loop = cut_window(piece, window, for_player=True)
            facts |= {"start": loop.start, "end": loop.end}
        found.append(facts)
    return {"windows": found, "remarks": piece.remarks, "warning": piece.scan.warning}


def extract(run: Run, items: Sequence[Item], config: LoopScoreConfig) -> int:
    """Write the loops of each file, and a page to hear them on; return the exit code."""
    from gantools.files.hashing import hash_json

    opened = _opener(config)
    tasks = [Task(item, (output_name(run, item, _ending(item, config)),), many=True) for item in items]
    told = dataclasses.asdict(dataclasses.replace(config, **_IRRELEVANT))
    digest = [hash_json(told), _model_hash(opened())]
    code = run_batch(run, tasks, digest, partial(extract_file, config=config, opened=opened))
    return (0 if run.dry_run else write_page(run, config)) or code


def _model_hash(judge: Judge) -> str:
    from gantools.files.hashing import hash_file

    folder = judge.detector.folder if judge.detector else None
    return "" if folder is None else hash_file(folder / "detector.safetensors")


def _ending(item: Item, config: LoopScoreConfig) -> str:
    from gantools.structure.loops.piece import is_midi

    return "mid" if is_midi(item.path) else config.format


def extract_file(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Tick,
    *,
    config: LoopScoreConfig,
    opened: Callable[[], Judge],
) -> dict[str, Any]:
    """Write the loops of one file beside the path that is given; return their records."""
    from gantools.structure.loops.piece import facts_of, read_piece, to_extract, write_loops

    piece = read_piece(item.path, config, opened())
    windows = to_extract(piece, config.most)
    made = write_loops(piece, windows, outputs[0], config)
    beside = []
    if config.matrix:
        beside.append(outputs[0].with_suffix(".matrix.png").name)
        _write_matrix(piece, windows, outputs[0].with_name(beside[0]), item.key)
    # Of a file without loops the record has its best window, which says why.
    best = (
        {} if made else {name: value for name, value in _best(piece, facts_of).items() if name not in ("start", "end")}
    )
    return {"made": made, "beside": beside, "remarks": piece.remarks, "warning": piece.scan.warning, **best}


def _best(piece: Piece, facts_of: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    best = piece.scan.best(1)
    return facts_of(piece, best[0]) if best else {}


def _write_matrix(piece: Piece, windows: Sequence[Any], path: Path, title: str) -> None:
    from gantools.report.loops import matrix_figure
    from gantools.report.plots import save_png
    from gantools.structure.loops.correlation import audio_correlation, to_matrices

    features = piece.scan.features
    kind: Any = "grid"
    matrix = to_matrices(audio_correlation(features[None], kind), len(features))[0]
    save_png(matrix_figure(matrix, [(w.start_bar - 1, w.bars) for w in windows], title), path)


def write_page(run: Run, config: LoopScoreConfig) -> int:
    """Write a page with a looping player for each loop of the output folder; return the exit code."""
    from gantools.files.manifest import Manifest

    assert run.out is not None
    manifest = Manifest(run.out)
    made = [
        (run.out / Path(record["key"]).parent / one["name"], one, record["source"]) for record, one in _made(manifest)
    ]
    made = [(path, one, source) for path, one, source in made if path.exists()]
    if not made:
        return 0

    def write(folder: Path) -> None:
        from gantools.files.atomic import write_text
        from gantools.report.loops import loop_page

        files = len({source for _, _, source in made})
        subtitle = f"{len(made)} {'loop' if len(made) == 1 else 'loops'} of {files} {'file' if files == 1 else 'files'}"
        shown = made[:_MOST_SHOWN]
        if len(shown) < len(made):
            subtitle += f"; the first {len(shown)} are shown"
        foot = [
            "Score: the distance from real loops that the detector has learnt, lower is better; percentile: so many of "
            "100 real loops score lower. Seam: how much the last and the first bar differ, over the usual difference "
            "of neighbours. Flux: what begins at the join over what usually begins; step: above 1 it may click."
        ]
        entries = list(_entries(shown, run.out or Path()))
        write_text(folder / PAGE, loop_page("Loops", subtitle, entries, foot))

    return publish_extra(run, manifest, (PAGE,), str(run.out), write)


def _made(manifest: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for record in manifest.records.values():
        made = record["fields"].get("made")
        for one in made if isinstance(made, list) else ():
            if isinstance(one, dict) and f"{Path(record['key']).parent / str(one.get('name'))}" in record["outputs"]:
                yield record, one


def _entries(made: Sequence[tuple[Path, dict[str, Any], str]], folder: Path) -> Iterator[LoopEntry]:
    from gantools.report.loops import LoopEntry
    from gantools.report.page import file_address
    from gantools.report.thumbnails import look

    played = 0
    for path, one, source in made:
        address = picture = ""
        if one.get("kind") == "audio":
            address = file_address(path, folder)
            picture = seen.picture() if (seen := look(path)) else ""
        elif played < _MOST_PLAYED:
            address, played = _played(path), played + 1
        figures = [(name, _figure(one[name])) for name in _FIGURES if one.get(name) is not None]
        details = [(name, _figure(one[name])) for name in _DETAILS if one.get(name) is not None]
        seconds = float(one.get("end_s", 0.0)) - float(one.get("start_s", 0.0))
        yield LoopEntry(path.name, address, seconds, figures, [("source", source), *details], picture=picture)


def _played(path: Path) -> str:
    """Return the sound of a loop of notes as an address; empty where it cannot be played."""
    from gantools.errors import GantoolsError
    from gantools.report.loops import sound_address
    from gantools.symbolic.config import SoundConfig
    from gantools.symbolic.midi import read_midi
    from gantools.symbolic.rendering import render

    try:
        score = read_midi(path)
        seconds = float(score.seconds(int(score.bars.edges[-1])))
        return sound_address(render(score, SoundConfig(), loop_seconds=seconds), 44100)
    except GantoolsError:
        return ""


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
