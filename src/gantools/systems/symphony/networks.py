"""The decoder of SymphonyNet: rows and positions in, the next row and the instrument of this one out."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from gantools.symbolic.mmr.grammar import MOST_PLACES, Words
from gantools.symbolic.mmr.merges import Merges
from gantools.symbolic.mmr.vocabulary import DURATION, EVENT, INSTRUMENT, TRACK, VELOCITY, Vocabulary
from gantools.systems.symphony.attention import feature_map, in_chunks
from gantools.systems.symphony.config import SymphonyConfig
from gantools.systems.symphony.recall import CLASSES, SETS, TOLD
from gantools.systems.symphony.recall import sizes as sizes_of_recall

_FEED_FORWARD = 4
#: Orders of rows within the bar of a track: those beyond are told as the last one.
ORDERS = 2 * MOST_PLACES + 2
_MOST_MEASURES = 3 * 512 + 1
#: Heads, and the columns of rows that they tell; each nested one is given those before it.
HEADS = (
    ("event", EVENT),
    ("duration", DURATION),
    ("track", TRACK),
    ("velocity", VELOCITY),
    ("instrument", INSTRUMENT),
)
Logits = dict[int, torch.Tensor]
State = list[torch.Tensor]


def vocabulary_of(config: SymphonyConfig) -> Vocabulary:
    """Return the words of rows that a configuration asks for."""
    c = config
    return Vocabulary(c.grid, c.merges, held=c.held, meters=c.meters, tempo=c.tempi, velocity=c.velocity)


class Layer(nn.Module):
    """Attention and two dense layers, each added to what comes in."""

    def __init__(self, config: SymphonyConfig) -> None:
        super().__init__()
        width = config.width
        self.heads, self.before = config.heads, config.layer_norm == "before"
        self.linear = config.attention == "linear"
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.widen = nn.Linear(width, _FEED_FORWARD * width)
        self.narrow = nn.Linear(_FEED_FORWARD * width, width)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: torch.Tensor, state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Pass rows (batch, row, width) on, after those of a state; return the state after them too.

        With linear attention the state is the sum of `gantools.systems.symphony.attention`, with softmax keys and
        values (2, batch, head, rows so far, width of a head).
        """
        mixed, state = self._attend(self.norms[0](x) if self.before else x, state)
        x = x + self.drop(mixed)
        x = x if self.before else self.norms[0](x)
        dense = self.narrow(functional.gelu(self.widen(self.norms[1](x) if self.before else x)))
        x = x + self.drop(dense)
        return (x if self.before else self.norms[1](x)), state

    def _attend(self, x: torch.Tensor, state: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        batch, rows, width = x.shape
        parts = self.project(x).view(batch, rows, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        if self.linear:
            with torch.autocast(x.device.type, enabled=False):
                query, key = feature_map(query.float()), feature_map(key.float())
                mixed, state = in_chunks(query, key, value, state)
            mixed = mixed.to(x.dtype)
        else:
            before = 0
            if state is not None:
                before = state.shape[3]
                key, value = torch.cat([state[0], key], 2), torch.cat([state[1], value], 2)
            mask = torch.ones(rows, before + rows, dtype=torch.bool, device=x.device).tril(before)
            mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
            state = torch.stack([key, value])
        return self.join(mixed.transpose(1, 2).reshape(batch, rows, width)), state


class SymphonyNet(nn.Module):
    """Predicts rows.

    Parameters
    ----------
    config : SymphonyConfig
    merges : Merges, optional
        Merges of pitches that the words stand for; they are saved with the weights. Without them all are empty, until
        weights are loaded.
    """

    pairs: torch.Tensor

    def __init__(self, config: SymphonyConfig, merges: Merges | None = None) -> None:
        super().__init__()
        self.config, self.vocabulary, width = config, vocabulary_of(config), config.width
        sizes = self.vocabulary.sizes
        self.measures = min(3 * (config.context // 2) + 4, _MOST_MEASURES)
        self.fields = nn.ModuleDict(
            {
                "event": nn.Embedding(sizes[EVENT], width),
                "duration": nn.Embedding(sizes[DURATION], width, padding_idx=0),
                "track": nn.Embedding(sizes[TRACK], width, padding_idx=0),
                "velocity": nn.Embedding(sizes[VELOCITY], width, padding_idx=0),
                "order": nn.Embedding(ORDERS, width, padding_idx=0),
                "measure": nn.Embedding(self.measures, width, padding_idx=0),
            }
        )
        self.recall = nn.ModuleDict()
        if config.recall:
            told = (*sizes_of_recall(self.vocabulary), *[CLASSES + 1] * len(SETS))
            tables = zip((*TOLD, *SETS), told, strict=True)
            self.recall.update({name: nn.Embedding(size, width, padding_idx=0) for name, size in tables})
        self.drop = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        # Heads without bias, as in the authors' program.
        self.heads = nn.ModuleDict({name: nn.Linear(width, sizes[field], bias=False) for name, field in HEADS})
        pairs = torch.zeros(config.merges, 2, dtype=torch.int32)
        if merges is not None and len(merges):
            pairs[: len(merges)] = torch.tensor(merges.pairs, dtype=torch.int32)
        self.register_buffer("pairs", pairs)
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=width**-0.5 if name.startswith(("fields", "recall")) else 0.02)
        with torch.no_grad():
            for table in (*list(self.fields.values())[1:], *self.recall.values()):
                assert isinstance(table, nn.Embedding)
                table.weight[0] = 0

    @property
    def merges(self) -> Merges:
        """The merges that are saved with the weights."""
        pairs: list[tuple[int, int]] = self.pairs.tolist()
        return Merges([(a, b) for a, b in pairs if a < b])

    def words(self) -> Words:
        """Return the tables of its words, merges and all."""
        return Words(self.vocabulary, self.merges)

    def embed(self, rows: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """Return what stands for rows (batch, row, 5) at places (see `places_of`); instruments are never looked at."""
        fields = self.fields
        x = fields["event"](rows[..., EVENT]) + fields["duration"](rows[..., DURATION])
        x = x + fields["track"](rows[..., TRACK]) + fields["velocity"](rows[..., VELOCITY])
        x = x + fields["order"](places[..., 0].clamp(max=ORDERS - 1))
        x = x + fields["measure"](self.wrapped(places[..., 1]))
        if self.config.recall:
            tables = list(self.recall.values())
            for column, table in enumerate(tables[: len(TOLD)], start=2):
                x = x + table(places[..., column])
            among = torch.cat([table.weight[1:] for table in tables[len(TOLD) :]])  # type: ignore[index]
            x = x + (places[..., 2 + len(TOLD) :] > 0).to(x.dtype) @ among
        return x

    def wrapped(self, measures: torch.Tensor) -> torch.Tensor:
        """Return measures within the table: 0 stays, all others come round again, by whole bars."""
        return torch.where(measures > 0, 1 + (measures - 1) % ((self.measures - 1) // 3 * 3), 0)

    def hidden(
        self, rows: torch.Tensor, places: torch.Tensor, states: State | None = None
    ) -> tuple[torch.Tensor, State]:
        """Return what is known after each row, (batch, row, width), and the states after the last one."""
        x = self.drop(self.embed(rows, places))
        after = []
        for number, layer in enumerate(self.layers):
            x, state = layer(x, None if states is None else states[number])
            after.append(state)
        return self.norm(x), after

    def logits(self, hidden: torch.Tensor, following: torch.Tensor) -> Logits:
        """Return the logits of the fields by their columns.

        Parameters
        ----------
        hidden : tensor (batch, row, width)
            As `hidden` gives it.
        following : int tensor (batch, row, 5)
            The true next rows, which nested heads are given field by field.

        Returns
        -------
        dict
            Of the next row; of the instrument, with the aligned head, of the row itself.
        """
        found: Logits = {}
        nested, known = self.config.head == "nested", hidden
        for name, column in HEADS[:-1]:
            found[column] = self.heads[name](known).float()
            if nested:
                # What was told of the row is known to the fields after it.
                known = known + self.fields[name](following[..., column])
        found[INSTRUMENT] = self.heads["instrument"](hidden).float()
        return found

    def forward(self, rows: torch.Tensor, places: torch.Tensor) -> Logits:
        """Return the logits of all but the last of some rows; see `logits`."""
        hidden, _ = self.hidden(rows[:, :-1], places[:, :-1])
        return self.logits(hidden, rows[:, 1:])


def build_network(config: SymphonyConfig, merges: Merges | None = None) -> SymphonyNet:
    """Return the untrained network of a configuration."""
    return SymphonyNet(config, merges)
