"""Options of ``gantools evaluate``, said once."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option

EMBEDDERS = ("musicnn", "musicnn-mtt", "rand-cnn")
LAYERS = ("mean_pool", "max_pool", "penultimate", "tags")
MODES = ("pearson", "literal", "stoi")


@dataclass(frozen=True)
class EvaluateConfig:
    """Options that all metrics share."""

    role: str = option("", "Role of the generated files (drums ...); else their names tell.")


@dataclass(frozen=True)
class FrechetConfig(EvaluateConfig):
    """Options of the Fréchet distance."""

    real_role: str = option("", "Role of the real files, where it is another one.")
    embedder: str = option("musicnn", "musicnn, musicnn-mtt, rand-cnn or file:PATH (.safetensors, .onnx).")
    layer: str = option("mean_pool", "Layer of MusiCNN: 753, 753, 200 or 50 values.", choices=LAYERS)
    hop_s: float = option(1.472, "Distance between windows.", unit="s", flag="hop", low=0.016)
    infinity: bool = option(True, "Extrapolate to endless material (FAD-infinity).")
    silence: bool = option(False, "Count windows below -60 dB RMS too.")


@dataclass(frozen=True)
class RhythmConfig(EvaluateConfig):
    """Options of the onset alignment."""

    source_role: str = option("", "Role of the sources (bass ...); else the generated names tell.")
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
