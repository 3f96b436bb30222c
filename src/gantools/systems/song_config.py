"""Options of the systems that translate one mel into another."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option


@dataclass(frozen=True)
class TranslateConfig:
    """Options of ``generate cyclegan`` and ``generate pix2pix``."""

    direction: str = option("forward", "forward: source to target; backward.", choices=("forward", "backward"))
    mix: bool = option(False, "Also write the input with the new part added at matched level.")
    mel: bool = option(False, "Write mel files instead of audio.")
    stride: int = option(128, "Frames from one window to the next; 206 is the paper's.", low=1)
    preset: str = option(
        "default", "Effort of the inversion.", choices=("draft", "default", "best", "paper"), flag="invert"
    )
    style: str = option(
        "song",
        "Which of the model's styles (drum kits): song picks one per song, window one per window, or a number.",
    )
    average: bool = option(True, "Use the averaged weights.", flag="ema")
    gate: bool = option(True, "Keep silence where the input is silent.")
    batch: int = option(4, "Windows in the network at a time.", low=1)
    format: str = option("wav", "Audio format.", choices=("wav", "flac", "ogg", "mp3"))
    bits: str = option("16", "Bits per sample of WAV and FLAC.", choices=("16", "24", "32f"))
