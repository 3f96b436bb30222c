"""The objectives of WaveGAN and its variants as a system for the training loop.

A step is one update of the discriminator, on fresh real clips; the generator is updated in each
`discriminator_updates`-th step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.audio.mel import mel_db
from gantools.audio.picture import write_mel_png
from gantools.audio.writing import write_audio
from gantools.metrics.collapse.symptoms import CollapsePanel
from gantools.nn.penalty import gradient_penalty
from gantools.runtime.seeds import item_seed, seed_word
from gantools.systems.wavegan.build import build_networks
from gantools.systems.wavegan.config import WaveGANConfig, resolve
from gantools.systems.wavegan.data import Clips, clips_of_epoch, fixed_clips, training_clip
from gantools.systems.wavegan.networks import Discriminator
from gantools.systems.wavegan.sampling import draw_items, make_clips
from gantools.systems.wavegan.score import ClipScore, mel_params
from gantools.systems.wavegan.sound import SHOWN_WAVES, in_a_row
from gantools.training.schedule import cosine
from gantools.training.system import Phase, Step, System, adam, with_small_weights

Tensors = dict[str, torch.Tensor]
_MOST_PANEL_CLIPS = 64
# Divergence (spec: WaveGAN issue 64, losses of 1e3; penalties that stay above 10).
_MOST_REAL = 1e3
_MOST_PENALTY = 10.0
_STEPS_ABOVE = 200
_MEMORY = 0.98
# Noise and missing kinds are where every run begins; after a healthy validation they count only with a score so much
# worse than the best healthy one, or a run that has just left the noise would be sent back at each swing.
_SWINGS = ("noise", "mode_collapse")
_MOST_WORSE = 1.5
_ILL_FACTOR = 1.25
_MOST_TWINS = 0.2
_EMPHASIS_GAIN = 3.0
#: Places in the tensor of the watch for divergence: the last penalty; the running mean of |E D(real)|; for how many
#: steps the penalty has been too large; the smallest distance of a healthy validation, 0 before the first.
_PENALTY, _REAL, _STEPS_TOO_LARGE, _BEST_DISTANCE = range(4)
_WATCHED = 4


class WaveGAN(System):
    """WaveGAN, or one of its variants, on clips of songs.

    Parameters
    ----------
    config : WaveGANConfig
        Unset fields are filled in from the variant's recipe.
    clips : SongClips or ChunkClips
    device : torch.device
    """

    name = "wavegan"
    config: WaveGANConfig

    def __init__(self, config: WaveGANConfig, clips: Clips, device: torch.device | str = "cpu") -> None:
        config = resolve(config)
        self.config, self.clips, self.device = config, clips, torch.device(device)
        self.data = {
            "rate_hz": config.sample_rate_hz,
            "samples": config.samples,
            "channels": config.channels,
            **clips.describe(),
        }
        self.songs, self.notes, self.left_out = clips.split, clips.notes, clips.left_out
        self.networks = {name: net.to(self.device) for name, net in build_networks(config).items()}
        self.ema_networks, self.epoch_items = ("G",), clips_of_epoch(clips)
        betas = config.beta1 or 0.0, config.beta2 or 0.0
        schedule = cosine(1.0 if config.final_lr_share is None else config.final_lr_share, config.warmup_steps or 0)
        clip_norm, judging = config.clip_norm or 0.0, adam(config.discriminator_lr or 0.0, betas)
        if config.loss == "wgan":
            judging = with_small_weights(judging, config.weight_clip)
        self.phases = (
            Phase("discriminator", ("D",), judging, schedule, clip_norm=clip_norm),
            Phase(
                "generator",
                ("G",),
                adam(config.lr or 0.0, betas),
                schedule,
                every=config.discriminator_updates or 1,
                every_growth=2,
                clip_norm=clip_norm,
            ),
        )
        # One tensor on the device: reading a number back in each step would make the host wait for the GPU.
        self._watch = torch.zeros(_WATCHED, device=self.device)
        self._judges: tuple[ClipScore, CollapsePanel] | None = None
        self._made: tuple[int, np.ndarray] | None = None

    @property
    def epoch_steps(self) -> int:
        """Steps of an epoch, in which the generator is updated as often as there are batches of clips.

        So the paper's program counts: its discriminator gets several updates on one and the same batch.
        """
        return super().epoch_steps * (self.config.discriminator_updates or 1)

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return real clips, latents and noise of both phases, and the places between real and fake."""
        c = self.config
        real = [training_clip(self.clips, item_seed(c.seed, "data", step, item), c.augment) for item in items]
        tensors = {"real": torch.from_numpy(np.stack(real))}
        for phase in ("discriminator", "generator"):
            seeds = [item_seed(c.seed, seed_word(phase), step, item) for item in items]
            drawn = draw_items(seeds, self.networks["G"], c.latent, c.latent_kind)
            tensors |= {f"{phase}_{name}": tensor for name, tensor in drawn.items()}
        places = [np.random.default_rng(item_seed(c.seed, "mix", step, item)).random() for item in items]
        return tensors | {"mix": torch.tensor(places, dtype=torch.float32)}

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the loss of the discriminator or the generator, and what the former says of real and fake."""
        number, items = step.number, step.items
        fake = self.networks["G"](batch[f"{phase}_z"], batch.get(f"{phase}_noise"))
        if phase == "generator":
            # With bce the non-saturating loss of the first GAN, -log of the sigmoid of the score; else that of WGAN.
            judged = self._judge(fake, number, items, "generator")
            if self.config.loss == "bce":
                return functional.softplus(-judged).mean(), {}
            return -judged.mean(), {}
        fake = fake.detach()
        real_scores = self._judge(batch["real"], number, items, "real")
        fake_scores = self._judge(fake, number, items, "fake")
        real_mean, fake_mean = real_scores.mean(), fake_scores.mean()
        terms = {"real": real_mean, "fake": fake_mean}
        self._watch_real(real_mean.detach())
        if self.config.loss == "bce":
            loss = functional.softplus(-real_scores).mean() + functional.softplus(fake_scores).mean()
            # At rest the gradient is 0, and Adam's momentum soon fades.
            return loss * (loss.detach() > self.config.discriminator_floor), terms
        loss, every = fake_mean - real_mean, self.config.penalty_every or 1
        if self.config.loss == "wgan":
            return loss, terms
        if number % every == 0:
            penalty = self._penalty(batch, fake, number, items)
            self._watch_penalty(penalty.detach(), every)
            # A penalty that is taken in each n-th step counts n times.
            loss = loss + every * (self.config.penalty_weight or 0.0) * penalty
        return loss, {**terms, "penalty": self._watch[_PENALTY].clone()}

    def _judge(self, waves: torch.Tensor, step: int, items: Sequence[int], what: str) -> torch.Tensor:
        return self.networks["D"](self._packed(waves), self._shifts(step, items, what)).float()

    def _packed(self, waves: torch.Tensor) -> torch.Tensor:
        """Return what the discriminator sees: clips with emphasis, neighbours laid over as channels (PacGAN)."""
        if self.config.emphasis:
            waves = emphasise(waves, self.config.emphasis)
        return waves.reshape(len(waves) // self.config.pack, -1, waves.shape[-1])

    def _shifts(self, step: int, items: Sequence[int], what: str) -> list[int] | torch.Tensor | None:
        """Return the phase shuffle of one pass: the same for all clips of the step, or one for each."""
        c, discriminator = self.config, self.networks["D"]
        assert isinstance(discriminator, Discriminator)
        if not c.phase_shuffle:
            return None

        def shift(*parts: str | int) -> int:
            return item_seed(c.seed, "shuffle", step, what, *parts) % (2 * c.phase_shuffle + 1) - c.phase_shuffle

        layers = range(discriminator.shuffled)
        if not c.shuffle_each:
            return [shift(layer) for layer in layers]
        rows = [[shift(layer, item) for item in items[:: c.pack]] for layer in layers]
        return torch.tensor(rows, device=self.device)

    def _penalty(self, batch: Tensors, fake: torch.Tensor, step: int, items: Sequence[int]) -> torch.Tensor:
        shifts = self._shifts(step, items, "mix")
        # What is judged is a pack of clips, which lies at one place between real and fake.
        places = batch["mix"][:: self.config.pack]
        real, made = self._packed(batch["real"]), self._packed(fake.float())
        with torch.autocast(self.device.type, enabled=False):
            return gradient_penalty(lambda x: self.networks["D"](x, shifts), real, made, places)

    def _watch_real(self, real_mean: torch.Tensor) -> None:
        # A bad step is skipped by the loop but not undone here: nothing that is not finite may stay.
        size = torch.nan_to_num(real_mean.abs(), nan=0.0, posinf=0.0)
        self._watch[_REAL] += (1 - _MEMORY) * (size - self._watch[_REAL])

    def _watch_penalty(self, penalty: torch.Tensor, every: int) -> None:
        # A step that is not finite is skipped by the loop, so its penalty must leave no trace in the watch either.
        self._watch[_PENALTY] = torch.nan_to_num(penalty, nan=0.0, posinf=0.0)
        longer = self._watch[_STEPS_TOO_LARGE] + every
        self._watch[_STEPS_TOO_LARGE] = torch.where(penalty > _MOST_PENALTY, longer, torch.zeros_like(penalty))

    def extra_state(self) -> Tensors:
        """Return what the watch for divergence remembers, which belongs to the rank of the first item."""
        return {"item0/watch": self._watch.clone()}

    def load_extra_state(self, state: Tensors) -> None:
        """Take it back."""
        watch = state.get("item0/watch")
        self._watch = torch.zeros(_WATCHED, device=self.device) if watch is None else watch.to(self.device).clone()

    def facts(self) -> dict[str, Any]:
        """Return clips and minutes of each split, and how many files were left out or padded."""
        minutes = {side: round(seconds / 60, 1) for side, seconds in self.clips.seconds.items()}
        counts = {"skipped": len(self.clips.left_out), "padded": len(self.clips.padded)}
        return {"windows": self.clips.windows(), "minutes": minutes, **counts}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return the distance of generated clips from held-out ones (dB) and the collapse panel's figures.

        ``score`` is the distance, a quarter more where the panel finds a fault.
        """
        self._made = None  # a run that went back validates the same step with other weights
        score, panel = self._judge_clips()
        made = self._samples(networks, step)
        distance = score.measure(made)
        factor = _ILL_FACTOR if panel.symptoms(made) else 1.0
        return {"score": factor * distance, "distance": distance, **panel.figures(made)}

    def symptoms(self, networks: dict[str, nn.Module], step: int) -> dict[str, str]:
        """Return what has collapsed, as the panel sees it, and whether the discriminator's own terms diverge."""
        score, panel = self._judge_clips()
        made = self._samples(networks, step)
        found, distance = panel.symptoms(made), score.measure(made)
        _, real, above, best = self._watch.tolist()
        # Once there were healthy clips, noise and missing kinds are taken for a swing as long as the distance is near
        # the best one and the clips are not all alike.
        swings = all(name in _SWINGS for name in found) and panel.figures(made)["twin_share"] <= _MOST_TWINS
        if found and best and swings and distance <= _MOST_WORSE * best:
            found = {}
        elif not found:
            self._watch[_BEST_DISTANCE] = min(distance, best or distance)
        if real > _MOST_REAL:
            found["divergence"] = f"the discriminator gives real clips {real:.3g} on average, beyond {_MOST_REAL:.0f}"
        elif above >= _STEPS_ABOVE:
            found["divergence"] = f"the gradient penalty stayed above {_MOST_PENALTY:.0f} for {above:.0f} steps"
        return found

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write eight clips in a row, with gaps, as a WAV file, and their mel-spectrograms as a picture."""
        wave = in_a_row(list(self._samples(networks, step)[:SHOWN_WAVES]), self.config.sample_rate_hz)
        folder.mkdir(parents=True, exist_ok=True)
        write_audio(folder / f"step-{step:08d}.wav", wave, self.config.sample_rate_hz)
        params = mel_params(self.config.sample_rate_hz, self.config.samples)
        write_mel_png(folder / f"step-{step:08d}.png", mel_db(np.ascontiguousarray(wave.mean(axis=0)), params))

    def _judge_clips(self) -> tuple[ClipScore, CollapsePanel]:
        if self._judges is None:
            c = self.config
            held_out = fixed_clips(self.clips, "val", c.validation_clips)
            known = fixed_clips(self.clips, "train", min(c.validation_clips, _MOST_PANEL_CLIPS))
            panel = CollapsePanel(held_out, c.sample_rate_hz, known, seed=c.seed)
            self._judges = ClipScore(held_out, c.sample_rate_hz), panel
        return self._judges

    def _samples(self, networks: dict[str, nn.Module], step: int) -> np.ndarray:
        """Return the clips of fixed seeds, made once for each validation."""
        if self._made is None or self._made[0] != step:
            c = self.config
            seeds = [item_seed(c.seed, "validation", number) for number in range(c.validation_clips)]
            drawn = draw_items(seeds, networks["G"], c.latent, c.latent_kind)
            self._made = step, make_clips(networks["G"], drawn).numpy()
        return self._made[1]


def emphasise(waves: torch.Tensor, share: float) -> torch.Tensor:
    """Return 3 (x[t] - share x[t - 1]) of waves (..., time); at 8 kHz music keeps about its level.

    A discriminator of bounded slope feels differences by their size, and the treble of music is 30 dB below its bass:
    without emphasis the generator's treble is left as noise.
    """
    before = functional.pad(waves[..., :-1], (1, 0))
    return _EMPHASIS_GAIN * (waves - share * before)
