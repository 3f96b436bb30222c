"""The decoder of a codec for other programs: latents to sound, as a stream or at once, or to magnitudes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from gantools.models.export import Export, Parts, Port
from gantools.systems.codec.codec import Codec, open_codec
from gantools.systems.codec.config import CodecGenerateConfig
from gantools.systems.codec.scripted import Decoded, Sounding, SoundStream, Whole

_LATENTS = "Latents in [-1, 1] of one channel of sound, such as those of gantools generate codec --encode."


def exports(folder: Path, config: CodecGenerateConfig) -> Parts:
    """Return the decoder to sound, and that to magnitudes; ``phase`` and ``ema`` are those of the options."""
    return decoder_exports(lambda: open_codec(folder, phase=config.phase, raw=not config.ema))


def decoder_exports(open_it: Callable[[], Codec]) -> Parts:
    """Return what is exported of a codec, which is opened when it is asked for."""
    return {"decoder": lambda: _decoder(open_it()), "magnitudes": lambda: _magnitudes(open_it())}


def _sizes(codec: Codec) -> dict[str, tuple[int, int]]:
    return {"batch": (2, 3), "latents": (2 * codec.halo + 9, 2 * codec.halo + 70)}


def _decoder(codec: Codec) -> Export:
    head, spl = codec.phase == "head", codec.samples_per_latent

    def stream() -> nn.Module:
        """Return the stream, its networks traced: they are no code that TorchScript can read."""
        example = torch.zeros(2, codec.channels, 2 * codec.halo + 9)
        return SoundStream(codec, torch.jit.trace(Decoded(codec, head), (example,), check_trace=False), head)

    phases = "The decoder makes its phases." if head else (
        "The codec makes no phases: the file finds them by phase-gradient integration and fast Griffin-Lim, and sounds "
        "nearly, not exactly, as what gantools makes."
    )  # fmt: skip
    return Export(
        "Sound from latents.",
        Sounding(codec) if head else Whole(SoundStream(codec, Decoded(codec, head), head)),
        (Port("latents", ("batch", codec.channels, "latents"), _LATENTS, drawn="coded"),),
        (Port("sound", ("batch", f"{spl} latents"), f"Sound at {codec.rate_hz} Hz, full scale 1; it may lie above."),),
        _sizes(codec),
        codec.rate_hz,
        notes=(
            phases,
            f"A latent is {spl} samples. A stream is behind by {codec.halo} latents, which it has to see"
            + ("." if head else ", by up to 8 more, and by up to 24 frames whose phases it looks for."),
        ),
        stream=stream,
        formats=("torchscript", "onnx") if head else ("torchscript",),
        why_not="its phases are found in a loop with a memory; write a .pt, or --export-part magnitudes",
        facts={"samples_per_latent": spl, "latents_beside": codec.halo},
    )


def _magnitudes(codec: Codec) -> Export:
    head, front = codec.phase == "head", codec.front
    bins = front.bins * (2 if head else 1)
    more = f", below them {front.bins} phases in half turns" if head else ""
    return Export(
        "Spectra from latents, whose phases are up to you." if not head else "Spectra from latents.",
        Decoded(codec, head),
        (Port("latents", ("batch", codec.channels, "latents"), _LATENTS, drawn="coded"),),
        (Port("spectra", ("batch", bins, f"{codec.block} latents"), f"{front.bins} magnitudes of bins{more}."),),
        _sizes(codec),
        codec.rate_hz,
        notes=(
            f"Frame t is centred on the middle of samples {front.hop} t to {front.hop} (t + 1), under a periodic Hann "
            f"window of {front.n_fft} samples.",
        ),
        facts={"n_fft": front.n_fft, "hop_samples": front.hop, "latents_beside": codec.halo},
    )
