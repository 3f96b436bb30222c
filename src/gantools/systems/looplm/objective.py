"""The prior as a system for the training loop: the codes of phrases in, the next code out."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.errors import ConfigError, ModelError
from gantools.metrics.loops.style import note_density, used_pitches
from gantools.models.folder import hash_weights, read_model, trained_with
from gantools.models.weights import open_network
from gantools.runtime.seeds import item_seed
from gantools.systems.looplm.config import LoopLMConfig
from gantools.systems.looplm.networks import CodeShape, Prior, build_network
from gantools.systems.loops.data import Phrases, to_cells
from gantools.systems.loops.facts import describe_phrases
from gantools.systems.loops.known import KnownRolls
from gantools.systems.loops.pictures import write_rolls
from gantools.systems.loops.sampling import choose, probabilities, uniforms
from gantools.systems.loops.variation import Draws
from gantools.systems.loopvae.config import LoopVAEConfig
from gantools.systems.loopvae.decoding import calibrate, to_rolls
from gantools.systems.loopvae.networks import VQVAE
from gantools.systems.loopvae.networks import build_network as build_vae
from gantools.training.schedule import cosine
from gantools.training.system import Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]
_SHOWN = 6
_BLOCK = 256


def open_vqvae(folder: Path) -> tuple[VQVAE, LoopVAEConfig, dict[str, Any]]:
    """Return the VQ-VAE of a model folder, with its options and the contents of its ``config.json``.

    Raises
    ------
    ModelError
        It is no model of loopvae, or one without codes.
    """
    model = read_model(folder, "loopvae")
    config = trained_with(LoopVAEConfig, model, folder)
    if config.variant != "vqvae":
        raise ModelError(f"is a {config.variant}, which has no codes; train loopvae --variant vqvae", folder)
    network = open_network(folder, "vae", lambda: build_vae(config))
    assert isinstance(network, VQVAE)
    return network.eval().requires_grad_(False), config, model


class LoopLM(System):
    """An LSTM that learns to go on with the codes of a frozen VQ-VAE, which becomes part of the model.

    Parameters
    ----------
    config : LoopLMConfig
    phrases : Phrases
    vae : Path
        Model folder of ``train loopvae``.
    device : torch.device

    Raises
    ------
    ConfigError
        The codes are of phrases of another length.
    ModelError
        There is no VQ-VAE in the folder.
    """

    name = "looplm"
    config: LoopLMConfig

    def __init__(self, config: LoopLMConfig, phrases: Phrases, vae: Path, device: torch.device | str = "cpu") -> None:
        self.config, self.phrases, self.device = config, phrases, torch.device(device)
        network, coded, model = open_vqvae(vae)
        if coded.bars != config.bars:
            raise ConfigError(f"bars: {config.bars}, but {vae} is a model of phrases of {coded.bars} bars")
        self.shape = CodeShape(coded.codebook_size, coded.bars, coded.codes_per_bar)
        # The loop sets all networks to training; codes come from a copy that it does not know.
        self.coder = copy.deepcopy(network).to(self.device)
        self.draws = Draws(phrases, config)
        self.epoch_items = len(phrases.starts["train"])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(item_seed(config.seed, "weights"))
            prior = build_network(config, self.shape)
        self.known = KnownRolls.of(phrases)
        train = self._codes("train", len(phrases.starts["train"]))
        self.code_counts = torch.bincount(train.flatten(), minlength=coded.codebook_size).float() + 1
        prior.first_counts.copy_(torch.bincount(train[:, 0], minlength=coded.codebook_size))
        self.networks: dict[str, nn.Module] = {"prior": prior, "vae": network, "known": self.known}
        for net in self.networks.values():
            net.to(self.device)
        self.ema_networks = ("prior",)
        optimizer = adam(config.lr, weight_decay=config.weight_decay)
        schedule = cosine(min(1.0, config.final_lr / max(config.lr, 1e-12)))
        self.phases = (Phase("prior", ("prior",), optimizer, schedule, clip_norm=config.clip_norm),)
        self.data = describe_phrases(phrases)
        self.data |= {"vae": model["config"], "vae_hash": hash_weights(vae, [f"vae{'.ema' * bool(model['ema'])}"])}
        self.data |= {"known": list(self.known.sizes)}
        self.songs, self.notes, self.left_out = phrases.split, phrases.notes, phrases.left_out
        self._validation_codes: torch.Tensor | None = None

    @torch.no_grad()
    def _codes(self, side: str, most: int) -> torch.Tensor:
        """Return the codes of phrases of a side as they are, int64 (n, S) on the CPU, evenly spread where not all."""
        starts = self.phrases.starts[side]
        starts = starts[np.linspace(0, len(starts) - 1, min(most, len(starts))).astype(int)]
        parts = []
        for first in range(0, len(starts), _BLOCK):
            cells = to_cells(*self.phrases.rolls(starts[first : first + _BLOCK]))
            parts.append(self._coded(torch.from_numpy(cells).to(self.device)).cpu())
        return torch.cat(parts)

    def _coded(self, cells: torch.Tensor) -> torch.Tensor:
        """Return the codes (n, S) of cells (n, 58, steps)."""
        return self.coder.codes_of(cells[:, : self.coder.rows])

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return varied phrases, float32 ``cells`` (items, 58, steps)."""
        return {"cells": torch.from_numpy(self.draws.cells(step, items))}

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the cross-entropy of each code given the true ones before it."""
        with torch.no_grad():
            codes = self._coded(batch["cells"])
        logits = self.networks["prior"](codes).float()
        if self.config.start == "histogram":
            # The first code is counted and not learned.
            logits, codes = logits[:, 1:], codes[:, 1:]
        loss = functional.cross_entropy(logits.transpose(1, 2), codes)
        return loss, {"accuracy": (logits.argmax(2) == codes).float().mean()}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return figures on unseen phrases, and on loops that are made; ``score`` is the first of them.

        ``nll`` is in nats for a code, ``unigram`` that of the frequencies of the training codes, ``accuracy`` the share
        of codes that are the most probable one given those before (76.651 % in the paper). ``density`` and ``pitches``
        are the paper's ND and UP of loops drawn at temperature 1, beside those of the training phrases.
        """
        prior = networks["prior"]
        assert isinstance(prior, Prior)
        if self._validation_codes is None:
            self._validation_codes = self._codes("val", self.config.validation_phrases)
        nll, right, unigram = 0.0, 0.0, 0.0
        frequencies = (self.code_counts / self.code_counts.sum()).log()
        for codes in self._validation_codes.split(_BLOCK):
            logits = prior(codes.to(self.device)).float().cpu()
            nll += float(functional.cross_entropy(logits.transpose(1, 2), codes, reduction="sum"))
            right += float((logits.argmax(2) == codes).sum())
            unigram -= float(frequencies[codes].sum())
        count = self._validation_codes.numel()
        figures = {"score": nll / count, "nll": nll / count, "unigram": unigram / count, "accuracy": right / count}
        starts = self.phrases.starts["train"]
        real = self.phrases.rolls(starts[np.linspace(0, len(starts) - 1, self.config.validation_phrases).astype(int)])[
            0
        ]
        logits = self._drawn(prior, self.config.validation_loops)
        prior.thresholds.copy_(calibrate(logits, real, len(logits) / len(real)))
        made = to_rolls(logits, prior.thresholds.cpu())[0]
        figures |= {"density": float(note_density(made).mean()), "real_density": float(note_density(real).mean())}
        figures |= {"pitches": float(used_pitches(made).mean()), "real_pitches": float(used_pitches(real).mean())}
        return figures

    def _drawn(self, prior: Prior, count: int) -> torch.Tensor:
        """Return the logits (count, rows, steps) of loops, the same draws at each validation, on the CPU."""
        seeds = [item_seed(self.config.seed, "validation", n) for n in range(count)]
        uniform = uniforms(seeds, self.shape.steps).to(self.device)
        codes, _ = prior.draw(uniform, lambda logits, numbers: choose(probabilities(logits), numbers))
        logits: torch.Tensor = self.coder.decode_codes(codes)
        return logits.float().cpu()

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Draw some training phrases beside loops that are made."""
        prior = networks["prior"]
        assert isinstance(prior, Prior)
        starts = self.phrases.starts["train"]
        real = self.phrases.rolls(starts[np.linspace(0, len(starts) - 1, _SHOWN).astype(int)])
        made = to_rolls(self._drawn(prior, _SHOWN), prior.thresholds.cpu())
        rows = [[("phrase", (real[0][n], real[1][n])), ("loop", (made[0][n], made[1][n]))] for n in range(_SHOWN)]
        write_rolls(folder / f"step-{step:08d}.png", rows)

    def facts(self) -> dict[str, Any]:
        """Return how many phrases there are."""
        return {f"{side}_phrases": len(starts) for side, starts in self.phrases.starts.items()}
