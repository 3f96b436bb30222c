"""A trained CycleGAN as a mel translator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.errors import ModelError
from gantools.models.folder import trained_with
from gantools.models.weights import open_network
from gantools.runtime.seeds import item_seed
from gantools.systems.cyclegan.config import CycleGANConfig
from gantools.systems.cyclegan.networks import build_networks
from gantools.systems.cyclegan.time_networks import TimeGenerator
from gantools.systems.translation.config import TranslateConfig
from gantools.systems.translation.song import MelTranslator, SongTranslator, open_translator

#: Frames per step of the noise that a `TimeGenerator` takes, and steps drawn at a time.
NOISE_FRAMES = 4
_NOISE_BLOCK = 64


def load(folder: Path, config: TranslateConfig, device: str) -> SongTranslator:
    """Open a model folder for generating.

    Parameters
    ----------
    folder : Path
    config : TranslateConfig
        ``direction`` chooses G: X -> Y or F: Y -> X; only that generator is loaded.
    device : str

    Raises
    ------
    ModelError
        No model folder of CycleGAN, or weights that are missing or do not fit.
    """
    translator, generator, model = open_generator(folder, config)
    generator.to(device)
    if isinstance(generator, TimeGenerator):
        _check_style(config.style, len(generator.bank))

    # Songs come as (k, frame, mel), the network takes (k, 1, mel, frame).
    def network(windows: np.ndarray, starts: Sequence[int], seed: int) -> np.ndarray:
        mels = torch.from_numpy(windows).transpose(1, 2)[:, None].to(device)
        arguments = _style_and_noise(generator, mels, starts, seed, config.style)
        with torch.inference_mode():
            made = generator(mels, *arguments)
        return made[:, 0].transpose(1, 2).float().cpu().numpy()

    translator.network = network
    return SongTranslator(translator, folder, model, config, device)


def open_generator(folder: Path, config: TranslateConfig) -> tuple[MelTranslator, torch.nn.Module, dict[str, Any]]:
    """Return a translator that lacks its network, the generator of the options' direction, and ``config.json``.

    Raises
    ------
    ModelError
        See `load`.
    """
    translator, model = open_translator(folder, "cyclegan", config)
    options = trained_with(CycleGANConfig, model, folder)
    name = "G" if config.direction == "forward" else "F"
    n_mels = translator.params.n_mels
    generator = open_network(folder, name, lambda: build_networks(options, n_mels)[name], raw=not config.ema)
    return translator, generator.eval(), model


def _style_and_noise(
    generator: torch.nn.Module, mels: torch.Tensor, starts: Sequence[int], seed: int, style: str
) -> tuple[Any, ...]:
    """Return what a `TimeGenerator` takes beside the mels: a style, and noise that belongs to the song's frames."""
    if not isinstance(generator, TimeGenerator):
        return ()
    count = len(generator.bank)
    if style == "song":
        # The bank begins with the busiest windows; the end of it is nearly silent, which is no kit for a whole song.
        picks = [item_seed(seed, "style") % -(-count // 2)] * len(starts)
    # By the window's place in the song and not in the batch, whose size must change nothing.
    elif style == "window":
        picks = [item_seed(seed, "style", start) % count for start in starts]
    else:
        picks = [int(style)] * len(starts)
    steps = mels.shape[-1] // NOISE_FRAMES
    noise = torch.stack([_song_noise(seed, s // NOISE_FRAMES, steps, generator.noise_channels) for s in starts])
    return generator.bank[picks], noise.to(mels)


def _check_style(style: str, count: int) -> None:
    if style not in ("song", "window") and not (style.isdecimal() and int(style) < count):
        raise ModelError(f"style {style!r}: this model has styles 0 to {count - 1}, or song, or window")


def _song_noise(seed: int, first: int, steps: int, channels: int) -> torch.Tensor:
    """Return noise (channels, steps) that overlapping windows share: it depends on the place in the song alone."""
    # Drawn in blocks with a seed each, so that a window finds its noise without drawing that of all before it.
    blocks = range(first // _NOISE_BLOCK, (first + steps - 1) // _NOISE_BLOCK + 1)
    randoms = [torch.Generator().manual_seed(item_seed(seed, "noise", block)) for block in blocks]
    noise = torch.cat([torch.randn(channels, _NOISE_BLOCK, generator=random) for random in randoms], dim=1)
    offset = first - blocks[0] * _NOISE_BLOCK
    return noise[:, offset : offset + steps]
