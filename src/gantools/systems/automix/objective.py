"""The objective of automix as a system for the training loop: normalised stems to the mix they were taken from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gantools.audio.writing import write_audio
from gantools.chunks.multitrack import Multitrack
from gantools.errors import ConfigError
from gantools.systems.automix.bands import BandMixer
from gantools.systems.automix.baselines import mean_curves, mean_gains
from gantools.systems.automix.config import AutomixConfig
from gantools.systems.automix.data import Crops, load_songs
from gantools.systems.automix.loss import StereoLoss
from gantools.systems.automix.networks import PaperMixer, build_network, give_back
from gantools.training.remarks import LeftOut
from gantools.training.schedule import Schedule, after, constant, cosine, stairs
from gantools.training.system import OptimizerFactory, Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]
#: Epochs of the program at each factor of its learning rate of 1e-3.
_STAIRS = (150, 1.0), (50, 0.33), (50, 0.1), (25, 0.033), (25, 0.01), (10, 0.001)
#: Length and weight decay of the program's first training, of the filters.
_PIECE_SECONDS, _PIECE_WEIGHT_DECAY = 3, 1e-6


class Automix(System):
    """FxNorm-Automix.

    Parameters
    ----------
    config : AutomixConfig
    normalised : sequence of Multitrack
        Stems after effect normalisation.
    wet : sequence of Multitrack
        The stems of the same songs as they were mixed, and their mixes where there are some.
    features : dict
        What the stems were normalised to (`gantools.effects.features`), as JSON values; the model keeps it, so that
        `generate` can normalise by itself.
    device : torch.device

    Raises
    ------
    ConfigError
        The songs do not fit together (`data.load_songs`), or a crop does not fit the network.
    """

    name = "automix"
    config: AutomixConfig

    def __init__(
        self,
        config: AutomixConfig,
        normalised: Sequence[Multitrack],
        wet: Sequence[Multitrack],
        features: dict[str, Any],
        device: torch.device | str = "cpu",
    ) -> None:
        self.config, self.device = config, torch.device(device)
        left_out = LeftOut()
        self.crops = Crops(config, load_songs(config, normalised, wet, left_out))
        self.notes, self.left_out = self.crops.notes, left_out.lines
        self.songs = {"train": [song.name for song in self.crops.songs]}
        gains_db = mean_gains(self.crops.songs)
        self.data = {
            "features": features,
            "songs": [song.name for song in self.crops.songs],
            "sounds": self.crops.sounds,
            "gains_db": {role: round(gain_db, 4) for role, gain_db in gains_db.items()},
        }
        network = build_network(config).to(self.device)
        # What all songs agree on need not be learned: training begins with their mean curves.
        if isinstance(network, BandMixer):
            network.start.copy_(mean_curves(network, self.crops))
        if config.crop % int(network.stride_samples):  # type: ignore[arg-type]
            raise ConfigError(f"crop: {config.crop} is no multiple of {network.stride_samples}, as the network needs")
        self.networks = {"M": network}
        self.epoch_items = self.crops.side_by_side()
        self.ema_networks = ("M",)
        self.loss = StereoLoss(config.loss, config.sample_rate_hz).to(self.device)
        self.phases = self._phases(network)
        self._held: list[Tensors] = []

    def _phases(self, network: nn.Module) -> tuple[Phase, ...]:
        """Return the phases: where there is pre-training, the filters alone have the first steps of the run."""
        c = self.config
        schedule: Schedule = stairs(*_STAIRS) if c.schedule == "stairs" else cosine(0.01, c.warmup_steps)
        mix = self._optimizer(c.weight_decay)
        if not c.pretrain_share:
            return (Phase("mix", ("M",), mix, schedule, clip_norm=c.clip_norm),)
        assert isinstance(network, PaperMixer)
        filters = {id(parameter) for parameter in network.front.parameters()}
        make = self._optimizer(_PIECE_WEIGHT_DECAY)
        return (
            Phase(
                "filters",
                ("M",),
                lambda parameters: make(p for p in parameters if id(p) in filters),
                constant,
                clip_norm=c.clip_norm,
                when=lambda step, total: step < c.pretrain_share * total,
            ),
            Phase(
                "mix",
                ("M",),
                mix,
                after(c.pretrain_share, schedule),
                clip_norm=c.clip_norm,
                when=lambda step, total: step >= c.pretrain_share * total,
            ),
        )

    def _optimizer(self, weight_decay: float) -> OptimizerFactory:
        return adam(self.config.lr, weight_decay=weight_decay, amsgrad=self.config.optimizer == "amsgrad")

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return ``stems``, ``wet`` and ``target`` of random crops; see `data.Crops.train`."""
        crops = [self.crops.train(step, item) for item in items]
        return {name: torch.stack([crop[name] for crop in crops]) for name in crops[0]}

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the distance of the mix from the target; of the phase ``filters`` that of the stems (L1)."""
        network = self.networks["M"]
        if phase == "filters":
            assert isinstance(network, PaperMixer)
            stems = pieces(batch["stems"], _PIECE_SECONDS * self.config.sample_rate_hz, int(network.stride_samples))
            return nn.functional.l1_loss(give_back(network.front, stems).float(), stems), {}
        distance = self.loss(network(batch["stems"]), batch["target"]).mean()
        if not isinstance(network, BandMixer):
            return distance, {}
        shrink = network.correction.square().mean()
        return distance + self.config.shrink_weight * shrink, {"distance": distance, "correction": shrink.sqrt()}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return the loss on the last part of each song, and that of both baselines."""
        gains = [10 ** (self.data["gains_db"].get(role, 0.0) / 20) for role in self.config.role_names]
        # The plain sum gets the mean of all gains, or it would lose by its level alone.
        even = [10 ** (float(np.mean(list(self.data["gains_db"].values()))) / 20)] * len(gains)
        figures: dict[str, list[float]] = {"score": [], "sum": [], "gains": []}
        for crop in self._held_crops():
            stems, target = crop["stems"][None].to(self.device), crop["target"][None].to(self.device)
            mixes = {"score": networks["M"](stems)}
            for name, factors in (("sum", even), ("gains", gains)):
                weights = stems.new_tensor(factors)[None, :, None, None]
                mixes[name] = (stems.unflatten(1, (-1, 2)) * weights).sum(1)
            for name, mix in mixes.items():
                figures[name].append(float(self.loss(mix, target).detach()))
        return {name: float(np.mean(values)) for name, values in figures.items()}

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write the first validation crop, mixed."""
        mix = networks["M"](self._held_crops()[0]["stems"][None].to(self.device))[0].float().cpu().numpy()
        write_audio(folder / f"step-{step:08d}.wav", mix, self.config.sample_rate_hz)

    def _held_crops(self) -> list[Tensors]:
        count = max(1, round(self.validation_part * self.config.validation_crops))
        if len(self._held) != count:
            self._held = [self.crops.validation(number) for number in range(count)]
        return self._held


def pieces(waves: torch.Tensor, most: int, multiple: int) -> torch.Tensor:
    """Cut waves (batch, channel, time) into equal pieces of at most so many samples, a multiple: more items of less."""
    length = min(most, waves.shape[-1]) // multiple * multiple
    count = waves.shape[-1] // length
    return waves[..., : count * length].unflatten(-1, (count, length)).transpose(1, 2).flatten(0, 1)
