#!/usr/bin/env python3
"""Measure a loop detector on real loops of families that it never saw, beside what no training needs.

    python benchmarks/loopdetector_table.py MATERIAL --model FOLDER [--transfer FOLDER ...] [--write docs/loops.md]

MATERIAL is what the models were trained on; held out is what their own split puts in test. Of each piece the loops are
its windows that come again at once and consist of a shorter phrase, thinned to those that differ; a file that is a loop
is one. What is no loop is made of the same pieces: `gantools.structure.loops.contrasts`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantools.chunks.splits import assign
from gantools.errors import InputError
from gantools.models.folder import read_model, trained_with
from gantools.options import parsed
from gantools.runtime.seeds import item_seed
from gantools.structure.loops.correlation import Kind
from gantools.structure.loops.detector import CENTRE_LEAST, DOMAINS, Domain, LoopDetector, one_sigma, open_detector
from gantools.structure.loops.repeats import distinct, repeating
from gantools.symbolic.endings import MIDI_SUFFIXES
from gantools.systems.loopdetector.config import LENGTHS, LoopDetectorConfig
from gantools.systems.loopdetector.data import contrasts_of
from gantools.systems.loopdetector.material import Material, family_of, read_notes, read_sound
from gantools.systems.loopdetector.objective import area

CONTRASTS = ("shuffled", "straddling", "through")
KINDS = ("loops", "repeats", *CONTRASTS)
#: Where the table stands in a page.
BEGIN, END = "<!-- loop detector: begin -->", "<!-- loop detector: end -->"

Scorer = Callable[[Material, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Examples:
    """Windows of one piece, kind -> numbers of bars (n, bars)."""

    piece: Material
    windows: dict[str, np.ndarray]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("material", type=Path)
    parser.add_argument("--model", type=Path, help="by default the detector that ships")
    parser.add_argument("--transfer", type=Path, nargs="*", default=[], help="models that learnt from audio alone")
    parser.add_argument("--write", type=Path, help="page to write the tables into, between its two marks")
    arguments = parser.parse_args()
    detector = open_detector(arguments.model)
    config = config_of(detector)
    held_out = {side: read(arguments.material, config, side) for side in ("val", "test")}
    lines = ["What is held out: " + ", ".join(described(held_out["test"])) + ".", ""]
    lines += table(detector, held_out["test"])
    lines += ["", *collapse(detector, held_out["test"])]
    for folder in arguments.transfer:
        other = open_detector(folder)
        if other.kind != detector.kind:
            held = {side: read(arguments.material, config_of(other), side, midi_only=True) for side in held_out}
        else:
            held = held_out
        lines += ["", *transfer(other, held)]
    print("\n".join(lines))
    if arguments.write:
        text = arguments.write.read_text(encoding="utf-8")
        head, rest = text.split(BEGIN, 1)
        tail = rest.split(END, 1)[1]
        arguments.write.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{tail}", encoding="utf-8")


def config_of(detector: LoopDetector) -> LoopDetectorConfig:
    """Return what a detector was trained with."""
    assert detector.folder is not None
    return trained_with(LoopDetectorConfig, read_model(detector.folder, "loopdetector"), detector.folder)


def read(folder: Path, config: LoopDetectorConfig, side: str, *, midi_only: bool = False) -> list[Material]:
    """Return the pieces of a side of the split."""
    found: list[Material] = []
    kind: Kind = "paper" if config.feature == "paper" else "grid"
    for path in files_below(folder):
        key = path.relative_to(folder).as_posix()
        family, is_midi = family_of(key, config.family), path.name.lower().endswith(MIDI_SUFFIXES)
        names = (parsed(config, "val_songs"), parsed(config, "test_songs"))
        if assign(family, parsed(config, "split"), *names) != side or (midi_only and not is_midi):
            continue
        try:
            piece = read_notes(key, path, family)[0] if is_midi else read_sound(key, path, family, kind)
        except InputError:
            continue
        if piece.sound not in {other.sound for other in found}:
            found.append(piece)
    return found


def files_below(folder: Path) -> list[Path]:
    """Return all files below a folder, also in folders that are links."""
    return sorted(Path(root) / name for root, _, names in os.walk(folder, followlinks=True) for name in names)


def described(pieces: Iterable[Material]) -> list[str]:
    """Return what the pieces are, for the head of the table."""
    pieces = list(pieces)
    audio = [piece for piece in pieces if piece.domain == "audio"]
    loops = [piece for piece in audio if piece.whole and len(piece) > 1]
    families = sorted({piece.family for piece in audio})
    return [
        f"{len(loops)} audio loops of 2 bars and more",
        f"{len([piece for piece in audio if not piece.whole])} stems and mixes of songs ({', '.join(families)})",
        f"{len([piece for piece in pieces if piece.domain == 'midi'])} pieces of MIDI",
    ]


def examples(pieces: Iterable[Material], domain: Domain, bars: int) -> list[Examples]:
    """Return loops and what is none of all pieces of a domain."""
    made = []
    for piece in pieces:
        if piece.domain != domain:
            continue
        random = np.random.default_rng(item_seed(0, "contrasts", piece.name, bars))
        loops = thinned(piece, piece.loops(bars))
        starts = np.zeros(0, np.int64) if piece.whole else repeating(piece.likeness, piece.usable, bars)
        windows = {"loops": loops, "repeats": thinned(piece, starts[:, None] + np.arange(bars))}
        made.append(Examples(piece, windows | contrasts_of(piece, loops, random)))
    return made


def thinned(piece: Material, windows: np.ndarray) -> np.ndarray:
    """Return windows that differ from each other."""
    return windows[distinct(piece.correlate(windows, "grid" if piece.domain == "midi" else _kind(piece)))]


def _kind(piece: Material) -> Kind:
    return "paper" if piece.features.shape[1] == 128 else "grid"


def score(found: list[Examples], scorer: Scorer) -> dict[str, np.ndarray]:
    """Return the scores of all windows by kind."""
    made: dict[str, list[np.ndarray]] = {kind: [np.zeros(0)] for kind in KINDS}
    for example in found:
        for kind, windows in example.windows.items():
            if len(windows):
                made[kind].append(scorer(example.piece, windows))
    return {kind: np.concatenate(parts) for kind, parts in made.items()}


def by_detector(detector: LoopDetector, bars: int) -> Scorer:
    """Return a scorer by a detector."""
    return lambda piece, windows: detector.scores(piece.correlate(windows, detector.kind), bars, piece.domain)


def by_mean(piece: Material, windows: np.ndarray) -> np.ndarray:
    """Score by how unlike all bars are."""
    return 1 - piece.correlate(windows, _kind(piece)).mean(axis=1)


def by_bookend(piece: Material, windows: np.ndarray) -> np.ndarray:
    """Score by how unlike the first bar and the one behind the last are; of a file that is a loop they are the same."""
    after = windows[:, -1] + 1
    inside = after < len(piece)
    made = np.ones(len(windows))
    made[inside] = 1 - piece.likeness[windows[inside, 0], after[inside]]
    if piece.whole:
        made = 1 - piece.likeness[windows[:, 0], (windows[:, -1] + 1) % len(piece)]
    return np.asarray(made)


def table(detector: LoopDetector, pieces: list[Material]) -> list[str]:
    """Return the main table as lines of Markdown."""
    lines = [
        "| domain | bars | loops (pieces) | method | AUC shuffled | straddling | through-composed | "
        "loops accepted, by piece (window) | "
        "all repeats | shuffled | straddling | through-composed |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for domain in DOMAINS:
        for bars in LENGTHS:
            found = examples(pieces, domain, bars)
            with_loops = sum(bool(len(example.windows["loops"])) for example in found)
            limit = detector.threshold(bars, domain)
            for method, scorer in (
                ("detector", by_detector(detector, bars)),
                ("mean", by_mean),
                ("bookend", by_bookend),
            ):
                scores = score(found, scorer)
                auc = [figure(area(scores["loops"], scores[kind]), len(scores[kind])) for kind in CONTRASTS]
                accepted = [share(scores[kind], limit) if method == "detector" else "" for kind in KINDS]
                if method == "detector":
                    accepted[0] = f"{by_piece(found, scorer, limit)} ({accepted[0]})"
                head = f"{len(scores['loops'])} ({with_loops})" if method == "detector" else ""
                first = [domain, str(bars), head] if method == "detector" else ["", "", ""]
                lines.append("| " + " | ".join([*first, method, *auc, *accepted]) + " |")
    return lines


def figure(value: float, count: int) -> str:
    """Return an AUC, and of how few examples where they are few."""
    if not count:
        return "-"
    return f"{value:.3f}" + (f" (of {count})" if count < 20 else "")


def share(scores: np.ndarray, limit: float) -> str:
    """Return the percentage of scores up to a threshold."""
    return f"{100 * np.mean(scores <= limit):.0f} %" if len(scores) else "-"


def by_piece(found: list[Examples], scorer: Scorer, limit: float) -> str:
    """Return the percentage of loops up to a threshold, of each piece, and of these the mean."""
    pieces = [example for example in found if len(example.windows["loops"])]
    shares = [np.mean(scorer(example.piece, example.windows["loops"]) <= limit) for example in pieces]
    return f"{100 * np.mean(shares):.0f} %" if shares else "-"


def collapse(detector: LoopDetector, pieces: list[Material]) -> list[str]:
    """Return whether each network tells phrases apart, as lines of Markdown."""
    lines = ["| network | different scores | p95 / p5 | least coordinate of the centre |", "|---|---|---|---|"]
    for name, network in detector.networks.items():
        domain: Domain = "audio" if name.startswith("audio") else "midi"
        bars = int(name.rpartition("_")[2])
        rows = [
            example.piece.correlate(windows, detector.kind)
            for example in examples(pieces, domain, bars)
            for windows in example.windows.values()
        ]
        different = np.unique(np.concatenate(rows), axis=0)
        scores = network.scores(different)
        low, high = np.percentile(scores, [5, 95])
        least = float(np.abs(network.centre).min())
        assert least >= CENTRE_LEAST * 0.999
        lines.append(
            f"| {name} | {100 * len(np.unique(scores)) / len(scores):.1f} % | {high / low:,.0f} | {least:.2f} |"
        )
    return lines


def transfer(detector: LoopDetector, held_out: dict[str, list[Material]]) -> list[str]:
    """Return how networks of audio judge MIDI, before and after their threshold is calibrated on MIDI."""
    lines = [
        f"Networks of audio that judge MIDI, features `{detector.kind}`:",
        "",
        "| bars | AUC shuffled | straddling | through-composed | accepted by the threshold of audio | calibrated |",
        "|---|---|---|---|---|---|",
    ]
    for bars in detector.lengths:
        scorer = by_detector(detector, bars)
        scores = score(examples(held_out["test"], "midi", bars), scorer)
        known = score(examples(held_out["val"], "midi", bars), scorer)["loops"]
        auc = [figure(area(scores["loops"], scores[kind]), len(scores[kind])) for kind in CONTRASTS]
        before, after = detector.threshold(bars, "midi"), one_sigma(known) if len(known) else float("nan")
        accepted = [share(scores["loops"], limit) for limit in (before, after)]
        lines.append("| " + " | ".join([str(bars), *auc, *accepted]) + " |")
    return lines


if __name__ == "__main__":
    main()
