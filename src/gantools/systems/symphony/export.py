"""The decoder of symphony for other programs."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from gantools.models.export import Export, Parts, Port
from gantools.models.folder import read_model, trained_with
from gantools.models.weights import open_network
from gantools.systems.symphony.attention import feature_map, quadratic
from gantools.systems.symphony.config import SymphonyConfig
from gantools.systems.symphony.generate_config import SymphonyGenerateConfig
from gantools.systems.symphony.networks import HEADS, ORDERS, Layer, SymphonyNet, build_network
from gantools.systems.symphony.recall import CLASSES, SETS
from gantools.systems.symphony.recall import sizes as sizes_of_recall

#: Columns of a row.
_FIELDS = 5


class Plain(nn.Module):
    """The decoder over a stretch of rows, its attention by the definition, which has no chunks."""

    def __init__(self, network: SymphonyNet) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, rows: torch.Tensor, places: torch.Tensor, following: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:  # fmt: skip
        """Return the logits of the fields after each row, in the order of `HEADS`."""
        network = self.network
        x = network.embed(rows, places)
        for layer in network.layers:
            assert isinstance(layer, Layer)
            x = self._layer(layer, x)
        found = network.logits(network.norm(x), following)
        return tuple(found[column] for _, column in HEADS)

    def _layer(self, layer: Layer, x: torch.Tensor) -> torch.Tensor:
        mixed = self._mixed(layer, layer.norms[0](x) if layer.before else x)
        x = x + mixed if layer.before else layer.norms[0](x + mixed)
        dense = layer.narrow(functional.gelu(layer.widen(layer.norms[1](x) if layer.before else x)))
        made: torch.Tensor = x + dense if layer.before else layer.norms[1](x + dense)
        return made

    def _mixed(self, layer: Layer, x: torch.Tensor) -> torch.Tensor:
        parts = layer.project(x).unflatten(2, (3, layer.heads, -1))
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        if layer.linear:
            mixed = quadratic(feature_map(query), feature_map(key), value)
        else:
            mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        made: torch.Tensor = layer.join(mixed.transpose(1, 2).flatten(2))
        return made


def exports(folder: Path, config: SymphonyGenerateConfig) -> Parts:
    """Return the decoder."""
    return {"decoder": lambda: _decoder(folder)}


def _decoder(folder: Path) -> Export:
    model = read_model(folder, "symphony")
    trained = trained_with(SymphonyConfig, model, folder)
    network = open_network(folder, "decoder", lambda: build_network(trained)).eval()
    sizes = network.vocabulary.sizes
    words = tuple(sizes[column] for column in range(_FIELDS))
    recalled = (*sizes_of_recall(network.vocabulary), *[CLASSES + 1] * (len(SETS) * CLASSES)) if trained.recall else ()
    places = (ORDERS, network.measures, *recalled)
    own = "row itself" if trained.instrument_head == "aligned" else "next row"
    fields = ", ".join(name for name, _ in HEADS)
    told = "each field is told those before it" if trained.head == "nested" else "no field is told of another"
    known = f"Rows of a score: {fields}; instruments are never looked at."
    where = "Order of a row in the bar of its track, its bar, and what is recalled."
    chosen = f"The next rows as far as they are chosen, else 0: {told}."
    return Export(
        "What the next row of a score is, given those before it.",
        Plain(network).eval(),
        (
            Port("rows", ("batch", "rows", _FIELDS), known, "int64", below=words),
            Port("places", ("batch", "rows", len(places)), where, "int64", below=places),
            Port("following", ("batch", "rows", _FIELDS), chosen, "int64", below=words),
        ),
        tuple(
            Port(name, ("batch", "rows", sizes[column]), f"Logits of the {name} of the {told_of}.")
            for (name, column), told_of in zip(HEADS, ["next row"] * 4 + [own], strict=True)
        ),
        {"batch": (2, 3), "rows": (24, 40)},
        seeds="gantools draws field after field by numbers of the seed, and holds them to the grammar of scores.",
        notes=(
            "gantools.symbolic.mmr makes rows of MIDI and MIDI of rows.",
            "gantools.systems.symphony.windows.row_places makes the places.",
            f"Trained on {trained.context} rows at a time.",
        ),
    )  # fmt: skip
