"""Options of ``gantools evaluate``, said once."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option

EMBEDDERS = ("musicnn", "musicnn-mtt", "rand-cnn")
LAYERS = ("mean_pool", "max_pool", "penultimate", "tags")
MODES = ("pearson", "literal", "stoi")
TRACKERS = ("crepe", "yin")
CREPE_MODELS = ("tiny", "full")


@dataclass(frozen=True)
class EvaluateConfig:
    """Options that all metrics share."""

    role: str = option("", "Measure only generated files of this role (drums ...), as their names say; else all.")


@dataclass(frozen=True)
class EmbeddingConfig(EvaluateConfig):
    """Options of what is measured in the space of a network."""

    real_role: str = option("", "Only real files of this role; else of that of --role, where names say it.")
    embedder: str = option("musicnn", "musicnn, musicnn-mtt, rand-cnn or file:PATH (.safetensors, .onnx).")
    layer: str = option("mean_pool", "Layer of MusiCNN: 753, 753, 200 or 50 values.", choices=LAYERS)
    hop_s: float = option(1.472, "Distance between windows.", unit="s", flag="hop", low=0.016)
    clip_s: float = option(
        0.0, "Cut both sides into clips this long, each repeated to fill a window; 0: no.", unit="s", flag="clip", low=0
    )
    silence: bool = option(False, "Count windows below -60 dB RMS too.")


@dataclass(frozen=True)
class FrechetConfig(EmbeddingConfig):
    """Options of the Fréchet distance."""

    infinity: bool = option(True, "Extrapolate to endless material (FAD-infinity).")


@dataclass(frozen=True)
class CoverageConfig(EmbeddingConfig):
    """Options of precision, recall, density and coverage."""

    neighbours: int = option(5, "k: which neighbour sets the radius of a ball.", low=1)


@dataclass(frozen=True)
class RhythmConfig(EvaluateConfig):
    """Options of the onset alignment."""

    source_role: str = option("", "Only sources of this role (bass ...); else each file's own, as its name says.")
    real: str = option("", "Folder with the real counterparts, to compare with.")
    window_frames: int = option(256, "Length of a window.", unit="mel frames", flag="window", low=32)


@dataclass(frozen=True)
class MixMetricConfig(EvaluateConfig):
    """Options of the comparison of mixes."""


@dataclass(frozen=True)
class StoiConfig(EvaluateConfig):
    """Options of the STOI-like features."""

    mode: str = option("pearson", "Formula.", choices=MODES)
    window_frames: int = option(256, "Length of a window.", unit="mel frames", flag="window", low=2)


@dataclass(frozen=True)
class NoveltyConfig:
    """Options of the novelty figures."""

    small: bool = option(False, "Gates for models trained in minutes on a CPU.")
    field_s: float = option(
        0.0, "Receptive field of the coarsest scale; 0: the model's, else 4.08.", unit="s", flag="field", low=0
    )


@dataclass(frozen=True)
class PitchConfig:
    """Options of the pitch statistics."""

    tracker: str = option("crepe", "crepe, or yin: 100 times faster, for one voice.", choices=TRACKERS)
    model: str = option("tiny", "Weights of CREPE; full needs a GPU or patience.", choices=CREPE_MODELS)
    voiced: float = option(0.5, "Periodicity from which a frame counts as voiced.", low=0, high=1)
    hop_s: float = option(0.01, "Distance between frames.", unit="s", flag="hop", low=0.001, high=1)
