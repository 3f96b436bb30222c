#!/usr/bin/env -S python3 -P
"""`gantools evaluate`: generated music against real music, and against what it was made from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gantools.cli import waveform_metrics
from gantools.cli.app import SETTINGS, main
from gantools.cli.evaluation import Evaluation, gather_clips
from gantools.cli.flags import SINGLE, Run, verb
from gantools.cli.inputs import AUDIO_SUFFIXES, MEL_SUFFIXES
from gantools.cli.systems import automix
from gantools.metrics.config import FrechetConfig, RhythmConfig, StoiConfig

app = typer.Typer(**SETTINGS, no_args_is_help=True, help="Measure generated music.")
EITHER = (*AUDIO_SUFFIXES, *MEL_SUFFIXES)
Generated = Annotated[
    str, typer.Argument(help="Generated files: a folder, a file, or - for a list.", show_default=False)
]
Real = Annotated[str, typer.Argument(help="Real music of the same kind.", show_default=False)]
Sources = Annotated[str, typer.Argument(help="What it was made from; paired by name.", show_default=False)]


@app.callback()
def group() -> None:
    """Measure generated music."""


@verb(app, "frechet", FrechetConfig, uses=(*SINGLE, "map", "seed", "device"), action="evaluate")
def frechet(generated: Generated, real: Real, *, run: Run, config: FrechetConfig) -> int:
    """Measure the Fréchet distance of generated to real audio in the space of a network that knows music.

    With its bootstrap interval, and extrapolated to endless material (FAD-infinity). 0 is the same kind of music.

    \b
      gantools evaluate frechet drums/ real_drums/ -o report/
      gantools evaluate frechet drums/ songs/ --role drums --embedder rand-cnn --json
    """
    from gantools.metrics.comparison import compare_frechet
    from gantools.metrics.pairing import neighbours
    from gantools.runtime.device import resolve_device

    sets = gather_clips({"generated": generated, "real": real}, AUDIO_SUFFIXES, run)
    sets.keep_roles(config.role, config.real_role)
    clips, others = sets["generated"], sets["real"]
    own = config.embedder.removeprefix("file:")
    files = {"network": Path(own)} if own != config.embedder else None
    device = resolve_device(run.device)
    facts = {"generated": generated, "reference": real}
    evaluation = Evaluation(run, "frechet", config, sets, facts, files)
    return evaluation.execute(
        lambda **watch: compare_frechet(clips, others, config, seed=run.seed, device=device, **watch),
        neighbours(clips, others),
    )


@verb(app, "rhythm", RhythmConfig, uses=(*SINGLE, "map", "seed"), action="evaluate")
def rhythm(generated: Generated, sources: Sources, *, run: Run, config: RhythmConfig) -> int:
    """Tell whether generated parts are on time with their sources, and more than copies of them.

    Onset alignment with the own source against all other pairings, and the distance from a copy. Audio or mel files.

    \b
      gantools evaluate rhythm drums/ bass/ -o report/
      gantools evaluate rhythm drums/ songs/ --source-role bass --real songs/ --json
    """
    from gantools.metrics.comparison import compare_rhythm
    from gantools.metrics.pairing import pair, triples

    folders = {"generated": generated, "source": sources} | ({"real": config.real} if config.real else {})
    sets = gather_clips(folders, EITHER, run)
    sets.keep_roles(config.role)
    sets.keep_role("source", config.source_role)
    pairs = pair(sets["generated"], sets["source"], "source")
    real = dict.fromkeys(r for _, r in pair(sets["generated"], sets["real"], "real")) if config.real else ()
    real_pairs = pair(list(real), [source for _, source in pairs], "source") if real else []
    sets.narrow("generated", [c for c, _ in pairs], "files without a source")
    sets |= {"source": [s for _, s in pairs], "real": [c for c, _ in real_pairs]}
    facts = {"generated": generated, "reference": sources}
    return Evaluation(run, "rhythm", config, sets, facts).execute(
        lambda **watch: compare_rhythm(pairs, real_pairs, config, seed=run.seed, **watch),
        triples(pairs, real_pairs),
    )


@verb(app, "stoi", StoiConfig, uses=(*SINGLE, "map"), action="evaluate")
def stoi(generated: Generated, real: Real, *, run: Run, config: StoiConfig) -> int:
    """Compare each mel band with that of the real counterpart: the paper's 256 STOI-like features.

    \b
      gantools evaluate stoi drums/ real_drums/ --mode literal -o report/
    """
    from gantools.metrics.comparison import compare_stoi
    from gantools.metrics.pairing import pair

    sets = gather_clips({"generated": generated, "real": real}, EITHER, run)
    sets.keep_roles(config.role)
    pairs = pair(sets["generated"], sets["real"], "real")
    sets.narrow("generated", [c for c, _ in pairs], "files without a real counterpart")
    sets["real"] = [r for _, r in pairs]
    facts = {"generated": generated, "reference": real}
    return Evaluation(run, "stoi", config, sets, facts).execute(
        lambda **watch: compare_stoi(pairs, config, **watch),
        [[("generated", c), ("real", r)] for c, r in pairs],
    )


automix.add_evaluate(app)
waveform_metrics.add_evaluate(app)


if __name__ == "__main__":
    main(["evaluate", *sys.argv[1:]])
