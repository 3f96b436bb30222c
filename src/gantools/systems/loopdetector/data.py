"""What networks learn from: the known loops of files, by domain, length and side, and generated ones beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from gantools.chunks.splits import SPLITS, assign
from gantools.errors import ConfigError, InputError
from gantools.options import parsed
from gantools.runtime.seeds import item_seed
from gantools.structure.loops.contrasts import shuffled, straddling, through_composed
from gantools.structure.loops.correlation import Kind
from gantools.structure.loops.detector import DOMAINS, Domain, network_name
from gantools.structure.loops.repeats import distinct
from gantools.symbolic.endings import MIDI_SUFFIXES
from gantools.symbolic.score import Score
from gantools.systems.loopdetector.config import LENGTHS, LoopDetectorConfig
from gantools.systems.loopdetector.material import (
    Material,
    family_of,
    generated_notes,
    generated_sound,
    hear_notes,
    read_notes,
    read_sound,
)

#: Pieces of one family that a network draws from with equal chance, each an array (loops, pairs).
Loops = list[np.ndarray]
#: Fewest loops of files that a network is worth training on; generated ones alone know no music.
_FEWEST = 4
#: Most windows of bars from all over a piece.
_MOST_CONTRASTS = 60


class LoopMaterial:
    """The known loops of a set of files.

    Parameters
    ----------
    files : sequence of (str, Path)
        Key and path of audio and MIDI files.
    config : LoopDetectorConfig
    tick : callable, optional
        Called after each file.

    Attributes
    ----------
    pieces : dict of str to list of Material
        ``train``, ``val`` and ``test`` to what was read.
    split : dict of str to list of str
        The same to names of files.
    learnt : dict of str to list of arrays (loops, pairs)
        Name of a network to the loops that it learns from, those of a piece in one array.
    generated : dict of str to array (loops, pairs)
        The same to generated loops.
    known : dict of str to dict of str to array (loops, pairs)
        Name of a network to ``audio`` and ``midi`` to the loops that calibrate it.
    held_out : dict of str to array (loops, pairs)
        Name of a network to the loops that validate it.
    contrasts : dict of str to dict of str to array (n, pairs)
        The same to what is no loop, made of the same pieces: ``shuffled``, ``straddling``, ``through``, as far as there
        is some. It tells how well loops are told apart, and is never learnt from.
    notes, left_out : list of str
        What the user has to know, and a line for each file that was left out.

    Raises
    ------
    ConfigError
        No network has loops to learn from; the message says why.
    """

    def __init__(
        self, files: Sequence[tuple[str, Path]], config: LoopDetectorConfig, tick: Callable[[], None] = lambda: None
    ) -> None:
        self.config, self.kind = config, cast(Kind, config.feature)
        self.notes: list[str] = []
        self.left_out: list[str] = []
        self.sounds: dict[str, str] = {}
        self.pieces: dict[str, list[Material]] = {side: [] for side in SPLITS}
        self.split: dict[str, list[str]] = {side: [] for side in SPLITS}
        self._heard: dict[str, list[Material]] = {side: [] for side in SPLITS}
        has_audio = any(not _is_midi(path) for _, path in files)
        for key, path in files:
            try:
                self._add(key, path, has_audio=has_audio)
            except InputError as error:
                self.left_out.append(f"{error.path or path}: {error.message}; left out")
            tick()
        if not self.split["val"]:
            self.split["val"], self.pieces["val"] = self.split["train"], self.pieces["train"]
            self.notes.append("no family fell into val: calibrated on what was learnt; name some with --val-songs")
        self._collect(len(files))

    def _add(self, key: str, path: Path, *, has_audio: bool) -> None:
        family = family_of(key, self.config.family)
        side = assign(
            family, parsed(self.config, "split"), *(parsed(self.config, n) for n in ("val_songs", "test_songs"))
        )
        score: Score | None = None
        if _is_midi(path):
            material, score = read_notes(key, path, family)
        else:
            material = read_sound(key, path, family, self.kind)
        if material.sound in self.sounds.values():
            raise InputError("sounds as another file does", path)
        if material.whole and len(material) == 1:
            raise InputError("is a loop of one bar, which tells nothing of how bars differ", path)
        if not any(len(material.loops(bars)) for bars in LENGTHS):
            raise InputError(
                f"has no loop among its {len(material)} bars: none come again at once and repeat a shorter phrase", path
            )
        self.sounds[key] = material.sound
        self.pieces[side].append(material)
        self.split[side].append(key)
        # A network of audio may learn from notes as they sound; what it is judged by is recorded.
        if score is not None and has_audio and self.config.hear_midi and side == "train":
            self._heard[side].append(hear_notes(material, score, self.kind, self.config.seed))

    def _collect(self, files: int) -> None:
        """Make what each network learns from and is judged by."""
        config = self.config
        self.learnt: dict[str, Loops] = {}
        self.generated: dict[str, np.ndarray] = {}
        self.known: dict[str, dict[str, np.ndarray]] = {}
        self.held_out: dict[str, np.ndarray] = {}
        self.contrasts: dict[str, dict[str, np.ndarray]] = {}
        domains = DOMAINS if config.networks == "each" else (cast(Domain, config.networks),)
        counts: Counter[str] = Counter()
        for domain in domains:
            for bars in LENGTHS:
                learnt = self._loops("train", domain, bars)
                judged = self._loops("val", domain, bars) or learnt
                if sum(map(len, learnt)) < _FEWEST:
                    continue
                name = network_name(domain, bars)
                if domain == "audio":
                    learnt = learnt + self._of(self._heard["train"], domain, bars)
                self.learnt[name], self.held_out[name] = learnt, _evenly(judged, 16 * config.calibration_loops)
                counts[name] = sum(map(len, learnt))
                self.known[name] = self._known(domain, bars, learnt)
                self.generated[name] = self._generated(domain, bars)
                self.contrasts[name] = self._contrasts(domain, bars)
        if not self.learnt:
            why = f"; {self.left_out[0]}" if self.left_out else ""
            train = len(self.split["train"])
            raise ConfigError(
                f"too few loops to learn from: {train} of {files} files are for training, and they have not {_FEWEST} "
                f"loops of one length in audio or in MIDI{why}"
            )
        self.notes += [f"{count:,} different loops for {name}" for name, count in counts.items()]

    def _known(self, domain: Domain, bars: int, learnt: Loops) -> dict[str, np.ndarray]:
        """Return the loops whose scores tell threshold and percentiles, by domain."""
        most = self.config.calibration_loops
        if self.config.threshold == "training":
            return {domain: _evenly(learnt, most)}
        held_out = {str(one): self._loops("val", one, bars) for one in DOMAINS}
        found = {one: _evenly(loops, most) for one, loops in held_out.items() if loops}
        return found or {domain: _evenly(learnt, most)}

    def _generated(self, domain: Domain, bars: int) -> np.ndarray:
        config = self.config
        if not config.pattern_share:
            return np.zeros((0, bars * (bars - 1) // 2), np.float32)
        if domain == "midi":
            return generated_notes(config.patterns, bars, self.kind, config.seed)
        return generated_sound(min(config.rendered, config.patterns), bars, self.kind, config.seed)

    def _contrasts(self, domain: Domain, bars: int) -> dict[str, np.ndarray]:
        made: dict[str, list[np.ndarray]] = {}
        for piece in self.pieces["val"]:
            if piece.domain == domain and len(loops := piece.loops(bars)):
                random = np.random.default_rng(item_seed(self.config.seed, "contrasts", piece.name, bars))
                loops = loops[distinct(piece.correlate(loops, self.kind))]
                for kind, windows in contrasts_of(piece, loops, random).items():
                    made.setdefault(kind, []).append(piece.correlate(windows, self.kind))
        found = {kind: np.concatenate(parts) for kind, parts in made.items()}
        return {kind: rows for kind, rows in found.items() if len(rows)}

    def _loops(self, side: str, domain: Domain, bars: int) -> Loops:
        return self._of(self.pieces[side], domain, bars)

    def _of(self, pieces: Sequence[Material], domain: Domain, bars: int) -> Loops:
        """Return the different loops of each piece that has some."""
        made = []
        for piece in pieces:
            if piece.domain == domain and len(windows := piece.loops(bars)):
                correlations = piece.correlate(windows, self.kind)
                made.append(correlations[distinct(correlations)])
        return made

    def describe(self) -> dict[str, object]:
        """Return what a resumed run must find again, and what the model is to be opened with."""
        loops = {name: {domain: len(rows) for domain, rows in known.items()} for name, known in self.known.items()}
        return {"songs": self.split, "sounds": self.sounds, "known_loops": loops}


def contrasts_of(piece: Material, loops: np.ndarray, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Return windows of a piece that are no loops, by kind, made of its loops (n, bars); about as many of each."""
    bars, count = loops.shape[1], min(_MOST_CONTRASTS, max(1, len(loops)))
    return {
        "shuffled": shuffled(piece.likeness, loops, random),
        "straddling": straddling(piece.likeness, loops, random),
        "through": through_composed(piece.likeness, piece.usable, bars, count, random),
    }


def _is_midi(path: Path) -> bool:
    return path.name.lower().endswith(MIDI_SUFFIXES)


def _evenly(loops: Loops, most: int) -> np.ndarray:
    """Return up to `most` loops, as many of each piece as of the others, as far as it has them."""
    if not loops:
        return np.zeros((0, 0), np.float32)
    # The first of all pieces, then the second of all, and so on, spread over each piece.
    spread = [piece[np.argsort(np.arange(len(piece)) * 0.6180339887 % 1, kind="stable")] for piece in loops]
    rounds = [piece[place] for place in range(max(map(len, spread))) for piece in spread if place < len(piece)]
    return np.stack(rounds[:most])
