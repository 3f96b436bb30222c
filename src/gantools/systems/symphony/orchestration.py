"""Which instrument a part is for: what the network says at each of its notes, on the mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from gantools.symbolic.mmr.rows import encode
from gantools.symbolic.mmr.score import DRUMS, MOST_TRACKS, GridScore
from gantools.symbolic.mmr.vocabulary import TRACK
from gantools.systems.symphony.choosing import Draw, choose
from gantools.systems.symphony.networks import SymphonyNet
from gantools.systems.symphony.windows import cut_window, piece_of, places_of, spread_numbers, with_tracks


@dataclass(frozen=True, eq=False)
class Votes:
    """What a network says of the instruments of tracks.

    Attributes
    ----------
    sums : float64 array (41, 130)
        Of log probabilities by track, from 1, and instrument, from 1.
    counts : int64 array (41,)
        Rows that they are from.
    """

    sums: np.ndarray
    counts: np.ndarray

    def chances(self, track: int, allowed: Sequence[int] | None = None) -> np.ndarray:
        """Return the probability of each program of a track, float64 (129,), on the geometric mean over its notes."""
        means = self.sums[track, 1:] / max(1, int(self.counts[track]))
        if allowed is not None:
            kept = np.zeros(DRUMS + 1, bool)
            kept[list(allowed)] = True
            means = np.where(kept, means, -np.inf)
        chances = np.exp(means - means.max())
        return np.asarray(chances / chances.sum())

    def pick(self, track: int, allowed: Sequence[int] | None, top_p: float, uniform: float) -> int:
        """Return a program of a track: the most probable one, or one of the nucleus."""
        chances = self.chances(track, allowed)
        draw = Draw(1.0 if top_p else 0.0, top_p or 1.0)
        return choose(np.log(np.maximum(chances, 1e-300)), chances > 0, draw, uniform)


@torch.inference_mode()
def hear_tracks(network: SymphonyNet, score: GridScore) -> Votes:
    """Return what a network says of the instruments of a piece; those that the piece names are never looked at.

    Long pieces go through in windows of as many rows as the network learned from. Of all windows but the first one only
    the second half counts, so that each row is read behind at least half a window.
    """
    vocabulary, config = network.vocabulary, network.config
    device, words = network.norm.weight.device, network.words()
    numbers = spread_numbers(len(score.programs))
    piece = piece_of("", with_tracks(encode(score, vocabulary, network.merges), numbers), vocabulary)
    aligned = config.instrument_head == "aligned"
    sums, counts = np.zeros((MOST_TRACKS + 1, DRUMS + 2)), np.zeros(MOST_TRACKS + 1, np.int64)
    done, bar = 0, 0
    while bar < len(piece.bars) and done < len(piece.rows):
        rows = cut_window(piece, bar, config.context, vocabulary)
        taken = min(config.context, len(piece.rows) - int(piece.bars[bar]))
        # Where each row lies in the piece; the window's own head comes before.
        index = int(piece.bars[bar]) + np.arange(len(rows)) - (len(rows) - taken)
        places = places_of(rows[None], words, config.recall)
        told, at = (torch.from_numpy(np.asarray(x, np.int64)).to(device) for x in (rows[None], places))
        hidden, _ = network.hidden(told, at)
        logits = torch.log_softmax(network.heads["instrument"](hidden).float(), 2)[0].double().cpu().numpy()
        tracks = rows[:, TRACK].astype(np.int64)
        own = np.flatnonzero((tracks > 0) & (index >= done))
        np.add.at(sums, tracks[own], logits[own if aligned else own - 1])
        np.add.at(counts, tracks[own], 1)
        done = int(index[-1]) + 1
        bar = int(np.searchsorted(piece.bars, done - config.context // 2, side="right")) - 1
        if int(piece.bars[bar]) + config.context <= done:
            # A bar of more rows than a window: what is behind its first ones is not heard.
            bar = int(np.searchsorted(piece.bars, done, side="left"))
            done = int(piece.bars[bar]) if bar < len(piece.bars) else done
    # Told by the tracks of the piece again.
    return Votes(sums[[0, *numbers]], counts[[0, *numbers]])
