"""What metrics in the space of a network share: options, brackets, and other generated sets beside the first."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from gantools.metrics.metric import GENERATED, REAL, Argument, Conditions, Inputs, Metric, Result, RoleConfig
from gantools.metrics.pairing import ClipSets, Groups
from gantools.options import option
from gantools.report.table import FileGrid, number

if TYPE_CHECKING:
    import numpy as np

    from gantools.metrics.embedders.embedding import Embeddings

EMBEDDERS = ("musicnn", "musicnn-mtt", "rand-cnn")
LAYERS = ("mean_pool", "max_pool", "penultimate", "tags")
OTHERS = Argument(
    "other", "Other generated sets, to tell whether the first is nearer to the real one.", required=False, several=True
)
#: Vectors (n, d) of one network -> figures by name.
Judge = Callable[["np.ndarray"], dict[str, float]]
_BRACKETS = {
    "generated": "generated",
    "untrained": "the untrained model",
    "copy": "the real half itself",
    "held_out": "the other real half",
    "shuffled": "its bars shuffled",
    "noise": "noise of its shape",
}


@dataclass(frozen=True)
class SpaceConfig(RoleConfig):
    """Options of what is measured by a network."""

    real_role: str = option("", "Role of the real files. By default that of --role, where names say it.")
    embedder: str = option(
        "musicnn",
        "Network whose space is measured in: musicnn, musicnn-mtt, rand-cnn, or file:PATH of a .safetensors "
        "or .onnx file.",
    )
    hop_seconds: float = option(1.472, "Distance between windows.", unit="s", low=0.016)
    clip_seconds: float = option(
        0.0,
        "Cut both sides into clips so long, each repeated to fill a window. With 0 they stay whole.",
        unit="s",
        low=0,
    )
    count_silence: bool = option(False, "Count windows below -60 dB RMS too.")
    brackets: bool = option(
        False,
        "Measure what could fake it too, against every other real file: these files themselves, the rest of the real "
        "ones, their bars shuffled, and noise with their spectrum and envelopes.",
    )


@dataclass(frozen=True)
class EmbeddingConfig(SpaceConfig):
    """Options of what is measured in the space of a layer of a network."""

    layer: str = option("mean_pool", "Layer of MusiCNN, of 753, 753, 200 or 50 values.", choices=LAYERS)


Options = TypeVar("Options", bound=SpaceConfig)


class EmbeddingMetric(Metric[Options]):
    """A metric on the embeddings of two sets of audio files, and of other generated sets beside the first.

    Attributes
    ----------
    layer : str
        The layer that it needs; empty where the user chooses.
    better : dict of str to bool
        Figures that brackets and other sets are compared by -> whether more of it is better.
    """

    arguments = (GENERATED, REAL, OTHERS)
    uses = ("map", "seed", "device")
    layer: ClassVar[str] = ""
    better: ClassVar[Mapping[str, bool]]

    @abstractmethod
    def measure(
        self, generated: Embeddings, real: Embeddings, sets: ClipSets, config: Options, conditions: Conditions
    ) -> Result:
        """Return the figures of two sets with all that goes with them."""

    @abstractmethod
    def judge(self, real: np.ndarray, config: Options) -> Judge:
        """Return what tells the figures of `better` of generated vectors (n, d) against real ones (m, d)."""

    def prepared(self, *sets: np.ndarray) -> list[np.ndarray]:
        """Return sets of vectors as hundreds of draws of them are judged fast: on their common principal axes."""
        from gantools.metrics.frechet.extrapolation import reduced

        return reduced(*sets)

    def inputs(self, places: Mapping[str, str], config: Options) -> Inputs:
        """Return the sets, and the network where it is the user's own."""
        own = config.embedder.removeprefix("file:")
        return Inputs(dict(places), {"network": Path(own)} if own != config.embedder else {})

    def pair(self, sets: ClipSets, config: Options) -> Groups:
        """Keep the files of the roles that are asked for."""
        sets.keep_roles(config.role, config.real_role)
        for name in sets:
            if name.startswith(OTHERS.name):
                sets.keep_role(name, config.role)
        return super().pair(sets, config)

    def compare(self, sets: ClipSets, config: Options, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.embedders.comparison.compare_sets`."""
        from gantools.metrics.embedders.comparison import compare_sets

        return compare_sets(self, sets, config, conditions)

    def grids(self, result: Result) -> list[tuple[str, FileGrid]]:
        """Return the brackets, and a table for each other generated set."""
        tables = []
        if found := result.get("brackets"):
            rows = [
                [title, *(number(found[key][name]) for name in self.better)]
                for key, title in _BRACKETS.items()
                if key in found
            ]
            tables.append(("Against every other real file", [["", *self.better], *rows]))
        for other in result.get("compared", ()):
            title = f"{result['generated']} beside {other['place']}"
            if "n" in other:
                title += f": {other['n']} windows of each, whose {other['unit']} are drawn anew; real files stay"
            tables.append((title, _difference_grid(other)))
        return tables

    def footnote(self, result: Result) -> str:
        """Say why brackets or a comparison are missing."""
        notes = [f"No brackets: {result['brackets_refused']}."] if "brackets_refused" in result else []
        notes += [
            f"{other['place']}: {other['refused']}." for other in result.get("compared", ()) if "refused" in other
        ]
        return " ".join(notes)


def _difference_grid(other: Mapping[str, Any]) -> FileGrid:
    words = {"generated": "the first", "other": "the other", None: "no difference seen"}
    rows = [
        [name, *(number(one[key]) for key in ("generated", "other", "difference", "low", "high")), words[one["better"]]]
        for name, one in other.get("figures", {}).items()
    ]
    return [["", "the first", "the other", "difference", "2.5 %", "97.5 %", "better"], *rows]
