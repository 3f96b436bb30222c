"""Catch-A-Waveform: generate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gantools.chunks.item import Item
from gantools.cli.batch import require_out, run_batch
from gantools.cli.extras import publish_extra
from gantools.cli.flags import BATCH, Run, verb
from gantools.cli.generation import from_model
from gantools.cli.inputs import AUDIO_SUFFIXES, part
from gantools.cli.naming import output_name
from gantools.cli.progress import Bar
from gantools.cli.records import say
from gantools.cli.tasks import Task
from gantools.errors import ConfigError
from gantools.options import to_mapping
from gantools.systems.caw.config import SINGLE_MODES, CawGenerateConfig

if TYPE_CHECKING:
    from gantools.systems.caw.generate import Studio
    from gantools.systems.patches.generate import PatchEngine

Model = Annotated[
    Path, typer.Argument(help="Model folder, from gantools train caw; for --engine patch also an audio file.")
]
Count = Annotated[int, typer.Option("--count", help="Results, of seeds --seed, --seed + 1 and so on.", min=1)]
_LOSSLESS = (".wav", ".flac", ".aif", ".aiff", ".w64", ".caf", ".au")
#: Options that change no result.
_FREE = ("rank", "format")
#: What is ranked together: music that did not exist.
_RANKED = ("unconditional", "vary", "patch")


def add_generate(app: typer.Typer) -> None:
    """Add ``generate caw``."""
    uses = (*(name for name in BATCH if name not in ("null", "limit")), "seed", "device")
    options: dict[str, Any] = {"name_template": "{rel}/{stem}.{ext}", "action": "generate"}

    @verb(app, "caw", CawGenerateConfig, uses=uses, **options)
    def caw(model: Model, count: Count = 1, *, run: Run, config: CawGenerateConfig) -> int:
        """Make more of the recording that a model has learnt: new music, variations, new sections, at any length.

        Each result is a function of the model, the options and its own seed, which is in its name. Any length is made
        in constant memory.

        \b
          gantools generate caw models/riff --count 20 --seconds 30 -o ideas/ --rank
          gantools generate caw models/riff --count 5 --mode vary --strength 2 -o ideas/
          gantools generate caw models/riff --mode vary --source other.wav --at 2000 -o ideas/
          gantools generate caw models/riff --count 5 --arrange AABA -o sections/
          gantools generate caw models/voice --mode extend --source call-8khz.wav -o wide/
          gantools generate caw riff.wav --engine patch --count 20 -o drafts/ --rank
        """
        return _patch(model, count, run, config) if config.engine == "patch" else _caw(model, count, run, config)


def _caw(folder: Path, count: int, run: Run, config: CawGenerateConfig) -> int:
    from gantools.files.hashing import hash_file
    from gantools.runtime.device import resolve_device

    require_out(run)
    device = str(resolve_device(run.device))
    for path in filter(None, (config.source, config.reference)):
        if not Path(path).is_file():
            raise ConfigError("no such file", path)
    studio = _open(str(folder), config, device, run.jobs)
    model = studio.model
    if not model.finished:
        ready, wanted = len(model.stack.scales), len(model.data["rates_hz"])
        say(run, f"{folder}: {ready} of {wanted} scales are trained yet; the results have {model.rate_hz} Hz")
    files = [
        "config.json",
        "clips.safetensors",
        *(f"scales/{hz:05d}hz/scale.safetensors" for hz in model.stack.rates_hz),
    ]
    facts = [hash_file(folder / name) for name in files]
    facts += [hash_file(path) for path in (config.source, config.reference) if path]
    tasks, seeds = _tasks(run, config, folder / "config.json", folder.resolve().name, count)
    if config.mode == "vary" and (config.arrange or config.shuffle != "no") and not studio.grid.clear:
        say(run, f"{config.source or 'the training clip'}: {studio.grid.note}; --bpm tells the tempo")
    work = partial(generate_item, folder=str(folder), config=config, device=device, seeds=seeds, jobs=run.jobs)
    digest = ["caw", facts, _mapping(config), device.split(":")[0]]
    code = run_batch(run, tasks, digest, from_model(run, folder, {"config": to_mapping(model.config)}, work))
    if config.rank and not run.dry_run:
        first = folder / "config.json"
        return (
            _rank(run, tasks, first, studio.clip * studio.gain, model.rate_hz, model.data["clips"][0]["name"]) or code
        )
    return code


def _patch(path: Path, count: int, run: Run, config: CawGenerateConfig) -> int:
    from gantools.files.hashing import hash_file

    require_out(run)
    if path.is_file() and not path.name.lower().endswith(AUDIO_SUFFIXES):
        raise ConfigError(f"no model folder and no audio file ({', '.join(AUDIO_SUFFIXES)})", path)
    if not path.exists():
        raise ConfigError("no such file or folder", path)
    engine = _open_patch(str(path))
    first, stem = (path, path.stem) if path.is_file() else (path / "config.json", path.resolve().name)
    tasks, seeds = _tasks(run, config, first, stem, count)
    work = partial(patch_item, path=str(path), config=config, seeds=seeds)
    facts = [] if path.is_file() else [hash_file(path / "clips.safetensors")]
    code = run_batch(run, tasks, ["caw patch", facts, _mapping(config)], work)
    if config.rank and not run.dry_run:
        return _rank(run, tasks, first, engine.clip, engine.rate_hz, path.name) or code
    return code


def _mapping(config: CawGenerateConfig) -> dict[str, Any]:
    return {name: value for name, value in to_mapping(config).items() if name not in _FREE}


def _tasks(
    run: Run, config: CawGenerateConfig, first: Path, stem: str, count: int
) -> tuple[list[Task], dict[str, int]]:
    """Return one task for each seed, which ends its name, and the seeds by the items' keys."""
    extension = config.format
    if extension == "auto":
        suffix = Path(config.source).suffix.lower() if config.mode == "inpaint" else ""
        extension = suffix[1:] if suffix in _LOSSLESS else "wav"
    single = config.mode in SINGLE_MODES
    items = {}
    for seed in range(run.seed, run.seed + (1 if single else count)):
        number = "" if single else f"-{seed:04d}"
        items[Item(first, "", f"{stem}.{config.kind}{number}", config.mode, stem)] = seed
    tasks = [Task(item, (output_name(run, item, extension),)) for item in part(list(items), run)]
    return tasks, {item.key: seed for item, seed in items.items()}


def generate_item(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    folder: str,
    config: CawGenerateConfig,
    device: str,
    seeds: Mapping[str, int],
    jobs: int,
) -> dict[str, Any]:
    """Write one result; return the fields of its record."""
    from gantools.systems.caw.generate import generate_file

    return generate_file(_open(folder, config, device, jobs), outputs[0], seeds[item.key], tick)


def patch_item(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    path: str,
    config: CawGenerateConfig,
    seeds: Mapping[str, int],
) -> dict[str, Any]:
    """Write one draft of the patch engine; return the fields of its record."""
    from gantools.audio.writing import write_audio
    from gantools.systems.caw.config import DEFAULT_SECONDS

    engine = _open_patch(path)
    wave = engine.draw(config.seconds or DEFAULT_SECONDS, seeds[item.key])
    outputs[0].parent.mkdir(parents=True, exist_ok=True)
    writer = write_audio(outputs[0], wave, engine.rate_hz, config.bits)
    fields = {"mode": "patch", "seed": seeds[item.key], "rate_hz": engine.rate_hz}
    fields["duration_s"] = round(wave.shape[1] / engine.rate_hz, 3)
    return fields | ({"warning": writer.notice} if writer.notice else {})


@lru_cache(maxsize=1)
def _open(folder: str, config: CawGenerateConfig, device: str, jobs: int) -> Studio:
    """Open a model once per process."""
    from gantools.systems.caw.generate import open_studio

    return open_studio(folder, config, device, jobs)


@lru_cache(maxsize=1)
def _open_patch(path: str) -> PatchEngine:
    """Analyse a clip once per process: that of a model, at its own level, or an audio file."""
    from gantools.audio.io import read_audio
    from gantools.systems.caw.model import read_clips, read_description
    from gantools.systems.patches.generate import PatchEngine

    if Path(path).is_file():
        return PatchEngine(*read_audio(path))
    data = read_description(path)["data"]
    return PatchEngine(read_clips(path)[0] * float(data["clips"][0]["peak"]), data["rates_hz"][-1])


def _rank(run: Run, tasks: Sequence[Task], first: Path, clip: Any, rate_hz: int, clip_name: str) -> int:
    """Write ``ranked.csv`` and ``index.html`` over the new music of this model in the output folder."""
    from gantools.files.manifest import Manifest
    from gantools.metrics.novelty.ranking import PAGE_NOTE, as_ideas, rank, write_ranking
    from gantools.report.ideas import PAGE_FILES, write_page

    out = require_out(run)
    names = {task.outputs[0] for task in tasks}
    for record in Manifest(out).records.values():
        if record["source"] == str(first) and record["fields"].get("mode") in _RANKED:
            names |= set(record["outputs"])
    ideas = [out / name for name in sorted(names) if (out / name).exists()]
    if not ideas:
        return 1
    with Bar(run, len(ideas), "rank") as bar:
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            bar.update(done)

        rows = rank(ideas, clip, rate_hz, tick=tick)
    facts = [f"{len(ideas)} ideas of {first.parent.name if first.name == 'config.json' else first.name}", PAGE_NOTE]

    def write(folder: Path) -> None:
        write_ranking(folder / "ranked.csv", rows, out)
        write_page(folder, as_ideas(rows), clip, rate_hz, clip_name=clip_name, facts=facts, place=out)

    if publish_extra(run, Manifest(out), PAGE_FILES, str(first), write):
        return 1
    say(run, f"ranked {len(rows)}: {out / 'index.html'}; best: {Path(rows[0]['path']).name}")
    return 0
