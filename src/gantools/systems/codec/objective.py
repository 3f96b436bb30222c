"""The codec as a system for the training loop: each level's magnitudes, then its sound against a discriminator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gantools.audio.config import MelParams
from gantools.audio.mel import mel_db
from gantools.audio.picture import write_mel_png
from gantools.audio.writing import write_audio
from gantools.runtime.seeds import item_seed
from gantools.systems.codec import losses
from gantools.systems.codec.codec import Codec
from gantools.systems.codec.config import CodecConfig, stage_shares
from gantools.systems.codec.frontend import FrontEnd, hearing_bands, spectra_of
from gantools.systems.codec.linear import start_from_components
from gantools.systems.codec.networks import CODERS, build_coders, build_discriminator
from gantools.systems.codec.voices import SongsAndSpeech
from gantools.training.schedule import Schedule
from gantools.training.songs import SongClips
from gantools.training.system import Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]
#: Windows that the principal components are taken of, at most: 50 minutes.
_MOST_WINDOWS = 4096
_LEAST = 1e-3
_SHOWN = 6
_HEARD = 8


class CodecObjective(System):
    """The two-level autoencoder on songs.

    A run has four stages. In the first the encoder and the magnitudes of the decoder of level 1 learn by L1; in the
    second its encoder is frozen, and its decoder learns what its sound is like, against a discriminator. The third and
    the fourth do the same for level 2 through the frozen decoder of level 1; the discriminator then takes for real
    what level 1 alone makes. With `joint` both levels learn in the first two stages.

    Parameters
    ----------
    config : CodecConfig
    clips : SongClips or SongsAndSpeech
    device : torch.device

    Notes
    -----
    Pasini and Schlueter 2022, sections 3.1 and 4.1. An item is two windows that follow one another, which are encoded
    and decoded each on its own and then joined: so does the discriminator see where windows meet. Where blocks are
    lapped, an item is decoded in one piece as in use, and the error of its first and its last latent, which have no
    neighbour on one side, does not count.
    """

    name = "codec"
    config: CodecConfig

    def __init__(
        self, config: CodecConfig, clips: SongClips | SongsAndSpeech, device: torch.device | str = "cpu"
    ) -> None:
        self.config, self.clips, self.device = config, clips, torch.device(device)
        self.front = FrontEnd(config)
        weights = losses.ear_weights(self.front.bins, config.sample_rate_hz, config.ear_weight)
        networks = build_coders(config)
        if config.variant == "small" and config.linear_start:
            start_from_components(networks, list(self._statistics()), weights, config.frames_per_latent)
        self.weights = weights.to(self.device)
        self.bands = torch.from_numpy(hearing_bands(self.front.bins)[0]).to(self.device)
        self._stages = np.cumsum(stage_shares(config.stages)) / sum(stage_shares(config.stages))
        for level in self._levels_with_sound():
            networks[f"discriminator{level}"] = build_discriminator(config, level)
        self.networks = {name: network.to(self.device) for name, network in networks.items()}
        self.ema_networks = CODERS
        self.phases = tuple(self._phases())
        self.data = {"rate_hz": config.sample_rate_hz, **clips.describe()}
        self.songs, self.notes, self.left_out = clips.split, clips.notes, clips.left_out
        self._validation: torch.Tensor | None = None

    def _statistics(self) -> Iterator[torch.Tensor]:
        """Yield levels of the training songs, (2, bin, frame): as many windows as there are, twice over."""
        c = self.config
        count = int(min(_MOST_WINDOWS, 32 + self.clips.seconds["train"] * c.sample_rate_hz / c.samples)) // 2
        for number in range(count):
            random = np.random.default_rng(item_seed(c.seed, "statistics", number))
            wave = torch.from_numpy(_one_channel(self.clips.draw(random), random))[None]
            yield self.front.levels(self.front.transform(wave))

    # Stages

    def _levels_with_sound(self) -> list[int]:
        """Return the levels whose sound the run trains."""
        if not self.config.adversarial_weight:
            return []
        shares = stage_shares(self.config.stages)
        return [level for level in (1, 2) if shares[2 * level - 1]]

    def _phases(self) -> Iterator[Phase]:
        c, shares = self.config, stage_shares(self.config.stages)
        betas = c.beta1, 0.999
        for level in (1, 2):
            stage = 2 * level - 2
            trained: tuple[str, ...] = (f"encoder{level}", f"decoder{level}")
            decoders: tuple[str, ...] = (f"decoder{level}",)
            if c.joint and level == 1:
                trained, decoders = CODERS, ("decoder1", "decoder2")
            for name, networks, lr, number in (
                (f"level{level}", trained, c.lr, stage),
                (f"sound{level}", decoders, c.lr, stage + 1),
                (f"discriminator{level}", (f"discriminator{level}",), c.discriminator_lr, stage + 1),
            ):
                if shares[number] and networks[0] in self.networks:
                    yield Phase(
                        name,
                        networks,
                        adam(lr, betas),
                        self._schedule(number),
                        clip_norm=c.clip_norm,
                        when=partial(self._runs, number),
                    )

    def _runs(self, stage: int, step: int, total: int) -> bool:
        """Return whether a step belongs to a stage, counted from 0."""
        return int(np.searchsorted(self._stages, (step + 0.5) / max(1, total))) == stage

    def _schedule(self, stage: int) -> Schedule:
        """Return the factor of the learning rate: a rise at the start of the stage, then half a cosine."""
        c = self.config

        def factor(step: int, total: int) -> float:
            bounds = np.concatenate([[0.0], self._stages]) * total
            first, last = float(bounds[stage]), float(bounds[stage + 1])
            rise = min(1.0, (step - first + 1) / (c.warmup_steps + 1))
            done = min(1.0, max(0.0, (step - first) / max(1.0, last - first)))
            return rise * (c.final_lr_share + (1 - c.final_lr_share) * 0.5 * (1 + float(np.cos(np.pi * done))))

        return factor

    # Items

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return ``wave``, float32 (items, samples): mono, from any place of any song, its level varied."""
        return {"wave": torch.from_numpy(np.stack([self._item("data", step, item) for item in items]))}

    def _item(self, *parts: str | int, side: str = "train", vary: bool = True) -> np.ndarray:
        random = np.random.default_rng(item_seed(self.config.seed, *parts))
        wave = _one_channel(self.clips.draw(random, side), random)
        if vary:
            gain_db = random.uniform(-self.config.gain_db, self.config.gain_db / 3)
            wave = wave * np.float32(10 ** (gain_db / 20) * random.choice([-1, 1]))
        return wave

    # Losses

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the loss of a phase and its terms."""
        kind, level = phase[:-1], int(phase[-1])
        if kind == "discriminator":
            return self._judge(level, step)
        wave = batch["wave"]
        with torch.autocast(wave.device.type, enabled=False):
            wanted = self.front.levels(self.front.transform(wave))
        if kind == "level" and self.config.lapped:
            return self._reconstruct(level, wanted, self.config.frames_per_latent)
        windows = self._windows(wanted)
        if kind == "level":
            return self._reconstruct(level, windows)
        return self._sound(level, wave, wanted, windows, step)

    def _windows(self, levels: torch.Tensor) -> torch.Tensor:
        """Return both windows of each item, (2 items, bin, frame)."""
        return levels.unflatten(-1, (2, -1)).transpose(1, 2).flatten(0, 1)

    def _joined(self, windows: torch.Tensor) -> torch.Tensor:
        """Return what `_windows` took apart."""
        return windows.unflatten(0, (-1, 2)).transpose(1, 2).flatten(2)

    def _reconstruct(
        self, level: int, windows: torch.Tensor, beside: int = 0
    ) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Stages 1 and 3: L1 on the levels, but for so many frames beside them at either end."""
        nets, joint = self.networks, self.config.joint
        if level == 1 and not joint:
            made = nets["decoder1"](nets["encoder1"](windows))[0]
        elif joint:
            # What both levels make is all that anybody hears; the first alone is nearly true from the start.
            made = nets["decoder1"](nets["decoder2"](nets["encoder2"](nets["encoder1"](windows))))[0]
        else:
            with torch.no_grad(), _as_trained(nets["encoder1"]):
                codes = nets["encoder1"](windows)
            with _as_trained(nets["decoder1"]):
                made = nets["decoder1"](nets["decoder2"](nets["encoder2"](codes)))[0]
        inner = slice(beside, made.shape[-1] - beside)
        return self._level_loss(made[..., inner], windows[..., inner])

    def _level_loss(self, made: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, dict[str, Any]]:
        """Return lambda_rec L_rec with what is added to it, and the error of the levels for the log."""
        c, error = self.config, losses.level_error(made, wanted, self.weights)
        loss = c.reconstruction_weight * error
        terms = {"level_db": error.detach() * self.front.range_db}
        with torch.autocast(made.device.type, enabled=False):
            if c.magnitude_weight:
                loss = loss + c.magnitude_weight * losses.magnitude_error(made, wanted, self.weights, self.front)
            if c.band_weight:
                band = losses.band_error(made, wanted, self.bands, self.front)
                loss = loss + c.band_weight * band
                terms["band_db"] = band.detach() * self.front.range_db
        return loss, terms

    def _decoded(self, level: int, windows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return levels and phases of both windows, joined; encoders are frozen."""
        nets = self.networks
        with torch.no_grad(), _as_trained(nets["encoder1"], nets["encoder2"]):
            codes = nets["encoder1"](windows)
            latents = nets["encoder2"](codes) if level == 2 or self.config.joint else None
        if latents is not None:
            codes = nets["decoder2"](latents)
        # Frozen too where level 2 is trained after level 1.
        with _as_trained(*([nets["decoder1"]] if level == 2 else [])):
            levels, phase = nets["decoder1"](codes)
        return self._joined(levels), None if phase is None else self._joined(phase)

    def _sound(
        self, level: int, wave: torch.Tensor, wanted: torch.Tensor, windows: torch.Tensor, step: Step
    ) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Stages 2 and 4: L_dec = L_adv + lambda_rec L_rec + lambda_ms L_ms (section 3.1.2)."""
        c, lead = self.config, self.front.lead
        levels, phase = self._decoded(level, windows)
        loss, terms = self._level_loss(levels, wanted)
        if phase is None:
            # Phases are found afterwards, so that the magnitudes themselves are judged.
            fake, real = levels, wanted
        else:
            with torch.autocast(wave.device.type, enabled=False):
                made = self.front.synthesise(torch.polar(self.front.magnitudes(levels, _LEAST), phase))
                sound = wave[:, lead : lead + made.shape[-1]]
                distance = losses.multi_scale(made, sound)
                loss = loss + c.spectral_weight * distance
                terms["spectral"] = distance.detach()
                if c.adversarial_weight:
                    fake, real = self._judged(made), self._judged(self._real(level, sound, windows))
        if c.adversarial_weight:
            adversarial = -self.networks[f"discriminator{level}"](fake).mean()
            loss = loss + c.adversarial_weight * adversarial
            terms["adversarial"] = adversarial.detach()
            step.shared["judged"] = real.detach(), fake.detach()
        return loss, terms

    @torch.no_grad()
    def _real(self, level: int, sound: torch.Tensor, windows: torch.Tensor) -> torch.Tensor:
        """Return what the discriminator takes for real: the sound, or for level 2 what level 1 alone makes of it."""
        if level == 1 or self.config.joint:
            return sound
        with _as_trained(self.networks["encoder1"], self.networks["decoder1"]):
            levels, phase = self.networks["decoder1"](self.networks["encoder1"](windows))
        return self.front.synthesise(torch.polar(self.front.magnitudes(self._joined(levels)), self._joined(phase)))

    def _judged(self, sound: torch.Tensor) -> torch.Tensor:
        """Return the levels that the discriminator sees: hop 256, windows six times as long (section 4.1)."""
        hop = self.config.hop_samples
        return self.front.levels(spectra_of(sound, 6 * hop, hop, torch.hann_window(6 * hop)))

    def _judge(self, level: int, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the hinge loss L_D of what the decoder's phase left in this step."""
        real, fake = step.shared["judged"]
        network = self.networks[f"discriminator{level}"]
        scores, false = network(real), network(fake)
        loss = torch.relu(1 - scores).mean() + torch.relu(1 + false).mean()
        return loss, {"real": scores.mean().detach(), "fake": false.mean().detach()}

    # Validation

    def _unseen(self) -> torch.Tensor:
        """Return the levels of fixed windows of the validation songs, (n, bin, frame)."""
        if self._validation is None:
            waves = [
                self._item("validation", number, side="val", vary=False)
                for number in range(self.config.validation_crops)
            ]
            self._validation = torch.from_numpy(np.stack(waves)).to(self.device)
        return self._validation

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return figures on unseen songs.

        ``level_db`` is the mean error of the levels through both levels, ``frame_db`` through the first alone, all bins
        alike; ``ear_db`` is the former with bins weighted, ``band_db`` the error of bands; ``convergence`` the
        multi-scale spectral convergence and ``distance_db`` the log-spectral distance of sound that was decoded.
        ``score`` is the mean of ``ear_db`` and ``band_db``, where no discriminator is at work: against one the newest
        weights are the best.
        """
        waves, front = self._unseen(), self.front
        sums = np.zeros(4)
        plain = torch.ones_like(self.weights)
        for part in waves.split(self.config.batch_size):
            wanted = front.levels(front.transform(part))
            codes = networks["encoder1"](wanted)
            first = networks["decoder1"](codes)[0]
            both = networks["decoder1"](networks["decoder2"](networks["encoder2"](codes)))[0]
            errors = [(first, plain), (both, plain), (both, self.weights)]
            found = [losses.level_error(made, wanted, w) for made, w in errors]
            found.append(losses.band_error(both, wanted, self.bands, front))
            sums += [len(part) * float(error) for error in found]
        frame_db, level_db, ear_db, band_db = (float(x) for x in sums / len(waves) * front.range_db)
        figures = {"level_db": level_db, "frame_db": frame_db, "ear_db": ear_db, "band_db": band_db}
        sound, made = self._decode(networks, waves[:_HEARD])
        figures["convergence"] = losses.convergence(made, sound)
        figures["distance_db"] = losses.spectral_distance_db(made, sound, front)
        return figures if self.config.adversarial_weight else {"score": (ear_db + band_db) / 2, **figures}

    def _decode(self, networks: dict[str, nn.Module], waves: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return some sounds and what the codec makes of them."""
        codec = Codec(self.config, networks, self.device)
        made = codec.decode(codec.encode(waves))[:, : waves.shape[1]]
        return waves, made

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write some unseen sounds as they are decoded, in a row, and the mels of both below each other."""
        sound, made = (
            torch.cat(list(waves)).cpu().numpy() for waves in self._decode(networks, self._unseen()[:_SHOWN])
        )
        folder.mkdir(parents=True, exist_ok=True)
        rate_hz = self.config.sample_rate_hz
        write_audio(folder / f"step-{step:08d}.wav", made[None], rate_hz)
        if not (folder / "real.wav").exists():
            write_audio(folder / "real.wav", sound[None], rate_hz)
        params = MelParams(
            sample_rate_hz=rate_hz,
            n_fft=self.config.n_fft,
            hop_samples=self.config.hop_samples,
            n_mels=min(128, self.config.n_fft // 8),
        )
        write_mel_png(
            folder / f"step-{step:08d}.png", np.concatenate([mel_db(made, params), mel_db(sound, params)], axis=1)
        )

    def facts(self) -> dict[str, Any]:
        """Return the minutes of each split."""
        return {"minutes": {side: round(seconds / 60, 1) for side, seconds in self.clips.seconds.items()}}


def _one_channel(clip: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the left, the right or the mean of a clip (2, n)."""
    which = int(random.integers(3))
    return np.ascontiguousarray(clip[which] if which < 2 else clip.mean(0))


@contextmanager
def _as_trained(*networks: nn.Module) -> Iterator[None]:
    """Let networks that a stage does not train work as they will: with the statistics that they have, without noise."""
    training = [network.training for network in networks]
    for network in networks:
        network.eval()
    try:
        yield
    finally:
        for network, was in zip(networks, training, strict=True):
            network.train(was)
