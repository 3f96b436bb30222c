"""The VQ-VAE and the CNN-VAE as a system for the training loop (Han et al., section 3.3.1, equations 3 and 4)."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.metrics.loops.style import note_density, used_pitches
from gantools.runtime.ranks import Ranks
from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import PITCHES
from gantools.systems.loops.data import Phrases, to_cells
from gantools.systems.loops.facts import describe_phrases
from gantools.systems.loops.pictures import write_rolls
from gantools.systems.loops.variation import Draws
from gantools.systems.loopvae.codebook import Gathered, perplexity
from gantools.systems.loopvae.config import LoopVAEConfig
from gantools.systems.loopvae.decoding import calibrate, to_rolls
from gantools.systems.loopvae.networks import CNNVAE, VQVAE, LoopVAE, build_network
from gantools.training.schedule import cosine
from gantools.training.system import Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]
_FIRST_LATENTS = 8  # times as many as codes, for the codes to begin at
_SHOWN = 6
_BLOCK = 256


class LoopVAEObjective(System):
    """A network that says a loop in few codes, or numbers, and then the loop again.

    Parameters
    ----------
    config : LoopVAEConfig
    phrases : Phrases
    device : torch.device
    """

    name = "loopvae"
    config: LoopVAEConfig

    def __init__(self, config: LoopVAEConfig, phrases: Phrases, device: torch.device | str = "cpu") -> None:
        self.config, self.phrases, self.device = config, phrases, torch.device(device)
        self.draws = Draws(phrases, config)
        self.epoch_items = len(phrases.starts["train"])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(item_seed(config.seed, "weights"))
            self.network = build_network(config)
        self.rows = self.network.rows
        if isinstance(self.network, VQVAE):
            self._begin_codes(self.network)
        self.networks: dict[str, nn.Module] = {"vae": self.network.to(self.device)}
        self.ema_networks = ("vae",)
        optimizer = adam(config.lr, weight_decay=config.weight_decay)
        self.phases = (Phase("vae", ("vae",), optimizer, cosine(min(1.0, config.final_lr / max(config.lr, 1e-12)))),)
        self.data = describe_phrases(phrases)
        self.songs, self.notes, self.left_out = phrases.split, phrases.notes, phrases.left_out
        self._gathered: list[Gathered] = []
        self._gathered_at = -1

    def _begin_codes(self, network: VQVAE) -> None:
        """Place the codes at latents of training phrases, which the untrained encoder gives."""
        config = self.config
        steps = config.bars * config.codes_per_bar
        count = -(-_FIRST_LATENTS * config.codebook_size // steps)
        with torch.no_grad():
            # A copy, since batch norm in training takes note of what it sees.
            encoder = copy.deepcopy(network).train()
            cells = torch.from_numpy(self.draws.cells(-1, range(max(2, count))))[:, : self.rows]
            latents = encoder.encode(cells).transpose(1, 2).reshape(-1, config.code_size)
        expected = config.batch_size * steps / config.codebook_size
        network.codebook.begin_at(latents, expected, item_seed(config.seed, "codebook"))

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return varied phrases, float32 ``cells`` (items, rows, steps)."""
        return {"cells": torch.from_numpy(self.draws.cells(step, items))[:, : self.rows].contiguous()}

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the mean binary cross-entropy of the cells (equation 4) and what ties the latents (equation 3)."""
        network = self.networks["vae"]
        if isinstance(network, VQVAE):
            return self._vq_losses(network, batch["cells"], step)
        assert isinstance(network, CNNVAE)
        return self._cnn_losses(network, batch["cells"], step)

    def _vq_losses(self, network: VQVAE, cells: torch.Tensor, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        logits, latents, codes = network(cells)
        bce = functional.binary_cross_entropy_with_logits(logits.float(), cells)
        commitment = functional.mse_loss(latents, network.codebook.of(codes))
        if step.number != self._gathered_at:
            self._gathered, self._gathered_at = [], step.number
        seed, book = item_seed(self.config.seed, "restart", step.number), network.codebook
        self._gathered.append(book.gather(latents.detach(), codes, step.items, self.config.batch_size, seed))
        # Running figures, which are the same for all micro-batches and ranks; their mean is what they say.
        terms = {"perplexity": book.perplexity(), "dead": book.restarted / self.config.codebook_size}
        return bce + self.config.beta * commitment, {"bce": bce, "commitment": commitment, **terms}

    def _cnn_losses(self, network: CNNVAE, cells: torch.Tensor, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        seed, size = self.config.seed, self.config.latent
        rows = [np.random.default_rng(item_seed(seed, "latent", step.number, item)) for item in step.items]
        noise = torch.from_numpy(np.stack([row.standard_normal(size, np.float32) for row in rows])).to(cells.device)
        logits, nats = network(cells, noise)
        bce = functional.binary_cross_entropy_with_logits(logits.float(), cells)
        epoch = step.number * self.config.batch_size // max(1, len(self.phrases.starts["train"]))
        weight = self.config.kl_weight * (1 - 0.9 ** (epoch + 1))
        # The bound on the likelihood of a loop is a sum over its cells; divided by them, as the cross-entropy is.
        kl = nats.mean() / (cells.shape[1] * cells.shape[2])
        return bce + weight * kl, {"bce": bce, "kl": kl, "kl_weight": weight}

    def finish_step(self, step: int, ranks: Ranks) -> None:
        """Let the codebook follow the latents of the whole batch, the same on all ranks."""
        network = self.networks["vae"]
        if isinstance(network, VQVAE):
            network.codebook.update(ranks.sum_(_tree([part.flat() for part in self._gathered])))
            self._gathered = []

    # Validation

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return figures of reconstructing unseen phrases; ``score`` is the share of cells that are wrong.

        ``hamming`` is Table 1's, over the paper's 57 rows at the threshold of 0.5, ``empty`` that of silence, ``f1`` of
        notes by pitch and onset at the calibrated thresholds, which are kept in the network. Of the codes ``used`` is
        the perplexity and ``unused`` the share that no phrase takes.
        """
        network = networks["vae"]
        assert isinstance(network, LoopVAE)
        sounding, onsets = self.phrases.rolls(self._some("val"))
        logits, codes = self._reconstruct(network, sounding, onsets)
        network.thresholds.copy_(calibrate(logits, sounding))
        plain = torch.sigmoid(logits[:, :PITCHES]).transpose(1, 2).numpy() >= 0.5
        made, struck = to_rolls(logits, network.thresholds.cpu())
        hamming = float((plain != sounding).mean())
        figures = {"score": hamming, "hamming": hamming, "empty": float(sounding.mean()), "f1": note_f1(struck, onsets)}
        figures |= {"density": float(note_density(made).mean()), "real_density": float(note_density(sounding).mean())}
        figures |= {"pitches": float(used_pitches(made).mean()), "real_pitches": float(used_pitches(sounding).mean())}
        figures |= dict(zip(("drum_threshold", "bass_threshold"), network.thresholds.tolist(), strict=True))
        if isinstance(network, VQVAE):
            known = self._reconstruct(network, *self.phrases.rolls(self._some("train")))[1]
            counts = torch.bincount(torch.cat([codes, known]).flatten(), minlength=self.config.codebook_size).float()
            figures |= {"used": float(perplexity(counts)), "unused": float((counts == 0).float().mean())}
        return figures

    def _some(self, side: str) -> np.ndarray:
        """Return the first steps of some phrases of a side, evenly spread and always the same."""
        starts = self.phrases.starts[side]
        count = max(8, round(self.config.validation_phrases * self.validation_part))
        return starts[np.linspace(0, len(starts) - 1, min(count, len(starts))).astype(int)]

    def _reconstruct(
        self, network: LoopVAE, sounding: np.ndarray, onsets: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits of phrases on the CPU, and their codes (n, S); empty ones of the CNN-VAE."""
        logits, codes = [], []
        for start in range(0, len(sounding), _BLOCK):
            part = slice(start, start + _BLOCK)
            cells = torch.from_numpy(to_cells(sounding[part], onsets[part]))[:, : self.rows].to(self.device)
            if isinstance(network, VQVAE):
                made, _, found = network(cells)
            else:
                assert isinstance(network, CNNVAE)
                made = network.decode(network.encode(cells)[0])
                found = torch.zeros(len(cells), 0, dtype=torch.int64)
            logits.append(made.float().cpu())
            codes.append(found.cpu())
        return torch.cat(logits), torch.cat(codes)

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Draw some unseen phrases above what becomes of them."""
        network = networks["vae"]
        assert isinstance(network, LoopVAE)
        starts = self._some("val")
        sounding, onsets = self.phrases.rolls(starts[np.linspace(0, len(starts) - 1, _SHOWN).astype(int)])
        made = to_rolls(self._reconstruct(network, sounding, onsets)[0], network.thresholds.cpu())
        rows = [
            [("phrase", (sounding[n], onsets[n])), ("reconstruction", (made[0][n], made[1][n]))] for n in range(_SHOWN)
        ]
        write_rolls(folder / f"step-{step:08d}.png", rows)

    def facts(self) -> dict[str, Any]:
        """Return how many phrases there are."""
        return {f"{side}_phrases": len(starts) for side, starts in self.phrases.starts.items()}


def _tree(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the sum of the micro-batches' tensors in the order in which several ranks would add them."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return _tree(parts[:half]) + _tree(parts[half:])


def note_f1(made: np.ndarray, real: np.ndarray) -> float:
    """Return the F1 of notes that are right in pitch and onset, of two bool arrays of onsets."""
    return float(2 * (made & real).sum() / max(1, made.sum() + real.sum()))
