"""Musika's latent GAN as a system for the training loop."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.audio.mel import MelParams, mel_db
from gantools.audio.picture import write_mel_png
from gantools.audio.writing import write_audio
from gantools.options import to_mapping
from gantools.runtime.ranks import Ranks
from gantools.systems.codec.codec import Codec
from gantools.systems.latents.carried import hash_codec
from gantools.systems.latents.loss import handed_on, paired, slope_penalty, thawed
from gantools.systems.latents.scaling import LatentScale, importance_of
from gantools.systems.latents.score import LatentScore
from gantools.systems.musika.config import MusikaConfig
from gantools.systems.musika.items import TrainingItems
from gantools.systems.musika.latents import LatentSongs
from gantools.systems.musika.networks import build_networks
from gantools.systems.musika.published import PaperDiscriminator
from gantools.systems.musika.stream import LatentMaker, SoundMaker, first_seconds
from gantools.training.schedule import cosine
from gantools.training.system import Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]
#: How the program moves the share of the penalty: by so much a step, down where the discriminator is not so sure.
_SHARE_STEP, _SURE = 1e-4, 0.9
_SHOWN_MELS = 128
#: Running mean of the weighted penalty from which the discriminator has broken away; healthy ones are .1 to .3.
_MOST_PENALTY, _MEMORY = 1.0, 0.95


@dataclass(frozen=True)
class Judged:
    """What the discriminator says.

    Attributes
    ----------
    real, fake : list of tensor (batch, n)
        Its scores, one tensor for each head.
    features : tensor (batch, channel, 4), optional
        Its last map of real music, where it rebuilds from it.
    """

    real: list[torch.Tensor]
    fake: list[torch.Tensor]
    features: torch.Tensor | None = None


class Musika(System):
    """The latent GAN of Musika on the latents of songs.

    Parameters
    ----------
    config : MusikaConfig
    songs : LatentSongs
    codec : Codec
        Made the latents, and makes sound of them; it becomes part of the model.
    device : torch.device
    """

    name = "musika"
    config: MusikaConfig

    def __init__(
        self, config: MusikaConfig, songs: LatentSongs, codec: Codec, device: torch.device | str = "cpu"
    ) -> None:
        self.config, self.latent_songs, self.codec, self.device = config, songs, codec, torch.device(device)
        channels = config.channels * codec.channels
        train = songs.training_latents()
        self.scale = LatentScale(channels, config.scaling)
        heard = importance_of(codec, train, songs.loudness().tolist()) if config.scaling == "importance" else None
        self.scale.fit(train, heard)
        # The loop sets all networks to training; the codec that is in use stays as it is.
        carried = {name: copy.deepcopy(network) for name, network in codec.networks.items()}
        networks = build_networks(config, codec.channels, songs.conditions.channels)
        self.networks: dict[str, nn.Module] = {**networks, "scale": self.scale, **carried}
        for net in self.networks.values():
            net.to(self.device)
        self._judging = [p for p in networks["D"].parameters() if p.requires_grad]
        self.ema_networks = ("G",)
        betas = (config.beta1, config.beta2)
        schedule = cosine(config.final_lr_share, config.warmup_steps)
        # The generator first: it leaves its fakes for the discriminator, as one pass serves both in the program.
        self.phases = (
            Phase("generator", ("G",), adam(config.lr, betas), schedule),
            Phase("discriminator", ("D",), adam(config.discriminator_lr, betas), schedule),
        )
        self.data = {
            "rate_hz": codec.rate_hz,
            "codec": to_mapping(codec.config),
            "codec_hash": hash_codec(codec),
            "conditions": songs.conditions.describe(),
            **songs.describe(),
        }
        self.notes, self.left_out = songs.notes, songs.left_out
        self.items = TrainingItems(config, songs, networks["G"])
        self._share = torch.ones((), device=self.device)
        # One tensor on the device: reading a number back in each step would make the host wait for a GPU.
        self._watch = torch.zeros((), device=self.device)
        self._sure: list[torch.Tensor] = []
        self._score: LatentScore | None = None
        self.finish_step = self._adapt if config.adaptive_penalty else None

    # Data

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return what items of a step are trained on; see `TrainingItems`."""
        return self.items.batch(step, items)

    # Losses (section 4.2; the adversarial loss and the weight of R1 are not in the paper)

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the loss of the generator, or of the discriminator on the same fakes."""
        shared = step.shared
        if phase == "generator":
            shared["real"] = self.scale.scaled(batch["real"])
            shared["conditions"] = self.items.conditions(batch)
            fake = self.items.make(self.networks["G"], batch)
            shared["fake"] = fake.detach()
            return self._generator_loss(fake, step), {}
        return self._discriminator_loss(batch, step)

    def _generator_loss(self, fake: torch.Tensor, step: Step) -> torch.Tensor:
        """Return the generator's loss, and leave the judgement of this step for the discriminator.

        Both phases judge the same music with the same weights, as the discriminator moves last. One pass serves both:
        here its gradient is taken only as far as the fakes, and handed on to what made them.
        """
        made = fake.detach().float().requires_grad_(True)
        with thawed(self._judging):
            judged = step.shared["judged"] = self._judged(step.shared["real"], made, step.shared["conditions"])
        if self.config.loss == "hinge":
            loss = -torch.stack([scores.float().mean() for scores in judged.fake]).sum()
        else:
            loss = paired(judged.fake, [scores.detach() for scores in judged.real])
        return handed_on(fake, made, loss)

    def _judged(self, real: torch.Tensor, fake: torch.Tensor, conditions: torch.Tensor) -> Judged:
        """Return what the discriminator says of real and generated music, which it sees as one batch."""
        judge, both = self.networks["D"], torch.cat([real, fake])
        twice, features = torch.cat([conditions, conditions]), None
        if isinstance(judge, PaperDiscriminator):
            found = judge.features(both, twice)
            scores, features = [judge.score(found.flatten(1))], found[: len(real)]
        else:
            scores = judge(both, twice)
        halves = [one.tensor_split(2) for one in scores]
        return Judged([first for first, _ in halves], [second for _, second in halves], features)

    def _discriminator_loss(self, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        c, judge = self.config, self.networks["D"]
        real, fake, conditions = (step.shared[name] for name in ("real", "fake", "conditions"))
        judged: Judged = step.shared.pop("judged")
        if c.loss == "hinge":
            loss = torch.stack(
                [
                    0.5 * (functional.relu(1 - x.float()).mean() + functional.relu(1 + y.float()).mean())
                    for x, y in zip(judged.real, judged.fake, strict=True)
                ]
            ).sum()
        else:
            loss = paired(judged.real, judged.fake)
        means = [torch.cat([s.float().flatten(1) for s in scores], 1).mean() for scores in (judged.real, judged.fake)]
        terms: dict[str, Any] = {"real": means[0], "fake": means[1], "penalty": torch.zeros((), device=real.device)}
        if judged.features is not None and c.rebuild_weight:
            rebuilt = isinstance(judge, PaperDiscriminator) and judge.rebuild(judged.features)
            error = (real - rebuilt).float().square().sum(1).mean()
            loss, terms["rebuilt"] = loss + c.rebuild_weight * error, error
        if "wrong" in batch:
            mismatch = self._mismatch(real, judged.real, batch["wrong"])
            loss, terms["mismatch"] = loss + c.mismatch_weight * mismatch, mismatch
        if c.adaptive_penalty:
            self._sure.append((means[0] - means[1]).detach() * len(real))
        if c.penalty_weight and step.number % c.penalty_every == 0:
            # A penalty that is taken in each n-th step counts n times; those of both kinds of music add up.
            if c.penalise_fakes:
                penalty = 2 * self._penalty(torch.cat([real, fake]), torch.cat([conditions, conditions]))
            else:
                penalty = self._penalty(real, conditions)
            loss = loss + c.penalty_every * c.penalty_weight * self._share * penalty
            terms["penalty"] = penalty
            weighed = torch.nan_to_num(c.penalty_weight * penalty.detach(), nan=0.0, posinf=0.0)
            self._watch += (1 - _MEMORY) * (weighed - self._watch)
        return loss, terms

    def _mismatch(self, real: torch.Tensor, scores: Sequence[torch.Tensor], wrong: torch.Tensor) -> torch.Tensor:
        """Return the loss of taking real music with the conditions of other music for right (Reed et al. 2016).

        Generated music is told from real music long before it is told whether it is as it was asked to be: without
        this, the discriminator hardly looks at conditions in a short run.
        """
        found = self.networks["D"](real, wrong)
        if self.config.loss == "hinge":
            return torch.stack([functional.relu(1 + one.float()).mean() for one in found]).sum()
        return paired(scores, found)

    def _penalty(self, latents: torch.Tensor, conditions: torch.Tensor) -> torch.Tensor:
        return slope_penalty(lambda x: self.networks["D"](x, conditions), latents)

    def _adapt(self, step: int, ranks: Ranks) -> None:
        """Move the share of the penalty as the program does: certainty = clip(E D(x) - E D(G), 0, 2) / 2."""
        total = torch.stack(self._sure).sum()[None] if self._sure else torch.zeros(1, device=self.device)
        self._sure = []
        certainty = (ranks.sum_(total)[0] / self.config.batch_size).clamp(0, 2) / 2
        moved = self._share + torch.where(certainty > _SURE, _SHARE_STEP, -_SHARE_STEP)
        self._share = moved.clamp(0.0, 1.0)

    def extra_state(self) -> Tensors:
        """Return the share of the penalty, and what the watch remembers, that of the rank of the first item."""
        return {"penalty_share": self._share.clone(), "item0/watch": self._watch.clone()}

    def load_extra_state(self, state: Tensors) -> None:
        """Take it back."""
        self._share = state.get("penalty_share", torch.ones(())).to(self.device, copy=True)
        self._watch = state.get("item0/watch", torch.zeros(())).to(self.device, copy=True)
        self._sure = []

    # Judging

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return figures of generated beside held-out latents; ``score`` is their Fréchet distance."""
        return self._judge().figures(self._patches(networks))

    def symptoms(self, networks: dict[str, nn.Module], step: int) -> dict[str, str]:
        """Return what shows that the generator has collapsed or copies, or the discriminator has broken away."""
        found = self._judge().symptoms(self._patches(networks))
        if float(self._watch) > _MOST_PENALTY:
            found["discriminator"] = f"its weighted gradient penalty has risen to {float(self._watch):.2g}"
        return found

    def _judge(self) -> LatentScore:
        if self._score is None:
            c = self.config
            drawn = {}
            for side in ("train", "val"):
                crops = self.items.fixed(side, c.validation_patches // 2)["real"]
                drawn[side] = self.scale.scaled(crops.to(self.device))
            self._score = LatentScore(drawn["train"], drawn["val"], c.patch_latents)
        return self._score

    @torch.no_grad()
    def _patches(self, networks: dict[str, nn.Module]) -> torch.Tensor:
        """Return pairs of patches of fixed noise (n, channels, 2 L)."""
        batch = self.items.fixed("val", self.config.validation_patches // 2)
        batch = {name: tensor.to(self.device) for name, tensor in batch.items()}
        return self.items.make(networks["G"], batch).float()

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write the beginning of an endless piece as a WAV file, and its mel-spectrogram as a picture."""
        if not self.config.sample_seconds:
            return
        sound = SoundMaker(LatentMaker(networks["G"], self.scale, self.config), self.codec)
        wave = first_seconds(sound, self.latent_songs.conditions)
        folder.mkdir(parents=True, exist_ok=True)
        write_audio(folder / f"step-{step:08d}.wav", wave, sound.rate_hz)
        params = MelParams(sample_rate_hz=sound.rate_hz, n_mels=_SHOWN_MELS)
        write_mel_png(folder / f"step-{step:08d}.png", mel_db(np.ascontiguousarray(wave.mean(0)), params))

    def facts(self) -> dict[str, Any]:
        """Return minutes for training and validation, and how many files were left out or repeated."""
        songs = self.latent_songs
        rates = {"latents_per_second": round(1 / songs.seconds_per_latent, 2)}
        return {"minutes": songs.minutes, **rates, "skipped": len(songs.left_out), "repeated": len(songs.repeated)}
