"""One file through the loop finder: read, its bars found, its windows judged, the chosen ones cut and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.formats import SourceFormat
from gantools.audio.io import AudioReader
from gantools.audio.resample import resample
from gantools.audio.tags import Tags, read_tags
from gantools.audio.tags.loops import loop_tags
from gantools.audio.writing import AudioWriter
from gantools.errors import ConfigError, InputError
from gantools.structure.loops.config import LoopScoreConfig
from gantools.structure.loops.cutting import CutLoop, cut_loop
from gantools.structure.loops.detector import LoopDetector
from gantools.structure.loops.tempo import Grid, NoPulseError, Said, equal_bars, find_grid, read_said
from gantools.structure.loops.windows import Judge, Scan, Window, scan_audio, scan_midi
from gantools.symbolic.endings import MIDI_SUFFIXES
from gantools.symbolic.excerpt import cut_bars
from gantools.symbolic.midi import LOOP_END, LOOP_START, read_midi, write_midi
from gantools.symbolic.score import Score

#: A longer recording is no song: its samples would not fit in memory with all that is computed of them.
_LONGEST_SECONDS = 3 * 3600.0
_HEARD_HZ = 16000


@dataclass(frozen=True, eq=False)
class Sound:
    """The samples of an audio file, and its bars.

    Attributes
    ----------
    clip : float32 array (channels, n)
    rate_hz : int
    grid : Grid
    tags : Tags
    source : SourceFormat
    """

    clip: np.ndarray
    rate_hz: int
    grid: Grid
    tags: Tags
    source: SourceFormat


@dataclass(frozen=True, eq=False)
class Piece:
    """A file whose windows were judged.

    Attributes
    ----------
    path : Path
    scan : Scan
    of : Sound or Score
    remarks : list of str
        What somebody should know.
    """

    path: Path
    scan: Scan
    of: Sound | Score
    remarks: list[str] = field(default_factory=list)


def is_midi(path: Path) -> bool:
    """Tell whether a file is to be read as MIDI: by its ending, else by its first bytes."""
    if path.name.lower().endswith(MIDI_SUFFIXES):
        return True
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"MThd"
    except OSError:
        return False  # reading it will tell


def judge_of(config: LoopScoreConfig, detector: LoopDetector | None) -> Judge:
    """Return what windows are judged by.

    Raises
    ------
    ConfigError
        The detector was trained on other features, or on loops of other lengths.
    """
    if detector is not None:
        if detector.kind != config.features:
            raise ConfigError(
                f"the detector compares features of the kind {detector.kind}; give --features {detector.kind}, or "
                "another --model",
                detector.folder,
            )
        if config.bars not in detector.lengths:
            has = ", ".join(map(str, detector.lengths))
            raise ConfigError(f"the detector has networks for {has} bars; give --bars one of these", detector.folder)
    kind: Any = config.features
    return Judge(config.bars, config.stride, kind, config.method, detector, config.max_score)


def read_piece(path: Path, config: LoopScoreConfig, judge: Judge) -> Piece:
    """Read a file of audio or MIDI and judge its windows.

    Raises
    ------
    InputError
        It cannot be read, is too short, or is aligned to no bars.
    """
    if is_midi(path):
        return _read_notes(path, config, judge)
    with AudioReader(path) as reader:
        if reader.expected_frames > _LONGEST_SECONDS * reader.rate_hz:
            raise InputError(f"is longer than {_LONGEST_SECONDS / 3600:.0f} hours; cut it up", path)
        clip = np.ascontiguousarray(np.concatenate(list(reader.blocks())).T)
        rate_hz, source = reader.rate_hz, SourceFormat.of(reader)
    try:
        # Channels that cancel each other have no mean.
        mono = clip.mean(axis=0, dtype=np.float32)
        if len(clip) > 1 and float(np.square(mono, dtype=np.float64).sum()) < 0.02 * float(
            np.square(clip[0], dtype=np.float64).sum()
        ):
            mono = clip[0]
        grid, scan = _heard(clip, mono, rate_hz, read_said(path, rate_hz, config.bpm, config.offset), judge)
    except InputError as error:
        raise InputError(error.message, error.path or path) from error
    remarks = [] if grid.steady else ["its tempo moves: loops are cut at its own beats"]
    return Piece(path, scan, Sound(clip, rate_hz, grid, read_tags(path), source), [*scan.remarks, *remarks])


def _heard(clip: np.ndarray, mono: np.ndarray, rate_hz: int, said: Said, judge: Judge) -> tuple[Grid, Scan]:
    """Return the bars of a sound and its windows."""
    # Beats and bars are heard at a lower rate, in a fraction of the time: onsets use no more than its 8 kHz, bars less.
    low_hz, seconds = min(rate_hz, _HEARD_HZ), clip.shape[1] / rate_hz
    heard = np.ascontiguousarray(resample(mono, rate_hz, low_hz))
    try:
        grid = find_grid(heard[None], low_hz, said, seconds)
    except NoPulseError as error:
        # Of a drone and of silence it is known what they are without any tempo. Of anything else that it has no bars
        # to loop: no fault of the file, as many voices and pads are so.
        grid = equal_bars(seconds)
        scan = scan_audio(heard, low_hz, grid, judge)
        if any(window.verdict not in ("trivial", "silent") for window in scan.windows):
            unsaid: Any = {"score": np.nan, "percentile": np.nan, "seam": np.nan, "verdict": "no"}
            scan = replace(scan, windows=[replace(scan.windows[0], **unsaid)], warning=error.message)
        return grid, scan
    return grid, scan_audio(heard, low_hz, grid, judge)


def _read_notes(path: Path, config: LoopScoreConfig, judge: Judge) -> Piece:
    score = read_midi(path)
    try:
        scan = scan_midi(score, judge, config.layout)
    except InputError as error:
        raise InputError(error.message, error.path or path) from error
    return Piece(path, scan, score, scan.remarks)


def facts_of(piece: Piece, window: Window) -> dict[str, Any]:
    """Return what a record says of a window."""
    scan = piece.scan
    facts = {
        "kind": scan.domain,
        "bpm": round(_bpm(piece, window), 4) if not scan.warning else np.nan,
        "tempo_from": piece.of.grid.source if isinstance(piece.of, Sound) else "midi",
        "bars": window.bars,
        "start_bar": window.start_bar,
        "bars_of_file": len(scan.features),
        "start_s": max(0.0, round(window.start_s, 6)),
        "end_s": round(window.end_s, 6),
        "score": window.score,
        "percentile": window.percentile,
        "threshold": scan.threshold,
        "seam": round(window.seam, 4),
        "verdict": window.verdict,
    }
    if isinstance(piece.of, Sound):
        ends = (window.start_s, window.end_s)
        start, end = (min(max(0, round(s * piece.of.rate_hz)), piece.of.clip.shape[1]) for s in ends)
        facts |= {"start": start, "end": end, "rate_hz": piece.of.rate_hz}
    return facts


def _bpm(piece: Piece, window: Window) -> float:
    """Return the tempo of a window in quarters a minute."""
    if isinstance(piece.of, Sound):
        quarters = 4.0 * window.bars
        if piece.of.grid.steady:
            return piece.of.grid.bpm
    else:
        edges = piece.of.bars.edges
        ticks = edges[window.start_bar - 1 + window.bars] - edges[window.start_bar - 1]
        quarters = float(ticks) / piece.of.ticks_per_quarter
    return 60 * quarters / max(window.end_s - window.start_s, 1e-9)


def cut_window(piece: Piece, window: Window, *, fold_tail: bool = False, for_player: bool = False) -> CutLoop:
    """Cut a window of an audio file as a loop; for a player the join may lie up to a sixteenth before the bar line."""
    assert isinstance(piece.of, Sound)
    grid, sound = piece.of.grid, piece.of
    # Only the ends of the whole are those that somebody trimmed.
    whole = grid.trimmed and window.bars == len(grid)
    sixteenth_s = (window.end_s - window.start_s) / window.bars / 16
    early = {"earlier_s": sixteenth_s} if for_player else {}
    ends = window.start_s, window.end_s
    return cut_loop(sound.clip, sound.rate_hz, *ends, trimmed=whole, fold_tail=fold_tail, **early)


def to_extract(piece: Piece, most: int) -> list[Window]:
    """Return the windows that are written: loops that do not overlap, the best first, up to `most` of them.

    Of a piece that is one bar again and again the first such window is taken, where there is nothing better. A file
    that was trimmed to one loop is one, whatever its bars are like.
    """
    chosen = piece.scan.best(len(piece.scan.windows))
    loops = [window for window in chosen if window.verdict == "loop"]
    loops = loops or [window for window in chosen if window.verdict == "trivial"][:1]
    if not loops and isinstance(piece.of, Sound) and piece.of.grid.trimmed and len(piece.scan.windows) == 1:
        loops = [window for window in chosen if window.verdict == "no"]
    return loops[: most or None]


def write_loops(piece: Piece, windows: Sequence[Window], base: Path, config: LoopScoreConfig) -> list[dict[str, Any]]:
    """Write loops beside `base`, with bar, length and tempo in their names; return a record for each.

    Parameters
    ----------
    piece : Piece
    windows : sequence of Window
    base : Path
        ``song.wav`` becomes ``song_bar017_8bars_122bpm.wav``.
    config : LoopScoreConfig
    """
    made = []
    for place, window in enumerate(windows, start=1):
        bpm = f"{_bpm(piece, window):.2f}".rstrip("0").rstrip(".")
        bars = f"{window.bars}bar{'s' if window.bars > 1 else ''}"
        path = base.with_name(f"{base.stem}_bar{window.start_bar:03}_{bars}_{bpm}bpm{base.suffix}")
        write = _write_sound if isinstance(piece.of, Sound) else _write_notes
        facts = facts_of(piece, window) | write(piece, window, path, config)
        made.append({"name": path.name, "place": place, **facts})
    return made


def _write_sound(piece: Piece, window: Window, path: Path, config: LoopScoreConfig) -> dict[str, Any]:
    assert isinstance(piece.of, Sound)
    sound, loop = piece.of, cut_window(piece, window, fold_tail=config.fold_tail)
    frames = loop.samples.shape[1]
    tags = loop_tags(sound.tags, frames, sound.rate_hz, _bpm(piece, window), 4 * window.bars)
    with AudioWriter(
        path, sound.rate_hz, len(loop.samples), config.bits, like=sound.source, tags=tags, frames=frames
    ) as writer:
        writer.append(loop.samples.T)
    said = {"tail_s": round(loop.tail_s, 4)} if config.fold_tail else {}
    warning = {"warning": writer.notice} if writer.notice else {}
    return {"start": loop.start, "end": loop.end, "samples": frames, "cut": loop.how, **said, **warning,
            "flux": round(loop.seam.flux, 3), "step": round(loop.seam.step, 4)}  # fmt: skip


def _write_notes(piece: Piece, window: Window, path: Path, config: LoopScoreConfig) -> dict[str, Any]:
    assert isinstance(piece.of, Score)
    cut = cut_bars(piece.of, window.start_bar - 1, window.bars)
    end = int(cut.bars.edges[-1])
    write_midi(path, cut, [(0, LOOP_START), (end, LOOP_END)])
    return {"ticks": end, "notes": sum(len(track.onsets) for track in cut.tracks)}
