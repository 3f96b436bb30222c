"""The decoder of a VAE of loops for other programs."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from gantools.models.export import Export, Parts, Port
from gantools.models.folder import read_model, trained_with
from gantools.models.weights import open_network
from gantools.systems.loops.export import cells_port
from gantools.systems.loops.generate_config import LoopsGenerateConfig
from gantools.systems.loopvae.config import LoopVAEConfig
from gantools.systems.loopvae.networks import VQVAE, LoopVAE, build_network


class Decoder(nn.Module):
    """Codes, or the latents of a CNN-VAE, to logits of cells."""

    def __init__(self, vae: LoopVAE) -> None:
        super().__init__()
        self.vae, self.coded = vae, isinstance(vae, VQVAE)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the logits (batch, rows, step)."""
        if isinstance(self.vae, VQVAE):
            return self.vae.decode_codes(latents)
        return self.vae.decode(latents)


def exports(folder: Path, config: LoopsGenerateConfig) -> Parts:
    """Return the decoder."""
    return {"decoder": lambda: _decoder(folder)}


def _decoder(folder: Path) -> Export:
    model = read_model(folder, "loopvae")
    trained = trained_with(LoopVAEConfig, model, folder)
    vae = open_network(folder, "vae", lambda: build_network(trained)).eval()
    return decoder_export(vae, trained, vae.thresholds)


def decoder_export(vae: LoopVAE, config: LoopVAEConfig, thresholds: torch.Tensor) -> Export:
    """Return the export of a decoder; `thresholds` are those of drums and bass above which they sound."""
    if isinstance(vae, VQVAE):
        meaning = f"Codes of a loop, {config.codes_per_bar} to a bar; the part prior of a model of looplm tells which."
        steps = config.bars * config.codes_per_bar
        port = Port("codes", ("batch", steps), meaning, "int64", below=(config.codebook_size,))
    else:
        port = Port("latents", ("batch", config.latent), "Normal numbers; smaller ones give more usual loops.")
    return Export(
        f"Loops of drums and bass of {config.bars} bars.",
        Decoder(vae).eval(),
        (port,),
        (cells_port(vae.rows, config.bars),),
        {"batch": (2, 3)},
        seeds="gantools draws the numbers of a loop from its number, --seed.",
        facts={"thresholds": {"drums": float(thresholds[0]), "bass": float(thresholds[1])}},
    )
