"""The network of SymphonyNet on REMI tokens (MidiTok) in place of its rows, for the table of `make symphony`.

    python examples/symphony_remi.py TRAINING HELD_OUT -o FOLDER --budget 60m --val-songs a,b

The same layers (width, number, heads, chunked linear attention), pieces, transposition, optimiser, tokens a step and
time. What is compared is bits a note: the nats of all tokens of the held-out pieces, over the notes that they have on
the grid of the rows, each window behind nothing but itself.

REMI (Huang and Yang 2020) is one stream of bar, position, program, pitch, velocity and duration, four to five tokens a
note. It does not say which of two parts of one instrument a note is in, nor notes beyond twelve quarters, nor chords;
positions are 24 a quarter as in the rows. The rows tell chords and parts, and not the program of a note: that is their
joint task, whose nats are in no bits. The bits of each kind of token are printed, so that programs can be left out.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import miditok
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.chunks.splits import assign
from gantools.models.weights import open_network
from gantools.options import parsed
from gantools.runtime.seeds import item_seed
from gantools.symbolic.midi import read_midi
from gantools.symbolic.mmr.score import on_grid
from gantools.symbolic.mmr.vocabulary import METERS
from gantools.systems.symphony.config import PRESETS, SymphonyConfig
from gantools.systems.symphony.networks import Layer
from gantools.systems.symphony.objective import warmed_up
from gantools.training.loop import train
from gantools.training.system import Phase, Step, System, adam

PAD, BOS = 0, 1
_LONGEST_QUARTERS = 12
#: Pitches that MidiTok can be given, of MIDI's 128.
_PITCHES = 127
_BLOCK = 8
Tensors = dict[str, torch.Tensor]


def build_tokenizer() -> Any:
    """Return REMI with the grid, meters, tempi and velocities of the rows."""
    meters: dict[int, list[int]] = {}
    for numerator, denominator in METERS:
        meters.setdefault(denominator, []).append(numerator)
    config = miditok.TokenizerConfig(
        special_tokens=["PAD", "BOS"], pitch_range=(0, _PITCHES), beat_res={(0, _LONGEST_QUARTERS): 24},
        num_velocities=8, use_programs=True, use_tempos=True, num_tempos=32, tempo_range=(24, 400), log_tempos=True,
        use_time_signatures=True, time_signature_range=meters,
    )  # fmt: skip
    return miditok.REMI(config)


@dataclass(frozen=True, eq=False)
class Tokens:
    """A piece as tokens, where its bars begin, and how many notes it has on the grid of the rows."""

    name: str
    ids: np.ndarray
    bars: np.ndarray
    notes: int


class Kinds:
    """What the tokens of a vocabulary are.

    Attributes
    ----------
    names : list of str
        Position, Pitch and so on.
    of : int64 array (tokens,)
        The kind of each token.
    pitch : range
        Tokens of pitches, drums left out, in their order.
    """

    def __init__(self, tokenizer: Any) -> None:
        words = sorted(tokenizer.vocab, key=tokenizer.vocab.get)
        kinds = [word.split("_")[0] for word in words]
        self.names = sorted(set(kinds))
        self.of = np.array([self.names.index(kind) for kind in kinds])
        self.bar = np.array([kind == "Bar" for kind in kinds])
        first = words.index("Pitch_0")
        self.pitch = range(first, first + _PITCHES)
        assert words[self.pitch[-1]] == f"Pitch_{_PITCHES - 1}"


def read_tokens(folder: Path, tokenizer: Any, kinds: Kinds) -> list[Tokens]:
    """Return all pieces of a folder."""
    found = []
    for path in sorted(folder.glob("*.mid")):
        ids = np.array(tokenizer(path).ids, np.int64)
        notes = len(on_grid(read_midi(path), 24).notes)
        found.append(Tokens(path.stem, ids, np.flatnonzero(kinds.bar[ids]), notes))
    return found


def moved(ids: np.ndarray, semitones: int, kinds: Kinds) -> np.ndarray:
    """Return tokens so many semitones higher; those with a pitch that would leave MIDI's range stay."""
    pitched = (ids >= kinds.pitch[0]) & (ids <= kinds.pitch[-1])
    shifted = ids[pitched] + semitones
    if len(shifted) and not kinds.pitch[0] <= shifted.min() <= shifted.max() <= kinds.pitch[-1]:
        return ids
    ids = ids.copy()
    ids[pitched] = shifted
    return ids


def windows_of(piece: Tokens, context: int) -> np.ndarray:
    """Return a piece in windows (n, context + 1) behind BOS, of whole bars as far as they go, zeros behind them."""
    found, start = [], 0
    while start < len(piece.ids):
        end = min(start + context, len(piece.ids))
        bars = piece.bars[(piece.bars > start) & (piece.bars <= end)]
        if end < len(piece.ids) and len(bars):
            end = int(bars[-1])
        window = np.full(context + 1, PAD)
        window[0], window[1 : 1 + end - start] = BOS, piece.ids[start:end]
        found.append(window)
        start = end
    return np.stack(found)


class RemiNet(nn.Module):
    """The layers of SymphonyNet between tokens with their places in a window, and the next token."""

    def __init__(self, config: SymphonyConfig, size: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(size, config.width)
        self.places = nn.Embedding(config.context + 1, config.width)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width, eps=1e-6)
        self.head = nn.Linear(config.width, size, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                outer = name.startswith(("tokens", "places"))
                nn.init.normal_(parameter, std=config.width**-0.5 if outer else 0.02)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the logits of the token behind each of some (batch, n), (batch, n, tokens)."""
        x = self.tokens(tokens) + self.places.weight[: tokens.shape[1]]
        for layer in self.layers:
            x, _ = layer(x)
        logits: torch.Tensor = self.head(self.norm(x)).float()
        return logits


class Remi(System):
    """That network as a system for the training loop."""

    name = "symphony-remi"
    config: SymphonyConfig

    def __init__(self, config: SymphonyConfig, pieces: Sequence[Tokens], kinds: Kinds) -> None:
        self.config, self.kinds, self.device = config, kinds, torch.device("cpu")
        shares, val = parsed(config, "split"), parsed(config, "val_songs")
        sides = {piece.name: assign(piece.name, shares, val, []) for piece in pieces}
        self.pieces = [piece for piece in pieces if sides[piece.name] == "train"]
        self.val = [piece for piece in pieces if sides[piece.name] == "val"] or self.pieces[:1]
        self.songs = {"train": [p.name for p in self.pieces], "val": [p.name for p in self.val], "test": []}
        self.data = {"songs": self.songs}
        self._ends = np.cumsum([len(piece.ids) for piece in self.pieces])
        torch.manual_seed(item_seed(config.seed, "weights"))
        self.networks = {"decoder": RemiNet(config, len(kinds.of))}
        self.ema_networks = ("decoder",)
        optimizer = adam(config.lr, (0.9, 0.98), config.weight_decay)
        self.phases = (
            Phase("decoder", ("decoder",), optimizer, warmed_up(config.warmup_steps), clip_norm=config.clip_norm),
        )

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return ``tokens`` (items, context + 1), from any bar of any piece on."""
        return {"tokens": torch.from_numpy(np.stack([self._window(step, item) for item in items]))}

    def _window(self, step: int, item: int) -> np.ndarray:
        random = np.random.default_rng(item_seed(self.config.seed, "window", step, item))
        piece = self.pieces[int(np.searchsorted(self._ends, int(random.integers(self._ends[-1])), "right"))]
        start = int(piece.bars[random.integers(len(piece.bars))])
        part = piece.ids[start : start + self.config.context]
        if most := self.config.transpose:
            part = moved(part, int(random.integers(-most, most)), self.kinds)
        window = np.full(self.config.context + 1, PAD)
        window[0], window[1 : 1 + len(part)] = BOS, part
        return window

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the mean nats of a token."""
        tokens = batch["tokens"]
        logits = self.networks["decoder"](tokens[:, :-1])
        loss = functional.cross_entropy(logits.transpose(1, 2), tokens[:, 1:], ignore_index=PAD)
        return loss, {"nats": loss.detach()}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return bits a token of the first windows of pieces that are not trained on."""
        size, context = self.config.validation_windows, self.config.context
        windows = np.concatenate([windows_of(piece, context)[: -(-size // len(self.val))] for piece in self.val])
        nats = float(nats_of(networks["decoder"], windows, self.kinds).sum())
        return {"score": nats / math.log(2) / int((windows[:, 1:] != PAD).sum())}


@torch.no_grad()
def nats_of(network: nn.Module, windows: np.ndarray, kinds: Kinds) -> np.ndarray:
    """Return the nats of all tokens of windows by their kinds, float64 (kinds,)."""
    found = np.zeros(len(kinds.names))
    for start in range(0, len(windows), _BLOCK):
        tokens = torch.from_numpy(windows[start : start + _BLOCK])
        target = tokens[:, 1:]
        nats = functional.cross_entropy(network(tokens[:, :-1]).transpose(1, 2), target, reduction="none")
        told = target != PAD
        np.add.at(found, kinds.of[target[told].numpy()], nats[told].double().numpy())
    return found


def judge(network: nn.Module, pieces: Sequence[Tokens], context: int, kinds: Kinds) -> dict[str, Any]:
    """Return bits a note of pieces, of all tokens and by their kinds, and how many tokens a note takes."""
    nats = sum((nats_of(network, windows_of(piece, context), kinds) for piece in pieces), np.zeros(len(kinds.names)))
    notes = sum(piece.notes for piece in pieces)
    bits = dict(zip(kinds.names, (nats / math.log(2) / notes).tolist(), strict=True))
    tokens = sum(len(piece.ids) for piece in pieces) / notes
    told = {f"bits_{name.lower()}": value for name, value in bits.items() if value}
    return {"bits": sum(bits.values()), **told, "tokens_a_note": tokens, "notes": notes}


def main() -> None:
    """Train, and print the figures of the held-out pieces as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("training", type=Path)
    parser.add_argument("held_out", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--budget", default="", help="such as 60m")
    parser.add_argument("--steps", type=int, default=PRESETS["small"].steps)
    parser.add_argument("--val-songs", default="")
    options = parser.parse_args()
    config = replace(
        PRESETS["small"], budget=options.budget, steps=options.steps, split="100/0/0", val_songs=options.val_songs,
        threads=1,
    )  # fmt: skip
    torch.set_num_threads(1)
    tokenizer = build_tokenizer()
    kinds = Kinds(tokenizer)
    system = Remi(config, read_tokens(options.training, tokenizer, kinds), kinds)
    train(system, options.out)
    network = open_network(options.out, "decoder", lambda: RemiNet(config, len(kinds.of))).eval()
    print(json.dumps(judge(network, read_tokens(options.held_out, tokenizer, kinds), config.context, kinds)))
    print(f"{sum(p.numel() for p in network.parameters()):,} parameters, {len(kinds.of)} tokens", file=sys.stderr)


if __name__ == "__main__":
    main()
