"""The objective of pix2pix (Isola et al. 2017, section 3.1) as a system for the training loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from gantools.chunks.shards import ChunkSet
from gantools.errors import ConfigError
from gantools.runtime.seeds import item_seed
from gantools.systems.pix2pix.config import Pix2PixConfig
from gantools.systems.pix2pix.networks import build_networks
from gantools.systems.translation.listening import Listener, describe_chunks, left_out_of, remarks_on_chunks, windows_of
from gantools.training.schedule import linear_decay, linear_epochs
from gantools.training.system import Phase, Step, System, adam

Row = dict[str, Any]
Tensors = dict[str, torch.Tensor]


class Pix2Pix(System):
    """pix2pix between two roles of the same songs.

    Parameters
    ----------
    config : Pix2PixConfig
    chunks : ChunkSet
        Mel chunks; pairs are chunks of both roles with the same song and start.
    device : torch.device

    Raises
    ------
    ConfigError
        There are no pairs in the training split, or windows of a size that the networks cannot take.
    """

    name = "pix2pix"
    config: Pix2PixConfig

    def __init__(self, config: Pix2PixConfig, chunks: ChunkSet, device: torch.device | str = "cpu") -> None:
        self.config, self.chunks, self.device = config, chunks, torch.device(device)
        self.data = describe_chunks(chunks, config.source_role, config.target_role)
        self.songs = chunks.songs(config.source_role, config.target_role)
        self.notes = remarks_on_chunks(chunks, config.source_role, config.target_role)
        self.left_out = left_out_of(chunks)
        self.pairs = paired_rows(chunks, config.source_role, config.target_role, "train")
        if not self.pairs:
            roles = f"{config.source_role} and {config.target_role}"
            raise ConfigError(f"no training chunks of {roles} with the same song and start in {chunks.folder}")
        # Each level halves both axes, and only multiples come back to the same size.
        multiple = 2**config.depth
        if chunks.frames % multiple or chunks.params.n_mels % multiple:
            size = f"{chunks.params.n_mels} x {chunks.frames}"
            raise ConfigError(f"windows of {size}; depth {config.depth} needs multiples of {multiple}")
        self.networks = {name: net.to(self.device) for name, net in build_networks(config).items()}
        self.ema_networks = ("G",)
        self.epoch_items = len(self.pairs)
        betas = (config.beta1, config.beta2)
        schedule = linear_decay(0.5)
        if config.schedule == "epochs":
            schedule = linear_epochs(self.epoch_steps, config.constant_epochs, config.decay_epochs)
        # The authors' program updates the discriminator first.
        self.phases = (
            Phase("discriminator", ("D",), adam(config.lr, betas), schedule),
            Phase("generator", ("G",), adam(config.lr, betas), schedule),
        )
        self._listener: Listener | None = None

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return x and y of the items, (len(items), 1, mel, frame) each, from the same place of the same song."""
        drawn = [self._draw(step, item) for item in items]
        x, y = (torch.stack(windows) for windows in zip(*drawn, strict=True))
        return {"x": x, "y": y}

    def _draw(self, step: int, item: int) -> tuple[torch.Tensor, torch.Tensor]:
        random = torch.Generator().manual_seed(item_seed(self.config.seed, "data", step, item))
        pair = self.pairs[int(torch.randint(len(self.pairs), (), generator=random))]
        reach = 0 if self.config.fixed_chunks else pair[0]["frames"] // 2
        shift = int(torch.randint(-reach, reach + 1, (), generator=random))
        # Stems of a song can differ in length; a shift past an end would move one window and not the other.
        start = pair[0]["start"]
        last = min(self.chunks.source_frames(row) for row in pair) - pair[0]["frames"]
        shift = min(max(start + shift, 0), last) - start
        x, y = (torch.from_numpy(self.chunks.window(row, shift))[None] for row in pair)
        return x, y

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the loss of the discriminator or of the generator (equations 1, 3 and 4)."""
        x, y = batch["x"], batch["y"]
        if phase == "discriminator":
            with torch.no_grad():
                fake = self._fake(x, step)
            # Half the objective slows D down relative to G (section 3.3).
            discriminator = 0.5 * (self._cross_entropy(x, fake, 0.0) + self._cross_entropy(x, y, 1.0))
            return discriminator, {}
        fake = self._fake(x, step)
        adversarial = self._cross_entropy(x, fake, 1.0)
        distance = functional.l1_loss(fake.float(), y)
        return adversarial + self.config.l1_weight * distance, {"adversarial": adversarial, "l1": distance}

    def _fake(self, x: torch.Tensor, step: Step) -> torch.Tensor:
        # Both phases draw the same dropout, so that both see the same fake, as in the authors' program.
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(item_seed(self.config.seed, "dropout", step.number, step.items[0]))
            return self.networks["G"](x)

    def _cross_entropy(self, x: torch.Tensor, y: torch.Tensor, target: float) -> torch.Tensor:
        """The discriminator sees the input beside the output (conditional GAN)."""
        logits = self.networks["D"](torch.cat([x, y.to(x)], 1)).float()
        return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))

    def facts(self) -> dict[str, Any]:
        """Return how many windows there are of each role and split."""
        return {"windows": windows_of(self.chunks)}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return what `listening.Listener` measures on validation windows."""
        return self._listen().measure(networks["G"])

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write a picture of a few windows: input and fake."""
        self._listen().draw(networks["G"], folder / f"step-{step:08d}.png")

    def _listen(self) -> Listener:
        if self._listener is None or self._listener.part != self.validation_part:
            c, part = self.config, self.validation_part
            self._listener = Listener(
                self.chunks, c.source_role, c.target_role, c.validation_windows, self.device, part
            )
        return self._listener


def paired_rows(chunks: ChunkSet, source: str, target: str, split: str) -> list[tuple[Row, Row]]:
    """Return pairs of chunks of two roles with the same song and start."""
    # Chunks of one place of a song, whatever their order in the shards.
    places = {(row["song"], row["start"]): row for row in chunks.select(role=target, split=split)}
    rows = [(row, (row["song"], row["start"])) for row in chunks.select(role=source, split=split)]
    return [(row, places[key]) for row, key in rows if key in places]
