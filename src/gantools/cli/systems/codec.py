"""The codec: songs as a few numbers for each tenth of a second, and back."""

from __future__ import annotations

from typing import Annotated

import typer

from gantools.cli.exporting import export_model
from gantools.cli.flags import Run, verb
from gantools.cli.generation import Generation
from gantools.cli.inputs import AUDIO_SUFFIXES, LATENT_SUFFIXES, gather, gather_sets
from gantools.cli.progress import Bar
from gantools.cli.systems.options import GENERATE, SEEDED, TRAIN, Base, Export, ExportPart, Model, Resume
from gantools.cli.training import run_training
from gantools.systems.codec import config as codec_config

Songs = Annotated[list[str] | None, typer.Argument(help="Songs: folders, files, or - for a list on stdin.")]
Inputs = Annotated[
    list[str] | None, typer.Argument(help="Songs or files of latents: folders, files, or - for a list on stdin.")
]
Speech = Annotated[
    list[str] | None,
    typer.Option("--speech", help="Speech to learn beside the songs: a folder or a file; can be given several times."),
]


def add_train(app: typer.Typer) -> None:
    """Add ``train codec``."""

    @verb(app, "codec", codec_config.CodecConfig, presets=codec_config.PRESETS, preset="small", **TRAIN)
    def codec(
        songs: Songs = None,
        speech: Speech = None,
        base: Base = None,
        resume: Resume = True,
        *,
        run: Run,
        config: codec_config.CodecConfig,
    ) -> int:
        """Learn to write music as a few numbers for each tenth of a second, and to play them back (Musika's codec).

        Whole songs are kept for validation. The preset small begins with principal components and is of use from its
        first minute; the others are the published networks, which take days on a GPU.

        \b
          gantools train codec songs/ -o models/codec --budget 30m
          gantools train codec songs/ --speech librispeech/ -o models/codec
          gantools train codec songs/ -o models/codec --preset base44 -d cuda
        """
        from gantools.systems.codec.objective import CodecObjective
        from gantools.systems.codec.voices import SongsAndSpeech
        from gantools.training.songs import SongClips

        def build(chosen: codec_config.CodecConfig, device: object) -> CodecObjective:
            sets = gather_sets([songs, speech] if speech else [songs], AUDIO_SUFFIXES, run)
            music, *voices = ([(item.key, item.path) for item in items] for items in sets)
            with Bar(run, sum(map(len, sets)), "read") as bar:
                clips = SongClips(music, chosen, bar.advance)
                both = SongsAndSpeech(clips, voices[0], chosen, bar.advance) if voices else clips
            return CodecObjective(chosen, both, device)  # type: ignore[arg-type]

        return run_training(run, config, build, base=base, resume=resume, sources=songs or ["-"])


def add_generate(app: typer.Typer) -> None:
    """Add ``generate codec``."""
    # No role in the names: what a codec makes of a part is that part.
    options = {**GENERATE, "name_template": SEEDED["name_template"], "folder": "codec"}

    @verb(app, "codec", codec_config.CodecGenerateConfig, **options)
    def codec(
        model: Model,
        inputs: Inputs = None,
        export: Export = None,
        export_part: ExportPart = "",
        *,
        run: Run,
        config: codec_config.CodecGenerateConfig,
    ) -> int:
        """Turn songs into latents, latents into sound, or songs into what the codec makes of them.

        Songs of any length and format, in constant memory; stereo is coded as two channels. A file of latents is
        decoded at the rate of the codec, a song at its own.

        \b
          gantools generate codec models/codec songs/ --encode -o latents/
          gantools generate codec models/codec latents/ --decode -o sound/
          gantools generate codec models/codec song.flac -o heard/
          gantools generate codec models/codec --export decoder.pt
        """
        if export is not None:
            return export_model(run, model, config, export, export_part, inputs)
        generation = Generation(run, "codec", model, config)
        suffixes = (*(AUDIO_SUFFIXES if not config.decode else ()), *(LATENT_SUFFIXES if not config.encode else ()))
        return generation.execute(generation.tasks(gather(inputs, suffixes, run)))
