"""What a model makes of scores: how probable they are, whether their instruments are found, and its learned words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.models.folder import read_model, trained_with
from gantools.models.weights import open_network
from gantools.symbolic.chords import NO_CHORD, TEMPLATES, chord_name
from gantools.symbolic.mmr.grammar import first_fault
from gantools.symbolic.mmr.merges import Merges
from gantools.symbolic.mmr.rows import encode
from gantools.symbolic.mmr.score import DRUMS, GridScore
from gantools.symbolic.mmr.vocabulary import FIELDS, PITCHES
from gantools.systems.symphony.config import SymphonyConfig
from gantools.systems.symphony.networks import SymphonyNet, build_network
from gantools.systems.symphony.objective import Judged
from gantools.systems.symphony.orchestration import hear_tracks
from gantools.systems.symphony.windows import cut_window, piece_of, places_of, spread_numbers, with_tracks

INTERVALS = (
    *("unison", "minor second", "major second", "minor third", "major third", "fourth", "tritone"),
    *("fifth", "minor sixth", "major sixth", "minor seventh", "major seventh"),
)
_FIRST = 12
_BLOCK = 8


class Judge:
    """A trained decoder that reads scores.

    Parameters
    ----------
    folder : Path
    device : str or torch.device

    Raises
    ------
    ModelError
        It is no model of SymphonyNet.
    """

    def __init__(self, folder: Path, device: str | torch.device) -> None:
        config = trained_with(SymphonyConfig, read_model(folder, "symphony"), folder)
        network = open_network(folder, "decoder", lambda: build_network(config)).to(device).eval()
        assert isinstance(network, SymphonyNet)
        self.network, self._merges = network, network.merges

    def judge(self, scores: Sequence[GridScore]) -> dict[str, float]:
        """Return figures of a set: bits a note, nats of each field, and how many instruments are found.

        Pieces go through in windows that follow each other, each behind BOS: nothing is known of what was before.
        """
        judged, words = Judged(self.network), self.network.words()
        windows: list[np.ndarray] = []
        tracks, first, third, valid = 0, 0, 0, 0
        for score in scores:
            rows = encode(score, self.network.vocabulary, self._merges)
            valid += first_fault(rows, words) < 0
            windows += self._windows(with_tracks(rows, spread_numbers(len(score.programs))))
            votes = hear_tracks(self.network, score)
            for track, program in enumerate(score.programs.tolist(), start=1):
                if program != DRUMS and votes.counts[track]:
                    best = np.argsort(-votes.chances(track, range(DRUMS)))[:3].tolist()
                    tracks += 1
                    first += best[0] == program
                    third += program in best
        for start in range(0, len(windows), _BLOCK):
            block = np.stack(windows[start : start + _BLOCK])
            places = torch.from_numpy(places_of(block, words, self.network.config.recall))
            device = self.network.norm.weight.device
            judged.add(torch.from_numpy(block.astype(np.int64)).to(device), places.to(device))
        figures = judged.figures()
        found = {"bits": figures["score"], **{name: v for name, v in figures.items() if name.endswith("_nats")}}
        found["grammatical"] = valid / max(1, len(scores))
        if tracks:
            found |= {"orchestration": first / tracks, "orchestration_top3": third / tracks}
        return found

    def _windows(self, rows: np.ndarray) -> list[np.ndarray]:
        """Return a piece in windows of whole bars as far as they go, (context + 1, 5) each, zeros behind their ends."""
        vocabulary, size = self.network.vocabulary, self.network.config.context + 1
        piece, found, bar = piece_of("", rows, vocabulary), [], 0
        while bar < len(piece.bars):
            window = np.zeros((size, len(FIELDS)), np.uint16)
            part = cut_window(piece, bar, size, vocabulary)[:size]
            end = int(piece.bars[bar]) + size - 3
            after = int(np.searchsorted(piece.bars, end, side="right")) - 1
            if after > bar and end < len(piece.rows):
                # The bar that is not whole belongs to the next window.
                part = part[: len(part) - max(0, int(piece.bars[bar]) + len(part) - 1 - int(piece.bars[after]))]
            window[: len(part)] = part
            found.append(window)
            bar = after if after > bar and end < len(piece.rows) else int(np.searchsorted(piece.bars, end, side="left"))
        return found

    def merges(self) -> dict[str, Any]:
        """Return the learned words as intervals and chords."""
        return named_merges(self._merges)


def named_merges(merges: Merges) -> dict[str, Any]:
    """Return what learned words of pitches are, and how many of those of three pitches and more are common chords.

    Returns
    -------
    dict
        ``count``, ``intervals``, ``chords`` (of three pitch classes and more that one of the eleven chords has, in any
        key) and ``other``; ``common_share``, of the words of three pitches and more; ``names``, how many there are of
        each; ``first``, the pitches and names of those that were learned first.
    """
    named = [(pitches, merge_name(pitches)) for pitches in merges.pitches[PITCHES:]]
    kinds = Counter(kind for _, (kind, _) in named)
    large = [kind for pitches, (kind, _) in named if len(pitches) > 2]
    first = [{"pitches": " ".join(map(str, pitches)), "name": name} for pitches, (_, name) in named[:_FIRST]]
    return {
        "count": len(named),
        "intervals": kinds["interval"],
        "chords": kinds["chord"],
        "other": kinds["other"],
        "common_share": large.count("chord") / len(large) if large else 0.0,
        "names": dict(Counter(name.split(" on ")[0] for _, (_, name) in named).most_common()),
        "first": first,
    }


def merge_name(pitches: Sequence[int]) -> tuple[str, str]:
    """Return whether pitches are an ``interval``, a ``chord`` or ``other``, and their name."""
    classes = sorted({pitch % 12 for pitch in pitches})
    if len(pitches) == 2 or len(classes) < 3:
        steps = (pitches[-1] - pitches[0]) % 12
        octave = "octave" if steps == 0 else INTERVALS[steps]
        return "interval", octave
    table = np.zeros(12, bool)
    table[classes] = True
    # The root of a chord is its lowest pitch where two chords have the same.
    exact = [chord for chord in range(NO_CHORD) if np.array_equal(TEMPLATES[chord] > 0, table)]
    exact.sort(key=lambda chord: chord % 12 != pitches[0] % 12)
    if exact:
        quality = chord_name(exact[0] - exact[0] % 12)[1:] or "major"
        return "chord", f"{quality} on {chord_name(exact[0] % 12)}"
    return "other", "+".join(str(pitch - pitches[0]) for pitch in pitches)


def open_judge(folder: Path, device: str | torch.device) -> Judge:
    """Open a model that judges scores; see `Judge`."""
    return Judge(folder, device)
