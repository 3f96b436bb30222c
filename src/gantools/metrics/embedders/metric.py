"""What metrics in the space of a network share: their options, and the file of a network of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gantools.metrics.metric import Inputs, Metric, RoleConfig
from gantools.metrics.pairing import ClipSets, Groups
from gantools.options import option

EMBEDDERS = ("musicnn", "musicnn-mtt", "rand-cnn")
LAYERS = ("mean_pool", "max_pool", "penultimate", "tags")


@dataclass(frozen=True)
class EmbeddingConfig(RoleConfig):
    """Options of what is measured in the space of a network."""

    real_role: str = option("", "Role of the real files. By default that of --role, where names say it.")
    embedder: str = option(
        "musicnn",
        "Network whose space is measured in: musicnn, musicnn-mtt, rand-cnn, or file:PATH of a .safetensors "
        "or .onnx file.",
    )
    layer: str = option("mean_pool", "Layer of MusiCNN, of 753, 753, 200 or 50 values.", choices=LAYERS)
    hop_seconds: float = option(1.472, "Distance between windows.", unit="s", low=0.016)
    clip_seconds: float = option(
        0.0,
        "Cut both sides into clips so long, each repeated to fill a window. With 0 they stay whole.",
        unit="s",
        low=0,
    )
    count_silence: bool = option(False, "Count windows below -60 dB RMS too.")


Options = TypeVar("Options", bound=EmbeddingConfig)


class EmbeddingMetric(Metric[Options]):
    """A metric on the embeddings of two sets of audio files."""

    def inputs(self, places: Mapping[str, str], config: Options) -> Inputs:
        """Return the two sets, and the network where it is the user's own."""
        own = config.embedder.removeprefix("file:")
        return Inputs(dict(places), {"network": Path(own)} if own != config.embedder else {})

    def pair(self, sets: ClipSets, config: Options) -> Groups:
        """Keep the files of the roles that are asked for."""
        sets.keep_roles(config.role, config.real_role)
        return super().pair(sets, config)
