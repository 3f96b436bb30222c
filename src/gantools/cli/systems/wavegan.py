"""WaveGAN and its variants: clips from a folder of music."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from gantools.chunks.item import Item
from gantools.cli.choosing import make_steady
from gantools.cli.exporting import export_model
from gantools.cli.flags import Run, verb
from gantools.cli.generation import Generation
from gantools.cli.inputs import AUDIO_SUFFIXES, gather, part
from gantools.cli.progress import Bar
from gantools.cli.systems.codec_option import CodecFolder, open_latent_codec
from gantools.cli.systems.options import SEEDED, TRAIN, Base, Export, ExportPart, Model, Resume, with_page
from gantools.cli.training import run_training
from gantools.errors import ConfigError
from gantools.systems.wavegan import config as wavegan_config
from gantools.systems.wavegan.generate_config import DEFAULT_COUNT, WaveGANGenerateConfig

if TYPE_CHECKING:
    from gantools.systems.codec.codec import Codec
    from gantools.systems.wavegan.data import Clips
    from gantools.systems.wavegan.generate import ClipMaker, Request
    from gantools.training.system import System

Data = Annotated[
    list[str] | None, typer.Argument(help="Songs: folders, files, or - for a list on stdin; or a chunk folder.")
]


def add_train(app: typer.Typer) -> None:
    """Add ``train wavegan``."""

    @verb(app, "wavegan", wavegan_config.WaveGANConfig, presets=wavegan_config.PRESETS, **TRAIN)
    def wavegan(
        data: Data = None,
        codec: CodecFolder = None,
        base: Base = None,
        resume: Resume = True,
        *,
        run: Run,
        config: wavegan_config.WaveGANConfig,
    ) -> int:
        """Learn to make clips of the kind that a folder of music holds (WaveGAN and three variants of it).

        Whole songs are kept for validation. A watchdog looks for collapse at each validation and goes back to the last
        healthy weights; samples/ shows what the model makes. A step is one update of the discriminator.

        \b
          gantools train wavegan tracks/ -o models/clips --variant improved --preset small --budget 5m
          gantools train wavegan tracks/ -o models/clips --samples 65536 --channels 2 --preset default
          gantools train wavegan tracks/ -o models/clips --variant style --preset small --budget 1h
        """
        from gantools.systems.wavegan.objective import WaveGAN

        def build(chosen: wavegan_config.WaveGANConfig, device: Any) -> System:
            chosen = wavegan_config.resolve(chosen)
            if chosen.domain == "latent":
                return _of_latents(data, open_latent_codec(codec, base, run, device), run, chosen, device)
            if codec is not None:
                raise ConfigError("codec: waves need none; add --domain latent")
            return WaveGAN(chosen, _read(data, run, chosen), device)

        return run_training(run, config, build, base=base, resume=resume, sources=data or ["-"], role="clip")


def _read(data: list[str] | None, run: Run, config: wavegan_config.WaveGANConfig) -> Clips:
    """Return the clips of a chunk folder, or of songs."""
    from gantools.systems.wavegan.data import ChunkClips, PlacedClips

    if folder := _chunks(data):
        return ChunkClips(folder, config)
    items = gather(data, AUDIO_SUFFIXES, run)
    with Bar(run, len(items), "read") as bar:
        return PlacedClips([(item.key, item.path) for item in items], config, bar.advance)


def _of_latents(
    data: list[str] | None, codec: Codec, run: Run, config: wavegan_config.WaveGANConfig, device: Any
) -> System:
    """Return the system that learns latents of songs."""
    from gantools.systems.wavegan.latent_clips import LatentClips
    from gantools.systems.wavegan.latent_objective import LatentWaveGAN

    if folder := _chunks(data):
        raise ConfigError("holds chunks; latents are learnt from songs: give the songs, or --domain wave", folder)
    items = gather(data, AUDIO_SUFFIXES, run)
    with Bar(run, 2 * len(items), "encode") as bar:
        clips = LatentClips([(item.key, item.path) for item in items], config, codec, device, bar.advance)
    return LatentWaveGAN(clips, codec, device)


def _chunks(data: list[str] | None) -> Path | None:
    """Return the chunk folder that was given, if it is one."""
    return Path(data[0]) if data and len(data) == 1 and (Path(data[0]) / "dataset.json").exists() else None


def add_generate(app: typer.Typer) -> None:
    """Add ``generate wavegan``."""

    @verb(app, "wavegan", WaveGANGenerateConfig, **with_page(SEEDED), folder="clips")
    def wavegan(
        model: Model,
        export: Export = None,
        export_part: ExportPart = "",
        *,
        run: Run,
        config: WaveGANGenerateConfig,
    ) -> int:
        """Make clips with a trained WaveGAN. Equal seeds give equal clips, whatever else is made.

        The latents of the clips are written beside them, to z.safetensors, and can be given back with --latents.

        \b
          gantools generate wavegan models/clips --count 100 -o clips/
          gantools generate wavegan models/clips --seeds 3,7,20-25 --truncation 0.8 -o picked/
          gantools generate wavegan models/clips --interpolate 3-7 --path-points 16 -o path/
          gantools generate wavegan models/clips --count 10 --seconds 30 --steady-tempo 0.8 -o steady/
          gantools generate wavegan models/clips --export clips.onnx
        """
        if export is not None:
            return export_model(run, model, config, export, export_part)
        generation = Generation(run, "wavegan", model, config)
        if config.chooses:
            from gantools.systems.wavegan.generate import seed_requests

            drawn = (_item(model, request) for seed in itertools.count(run.seed) for request in seed_requests([seed]))
            return make_steady(generation, config, drawn, config.count or DEFAULT_COUNT)[1]
        items = [_item(model, request) for request in cast("ClipMaker", generation.model).requests(run.seed)]
        return generation.execute(generation.tasks(part(items, run)))


def _item(model: Path, request: Request) -> Item:
    return Item(model / "config.json", "", request.name, "clip", request.name, given=request, seed=request.seed)
