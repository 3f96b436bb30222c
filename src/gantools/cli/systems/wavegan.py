"""WaveGAN and its variants: clips from a folder of music."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gantools.chunks.item import Item
from gantools.cli.batch import require_out
from gantools.cli.extras import publish_extra
from gantools.cli.flags import Run, verb
from gantools.cli.generation import Generation
from gantools.cli.inputs import AUDIO_SUFFIXES, gather, part
from gantools.cli.progress import Bar
from gantools.cli.systems.options import GENERATE, TRAIN, Base, Model, Resume
from gantools.cli.training import run_training, say_left_out
from gantools.errors import ConfigError
from gantools.systems.wavegan import config as wavegan_config

if TYPE_CHECKING:
    from gantools.systems.wavegan.data import Clips
    from gantools.systems.wavegan.generate import Request

LATENTS = "z.safetensors"
_DEFAULT_COUNT = 10

Data = Annotated[list[str] | None, typer.Argument(help="Songs: folders, files, or - for a list; or a chunk folder.")]
Count = Annotated[
    int | None, typer.Option("--count", help="Clips to make, of seeds --seed, --seed + 1 ... [10]", min=1)
]
Interpolate = Annotated[
    tuple[int, int] | None,
    typer.Option("--interpolate", metavar="A B", help="Go from the clip of seed A to that of B in --steps clips."),
]


def add_train(app: typer.Typer) -> None:
    """Add ``train wavegan``."""

    @verb(app, "wavegan", wavegan_config.WaveGANConfig, presets=wavegan_config.PRESETS, **TRAIN)
    def wavegan(
        data: Data = None, base: Base = None, resume: Resume = True, *, run: Run, config: wavegan_config.WaveGANConfig
    ) -> int:
        """Learn to make clips of the kind that a folder of music holds (WaveGAN and three variants of it).

        Whole songs are kept for validation. A watchdog looks for collapse at each validation and goes back to the last
        healthy weights; samples/ shows what the model makes. A step is one update of the discriminator.

        \b
          gantools train wavegan tracks/ -o models/clips --variant improved --preset small --budget 5m
          gantools train wavegan tracks/ -o models/clips --samples 65536 --channels 2 --preset default
        """
        return _train(data, base, resume, run, config)


def _train(data: list[str] | None, base: Path | None, resume: bool, run: Run, config: Any) -> int:
    from gantools.systems.wavegan.objective import WaveGAN

    config = wavegan_config.resolve(dataclasses.replace(config, seed=run.seed))
    run = dataclasses.replace(run, verb="train")
    if not run.dry_run:
        require_out(run)
    clips = _read(data, run, config)

    def facts() -> dict[str, Any]:
        described: dict[str, Any] = {"windows": clips.windows()}
        described["minutes"] = {side: round(seconds / 60, 1) for side, seconds in clips.seconds.items()}
        return described | {"skipped": len(clips.unusable), "padded": len(clips.padded)}

    return run_training(
        run,
        config,
        lambda chosen, device: WaveGAN(chosen, clips, device),
        base=base,
        resume=resume,
        source=" ".join(data or ["-"]),
        role="clip",
        facts=facts,
    )


def _read(data: list[str] | None, run: Run, config: wavegan_config.WaveGANConfig) -> Clips:
    """Return the clips of a chunk folder, or of songs, with a line for each file that cannot be used."""
    from gantools.systems.wavegan.data import ChunkClips
    from gantools.systems.wavegan.songs import SongClips

    if data and len(data) == 1 and (Path(data[0]) / "dataset.json").exists():
        chunks = ChunkClips(Path(data[0]), config)
        say_left_out(run, chunks.left_out)
        return chunks
    items = gather(data, AUDIO_SUFFIXES, run)
    with Bar(run, len(items), "read") as bar:
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            bar.update(done)

        def skipped(path: Path, reason: str) -> None:
            bar.say(f"gantools train: {path}: {reason}; left out")

        return SongClips([(item.key, item.path) for item in items], config, skipped, tick)


def add_generate(app: typer.Typer) -> None:
    """Add ``generate wavegan``."""
    uses = tuple(name for name in GENERATE["uses"] if name not in ("limit", "null"))
    options = {**GENERATE, "uses": uses, "name_template": "{rel}/{stem}.{ext}"}

    @verb(app, "wavegan", wavegan_config.WaveGANGenerateConfig, **options)
    def wavegan(
        model: Model,
        count: Count = None,
        interpolate: Interpolate = None,
        *,
        run: Run,
        config: wavegan_config.WaveGANGenerateConfig,
    ) -> int:
        """Make clips with a trained WaveGAN. Equal seeds give equal clips, whatever else is made.

        The latents of the clips are written beside them, to z.safetensors, and can be given back with --latents.

        \b
          gantools generate wavegan models/clips --count 100 -o clips/
          gantools generate wavegan models/clips --seeds 3,7,20-25 --truncation 0.8 -o picked/
          gantools generate wavegan models/clips --interpolate 3 7 --steps 16 -o path/
        """
        return _generate(model, _requests(run, config, count, interpolate), run, config)


def _requests(
    run: Run,
    config: wavegan_config.WaveGANGenerateConfig,
    count: int | None,
    interpolate: tuple[int, int] | None,
) -> list[Request]:
    from gantools.systems.wavegan.generate import Request, parse_seeds, path_requests, read_latents, seed_requests

    asked = {
        "--interpolate": interpolate,
        "--latents": config.latents or None,
        "--seeds": config.seeds or None,
        "--count": count,
    }
    given = [name for name, value in asked.items() if value]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)} each say which clips to make; give one of them")
    if interpolate is not None:
        if min(interpolate) < 0:
            raise ConfigError(f"--interpolate {interpolate[0]} {interpolate[1]}: a seed is not negative")
        return path_requests(*interpolate, config.steps)
    if config.latents:
        return [Request(f"z-{row:05d}", row) for row in range(len(read_latents(Path(config.latents))))]
    if config.seeds:
        return seed_requests(parse_seeds(config.seeds))
    return seed_requests(range(run.seed, run.seed + (count or _DEFAULT_COUNT)))


def _generate(model: Path, requests: Sequence[Request], run: Run, config: wavegan_config.WaveGANGenerateConfig) -> int:
    generation = Generation(run, "wavegan", model, config)
    made = [
        Item(model / "config.json", "", request.name, "clip", request.name, given=request, seed=request.seed)
        for request in requests
    ]
    items = part(made, run)
    code = generation.execute(generation.tasks(items))
    out = require_out(run)
    if run.dry_run or not items or not out.is_dir():
        return code

    def write(folder: Path) -> None:
        from gantools.systems.wavegan.generate import ClipMaker, write_latents

        assert isinstance(generation.model, ClipMaker)
        chosen: list[Request] = [item.given for item in items]
        write_latents(folder / LATENTS, chosen, [generation.model.latent(request) for request in chosen])

    from gantools.files.manifest import Manifest

    return publish_extra(run, Manifest(out), [LATENTS], str(model), write) or code
