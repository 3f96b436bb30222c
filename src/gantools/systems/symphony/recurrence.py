"""The decoder row after row: with linear attention, time and memory of a row do not depend on the rows before it.

A row costs some sixty operations on small matrices, so that their overhead counts as much as their arithmetic. So the
six embeddings are one sum, the heads one product, several pieces go through at a time, and what operations write to,
and how they look at it, is laid out once.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.symbolic.mmr.vocabulary import INSTRUMENT
from gantools.systems.symphony.attention import EPSILON
from gantools.systems.symphony.networks import HEADS, ORDERS, Layer, SymphonyNet
from gantools.systems.symphony.recall import CLASSES, SETS, Recall
from gantools.systems.symphony.windows import row_places

_TOLD = ("event", "duration", "track", "velocity", "order", "measure")
_PLACES = {column: place for place, (_, column) in enumerate(HEADS)}


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
        self.linear, self.heads = config.attention == "linear", config.heads
        self.device = network.norm.weight.device
        words = network.words()
        self._memories = [Recall(words) for _ in range(pieces)] if config.recall else []
        tables = [network.fields[name].weight for name in _TOLD] + [table.weight for table in network.recall.values()]
        self._table = torch.cat(tables).detach()  # type: ignore[arg-type]
        sizes = [len(table) for table in tables]  # type: ignore[arg-type]
        self._offsets = np.array([0, *np.cumsum(sizes)[:-1]])
        if config.recall:
            sets = np.repeat(self._offsets[-len(SETS) :], CLASSES)
            self._offsets = np.append(self._offsets[: -len(SETS)], sets)
        weights = [network.heads[name].weight for name, _ in HEADS]
        self._heads = _Dense(torch.cat(weights), None, pieces)  # type: ignore[arg-type]
        self._edges = np.cumsum([0, *(len(weight) for weight in weights)]).tolist()  # type: ignore[arg-type]
        self._nested = self._tables() if config.head == "nested" else {}
        self._steps = [_Step(layer, pieces) for layer in network.layers] if self.linear else []  # type: ignore[arg-type]
        self._caches: list[torch.Tensor] | None = None

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
        memory = self._memories[piece] if self._memories else None
        places = row_places(rows, network.vocabulary, memory)
        told = torch.from_numpy(np.asarray(rows, np.int64))[None].to(self.device)
        hidden, states = network.hidden(told, torch.from_numpy(places)[None].to(self.device))
        if self.linear:
            for step, state in zip(self._steps, states, strict=True):
                step.state.view(self.pieces, *state.shape[1:])[piece] = state[0]
        else:
            self._caches = states
        return self._told(self._heads(hidden[0, -1:].expand(self.pieces, -1).contiguous()))[0]

    def _told(self, logits: torch.Tensor) -> np.ndarray:
        """Return logits with log probabilities in place of those of the instrument, which nobody draws from."""
        own = logits[:, self._edges[_PLACES[INSTRUMENT]] :]
        own.copy_(torch.log_softmax(own, 1))
        told: np.ndarray = logits.float().cpu().numpy().copy()
        return told

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
        if self._memories:
            recalled = [memory.push(row[None]) for memory, row in zip(self._memories, rows, strict=True)]
            rows = np.concatenate([rows, np.concatenate(recalled)], 1)
        told = torch.from_numpy(rows + self._offsets).to(self.device)
        x = functional.embedding_bag(told, self._table, mode="sum")
        if self.linear:
            for step in self._steps:
                x = step(x)
        else:
            assert self._caches is not None
            x = x[:, None]
            for number, layer in enumerate(self.network.layers):
                x, self._caches[number] = layer(x, self._caches[number])
            x = x[:, 0]
        return self._told(self._heads(self.network.norm(x)))

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
        place = _PLACES[field]
        own = logits[self._edges[place] : self._edges[place + 1]].copy()
        for column, word in told.items():
            if (field, column) in self._nested:
                own += self._nested[field, column][word]
        return own


class _Step:
    """A layer of linear attention that takes in a row of each piece, as `Layer` does with many rows of one.

    Parameters
    ----------
    layer : Layer
    pieces : int

    Attributes
    ----------
    state : tensor (pieces * heads, width of a head, width of a head + 1)
        Sums of the attention, changed in place.
    """

    def __init__(self, layer: Layer, pieces: int) -> None:
        self.before = layer.before
        norms = [norm for norm in layer.norms if isinstance(norm, nn.LayerNorm)]
        self._norms = [(norm.weight.detach(), norm.bias.detach(), norm.eps) for norm in norms]
        heads, width = layer.heads, layer.join.in_features
        head, like = width // heads, layer.join.weight
        # Query, key and value of a head lie side by side, and behind them the one that makes the sum below the line:
        # its weights are 0 and its bias is 1.
        weight = like.new_zeros(heads, 3 * head + 1, width)
        bias = like.new_ones(heads, 3 * head + 1)
        weight[:, :-1] = layer.project.weight.detach().view(3, heads, head, width).transpose(0, 1).flatten(1, 2)
        bias[:, :-1] = layer.project.bias.detach().view(3, heads, head).transpose(0, 1).flatten(1, 2)
        self._project = _Dense(weight.flatten(0, 1), bias.flatten(), pieces)
        self._join, self._widen, self._narrow = (
            _Dense(dense.weight, dense.bias, pieces) for dense in (layer.join, layer.widen, layer.narrow)
        )
        parts = self._project.out.view(pieces * heads, -1)
        self._mapped = parts[:, : 2 * head]
        self._query, self._key = parts[:, None, :head], parts[:, head : 2 * head, None]
        self._value = parts[:, None, 2 * head :]
        self.state = like.new_zeros(pieces * heads, head, head + 1)
        self._sums = like.new_zeros(pieces * heads, 1, head + 1)
        self._above, self._below = self._sums[:, 0, :head], self._sums[:, 0, head:]
        self._mixed = like.new_zeros(pieces * heads, head)
        self._joined = self._mixed.view(pieces, width)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Pass rows (pieces, width) on; they may be changed in place."""
        self._project(self._norm(0, x) if self.before else x)
        functional.elu_(self._mapped).add_(1)
        self.state.addcmul_(self._key, self._value)
        torch.bmm(self._query, self.state, out=self._sums)
        torch.div(self._above, self._below.add_(EPSILON), out=self._mixed)
        x = x.add_(self._join(self._joined))
        x = x if self.before else self._norm(0, x)
        dense = functional.gelu(self._widen(self._norm(1, x) if self.before else x))
        x = x.add_(self._narrow(dense))
        return x if self.before else self._norm(1, x)

    def _norm(self, number: int, x: torch.Tensor) -> torch.Tensor:
        weight, bias, epsilon = self._norms[number]
        return functional.layer_norm(x, weight.shape, weight, bias, epsilon)


class _Dense:
    """A dense layer for a few rows. On a CPU NumPy multiplies, which takes a third of the time that PyTorch does.

    Parameters
    ----------
    weight : tensor (width of results, width)
    bias : tensor (width of results,), optional
    rows : int

    Attributes
    ----------
    out : tensor (rows, width of results)
        What the last call came to; the next one writes over it.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, rows: int) -> None:
        self._weight = weight.detach().T.contiguous()
        self._bias = None if bias is None else bias.detach()
        self.out = weight.new_zeros(rows, len(weight))
        self._arrays = (self._weight.numpy(), self.out.numpy()) if weight.device.type == "cpu" else None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self._arrays is None:
            torch.mm(x, self._weight, out=self.out)
        else:
            weight, out = self._arrays
            np.matmul(x.numpy(), weight, out=out)
        return self.out if self._bias is None else self.out.add_(self._bias)
