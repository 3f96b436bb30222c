"""The objective of CycleGAN (Zhu et al. 2017, section 3) as a system for the training loop.

X is the source role, Y the target role; G: X -> Y and F: Y -> X are the generators, D_X and D_Y the discriminators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from gantools.chunks.shards import ChunkSet
from gantools.errors import ConfigError
from gantools.runtime.seeds import item_seed, seed_word
from gantools.systems.cyclegan.config import CycleGANConfig
from gantools.systems.cyclegan.image_pool import ImagePool
from gantools.systems.cyclegan.listening import StyleListener
from gantools.systems.cyclegan.networks import build_networks
from gantools.systems.cyclegan.time_networks import TimeGenerator, band_statistics
from gantools.systems.translation.listening import describe_chunks, left_out_of, remarks_on_chunks, windows_of
from gantools.training.schedule import linear_decay, linear_epochs
from gantools.training.system import Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]


class CycleGAN(System):
    """CycleGAN between two roles of a chunk folder.

    Parameters
    ----------
    config : CycleGANConfig
    chunks : ChunkSet
        Mel chunks that hold both roles, of any songs: nothing is paired.
    device : torch.device

    Raises
    ------
    ConfigError
        The chunk folder has no training chunks of a role, or windows of a size that the networks cannot take.
    """

    name = "cyclegan"
    config: CycleGANConfig

    def __init__(self, config: CycleGANConfig, chunks: ChunkSet, device: torch.device | str = "cpu") -> None:
        self.config, self.chunks, self.device = config, chunks, torch.device(device)
        self.data = describe_chunks(chunks, config.source_role, config.target_role)
        self.songs = chunks.songs(config.source_role, config.target_role)
        self.notes = remarks_on_chunks(chunks, config.source_role, config.target_role)
        self.left_out = left_out_of(chunks)
        self.rows = {"x": self._rows(config.source_role), "y": self._rows(config.target_role)}
        if chunks.frames % 4 or chunks.params.n_mels % 4 or chunks.frames < 64:
            size = f"{chunks.params.n_mels} x {chunks.frames}"
            raise ConfigError(f"windows of {size}; both must be multiples of 4, and at least 64 frames")
        self.networks = {n: net.to(self.device) for n, net in build_networks(config, chunks.params.n_mels).items()}
        self.styled = config.generator == "time"
        # Part of the weights: a model that generates has no training songs to take styles from.
        if self.styled:
            self._fill_bank("G", "y")
            self._fill_bank("F", "x")
        self.ema_networks = ("G", "F")
        # An epoch holds each chunk of the larger role once.
        self.epoch_items = max(len(rows) for rows in self.rows.values())
        self.phases = self._phases()
        shape = (1, chunks.params.n_mels, chunks.frames)
        # A pool for each item of the batch: ranks and micro-batches then share none. Together they hold pool_size.
        images = config.pool_size // config.batch_size
        slots = [(item, role) for item in range(config.batch_size) for role in "xy"]
        self.pools = {slot: ImagePool(images, shape, torch.float16) for slot in slots}
        self._listener: StyleListener | None = None

    def _rows(self, role: str) -> list[dict[str, Any]]:
        rows = self.chunks.select(role=role, split="train")
        if not rows:
            there = ", ".join(f"{name} {len(self.chunks.select(name, 'train'))}" for name in self.chunks.roles())
            raise ConfigError(
                f"no training chunks of role {role!r} in {self.chunks.folder} (training chunks: {there or 'none'}); "
                "with few songs, chunk with --split 1/0/0 and name those to hold out"
            )
        return rows

    def _phases(self) -> tuple[Phase, ...]:
        config = self.config
        if config.schedule == "run":
            schedule = linear_decay(0.5)
        else:
            schedule = linear_epochs(self.epoch_steps, config.constant_epochs, config.decay_epochs)
        betas = (config.beta1, config.beta2)
        return (
            Phase("generator", ("G", "F"), adam(config.lr, betas), schedule),
            Phase("discriminator", ("D_X", "D_Y"), adam(config.discriminator_lr, betas), schedule),
        )

    def _fill_bank(self, name: str, role: str) -> None:
        network = self.networks[name]
        assert isinstance(network, TimeGenerator)
        rows = self.rows[role]
        # Evenly over the songs; the busiest come first, as `generate` draws a song's style from the first half.
        places = [int(place) for place in torch.linspace(0, len(rows) - 1, len(network.bank)).round()]
        chosen = sorted((rows[place] for place in places), key=lambda row: -row["active"])
        for slot, row in zip(network.bank, chosen, strict=True):
            slot.copy_(band_statistics(torch.from_numpy(self.chunks.window(row))[None, None])[0])

    def _random(self, what: str, step: int | str, item: int) -> torch.Generator:
        return torch.Generator().manual_seed(item_seed(self.config.seed, what, step, item))

    # Data

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return x and y of the items, (len(items), 1, mel, frame) each, drawn independently of each other."""
        return {role: torch.stack([self._draw(role, step, item) for item in items]) for role in "xy"}

    def _draw(self, role: str, step: int, item: int) -> torch.Tensor:
        rows, random = self.rows[role], self._random(f"data {role}", step, item)
        row = rows[int(torch.randint(len(rows), (), generator=random))]
        reach = 0 if self.config.fixed_chunks else row["frames"] // 2
        shift = int(torch.randint(-reach, reach + 1, (), generator=random))
        window = torch.from_numpy(self.chunks.window(row, shift))[None]
        if not self.config.gain_db:
            return window
        # From dB to the networks' units, in which the dB range is 2 wide.
        gain = (2 * torch.rand((), generator=random) - 1) * self.config.gain_db
        louder = window + gain * 2 / (self.chunks.db_range.hi_db - self.chunks.db_range.lo_db)
        # What lies at the range's lower end is silence and stays there.
        return torch.where(window > -1, louder.clamp(-1, 1), window)

    # Losses

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the loss of the generators or of the discriminators, see `generator_loss` and `discriminator_loss`."""
        return self.generator_loss(batch, step) if phase == "generator" else self.discriminator_loss(batch, step)

    def generator_loss(self, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return L_GAN(G, D_Y) + L_GAN(F, D_X) + lambda L_cyc + lambda lambda_id L_identity (equations 1 to 3).

        L_identity is section 5.2's. An instance norm knows nothing of the other images of a batch, so fakes and
        identities come from one call of each generator, four calls in all instead of six.
        """
        x, y = batch["x"], batch["y"]
        cycle_weight, identity_weight = self.weights(step.number, step.total)
        # Weights that fade to 0 save the calls too: identities are a half of each generator's first call.
        if identity_weight:
            hidden_x, hidden_y = self._hide(x, "x", step), self._hide(y, "y", step)
            fake_y, same_y = self.translate("G", torch.cat([x, hidden_y]), torch.cat([y, y]), step).chunk(2)
            fake_x, same_x = self.translate("F", torch.cat([y, hidden_x]), torch.cat([x, x]), step).chunk(2)
            identity = l1(same_y, y) + l1(same_x, x)
        else:
            fake_y, fake_x = self.translate("G", x, y, step), self.translate("F", y, x, step)
            identity = x.new_zeros(())
        # The discriminators judge these very fakes, as in the authors' program; detached, they train nothing else.
        step.shared["fake_y"], step.shared["fake_x"] = fake_y.detach(), fake_x.detach()
        adversarial_y = least_squares(self._judge("D_Y", fake_y, "fool y", step), 1.0)
        adversarial_x = least_squares(self._judge("D_X", fake_x, "fool x", step), 1.0)
        loss = adversarial_y + adversarial_x + identity_weight * identity
        terms = {"adversarial_y": adversarial_y, "adversarial_x": adversarial_x, "identity": identity}
        cycle = x.new_zeros(())
        if cycle_weight:
            # Noise on the fakes drowns what a generator could hide in them for the way back (Chu et al. 2017).
            back_x = self.translate("F", self._noisy(fake_y, self.config.cycle_noise, "cycle y", step), x, step)
            back_y = self.translate("G", self._noisy(fake_x, self.config.cycle_noise, "cycle x", step), y, step)
            cycle = l1(back_x, x) + l1(back_y, y)
            loss = loss + cycle_weight * cycle
        terms["cycle"] = cycle
        if self.config.style_weight:
            style = l1(band_statistics(fake_y), band_statistics(y)) + l1(band_statistics(fake_x), band_statistics(x))
            loss, terms["style"] = loss + self.config.style_weight * style, style
        return loss, terms

    def discriminator_loss(self, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return half the least-squares loss of each discriminator on reals and on fakes from its pool."""
        terms = {}
        # Half the loss slows the discriminators down relative to the generators (Zhu et al. 2017, appendix 7.1).
        for role in "xy":
            fakes = torch.stack(
                [
                    self.pools[item, role].swap(fake, self._random(f"pool {role}", step.number, item))
                    for item, fake in zip(step.items, step.shared[f"fake_{role}"].float(), strict=True)
                ]
            )
            both = torch.cat([batch[role], fakes])
            logits = self._judge(f"D_{role.upper()}", both, seed_word(f"discriminator {role}"), step)
            real, fake = zip(*(head.chunk(2) for head in logits), strict=True)
            terms[f"discriminator_{role}"] = 0.5 * (least_squares(real, 1.0) + least_squares(fake, 0.0))
        return terms["discriminator_x"] + terms["discriminator_y"], terms

    def weights(self, step: int, total: int) -> tuple[float, float]:
        """Return the weights of the cycle and the identity loss at a step of `total`."""
        config, done = self.config, step / max(1, total)
        cycle = config.cycle_weight
        if config.cycle_share:
            cycle += (config.cycle_weight_end - config.cycle_weight) * min(1.0, done / config.cycle_share)
        fade = max(0.0, 1.0 - done / config.identity_share) if config.identity_share else 1.0
        return cycle, config.cycle_weight * config.identity_weight * fade

    def translate(self, name: str, mel: torch.Tensor, like: torch.Tensor, step: Step) -> torch.Tensor:
        """Run a generator; one with a style makes its output sound like `like`, with noise of its own."""
        network = self.networks[name]
        if not self.styled:
            return network(mel)
        # A generator is called several times in a step: the number of the call gives each its own noise.
        call = step.shared[f"calls {name}"] = step.shared.get(f"calls {name}", 0) + 1
        shape = (self.config.noise_channels, mel.shape[-1] // 4)
        copies = len(mel) // len(step.items)
        noise = self._normal(shape, f"noise {name} {call}", step, copies)
        return network(mel, band_statistics(like), noise)

    def _normal(self, shape: tuple[int, ...], what: str, step: Step, copies: int = 1) -> torch.Tensor:
        """Return normal noise (copies x items, *shape) that depends on the step and the item alone."""
        randoms = [self._random(what, step.number, item) for item in step.items]
        # A second copy draws on from the same generators, and so gets other noise.
        rows = [torch.randn(shape, generator=random) for _ in range(copies) for random in randoms]
        return torch.stack(rows).to(self.device)

    def _noisy(self, mel: torch.Tensor, deviation: float, what: str, step: Step) -> torch.Tensor:
        if not deviation:
            return mel
        noise = self._normal(tuple(mel.shape[1:]), what, step, len(mel) // len(step.items))
        return mel + deviation * noise

    def _hide(self, mel: torch.Tensor, role: str, step: Step) -> torch.Tensor:
        """Silence the upper bands of some items, so that the identity loss must invent them from the lower ones."""
        if not self.config.identity_mask:
            return mel
        hidden, n_mels = mel.clone(), mel.shape[2]
        for row, item in enumerate(step.items):
            random = self._random(f"hide {role}", step.number, item)
            if torch.rand((), generator=random) < self.config.identity_mask:
                hidden[row, :, int(torch.randint(n_mels // 16, n_mels // 2, (), generator=random)) :] = -1.0
        return hidden

    def _judge(self, name: str, mel: torch.Tensor, what: str, step: Step) -> Sequence[torch.Tensor]:
        """Return the heads of logits of a discriminator."""
        logits = self.networks[name](self._noisy(mel, self.config.discriminator_noise, what, step))
        return [logits] if isinstance(logits, torch.Tensor) else logits

    # State, validation

    def extra_state(self) -> Tensors:
        """Return the image pools, each under its item of the batch."""
        state: Tensors = {}
        for (item, role), pool in self.pools.items():
            state[f"item{item}/{role}/images"] = pool.images
            state[f"item{item}/{role}/count"] = torch.tensor(pool.count)
        return state

    def load_extra_state(self, state: Tensors) -> None:
        """Take the state back."""
        for (item, role), pool in self.pools.items():
            pool.count = int(state.get(f"item{item}/{role}/count", torch.tensor(0)))
            if pool.count:
                pool.images.copy_(state[f"item{item}/{role}/images"])

    def facts(self) -> dict[str, Any]:
        """Return how many windows there are of each role and split."""
        return {"windows": windows_of(self.chunks)}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return what `listening.Listener` measures on validation windows."""
        return self._listen().measure(networks["G"], networks["F"])

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write a picture of a few windows: input, fake, cycle."""
        self._listen().draw(networks["G"], folder / f"step-{step:08d}.png", networks["F"])

    def _listen(self) -> StyleListener:
        if self._listener is None or self._listener.part != self.validation_part:
            c, part = self.config, self.validation_part
            self._listener = StyleListener(
                self.chunks, c.source_role, c.target_role, c.validation_windows, self.device, part
            )
        return self._listener


def l1(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the mean absolute difference in float32."""
    return functional.l1_loss(a.float(), b.float())


def least_squares(heads: Sequence[torch.Tensor], target: float) -> torch.Tensor:
    """Return the mean over heads of the mean of (logit - target)^2 (Mao et al. 2017)."""
    return torch.stack([(logits.float() - target).square().mean() for logits in heads]).mean()
