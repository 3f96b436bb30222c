"""One scale as a system of the training loop: discriminator and generator at one sampling rate."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.audio.midside import from_mid_side
from gantools.audio.writing import write_audio
from gantools.runtime.seeds import item_seed
from gantools.systems.caw.config import CawConfig
from gantools.systems.caw.likeness import FrameStatistics, Likeness, fit_equaliser
from gantools.systems.caw.networks import Discriminator, Generator, Norm
from gantools.systems.caw.objective import (
    gradient_penalty,
    magnitudes,
    mean_square_error,
    spectral_loss,
    wasserstein,
)
from gantools.systems.caw.scale_data import CoarserDraws, ScaleData
from gantools.systems.caw.stack import Scale
from gantools.training.system import Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]
#: At the ends of a crop the last layers see zeros where there is music: so much is cut off.
_MARGIN_SAMPLES = 8
_DROP_SHARE, _DROP = 2 / 3, 0.1
#: Earlier pieces of draws that the statistics count, at most.
_MOST_PIECES = 16
#: Draws that the equaliser is measured on.
_EQUALISER_DRAWS = 4


class CawScale(System):
    """Generator and discriminator of one sampling rate.

    Parameters
    ----------
    config : CawConfig
    scale_data : ScaleData
        The clips at this rate.
    coarser : CoarserDraws
        Input of the generator.
    width : int
        Channels of both networks.
    device : torch.device
    """

    name = "caw"
    writes_card = False  # that of the whole model is enough
    config: CawConfig

    def __init__(
        self,
        config: CawConfig,
        scale_data: ScaleData,
        coarser: CoarserDraws,
        width: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self.config, self.scale_data, self.coarser, self.device = config, scale_data, coarser, torch.device(device)
        self.data = {"rate_hz": scale_data.rate_hz, "lengths": scale_data.lengths, "width": width}
        seed = item_seed(config.seed, "networks", scale_data.rate_hz)
        shape = (config.channels, width, config.layers, config.kernel)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator, self.discriminator = (
                Generator(*shape).to(self.device),
                Discriminator(*shape).to(self.device),
            )
        self.networks = {"G": self.generator, "D": self.discriminator}
        self.epoch_items = len(scale_data.lengths)
        self.ema_networks = ("G",)
        optimizer = adam(config.lr, (config.beta1, config.beta2))
        self.phases = (
            Phase("discriminator", ("D",), optimizer, schedule),
            Phase("generator", ("G",), optimizer, schedule),
        )
        if config.alpha3:
            longest = max(scale_data.lengths)
            pieces = min(_MOST_PIECES, longest // config.crop) if config.crop else 0
            shortest = min(config.crop or longest, *scale_data.lengths)
            self.statistics = FrameStatistics(scale_data.stretches(), pieces, shortest)
        self._targets: dict[int, list[torch.Tensor]] = {}
        self._likeness: list[Likeness] = []
        self._sounds: Tensors = {}

    @property
    def epoch_steps(self) -> int:
        """Steps of an epoch, each of which learns from one clip."""
        return self.epoch_items

    def extra_state(self) -> Tensors:
        """Return the frames of earlier draws that the statistics count."""
        return self.statistics.state() if self.config.alpha3 else {}

    def load_extra_state(self, state: Tensors) -> None:
        """Take back the frames of `extra_state`."""
        if self.config.alpha3:
            self.statistics.load(state)

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return windows of one clip: ``real``, the generator's inputs for a draw and for the reconstruction, masks.

        ``x`` and ``rec_x`` have `reach` samples more on each side than ``previous``, ``rec_previous`` and ``real``.
        All is a function of (seed, step, item), so that a resumed run and any number of ranks see the same windows.
        """
        scale_data, (clip, window) = self.scale_data, self._of_step(step)
        rows: dict[str, list[torch.Tensor]] = {}
        for item in items:
            # Everything random about an item comes from one generator, in this order: place, noise, mixture.
            seed = item_seed(self.config.seed, "item", scale_data.rate_hz, step, item)
            random = torch.Generator().manual_seed(seed)
            start = int(torch.randint(scale_data.lengths[clip] - window + 1, (), generator=random))
            place = (start, window)
            # A draw has fresh noise on an invented coarser signal, the reconstruction fixed noise on that of the clip;
            # both are cut at the place of the real window, which the reconstruction has to equal.
            row = self._window(self.coarser.at_step(step, clip, item), random, place, "")
            row |= self._window(scale_data.rec_previous[clip], scale_data.rec_noise[clip], place, "rec_")
            row["real"] = scale_data.real[clip][:, start : start + window]
            # The penalty's mixture of real and fake: one number for the window, drawn here so that ranks agree.
            row["mix"] = torch.rand(1, 1, generator=random).to(self.device)
            if scale_data.valid is not None:
                row["valid"] = scale_data.valid[clip][:, start : start + window]
            for name, tensor in row.items():
                rows.setdefault(name, []).append(tensor)
        return {name: torch.stack(tensors) for name, tensors in rows.items()}

    def _of_step(self, step: int) -> tuple[int, int]:
        """Return the clip that a step learns from, and the samples of its windows: as long as the clip, or a crop."""
        random = torch.Generator().manual_seed(item_seed(self.config.seed, "clip", self.scale_data.rate_hz, step))
        clip = int(torch.randint(len(self.scale_data.real), (), generator=random))
        length, window = self.scale_data.lengths[clip], self.config.crop + 2 * _MARGIN_SAMPLES
        return clip, min(length, window) if self.config.crop else length

    def _window(
        self, previous: torch.Tensor, noise: torch.Tensor | torch.Generator, place: tuple[int, int], prefix: str
    ) -> Tensors:
        """Cut the generator's input, `previous` plus noise with zeros around the clip, and `previous` itself."""
        # The convolutions have no padding: the input must be wider than the window by the reach on either side. Where
        # the clip has that much it is music, as in the middle of a whole draw; beyond the ends of the clip it is zeros.
        reach, (start, window) = self.config.reach, place
        first, last = max(0, start - reach), min(previous.shape[-1], start + window + reach)
        if isinstance(noise, torch.Generator):
            # Noise is drawn only where there is signal, and on the CPU: every device gets the same.
            drawn = torch.randn(self.config.channels, last - first, generator=noise)
            added = drawn.to(self.device) * self.scale_data.amplitude
        else:
            added = noise[:, first:last]
        around = (first - start + reach, start + window + reach - last)
        x = functional.pad(previous[:, first:last] + added, around)
        return {f"{prefix}x": x, f"{prefix}previous": previous[:, start : start + window]}

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the loss of the discriminator (equation 3) or of the generator (equations 4 and 5), and its terms."""
        # The generator's last layers pad their input with zeros. At the ends of a whole clip that is what draws have,
        # too; at the ends of a crop it is wrong, and a few samples are cut off before anything is compared.
        clip, window = self._of_step(step.number)
        whole = window == self.scale_data.lengths[clip]
        cut = slice(None) if whole else slice(_MARGIN_SAMPLES, -_MARGIN_SAMPLES)
        real = batch["real"][..., cut]
        valid = batch["valid"][..., cut] if "valid" in batch else None
        # Equation 1: the fake signal of this scale, from a draw of the scales below.
        fake = self.generator(batch["x"], batch["previous"])[..., cut].float()
        if phase == "discriminator":
            return self._discriminator_loss(real, fake.detach(), batch["mix"], valid, step.number)
        # Equations 4 and 5: the adversarial term of the draw, and the distance of the reconstruction from the clip.
        adversarial = -wasserstein(self.discriminator(fake))
        loss, terms = self._distance(batch, real, valid, cut, step, clip if whole else -1)
        # Ours: the frames of the draw should be distributed like those of the clip.
        if self.config.alpha3:
            seed = item_seed(self.config.seed, "directions", self.scale_data.rate_hz, step.number, step.items[0])
            random = torch.Generator().manual_seed(seed)
            terms["statistics"] = self.statistics.distance(fake, step.items[0], random)
            loss = loss + self.config.alpha3 * terms["statistics"]
        return adversarial + loss, {"adversarial": adversarial, **terms}

    def _discriminator_loss(
        self, real: torch.Tensor, fake: torch.Tensor, mix: torch.Tensor, valid: torch.Tensor | None, step: int
    ) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the discriminator's loss (equation 3) and its terms."""
        discriminator, c = self.discriminator, self.config
        # The real side leaves out all that touches a hole; the fake side has no holes.
        if valid is None:
            on_real = wasserstein(discriminator(real))
        else:
            on_real = wasserstein(*discriminator.score_valid(real, valid))
        on_fake = wasserstein(discriminator(fake))
        loss, terms = on_fake - on_real, {"real": on_real, "fake": on_fake}
        # The penalty is a third of the time of a step: computed in each N-th step it weighs N times as much.
        if c.penalty_weight and step % c.penalty_every == 0:

            def scores(x: torch.Tensor) -> torch.Tensor:
                if valid is None:
                    return discriminator(x)
                values, counted = discriminator.score_valid(x, valid)
                return values * counted

            terms["penalty"] = gradient_penalty(scores, real, fake, mix, valid)
            loss = loss + c.penalty_weight * c.penalty_every * terms["penalty"]
        return loss, terms

    def _distance(
        self, batch: Tensors, real: torch.Tensor, valid: torch.Tensor | None, cut: slice, step: Step, clip: int
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the reconstruction's distance from the clip (-1: a crop of one), weighted, and its terms."""
        c = self.config
        falling = max(0.0, 1.0 - step.number / (c.mse_share * step.total)) if c.mse_share else 1.0
        alpha1 = c.alpha1 + c.mse_start * falling
        rec = self.generator(batch["rec_x"], batch["rec_previous"])[..., cut]
        loss, terms = torch.zeros((), device=self.device), {}
        terms["mse"] = mean_square_error(rec, real, valid)
        if alpha1:
            loss = loss + alpha1 * terms["mse"]
        if c.alpha2:
            # The norm of a piece is smaller by the root of its share.
            share = real.shape[-1] / self.scale_data.lengths[max(clip, 0)]
            masked = rec if valid is None else rec * valid + real * (1.0 - valid)
            terms["spectral"] = spectral_loss(masked, self._target(clip, real)) * share**-0.5
            loss = loss + c.alpha2 * terms["spectral"]
        return loss, terms

    def _target(self, clip: int, real: torch.Tensor) -> list[torch.Tensor]:
        """Magnitudes of the clip; those of whole clips are kept."""
        if clip < 0:
            return magnitudes(real)
        if clip not in self._targets:
            self._targets[clip] = [m[:1] for m in magnitudes(real[:1])]
        return self._targets[clip]

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return how close a few draws come to the clips in spectrum (`ltas_db`) and frame by frame (`recall_db`).

        Nothing before the first step: a new scale says nothing, and a budget run has better use for the time.
        """
        if step == 0:
            return {}
        generator = calibrated(networks["G"], self, passes=2)
        figures: dict[str, list[float]] = {}
        for index in range(self.config.validation_draws):
            clip = index % len(self.scale_data.real)
            drawn = self.draw(generator, clip, "calibration", -1 - index)
            for name, value in self._listen(clip).measure(drawn).items():
                figures.setdefault(name, []).append(value)
        means = {name: float(np.mean(values)) for name, values in figures.items()}
        rec, real = self.reconstruct(generator), self.scale_data.real[0]
        self._sounds = {"real": real, "reconstruction": rec, "draw": drawn}
        error = (rec - real).square().mean() / real.square().mean()
        means["reconstruction"] = float(error.sqrt())
        distance = means["ltas_db"] + means["recall_db"]
        # Only what is called score chooses the weights that are kept, and ends a run early.
        chooses = self.config.keep_best or self.config.patience
        return {"score" if chooses else "distance": distance, **means}

    def _listen(self, clip: int) -> Likeness:
        """Return the measures of a clip, analysed when the first is wanted."""
        if not self._likeness:
            self._likeness = [Likeness(real) for real in self.scale_data.real]
        return self._likeness[clip]

    @torch.no_grad()
    def draw(self, generator: nn.Module, clip: int, name: str, index: int) -> torch.Tensor:
        """Return a draw (channels, n) of this scale, a function of its name and index."""
        reach, channels = self.config.reach, self.config.channels
        # Few of the coarser draws are made; the noise that is added here makes each draw another one.
        previous = self.coarser.kept(clip, name, index)
        seed = item_seed(self.config.seed, "noise", self.scale_data.rate_hz, clip, name, index)
        noise = torch.randn(channels, previous.shape[-1], generator=torch.Generator().manual_seed(seed))
        x = functional.pad(previous + noise.to(self.device) * self.scale_data.amplitude, (reach, reach))
        drawn: torch.Tensor = generator(x[None], previous[None])[0]
        return drawn

    @torch.no_grad()
    def reconstruct(self, generator: nn.Module) -> torch.Tensor:
        """Return the reconstruction (channels, n) of the first clip at this rate."""
        reach, previous = self.config.reach, self.scale_data.rec_previous[0]
        x = functional.pad(previous + self.scale_data.rec_noise[0], (reach, reach))
        rec: torch.Tensor = generator(x[None], previous[None])[0]
        return rec

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write what the validation listened to: the clip, its reconstruction and a draw at this rate."""
        for name, signal in self._sounds.items():
            if name != "real" or not (folder / "real.wav").exists():
                write_audio(folder / f"{name}.wav", from_mid_side(signal).cpu().numpy(), self.scale_data.rate_hz)


def schedule(step: int, total: int) -> float:
    """Return the factor of the learning rate: 1, and a tenth from int(2/3 of the steps) on."""
    return _DROP if step >= int(_DROP_SHARE * total) else 1.0


@torch.no_grad()
def calibrated(generator: nn.Module, system: CawScale, passes: int, into: nn.Module | None = None) -> nn.Module:
    """Return a copy in evaluation mode whose batch statistics are the mean over draws of whole clips.

    The running statistics of training follow weights that change, and know crops only. With momentum None batch norm
    averages all passes evenly.
    """
    target = copy.deepcopy(generator) if into is None else into
    target.train()
    for norm in target.modules():
        if isinstance(norm, Norm):
            norm.reset_running_stats()
            norm.momentum = None
    for index in range(passes):
        system.draw(target, index % len(system.scale_data.real), "calibration", index)
    return target.eval().requires_grad_(False)


@torch.no_grad()
def finish(system: CawScale) -> Scale:
    """Return the finished scale of a system whose generator has the weights to keep."""
    config, scale_data, generator = system.config, system.scale_data, system.generator
    # Evaluation mode, in which the model will draw, needs batch statistics of the final weights.
    if config.recalibrate:
        calibrated(generator, system, config.recalibrate, into=generator)
    generator = generator.eval().requires_grad_(False)
    # Whatever training left of a difference between the average spectra of draws and clips is filtered away.
    equaliser = None
    if config.match_eq_db:
        count = max(_EQUALISER_DRAWS, len(scale_data.real))
        drawn = [system.draw(generator, i % len(scale_data.real), "calibration", i) for i in range(count)]
        equaliser = fit_equaliser(scale_data.stretches(), drawn, config.match_eq_db)
    band = scale_data.clip_bands[0] if scale_data.clip_bands else None
    return Scale(scale_data.rate_hz, generator, scale_data.amplitude, scale_data.rec_noise[0], equaliser, band)
