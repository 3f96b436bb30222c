"""The metrics of waveform generators: ``evaluate novelty``, ``evaluate pitch``, ``evaluate coverage``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gantools.cli.evaluation import Evaluation, gather_clips
from gantools.cli.flags import SINGLE, Run, verb
from gantools.cli.inputs import AUDIO_SUFFIXES
from gantools.errors import ConfigError
from gantools.metrics.config import CoverageConfig, NoveltyConfig, PitchConfig

Generated = Annotated[
    str, typer.Argument(help="Generated files: a folder, a file, or - for a list.", show_default=False)
]
Real = Annotated[str, typer.Argument(help="Real music of the same kind.", show_default=False)]
Beside = Annotated[str, typer.Argument(help="Real music to show beside it.", show_default=False)]
Learned = Annotated[
    str,
    typer.Argument(help="What it was learned from: the clip, a folder of clips, or a caw model.", show_default=False),
]


def add_evaluate(app: typer.Typer) -> None:
    """Add the metrics to ``gantools evaluate``."""
    verb(app, "novelty", NoveltyConfig, uses=SINGLE, action="evaluate")(novelty)
    verb(app, "pitch", PitchConfig, uses=(*SINGLE, "device"), action="evaluate")(pitch)
    verb(app, "coverage", CoverageConfig, uses=(*SINGLE, "map", "device"), action="evaluate")(coverage)


def novelty(generated: Generated, real: Learned, *, run: Run, config: NoveltyConfig) -> int:
    """Tell how close generated sounds are to the clip a model learned from, and how much of them is copied.

    Spectrum, recall, precision and modulation on one side; correlations with the clip, the longest verbatim run and the
    likeness of the files among themselves on the other. Each beside its gate, and what the clip's own halves get.

    \b
      gantools evaluate novelty ideas/ riff.wav -o report/
      gantools evaluate novelty ideas/ riff.caw/ --small --json
    """
    from gantools.metrics.novelty.comparison import CLIPS_FILE, compare_novelty
    from gantools.metrics.pairing import neighbours

    model, facts = Path(real), {"generated": generated, "reference": real}
    if (model / CLIPS_FILE).is_file():
        sets = gather_clips({"generated": generated}, AUDIO_SUFFIXES, run)
        clips = sets["generated"]
        files = {name: model / name for name in (CLIPS_FILE, "config.json") if (model / name).is_file()}
        return Evaluation(run, "novelty", config, sets, facts, files).execute(
            lambda **watch: compare_novelty(clips, model, config, **watch),
            neighbours(clips, []),
        )
    if model.is_dir() and next(model.rglob(CLIPS_FILE), None):
        raise ConfigError("holds several models, whose samples are no real music; name one of them", model)
    sets = gather_clips({"generated": generated, "real": real}, AUDIO_SUFFIXES, run)
    clips, others = sets["generated"], sets["real"]
    return Evaluation(run, "novelty", config, sets, facts).execute(
        lambda **watch: compare_novelty(clips, others, config, **watch),
        neighbours(clips, others),
    )


def pitch(generated: Generated, real: Beside = "", *, run: Run, config: PitchConfig) -> int:
    """Measure the pitch of a set of sounds: register, range, how much is pitched, and the spectral centroid.

    With CREPE, frame by frame, over voiced frames and over all, pooled and as means of files. On one core a second of
    sound takes 0.2 s with the tiny weights and 3.5 s with the full ones, which are the paper's.

    \b
      gantools evaluate pitch clips/ -o report/
      gantools evaluate pitch clips/ tracks/ --model full --device cuda --json
    """
    from gantools.metrics.pairing import neighbours
    from gantools.metrics.pitch.statistics import compare_pitch
    from gantools.runtime.device import resolve_device

    sets = gather_clips({"generated": generated} | ({"real": real} if real else {}), AUDIO_SUFFIXES, run)
    clips, others = sets["generated"], sets.setdefault("real", [])
    device = resolve_device(run.device)
    facts = {"generated": generated, "reference": real}
    return Evaluation(run, "pitch", config, sets, facts).execute(
        lambda **watch: compare_pitch(clips, others, config, device=device, **watch),
        neighbours(clips, others),
    )


def coverage(generated: Generated, real: Real, *, run: Run, config: CoverageConfig) -> int:
    """Tell whether generated audio looks real (precision, density) and shows all there is (recall, coverage).

    By balls to the k-th neighbour in the space of a network that knows music, beside what real files get among
    themselves. Clips shorter than a window of the network are compared with --clip.

    \b
      gantools evaluate coverage drums/ real_drums/ -o report/
      gantools evaluate coverage clips/ tracks/ --clip 1.024 --json
    """
    from gantools.metrics.coverage import compare_coverage
    from gantools.metrics.pairing import neighbours
    from gantools.runtime.device import resolve_device

    sets = gather_clips({"generated": generated, "real": real}, AUDIO_SUFFIXES, run)
    sets.keep_roles(config.role, config.real_role)
    clips, others = sets["generated"], sets["real"]
    own = config.embedder.removeprefix("file:")
    files = {"network": Path(own)} if own != config.embedder else None
    device = resolve_device(run.device)
    facts = {"generated": generated, "reference": real}
    return Evaluation(run, "coverage", config, sets, facts, files).execute(
        lambda **watch: compare_coverage(clips, others, config, device=device, **watch),
        neighbours(clips, others),
    )
