"""Automix: the stems of each song become a mix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gantools.chunks.item import Item
from gantools.cli.batch import run_batch
from gantools.cli.evaluation import Evaluation, gather_clips
from gantools.cli.flags import SINGLE, Run, verb
from gantools.cli.inputs import AUDIO_SUFFIXES
from gantools.cli.multitracks import gather_multitracks
from gantools.cli.naming import output_name
from gantools.cli.systems.options import GENERATE, TRAIN, Base, Model, Resume, from_model, with_map
from gantools.cli.tasks import Task
from gantools.cli.training import run_training
from gantools.metrics.config import MixMetricConfig
from gantools.options import to_mapping
from gantools.systems.automix import config as automix_config

if TYPE_CHECKING:
    from gantools.chunks.multitrack import Multitrack

Normalised = Annotated[Path, typer.Argument(help="Normalised stems, from gantools fxnorm apply.", show_default=False)]
Mixes = Annotated[Path, typer.Option("--mixes", help="The stems as they were, and their mixes.", show_default=False)]
Features = Annotated[
    str, typer.Option("--features", help="What the stems were normalised to: a file, or musdb18.", show_default=False)
]
Mixed = Annotated[str, typer.Argument(help="Mixes: a folder, a file, or - for a list.", show_default=False)]
Songs = Annotated[str, typer.Argument(help="The songs: their mixes, their stems, or both.", show_default=False)]
Stems = Annotated[list[str] | None, typer.Argument(help="Stems: files, folders of songs, or - for a list.")]


def add_train(app: typer.Typer) -> None:
    """Add ``train automix``."""

    @verb(app, "automix", automix_config.AutomixConfig, presets=automix_config.PRESETS, **with_map(TRAIN))
    def automix(
        normalised: Normalised,
        mixes: Mixes,
        features: Features,
        base: Base = None,
        resume: Resume = True,
        *,
        run: Run,
        config: automix_config.AutomixConfig,
    ) -> int:
        """Learn to mix: to give back to stems what effect normalisation took from them (FxNorm-Automix).

        \b
          gantools fxnorm apply songs/ -f features.json --reverb send -o normalised/
          gantools train automix normalised/ --mixes songs/ --features features.json -o models/mix --preset small
        """
        from gantools.effects.features import as_mapping, load_preset, read_features
        from gantools.systems.automix.objective import Automix

        target = as_mapping(read_features(features) if Path(features).is_file() else load_preset(features))
        before, after = gather_multitracks([[str(normalised)], [str(mixes)]], run)
        return run_training(
            run,
            config,
            lambda chosen, device: Automix(chosen, before, after, target, device),
            base=base,
            resume=resume,
            source=str(normalised),
            role="mix",
        )


def add_generate(app: typer.Typer) -> None:
    """Add ``generate automix``."""

    @verb(app, "automix", automix_config.MixConfig, **with_map(GENERATE))
    def automix(model: Model, stems: Stems = None, *, run: Run, config: automix_config.MixConfig) -> int:
        """Mix the stems of each song: normalise them as in training, and give back what a mix needs.

        One mix for each song, at the rate and length of its stems, in constant memory.

        \b
          gantools generate automix models/mix stems/ -o mixes/
          gantools generate automix models/mix normalised/ --normalised -o mixes/ --lufs -16
        """
        return _mix(model, stems, run, config)


def add_evaluate(app: typer.Typer) -> None:
    """Add ``evaluate mix``."""

    @verb(app, "mix", MixMetricConfig, uses=(*SINGLE, "map", "seed"), action="evaluate")
    def mix(generated: Mixed, reference: Songs, *, run: Run, config: MixMetricConfig) -> int:
        """Compare mixes with the songs' own: loudness, spectrum, stereo image, dynamics, balance; absolute differences.

        \b
          gantools evaluate mix mixes/ songs/ -o report/
        """
        from gantools.metrics.mix.figures import compare_mix, pair_with_songs

        sets = gather_clips({"generated": generated, "real": reference}, AUDIO_SUFFIXES, run)
        sets.keep_role("generated", config.role)
        pairs = pair_with_songs(sets["generated"], sets["real"])
        measured = {mix for _, mix, _, _ in pairs}
        kept = [clip for clip in sets["generated"] if clip.path in measured]
        sets.narrow("generated", kept, "files without a song of their name")
        facts = {"generated": generated, "reference": reference}
        return Evaluation(run, "mix", config, sets, facts).execute(
            lambda **watch: compare_mix(pairs, seed=run.seed, **watch), []
        )


def _mix(model: Path, stems: list[str] | None, run: Run, config: automix_config.MixConfig) -> int:
    from gantools.files.hashing import hash_file
    from gantools.models.weights import read_model, weight_files
    from gantools.runtime.device import resolve_device

    device = str(resolve_device(run.device))
    description = read_model(model)
    weights = [hash_file(model / name) for name in ["config.json", *weight_files(description)]]
    songs = {track.song: track for track in gather_multitracks([stems], run)[0]}
    tasks, stamps = [], []
    for song, track in songs.items():
        files = [path for paths in track.stems.values() for path in paths] or [track.mixture or Path(song)]
        place = PurePosixPath(song)
        rel = "" if str(place.parent) == "." else str(place.parent)
        first = Item(min(files), rel, place.name, "mix", song)
        tasks.append(Task(first, (output_name(run, first, config.format),)))
        stamps += [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    work = from_model(
        run, model, description, partial(mix_files, songs=songs, model=str(model), config=config, device=device)
    )
    return run_batch(run, tasks, ["automix", weights, to_mapping(config), stamps, device.split(":")[0]], work)


@lru_cache(maxsize=1)
def _open(model: str, config: automix_config.MixConfig, device: str) -> Any:
    from gantools.systems.automix.generate import load

    return load(Path(model), config, device)


def mix_files(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    songs: dict[str, Multitrack],
    model: str,
    config: Any,
    device: str,
) -> dict[str, Any]:
    """Write the mix of one song."""
    from gantools.systems.automix.generate import mix_song

    return mix_song(songs[item.song], outputs[0], _open(model, config, device), config, seed, tick)
