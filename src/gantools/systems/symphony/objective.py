"""SymphonyNet as a system for the training loop: the next row, and the instrument of this one, as a joint task."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.runtime.seeds import item_seed
from gantools.symbolic.midi import write_midi
from gantools.symbolic.mmr.grammar import Rules, Words
from gantools.symbolic.mmr.rows import decode, playable
from gantools.symbolic.mmr.score import GridScore, to_midi
from gantools.symbolic.mmr.vocabulary import BOS, DURATION, EVENT, FIELDS, INSTRUMENT, PAD, TRACK, VELOCITY
from gantools.systems.symphony.config import SymphonyConfig
from gantools.systems.symphony.data import Scores, generator
from gantools.systems.symphony.networks import Logits, SymphonyNet, build_network
from gantools.systems.symphony.orchestration import Votes
from gantools.systems.symphony.sampling import MOST_BAR_ROWS, Composer, Request
from gantools.systems.symphony.windows import places_of
from gantools.training.schedule import Schedule
from gantools.training.system import Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]
NAMES = {EVENT: "event", DURATION: "duration", TRACK: "track", VELOCITY: "velocity", INSTRUMENT: "instrument"}
#: Weights of the terms: the instrument is the side task.
WEIGHTS = {EVENT: 1.0, DURATION: 1.0, TRACK: 1.0, VELOCITY: 1.0, INSTRUMENT: 0.5}
_BLOCK = 8
_SHOWN = 4


class Symphony(System):
    """A SymphonyNet on pieces as rows.

    Parameters
    ----------
    config : SymphonyConfig
    scores : Scores
    device : torch.device
    """

    name = "symphony"
    config: SymphonyConfig

    def __init__(self, config: SymphonyConfig, scores: Scores, device: torch.device | str = "cpu") -> None:
        self.config, self.scores, self.device = config, scores, torch.device(device)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(item_seed(config.seed, "weights"))
            network = build_network(config, scores.merges)
        self.networks = {"decoder": network.to(self.device)}
        self.ema_networks = ("decoder",)
        optimizer = adam(config.lr, (0.9, 0.98), config.weight_decay)
        schedule = warmed_up(config.warmup_steps)
        self.phases = (Phase("decoder", ("decoder",), optimizer, schedule, clip_norm=config.clip_norm),)
        self.songs, self.notes, self.left_out = scores.split, scores.notes, scores.left_out
        hashes = {piece.name: piece.hash for pieces in scores.sides.values() for piece in pieces}
        self._words = Words(scores.vocabulary, scores.merges)
        self.data = {"songs": scores.split, "sounds": hashes}
        self._validation: tuple[torch.Tensor, torch.Tensor] | None = None

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return windows, ``rows`` (items, context + 1, 5) and their ``places`` (see `places_of`)."""
        windows = np.stack([self.scores.window(generator(self.config, "window", step, item)) for item in items])
        return self._tensors(windows)

    def _tensors(self, windows: np.ndarray) -> Tensors:
        places = places_of(windows, self._words, self.config.recall)
        return {"rows": torch.from_numpy(windows.astype(np.int64)), "places": torch.from_numpy(places)}

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the sum of the cross-entropies of the fields, in nats, and each of them."""
        rows, places = batch["rows"], batch["places"]
        logits = self.networks["decoder"](rows, places)
        terms = cross_entropies(logits, rows, places, self.config)
        if self.config.loss == "paper":
            # A quarter of all sums over the number of rows, whatever fields they have.
            count = (rows[:, 1:, EVENT] != PAD).sum().clamp(min=1)
            total = sum((sums for sums, _ in terms.values()), rows.new_zeros((), dtype=torch.float32))
            loss = total / 4 / count
        else:
            parts = [WEIGHTS[field] * sums / count.clamp(min=1) for field, (sums, count) in terms.items()]
            loss = torch.stack(parts).sum()
        shown = {NAMES[field]: (sums / count.clamp(min=1)).detach() for field, (sums, count) in terms.items()}
        return loss, shown

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return figures on windows of unseen pieces, the same each time.

        ``score`` is in bits a note: what the event, duration, track and velocity of all rows take together, and is
        comparable between vocabularies. The fields follow in nats for a row that has them; ``orchestration`` is the
        share of tracks of a window whose instrument is found.
        """
        network = networks["decoder"]
        assert isinstance(network, SymphonyNet)
        if self._validation is None:
            draw = [generator(self.config, "validation", n) for n in range(self.config.validation_windows)]
            made = self._tensors(np.stack([self.scores.window(random, "val", vary=False) for random in draw]))
            self._validation = made["rows"], made["places"]
        judged = Judged(network)
        for rows, places in zip(*(part.split(_BLOCK) for part in self._validation), strict=True):
            judged.add(rows.to(self.device), places.to(self.device))
        return judged.figures()

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write some pieces of eight bars as MIDI, and as piano rolls."""
        from gantools.report.pianorolls import score_picture
        from gantools.report.plots import mel_grid, save_png

        network = networks["decoder"]
        assert isinstance(network, SymphonyNet)
        pieces = sketch(network, [item_seed(self.config.seed, "sample", n) for n in range(_SHOWN)])
        folder.mkdir(parents=True, exist_ok=True)
        for number, piece in enumerate(pieces):
            write_midi(folder / f"step-{step:08d}-{number}.mid", to_midi(piece))
        rolls = [[(f"{number}", score_picture(piece))] for number, piece in enumerate(pieces)]
        save_png(mel_grid(rolls), folder / f"step-{step:08d}.png")

    def facts(self) -> dict[str, Any]:
        """Return how many rows there are, and how many merges."""
        rows = {f"{side}_rows": sum(len(p.rows) for p in pieces) for side, pieces in self.scores.sides.items()}
        return {**rows, "merges": len(self.scores.merges)}


def sketch(network: SymphonyNet, seeds: Sequence[int], bars: int = 8) -> list[GridScore]:
    """Return short pieces that begin with nothing, each part with its most probable instrument."""
    composer = Composer(network)
    start = np.zeros((1, len(FIELDS)), np.uint16)
    start[0, EVENT] = BOS
    rules, pieces = Rules(bars, bars, bar_rows=MOST_BAR_ROWS), list[GridScore]()
    for first in range(0, len(seeds), composer.size):
        block = seeds[first : first + composer.size]
        for draft in composer.compose([Request(seed, start, rules) for seed in block]):
            rows = np.array(draft.rows, np.int64)
            votes = Votes(draft.votes, draft.counts)
            for track in np.unique(rows[rows[:, TRACK] > 0, TRACK]).tolist():
                rows[rows[:, TRACK] == track, INSTRUMENT] = votes.pick(track, None, 0.0, 0.0) + 1
            pieces.append(playable(decode(rows, network.vocabulary, network.merges)))
    return pieces


def warmed_up(warmup_steps: int) -> Schedule:
    """Return a schedule that rises in a straight line, and falls to 0 at the end in another."""

    def factor(step: int, total: int) -> float:
        if step < warmup_steps:
            return (step + 1) / (warmup_steps + 1)
        return max(0.0, (total - step) / max(1, total - warmup_steps))

    return factor


def cross_entropies(
    logits: Logits, rows: torch.Tensor, places: torch.Tensor, config: SymphonyConfig
) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
    """Return the sum of the cross-entropies of each field, and over how many rows.

    With the balanced loss the track counts where it is free, at the first note of a block: the others have the same.
    """
    following = rows[:, 1:]
    found = {}
    for field, scores in logits.items():
        if scores.shape[2] < 2:
            continue  # velocities that are not told
        aligned = field == INSTRUMENT and config.instrument_head == "aligned"
        target = (rows[:, :-1] if aligned else following)[..., field]
        valid = target != PAD
        if field == TRACK and config.loss == "balanced":
            valid = valid & first_notes(rows, places)
        nats = functional.cross_entropy(scores.transpose(1, 2), target, reduction="none")
        found[field] = (nats * valid).sum(), valid.sum()
    return found


def first_notes(rows: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Return whether the next row of each is the first note of its track in the bar, bool (batch, rows - 1)."""
    # It follows the first position of the block, whose order is 2.
    return (places[:, :-1, 0] == 2) & (rows[:, 1:, DURATION] > 0)


class Judged:
    """What a network makes of true rows, summed up over windows.

    Parameters
    ----------
    network : SymphonyNet
        In evaluation mode.
    """

    def __init__(self, network: SymphonyNet) -> None:
        self.network = network
        merges = network.merges
        sizes = np.ones(network.vocabulary.events, np.int64)
        sizes[network.vocabulary.merge :][: len(merges)] = [len(p) for p in merges.pitches[128:]]
        self._sizes = torch.from_numpy(sizes)
        self.nats = dict.fromkeys(NAMES, 0.0)
        self.rows = dict.fromkeys(NAMES, 0)
        self.right = dict.fromkeys(NAMES, 0)
        self.notes = 0
        self.tracks, self.first, self.third = 0, 0, 0

    @torch.no_grad()
    def add(self, rows: torch.Tensor, places: torch.Tensor) -> None:
        """Take in windows (batch, row, 5) at positions (batch, row, 2)."""
        network = self.network
        logits = network(rows, places)
        aligned = network.config.instrument_head == "aligned"
        for field, scores in logits.items():
            target = (rows[:, :-1] if field == INSTRUMENT and aligned else rows[:, 1:])[..., field]
            valid = target != PAD
            if field == TRACK:
                valid = valid & first_notes(rows, places)
            nats = functional.cross_entropy(scores.transpose(1, 2), target, reduction="none")
            self.nats[field] += float((nats * valid).sum())
            self.rows[field] += int(valid.sum())
            self.right[field] += int(((scores.argmax(2) == target) & valid).sum())
        # A note that is held on in another row is one.
        length = rows[:, 1:, DURATION]
        note = (length > 0) & (length != network.vocabulary.hold)
        sizes = self._sizes.to(rows.device)
        self.notes += int(sizes[rows[:, 1:, EVENT]][note].sum())
        self._add_tracks(logits[INSTRUMENT], rows[:, :-1] if aligned else rows[:, 1:])

    def _add_tracks(self, logits: torch.Tensor, rows: torch.Tensor) -> None:
        """Count the tracks whose instrument is the most probable one, or among three, on the mean over their notes."""
        scores = torch.log_softmax(logits, 2)
        for window, told in zip(scores, rows, strict=True):
            for track in told[:, TRACK].unique().tolist():
                if track:
                    own = told[:, TRACK] == track
                    instrument = int(told[own, INSTRUMENT].mode().values)
                    best = window[own].mean(0).topk(3).indices.tolist()
                    self.tracks += 1
                    self.first += best[0] == instrument
                    self.third += instrument in best

    def figures(self) -> dict[str, float]:
        """Return what came out of it; see `Symphony.validate`."""
        told = (EVENT, DURATION, TRACK, VELOCITY)
        bits = sum(self.nats[field] for field in told) / math.log(2) / max(1, self.notes)
        figures = {"score": bits}
        figures |= {f"{NAMES[f]}_nats": self.nats[f] / max(1, self.rows[f]) for f in NAMES if self.rows[f]}
        figures["event_accuracy"] = self.right[EVENT] / max(1, self.rows[EVENT])
        figures["orchestration"] = self.first / max(1, self.tracks)
        figures["orchestration_top3"] = self.third / max(1, self.tracks)
        return figures
