"""The decoder row after row: with linear attention, time and memory of a row do not depend on the rows before it.

A row costs some fifty operations on small matrices, so that their overhead counts and not their arithmetic: the six
embeddings are one sum, the heads one product, and several pieces go through at a time.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from gantools.symbolic.mmr.rows import positions
from gantools.systems.symphony.attention import EPSILON
from gantools.systems.symphony.networks import HEADS, ORDERS, Layer, SymphonyNet

_TOLD = ("event", "duration", "track", "velocity", "order", "measure")


class Recurrence:
    """Several pieces in a network, a row of each at a time.

    Parameters
    ----------
    network : SymphonyNet
        In evaluation mode.
    pieces : int
        How many; always so many, so that what is made of one does not depend on how many others are wanted. One piece
        for softmax attention, which keeps the keys and values of all rows.
    """

    def __init__(self, network: SymphonyNet, pieces: int) -> None:
        config = network.config
        self.network, self.pieces = network, pieces
        self.linear, self.before = config.attention == "linear", config.layer_norm == "before"
        self.width, self.heads = config.width, config.heads
        self.device = network.norm.weight.device
        tables = [network.fields[name].weight for name in _TOLD]
        self._table = torch.cat(tables).detach()  # type: ignore[arg-type]
        sizes = [len(table) for table in tables]  # type: ignore[arg-type]
        self._offsets = torch.tensor([0, *np.cumsum(sizes)[:-1]], device=self.device)
        weights = [network.heads[name].weight for name, _ in HEADS]
        self._heads = torch.cat(weights).detach()  # type: ignore[arg-type]
        self._edges = np.cumsum([0, *(len(weight) for weight in weights)])  # type: ignore[arg-type]
        self._nested = self._tables() if config.head == "nested" else {}
        head = self.width // self.heads
        self.states = [
            torch.zeros(pieces * self.heads, head, head + 1, device=self.device) for _ in range(config.layers)
        ]
        self._caches: list[torch.Tensor] | None = None
        self._values = torch.ones(pieces * self.heads, 1, head + 1, device=self.device)

    def _tables(self) -> dict[tuple[int, int], np.ndarray]:
        """Return what nested heads add to the logits of a field for the words of another: (field, other) -> table."""
        network, found = self.network, {}
        for place, (name, field) in enumerate(HEADS[1:4], start=1):
            for other, column in HEADS[:place]:
                product = network.fields[other].weight @ network.heads[name].weight.T  # type: ignore[operator, union-attr]
                found[field, column] = product.detach().cpu().numpy()
        return found

    @torch.inference_mode()
    def begin(self, piece: int, rows: np.ndarray) -> np.ndarray:
        """Begin a piece anew with some rows (n, 5), read all at once; return the logits after them, (heads' words,)."""
        network = self.network
        places = positions(rows, network.vocabulary)
        told = torch.from_numpy(np.asarray(rows, np.int64))[None].to(self.device)
        hidden, states = network.hidden(told, torch.from_numpy(places)[None].to(self.device))
        if self.linear:
            own = slice(piece * self.heads, (piece + 1) * self.heads)
            for state, given in zip(self.states, states, strict=True):
                state[own] = given[0]
        else:
            self._caches = states
        logits: np.ndarray = (hidden[0, -1:] @ self._heads.T).float().cpu().numpy()
        return logits[0]

    @torch.inference_mode()
    def step(self, rows: np.ndarray) -> np.ndarray:
        """Take in a row of each piece; return the logits after them, float32 (pieces, words of all heads).

        Parameters
        ----------
        rows : int64 array (pieces, 6)
            Event, duration, track, velocity, order and measure of a row.
        """
        rows[:, 4] = np.minimum(rows[:, 4], ORDERS - 1)
        period = (self.network.measures - 1) // 3 * 3
        rows[:, 5] = np.where(rows[:, 5] > 0, 1 + (rows[:, 5] - 1) % period, 0)
        told = torch.from_numpy(rows).to(self.device) + self._offsets
        x = functional.embedding_bag(told, self._table, mode="sum")
        if self.linear:
            for layer, state in zip(self.network.layers, self.states, strict=True):
                x = self._layer(layer, x, state)  # type: ignore[arg-type]
        else:
            assert self._caches is not None
            x = x[:, None]
            for number, layer in enumerate(self.network.layers):
                x, self._caches[number] = layer(x, self._caches[number])
            x = x[:, 0]
        logits: np.ndarray = functional.linear(self.network.norm(x), self._heads).float().cpu().numpy()
        return logits

    def _layer(self, layer: Layer, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """Pass rows (pieces, width) on through a layer of linear attention; the state is changed in place."""
        width, head = self.width, self.width // self.heads
        parts = layer.project(layer.norms[0](x) if self.before else x)
        mapped = functional.elu(parts[:, : 2 * width]).add_(1).view(self.pieces, 2, self.heads, head)
        self._values[:, 0, :head] = parts[:, 2 * width :].reshape(-1, head)
        query, key = mapped.unbind(1)
        state.baddbmm_(key.reshape(-1, head, 1), self._values)
        sums = torch.bmm(query.reshape(-1, 1, head), state)
        mixed = (sums[:, :, :head] / (sums[:, :, head:] + EPSILON)).view(self.pieces, width)
        x = x + layer.join(mixed)
        x = x if self.before else layer.norms[0](x)
        x = x + layer.narrow(functional.gelu(layer.widen(layer.norms[1](x) if self.before else x)))
        return x if self.before else layer.norms[1](x)

    def of_field(self, logits: np.ndarray, field: int, told: dict[int, int]) -> np.ndarray:
        """Return the logits of a field, a new array, from those of all heads of one piece.

        Parameters
        ----------
        logits : float32 array (words of all heads,)
        field : int
            Its column.
        told : dict
            Column -> word of the fields of the row that are chosen, which nested heads look at.
        """
        place = [column for _, column in HEADS].index(field)
        own = logits[self._edges[place] : self._edges[place + 1]].copy()
        for column, word in told.items():
            if (field, column) in self._nested:
                own += self._nested[field, column][word]
        return own
