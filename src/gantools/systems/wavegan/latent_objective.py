"""WaveGAN on latents of a codec, as a system for the training loop: a clip of some seconds is a few dozen steps.

A step is one update of the generator and one of the discriminator, which judge the same clips.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gantools.audio.mel import MelParams, mel_db
from gantools.audio.picture import write_mel_png
from gantools.audio.writing import write_audio
from gantools.options import to_mapping
from gantools.runtime.seeds import item_seed
from gantools.systems.codec.codec import Codec
from gantools.systems.latents.carried import hash_codec
from gantools.systems.latents.loss import handed_on, paired, slope_penalty, thawed
from gantools.systems.latents.scaling import LatentScale, importance_of
from gantools.systems.latents.score import LatentScore
from gantools.systems.wavegan.config import WaveGANConfig
from gantools.systems.wavegan.latent_clips import LatentClips, fixed_latents
from gantools.systems.wavegan.latent_movement import BandLevels, Movement
from gantools.systems.wavegan.latent_networks import build_latent_networks
from gantools.systems.wavegan.sampling import draw_items, make_clips
from gantools.systems.wavegan.sound import SCALING, SHOWN_LATENTS, LatentDecoding, in_a_row
from gantools.training.schedule import cosine
from gantools.training.system import Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]
_SHOWN_MELS = 128
#: Running mean of the weighted penalty from which the discriminator has broken away, as in Musika.
_MOST_PENALTY, _MEMORY = 1.0, 0.95


class LatentWaveGAN(System):
    """The style variant on the latents of songs.

    Parameters
    ----------
    clips : LatentClips
        Its configuration is that of the system.
    codec : Codec
        Made the latents, and makes sound of them; it becomes part of the model.
    device : torch.device
    """

    name = "wavegan"
    config: WaveGANConfig

    def __init__(self, clips: LatentClips, codec: Codec, device: torch.device | str = "cpu") -> None:
        config = self.config = clips.config
        self.clips, self.codec, self.device = clips, codec, torch.device(device)
        self.sound_channels = config.channels
        channels = self.sound_channels * codec.channels
        self.scale = LatentScale(channels, SCALING)
        train = clips.training_latents()
        self.scale.fit(train, importance_of(codec, train, clips.loudness()))
        # The loop sets all networks to training; the codec that is in use stays as it is.
        carried = {name: copy.deepcopy(network) for name, network in codec.networks.items()}
        self.movement: Movement | None = None
        if config.movement_weight:
            levels = BandLevels(channels, self.sound_channels, codec.block)
            levels.fit(codec, train, self.scale)
            self.movement = Movement(levels, codec.rate_hz * codec.block / codec.samples_per_latent).to(self.device)
        self.networks = {**build_latent_networks(config, channels), "scale": self.scale, **carried}
        for net in self.networks.values():
            net.to(self.device)
        self._judging = [p for p in self.networks["D"].parameters() if p.requires_grad]
        self.ema_networks, self.epoch_items = ("G",), clips.windows()["train"]
        betas = config.beta1 or 0.0, config.beta2 or 0.0
        schedule = cosine(1.0 if config.final_lr_share is None else config.final_lr_share, config.warmup_steps or 0)
        clip_norm = config.clip_norm or 0.0
        # The generator first: it leaves its fakes, and what is said of them, for the discriminator.
        self.phases = (
            Phase("generator", ("G",), adam(config.lr or 0.0, betas), schedule, clip_norm=clip_norm),
            Phase("discriminator", ("D",), adam(config.discriminator_lr or 0.0, betas), schedule, clip_norm=clip_norm),
        )
        self.data = {
            "rate_hz": codec.rate_hz,
            "samples": config.samples,
            "channels": self.sound_channels,
            "codec": to_mapping(codec.config),
            "codec_hash": hash_codec(codec),
            **clips.describe(),
        }
        self.songs, self.notes, self.left_out = clips.split, clips.notes, clips.left_out
        # One tensor on the device: reading a number back in each step would make the host wait for a GPU.
        self._watch = torch.zeros((), device=self.device)
        self._score: LatentScore | None = None
        self._made: tuple[int, torch.Tensor] | None = None

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return real clips, and the latents and noise of as many to make."""
        c = self.config
        real = [self.clips.draw(np.random.default_rng(item_seed(c.seed, "data", step, item))) for item in items]
        seeds = [item_seed(c.seed, "noise", step, item) for item in items]
        return {"real": torch.stack(real), **draw_items(seeds, self.networks["G"], c.latent, c.latent_kind)}

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the loss of the generator, or of the discriminator on the same clips."""
        c, judge, shared = self.config, self.networks["D"], step.shared
        if phase == "generator":
            real = shared["real"] = self.scale.scaled(batch["real"])
            fake = self.networks["G"](batch["z"], batch.get("noise"))
            # Both phases judge the same clips with the same weights, as the discriminator moves last.
            made = shared["made"] = fake.detach().float().requires_grad_(True)
            with thawed(self._judging):
                halves = [scores.tensor_split(2) for scores in judge(torch.cat([real, made]))]
            shared["judged"] = halves
            loss = paired([fakes for _, fakes in halves], [reals.detach() for reals, _ in halves])
            handed = handed_on(fake, made, loss)
            if self.movement is None:
                return handed, {}
            distance = self.movement(fake, real)
            return handed + (c.movement_weight or 0.0) * distance, {"movement": distance.detach()}
        halves = shared.pop("judged")
        reals, fakes = [list(side) for side in zip(*halves, strict=True)]
        loss = paired(reals, fakes)
        means = [torch.cat([s.float().flatten(1) for s in scores], 1).mean() for scores in (reals, fakes)]
        terms = {"real": means[0], "fake": means[1], "penalty": torch.zeros((), device=self.device)}
        weight, every = c.penalty_weight or 0.0, c.penalty_every or 1
        if weight and step.number % every == 0:
            # A penalty that is taken in each n-th step counts n times; those at real and made clips add up.
            penalty = 2 * slope_penalty(judge, torch.cat([shared["real"], shared["made"]]))
            loss = loss + every * weight * penalty
            terms["penalty"] = penalty
            weighed = torch.nan_to_num(weight * penalty.detach(), nan=0.0, posinf=0.0)
            self._watch += (1 - _MEMORY) * (weighed - self._watch)
        return loss, terms

    def extra_state(self) -> Tensors:
        """Return what the watch for divergence remembers, which belongs to the rank of the first item."""
        return {"item0/watch": self._watch.clone()}

    def load_extra_state(self, state: Tensors) -> None:
        """Take it back."""
        self._watch = state.get("item0/watch", torch.zeros(())).to(self.device, copy=True)

    def facts(self) -> dict[str, Any]:
        """Return places and minutes of each split, and how many files were left out or padded."""
        minutes = {side: round(seconds / 60, 1) for side, seconds in self.clips.seconds.items()}
        counts = {"skipped": len(self.clips.left_out), "padded": len(self.clips.padded)}
        return {"windows": self.clips.windows(), "minutes": minutes, **counts}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return figures of made beside held-out latents; ``score`` is their Fréchet distance."""
        self._made = None  # a run that went back validates the same step with other weights
        figures = self._judge().figures(self._clips(networks, step))
        del figures["seam"]  # clips have none
        return figures

    def symptoms(self, networks: dict[str, nn.Module], step: int) -> dict[str, str]:
        """Return what shows that the generator has collapsed or copies, or the discriminator has broken away."""
        found = self._judge().symptoms(self._clips(networks, step))
        if float(self._watch) > _MOST_PENALTY:
            found["discriminator"] = f"its weighted gradient penalty has risen to {float(self._watch):.2g}"
        return found

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write some clips in a row, with gaps, as a WAV file, and their mel-spectrograms as a picture."""
        decode = LatentDecoding(self.codec, self.scale, self.sound_channels)
        made = self._clips(networks, step)[:SHOWN_LATENTS].to(self.device)
        wave = in_a_row([decode(clip) for clip in made], self.codec.rate_hz)
        folder.mkdir(parents=True, exist_ok=True)
        write_audio(folder / f"step-{step:08d}.wav", wave, self.codec.rate_hz)
        params = MelParams(sample_rate_hz=self.codec.rate_hz, n_mels=_SHOWN_MELS)
        write_mel_png(folder / f"step-{step:08d}.png", mel_db(np.ascontiguousarray(wave.mean(axis=0)), params))

    def _judge(self) -> LatentScore:
        if self._score is None:
            count = self.config.validation_clips
            sides = [fixed_latents(self.clips, side, count).to(self.device) for side in ("train", "val")]
            train, held_out = (self.scale.scaled(latents) for latents in sides)
            self._score = LatentScore(train, held_out, self.config.clip_latents // 2)
        return self._score

    def _clips(self, networks: dict[str, nn.Module], step: int) -> torch.Tensor:
        """Return the clips of fixed seeds, made once for each validation, as the discriminator sees them."""
        if self._made is None or self._made[0] != step:
            c = self.config
            seeds = [item_seed(c.seed, "validation", number) for number in range(c.validation_clips)]
            drawn = draw_items(seeds, networks["G"], c.latent, c.latent_kind)
            self._made = step, make_clips(networks["G"], drawn).to(self.device)
        return self._made[1]
