"""Loops of a trained prior: codes drawn one after the other, and decoded by the VQ-VAE of the same folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.errors import ConfigError, ModelError
from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.weights import open_network
from gantools.options import from_mapping
from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import BAR_STEPS
from gantools.systems.looplm.config import LoopLMConfig
from gantools.systems.looplm.networks import CodeShape, build_network
from gantools.systems.loops.data import to_cells
from gantools.systems.loops.generate_config import LoopsGenerateConfig
from gantools.systems.loops.known import KnownRolls
from gantools.systems.loops.sampling import BLOCK, Rolls, RollSampler, choose, probabilities, uniforms
from gantools.systems.loopvae.config import LoopVAEConfig
from gantools.systems.loopvae.decoding import to_rolls
from gantools.systems.loopvae.networks import VQVAE
from gantools.systems.loopvae.networks import build_network as build_vae

#: The paper has 0.7. With the 30 most probable codes 0.8 gives loops as dense as the training, and more unlike it.
_TEMPERATURE = 0.8


class PriorSampler(RollSampler):
    """The prior and the VQ-VAE of a model folder.

    Parameters
    ----------
    folder : Path
    config : LoopsGenerateConfig
    device : str

    Raises
    ------
    ModelError
        No model folder of looplm, or weights that are missing or do not fit.
    """

    def __init__(self, folder: Path, config: LoopsGenerateConfig, device: str) -> None:
        self.description = read_model(folder, "looplm")
        data: dict[str, Any] = self.description["data"]
        trained = trained_with(LoopLMConfig, self.description, folder)
        try:
            coded = from_mapping(LoopVAEConfig, data["vae"])
            # A model that ships comes without the phrases that it learnt from.
            known = [int(size) for size in data["known"]] if "known" in self.description["networks"] else []
            sizes = dict(zip(("bars", "phrases", "length"), known, strict=True)) if known else {}
        except (ConfigError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"its config.json does not tell of its VQ-VAE ({error}); train it again", folder
            ) from error
        self.shape = CodeShape(coded.codebook_size, coded.bars, coded.codes_per_bar)
        self.device, self.options = torch.device(device), config
        self.temperature = config.chosen_temperature(_TEMPERATURE)
        self.prior = open_network(folder, "prior", lambda: build_network(trained, self.shape)).to(device).eval()
        vae = open_network(folder, "vae", lambda: build_vae(coded)).to(device).eval()
        if not isinstance(vae, VQVAE):
            raise ModelError("its VQ-VAE is of another kind; train it again", folder)
        self.vae = vae
        self.known = open_network(folder, "known", lambda: KnownRolls(**sizes)) if sizes else None
        self.coded, self.bars, self.bpm = coded, coded.bars, float(data.get("bpm", 120.0))
        self.files = model_files(folder, self.description)

    def _pick(self, logits: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
        options = self.options
        return choose(probabilities(logits, self.temperature, options.top_k, options.top_p), uniform)

    @torch.inference_mode()
    def draw_block(self, seeds: Sequence[int]) -> Rolls:
        """Return a loop for each seed."""
        uniform = uniforms(seeds, self.shape.steps).to(self.device)
        codes, _ = self.prior.draw(uniform, self._pick)
        return to_rolls(self.vae.decode_codes(codes), self.prior.thresholds)

    @torch.inference_mode()
    def fill_in(self, sounding: np.ndarray, onsets: np.ndarray, kept: Sequence[int], number: int) -> Rolls:
        """Return a loop with some bars of another one; see `RollSampler.fill_in`.

        Notes
        -----
        The new codes are drawn given the kept ones, before and behind them, by importance sampling: a block of loops is
        drawn from the prior with the kept codes put in their places, and one of them chosen in proportion to the
        probability that the prior gives the kept codes behind what was drawn before them.
        """
        cells = torch.from_numpy(to_cells(sounding[None], onsets[None]))[:, : self.vae.rows].to(self.device)
        given = self.vae.codes_of(cells)[0]
        bar = torch.arange(self.shape.steps, device=self.device) // self.shape.per_bar
        stays = torch.isin(bar, torch.tensor(list(kept), device=self.device))
        given = torch.where(stays, given, torch.full_like(given, -1))
        seeds = [item_seed(number, "fill in", place) for place in range(BLOCK)]
        uniform = uniforms(seeds, self.shape.steps).to(self.device)
        codes, evidence = self.prior.draw(uniform, self._pick, given)
        chances = torch.softmax(evidence.double(), 0)
        chosen = choose(chances[None], uniforms([item_seed(number, "choice")], 1)[0].to(self.device))
        made = to_rolls(self.vae.decode_codes(codes[chosen]), self.prior.thresholds)
        return with_bars((made[0][0], made[1][0]), (sounding, onsets), kept)


def with_bars(planes: Rolls, other: Rolls, bars: Sequence[int]) -> Rolls:
    """Return a loop with some bars of another, whose cells are the same to the bit.

    A note that the other holds into such a bar begins there, unless the same note sounds before it here too.

    Parameters
    ----------
    planes, other : pairs of bool arrays (steps, 57)
        What sounds and what begins.
    bars : sequence of int
        Counted from 0.
    """
    sounding, onsets = (plane.copy() for plane in planes)
    for bar in bars:
        part = slice(bar * BAR_STEPS, (bar + 1) * BAR_STEPS)
        sounding[part], onsets[part] = other[0][part], other[1][part]
    before = np.zeros_like(sounding)
    before[1:] = sounding[:-1]
    # At the seams on both sides: what sounds and does not come from before must begin.
    seams = np.arange(0, len(sounding), BAR_STEPS)
    onsets[seams] |= sounding[seams] & ~before[seams]
    return sounding, onsets


def load_sampler(folder: Path, config: LoopsGenerateConfig, device: str) -> RollSampler:
    """Open a model folder for drawing loops; see `PriorSampler`."""
    return PriorSampler(folder, config, device)
