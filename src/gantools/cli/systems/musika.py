"""Musika: endless music from a folder of songs, as latents of a codec."""

from __future__ import annotations

import dataclasses
import itertools
import sys
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
from gantools.systems.musika import config as musika_config
from gantools.systems.musika.generate_config import MusikaGenerateConfig

if TYPE_CHECKING:
    from gantools.systems.musika.generate import MusicMaker
    from gantools.systems.musika.objective import Musika

Songs = Annotated[list[str] | None, typer.Argument(help="Songs: folders, files, or - for a list on stdin.")]


def add_train(app: typer.Typer) -> None:
    """Add ``train musika``."""

    @verb(app, "musika", musika_config.MusikaConfig, presets=musika_config.PRESETS, preset="small", **TRAIN)
    def musika(
        songs: Songs = None,
        codec: CodecFolder = None,
        base: Base = None,
        resume: Resume = True,
        *,
        run: Run,
        config: musika_config.MusikaConfig,
    ) -> int:
        """Learn to make endless music of the kind that a folder of songs holds (Musika).

        Songs of any length and format become latents of a codec, which the model then carries; a GAN learns to make
        sequences of them that go on for ever. samples/ shows what the model makes.

        \b
          gantools train musika techno/ -o models/techno --budget 15m
          gantools train musika techno/ --codec models/codec -o models/techno --preset default -d cuda
          gantools generate musika models/techno --seconds 3600 -s 7 -o night.flac
        """
        from gantools.systems.musika.latents import LatentSongs
        from gantools.systems.musika.objective import Musika

        def build(chosen: musika_config.MusikaConfig, device: Any) -> Musika:
            opened = open_latent_codec(codec, base, run, device)
            items = gather(songs, AUDIO_SUFFIXES, run)
            with Bar(run, len(items), "encode") as bar:
                latents = LatentSongs([(item.key, item.path) for item in items], chosen, opened, device, bar.advance)
            return Musika(chosen, latents, opened, device)

        return run_training(run, config, build, base=base, resume=resume, sources=songs or ["-"], role="music")


def add_generate(app: typer.Typer) -> None:
    """Add ``generate musika``."""

    @verb(app, "musika", MusikaGenerateConfig, **with_page(SEEDED), folder="music")
    def musika(
        model: Model,
        export: Export = None,
        export_part: ExportPart = "",
        *,
        run: Run,
        config: MusikaGenerateConfig,
    ) -> int:
        """Make music of any length with a trained Musika: into a folder, one file, or a player.

        Equal seeds give equal music, from whatever place on. -o names a folder, a file such as night.flac, or - for
        WAV on standard output. Memory does not grow with the length.

        \b
          gantools generate musika models/techno --seconds 3600 -s 7 -o night.flac
          gantools generate musika models/techno --seconds 0 -s 7 -o - | ffplay -
          gantools generate musika models/techno --loop 20s --count 10 -o loops/
          gantools generate musika models/techno --count 5 --steady-tempo 0.8 --steady-key 0.6 -o steady/
          gantools generate musika models/techno -s 7 --from 00:40:00 --seconds 60 -o excerpt.wav
          gantools generate musika models/techno --export decoder.pt --export-part decoder
        """
        if export is not None:
            return export_model(run, model, config, export, export_part)
        if run.out == Path("-"):
            return _play(run, model, config)
        if not config.seconds and not config.loop:
            raise ConfigError("seconds: a file has an end; write a length, or -o - for music without one")
        run, config = _into_one_file(run, config)
        generation = Generation(run, "musika", model, config)
        seeds = cast("MusicMaker", generation.model).seeds(run.seed)
        if "{" not in run.name and len(seeds) > 1:
            raise ConfigError(f"{len(seeds)} pieces do not go into one file; name a folder with -o")
        if config.chooses:
            drawn = (_item(model, seed) for seed in itertools.count(run.seed))
            return make_steady(generation, config, drawn, len(seeds))[1]
        items = [_item(model, seed) for seed in seeds]
        return generation.execute(generation.tasks(part(items, run)))


def _item(model: Path, seed: int) -> Item:
    name = f"seed-{seed:05d}"
    return Item(model / "config.json", "", name, "music", name, seed=seed)


def _into_one_file(run: Run, config: MusikaGenerateConfig) -> tuple[Run, MusikaGenerateConfig]:
    """Return the options with which ``-o night.flac`` is a file of that name in its folder."""
    from gantools.audio.formats import CONTAINERS

    out = run.out
    if out is None or out.is_dir() or out.suffix.lower() not in CONTAINERS:
        return run, config
    if "{" in out.name or "}" in out.name:
        raise ConfigError("a file's name cannot hold braces here; name another with -o", out)
    return dataclasses.replace(run, out=out.parent, name=out.name), config


def _play(run: Run, folder: Path, config: MusikaGenerateConfig) -> int:
    """Write one piece to standard output as WAV, as fast as somebody reads it."""
    from gantools.audio.wavstream import WavStream
    from gantools.runtime.device import resolve_device
    from gantools.systems.musika.generate import load

    if config.chooses:
        raise ConfigError("a stream cannot be chosen: it is heard as it is made; write the music to a file")
    if run.json:
        raise ConfigError("--json and -o - both want standard output; write the music to a file")
    maker = load(folder, config, str(resolve_device(run.device)))
    seeds = maker.seeds(run.seed)
    if len(seeds) > 1:
        raise ConfigError(f"{len(seeds)} pieces do not go into one stream; leave out --count and --seeds")
    endless = not config.seconds and not config.loop
    frames = None if endless else maker.frames(seeds[0])
    if not run.dry_run:
        stream = WavStream(sys.stdout.buffer, maker.rate_hz, maker.model.channels, config.bits, frames)
        for block in maker.blocks(seeds[0], endless=endless):
            stream.append(block)
        stream.close()
    return 0
