"""WaveGAN and its variants: clips from a folder of music."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gantools.chunks.item import Item
from gantools.cli.batch import require_out, run_batch
from gantools.cli.extras import publish_extra
from gantools.cli.flags import Run, verb
from gantools.cli.inputs import AUDIO_SUFFIXES, gather, part
from gantools.cli.naming import output_name
from gantools.cli.progress import Bar
from gantools.cli.systems.options import GENERATE, TRAIN, Base, Model, Resume, from_model
from gantools.cli.tasks import Task
from gantools.cli.training import run_training, say_left_out
from gantools.errors import ConfigError
from gantools.options import to_mapping
from gantools.systems.wavegan import config as wavegan_config

if TYPE_CHECKING:
    from gantools.systems.wavegan.data import Clips
    from gantools.systems.wavegan.generate import ClipMaker, Request

LATENTS = "z.safetensors"
_DEFAULT_COUNT = 10

Data = Annotated[list[str] | None, typer.Argument(help="Songs: folders, files, or - for a list; or a chunk folder.")]
Count = Annotated[
    int | None, typer.Option("--count", "-n", help="Clips to make, of seeds --seed, --seed + 1 ... [10]", min=1)
]
Interpolate = Annotated[
    tuple[int, int] | None,
    typer.Option("--interpolate", metavar="A B", help="Go from the clip of seed A to that of B in --steps clips."),
]
Latents = Annotated[Path | None, typer.Option("--z", help=f"Latents to use, such as the {LATENTS} of an earlier run.")]


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
    # -n is the count here.
    options = {**GENERATE, "uses": uses, "name_template": "{rel}/{stem}.{ext}", "long_only": {"dry_run": ""}}

    @verb(app, "wavegan", wavegan_config.WaveGANGenerateConfig, **options)
    def wavegan(
        model: Model,
        count: Count = None,
        interpolate: Interpolate = None,
        z: Latents = None,
        *,
        run: Run,
        config: wavegan_config.WaveGANGenerateConfig,
    ) -> int:
        """Make clips with a trained WaveGAN. Equal seeds give equal clips, whatever else is made.

        The latents of the clips are written beside them, to z.safetensors, and can be given back with --z.

        \b
          gantools generate wavegan models/clips -n 100 -o clips/
          gantools generate wavegan models/clips --seeds 3,7,20-25 --truncation 0.8 -o picked/
          gantools generate wavegan models/clips --interpolate 3 7 --steps 16 -o path/
        """
        return _generate(model, _requests(run, config, count, interpolate, z), z, run, config)


def _requests(
    run: Run,
    config: wavegan_config.WaveGANGenerateConfig,
    count: int | None,
    interpolate: tuple[int, int] | None,
    z: Path | None,
) -> list[Request]:
    from gantools.systems.wavegan.generate import Request, parse_seeds, path_requests, read_latents, seed_requests

    asked = {"--interpolate": interpolate, "--z": z, "--seeds": config.seeds or None, "--count": count}
    given = [name for name, value in asked.items() if value is not None]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)} each say which clips to make; give one of them")
    if interpolate is not None:
        if min(interpolate) < 0:
            raise ConfigError(f"--interpolate {interpolate[0]} {interpolate[1]}: a seed is not negative")
        return path_requests(*interpolate, config.steps)
    if z is not None:
        return [Request(f"z-{row:05d}", row) for row in range(len(read_latents(z)))]
    if config.seeds:
        return seed_requests(parse_seeds(config.seeds))
    return seed_requests(range(run.seed, run.seed + (count or _DEFAULT_COUNT)))


def _generate(model: Path, requests: Sequence[Request], z: Path | None, run: Run, config: Any) -> int:
    from gantools.files.hashing import hash_file
    from gantools.files.manifest import Manifest
    from gantools.models.weights import read_model, weight_files
    from gantools.runtime.device import resolve_device
    from gantools.systems.wavegan.generate import write_latents

    out, device = require_out(run), resolve_device(run.device)
    description = read_model(model)
    weights = [hash_file(model / name) for name in ["config.json", *weight_files(description)]]
    maker = _open(str(model), config, str(device), str(z or ""))
    # What the clips depend on; their seeds are in their names.
    settings = {name: value for name, value in to_mapping(config).items() if name not in ("seeds", "steps")}
    digest = ["wavegan", weights, settings, device.type, hash_file(z) if z else "", maker.pieces()]
    items = part([Item(model / "config.json", "", request.name, "clip", request.name) for request in requests], run)
    tasks = [Task(item, (output_name(run, item, config.format),)) for item in items]
    chosen = {request.name: request for request in requests if request.name in {item.stem for item in items}}
    work = partial(
        write_clip, requests=chosen, model=str(model), config=config, device=str(device), z=str(z or ""), jobs=run.jobs
    )
    code = run_batch(dataclasses.replace(run, seed=0), tasks, digest, from_model(run, model, description, work))
    if not run.dry_run and chosen and out.is_dir():
        latents = [maker.latent(request) for request in chosen.values()]

        def write(folder: Path) -> None:
            write_latents(folder / LATENTS, list(chosen.values()), latents)

        code = publish_extra(run, Manifest(out), [LATENTS], str(model), write) or code
    return code


@lru_cache(maxsize=1)
def _open(model: str, config: wavegan_config.WaveGANGenerateConfig, device: str, z: str) -> ClipMaker:
    """Load a model once per process."""
    from gantools.systems.wavegan.generate import ClipMaker, read_latents

    return ClipMaker(Path(model), config, device, read_latents(Path(z)) if z else None)


def write_clip(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    requests: dict[str, Request],
    model: str,
    config: wavegan_config.WaveGANGenerateConfig,
    device: str,
    z: str,
    jobs: int,
) -> dict[str, Any]:
    """Write one clip and return the fields of its record."""
    import torch

    from gantools.audio.writing import write_audio

    if jobs != 1:
        torch.set_num_threads(1)
    maker, request = _open(model, config, device, z), requests[item.stem]
    wave = maker.make(maker.latent(request))
    writer = write_audio(outputs[0], wave, maker.model.rate_hz, config.bits)
    fields: dict[str, Any] = {"warning": writer.notice} if writer.notice else {}
    fields |= {"rate_hz": maker.model.rate_hz, "audio_seconds": wave.shape[1] / maker.model.rate_hz}
    fields["row" if z else "seed"] = request.seed
    if request.other is not None:
        fields |= {"other_seed": request.other, "share": request.share}
    if maker.pieces() > 1:
        fields["stitched"] = maker.pieces()  # neighbouring clips, not one
    return fields
