"""MIDI files read and written, through symusic, whose C++ parser is some 600 times as fast as pretty_midi."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from gantools.errors import InputError
from gantools.files.atomic import atomic_path
from gantools.files.regular import require_regular
from gantools.symbolic.channels import on_channels, shared_channels
from gantools.symbolic.endings import MIDI_SUFFIXES as MIDI_SUFFIXES
from gantools.symbolic.events import whole_track
from gantools.symbolic.score import UNSAID_BPM, Bars, Score, Track

#: Ticks of a quarter in files that gantools writes: halves, thirds and fifths of a sixteenth are whole.
TICKS_PER_QUARTER = 480
#: Markers between which a loop lies, as samplers and game engines read them.
LOOP_START, LOOP_END = "loopStart", "loopEnd"
_LARGEST_BYTES = 1 << 28
#: Old Macintosh programs put a MacBinary head before a file.
_MAC_HEAD = 128
_TRACK_END = b"\xff\x2f\x00"
_MOST_BARS = 20_000
_SLOWEST_BPM, _FASTEST_BPM = 1.0, 1000.0
#: Pitched parts that have a channel each.
_MOST_CHANNELS = 15


class NoNotesError(InputError):
    """A MIDI file that can be read and holds no notes."""


def read_midi(path: str | Path) -> Score:
    """Read a Standard MIDI File of type 0 or 1, also one in a RIFF wrapper.

    Notes without an end are left out, as nobody knows how long they sound; notes of no length are one tick long. A file
    without tempo or meter is at 120 bpm and in 4/4, and one that counts in SMPTE frames at 120 bpm: `Score.remarks` say
    so.

    Raises
    ------
    InputError
        It is no such file, or is damaged or cut short.
    NoNotesError
        It has no notes.
    """
    path = Path(path)
    remarks: list[str] = []
    score = _parsed(_ticks_in_quarters(_standard(_bytes(path), path, remarks), path, remarks), path)
    tracks = tuple(_track(track) for track in score.tracks if len(track.notes))
    if not tracks:
        raise NoNotesError("holds no notes", path)
    end = max(int((track.onsets + track.lengths).max()) for track in tracks)
    # A loop is as long as its markers say, also where its last bar is silent.
    end = max([end, *(int(m.time) for m in score.markers if m.text == LOOP_END)])
    ticks = int(score.ticks_per_quarter)
    return Score(ticks, tracks, *_tempi(score, remarks), _bars(score, ticks, end, path, remarks), tuple(remarks))


def _bytes(path: Path) -> bytes:
    require_regular(path)
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"is larger than {_LARGEST_BYTES >> 20} MB, as no MIDI file is", path)
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path) from error


def _standard(data: bytes, path: Path, remarks: list[str]) -> bytes:
    """Return the Standard MIDI File in the bytes of a file: a head of 14 bytes and its tracks, and no other chunk."""
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = next((body for name, _, body in _chunks(data, 12, "<") if name == b"data"), b"")
    elif data[_MAC_HEAD : _MAC_HEAD + 4] == b"MThd":
        data = data[_MAC_HEAD:]
    if data[:4] != b"MThd":
        raise InputError("is no MIDI file, whatever its name says", path)
    if len(data) < 14:
        raise InputError("is cut short within its head; copy it again", path)
    size, kind, promised = struct.unpack(">IHH", data[4:12])
    if kind == 2 and promised > 1:
        raise InputError("holds independent patterns (MIDI type 2); save it as type 0 or 1", path)
    tracks = [(said, body) for name, said, body in _chunks(data, 8 + size, ">") if name == b"MTrk"]
    # One whose length is wrong but which comes to its end is whole.
    if (promised and not tracks) or any(len(body) < said and body[-3:] != _TRACK_END for said, body in tracks):
        raise InputError("is cut short; copy it again, or save it anew", path)
    if len(tracks) < promised:
        remarks.append(f"has {len(tracks)} of the {promised} tracks that its head counts")
    bodies = [whole_track(body) for _, body in tracks]
    if None in bodies:
        raise _damaged(path)
    head = struct.pack(">4sIHH", b"MThd", 6, kind if len(tracks) == 1 else 1, len(tracks)) + data[12:14]
    return head + b"".join(struct.pack(">4sI", b"MTrk", len(body)) + body for body in bodies if body)


def _chunks(data: bytes, at: int, order: str) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield the names of chunks, the lengths that they say, and their contents, which may be shorter."""
    while at + 8 <= len(data):
        name, size = struct.unpack(f"{order}4sI", data[at : at + 8])
        yield name, size, data[at + 8 : at + 8 + size]
        # Those of RIFF are padded to even lengths.
        at += 8 + size + (size % 2 if order == "<" else 0)


def _ticks_in_quarters(data: bytes, path: Path, remarks: list[str]) -> bytes:
    """Return the file with ticks that are parts of a quarter, where it counts in parts of a SMPTE frame."""
    division = struct.unpack(">H", data[12:14])[0]
    if division == 0:
        raise InputError("says that a quarter has no ticks; save it anew", path)
    if not division & 0x8000:
        return data
    frames, ticks = 256 - (division >> 8), division & 0xFF
    frames_hz = 30 / 1.001 if frames == 29 else float(frames)
    # A quarter lasts half a second at 120 bpm, whatever tempi the file may name besides.
    quarter = round(frames_hz * ticks / 2)
    if not 1 <= quarter < 0x8000:
        raise InputError("counts in SMPTE frames that no second holds; save it with ticks per quarter", path)
    remarks.append("counts in SMPTE frames, not in beats: taken as 120 bpm")
    return data[:12] + struct.pack(">H", quarter) + data[14:]


def _damaged(path: Path) -> InputError:
    return InputError("is damaged: its events make no sense; copy it again, or save it anew", path)


def _parsed(data: bytes, path: Path) -> Any:
    from symusic import Score as Parsed

    try:
        score: Any = Parsed.from_midi(data)
    # What the parser throws has no class of its own, and tells of cursors and buffers.
    except (RuntimeError, ValueError, MemoryError) as error:
        raise _damaged(path) from error
    # Its ticks are of 32 bits.
    if any(len(track.notes) and int(track.notes.numpy()["time"].min()) < 0 for track in score.tracks):
        raise _damaged(path)
    return score


def _track(track: Any) -> Track:
    notes = {name: values.astype(np.int64) for name, values in track.notes.numpy().items()}
    order = np.lexsort((notes["pitch"], notes["time"]))
    onsets, lengths, pitches, velocities = (notes[n][order] for n in ("time", "duration", "pitch", "velocity"))
    program = min(127, max(0, int(track.program)))
    return Track(_text(track), program, bool(track.is_drum), onsets, np.maximum(lengths, 1), pitches, velocities)


def _text(track: Any) -> str:
    """Return the name of a track; one in no known coding is empty."""
    try:
        return str(track.name).strip()
    except UnicodeDecodeError:
        return ""


def _tempi(score: Any, remarks: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the ticks and bpm of the tempi, with one at 0."""
    named = {int(t.time): float(t.qpm) for t in score.tempos if _SLOWEST_BPM <= t.qpm <= _FASTEST_BPM}
    if any(remark.startswith("counts in SMPTE") for remark in remarks):
        named = {0: UNSAID_BPM}
    if not named:
        remarks.append("names no tempo: taken as 120 bpm")
        named = {0: UNSAID_BPM}
    # A first tempo that comes late holds for what is before it too.
    named.setdefault(0, named[min(named)])
    ticks = np.array(sorted(named), np.int64)
    return ticks, np.array([named[int(tick)] for tick in ticks])


def _bars(score: Any, ticks_per_quarter: int, end: int, path: Path, remarks: list[str]) -> Bars:
    """Return the bars up to `end`."""
    named = {
        int(t.time): (int(t.numerator), int(t.denominator))
        for t in score.time_signatures
        if t.numerator > 0 and t.denominator > 0
    }
    if not named:
        remarks.append("names no meter: taken as 4/4")
        named = {0: (4, 4)}
    named.setdefault(0, named[min(named)])
    starts = sorted(tick for tick in named if tick < end or tick == 0)
    edges: list[np.ndarray] = []
    meters: list[tuple[int, int]] = []
    for start, stop in zip(starts, [*starts[1:], end], strict=True):
        numerator, denominator = named[start]
        length = max(1, round(4 * ticks_per_quarter * numerator / denominator))
        if sum(map(len, edges)) + (stop - start) // length > _MOST_BARS:
            raise InputError(f"is longer than {_MOST_BARS:,} bars; a note far behind all others may be the cause", path)
        edges.append(np.arange(start, max(stop, start + 1), length, dtype=np.int64))
        meters += [named[start]] * len(edges[-1])
    numerator, denominator = meters[-1]
    last = int(edges[-1][-1]) + max(1, round(4 * ticks_per_quarter * numerator / denominator))
    table = np.array(meters, np.int64)
    return Bars(np.append(np.concatenate(edges), last), table[:, 0], table[:, 1])


def write_midi(path: str | Path, score: Score, markers: Sequence[tuple[int, str]] = ()) -> None:
    """Write a score as a Standard MIDI File of type 1; it appears whole or not at all.

    Parameters
    ----------
    path : str or Path
    score : Score
        Notes of equal pitch in one track must not overlap: MIDI cannot tell their ends apart.
    markers : sequence of (int, str)
        Ticks and texts, such as `LOOP_START`.
    """
    # Its types are unions over ticks, quarters and seconds, of which only ticks are written here.
    symusic: Any = import_module("symusic")
    made = symusic.Score(score.ticks_per_quarter)
    for track in score.tracks:
        one = symusic.Track(name=track.name, program=track.program, is_drum=track.is_drum)
        columns = {"time": track.onsets, "duration": track.lengths}
        bytes_ = {"pitch": track.pitches.astype(np.int8), "velocity": track.velocities.astype(np.int8)}
        one.notes = symusic.Note.from_numpy(
            **{n: v.astype(np.int32) for n, v in columns.items()}, **bytes_, ttype="tick"
        )
        made.tracks.append(one)
    for tick, bpm in zip(score.tempo_ticks.tolist(), score.tempo_bpm.tolist(), strict=True):
        made.tempos.append(symusic.Tempo(tick, bpm))
    before = None
    for bar, meter in enumerate(zip(score.bars.numerators.tolist(), score.bars.denominators.tolist(), strict=True)):
        if meter != before:
            made.time_signatures.append(symusic.TimeSignature(int(score.bars.edges[bar]), *meter))
            before = meter
    for tick, text in markers:
        made.markers.append(symusic.TextMeta(tick, text))
    data = made.dumps_midi()
    if sum(not track.is_drum for track in score.tracks) > _MOST_CHANNELS:
        # symusic goes round the channels again, and the last program on one would be that of all its parts.
        told = [(track.program, track.is_drum) for track in score.tracks if len(track.onsets)]
        data = on_channels(data, shared_channels([program for program, _ in told], [drum for _, drum in told]))
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
