"""Loops of drums and bass: the detector, the networks that learn from MIDI, and what they make."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from gantools.chunks.item import Item
from gantools.cli.exporting import export_model
from gantools.cli.flags import Run, verb
from gantools.cli.generation import Generation
from gantools.cli.inputs import AUDIO_SUFFIXES, gather, part
from gantools.cli.naming import output_name
from gantools.cli.progress import Bar
from gantools.cli.records import say
from gantools.cli.systems.options import SEEDED, TRAIN, Base, Export, ExportPart, Resume
from gantools.cli.tasks import Task
from gantools.cli.training import run_training
from gantools.models.shipped import find_model, shipped_folder
from gantools.symbolic.endings import MIDI_SUFFIXES
from gantools.systems.loopdetector import config as loopdetector_config
from gantools.systems.looplm import config as looplm_config
from gantools.systems.loops.config import PhraseConfig
from gantools.systems.loops.generate_config import LoopsGenerateConfig
from gantools.systems.loopvae import config as loopvae_config

if TYPE_CHECKING:
    from gantools.systems.loops.data import Phrases
    from gantools.systems.loops.generate import LoopMaker

#: The model that loops are made with where none is named.
SHIPPED = "loops"
Midi = Annotated[
    list[str] | None,
    typer.Argument(
        help="MIDI files with drums and bass: folders, files, or - for a list on stdin.", show_default=False
    ),
]
Music = Annotated[
    list[str] | None,
    typer.Argument(
        help="Loops and songs of audio, and MIDI: folders, files, or - for a list on stdin.", show_default=False
    ),
]
Codes = Annotated[
    Path,
    typer.Option("--vae", help="Model of loopvae whose codes to learn.", parser=find_model, metavar="MODEL"),
]
Maker = Annotated[
    Path | None,
    typer.Argument(
        help="Model folder of looplm, loopgan, looptransformer or a cnnvae; without one the model that ships.",
        parser=find_model,
        show_default=False,
    ),
]


def _phrases(data: list[str] | None, run: Run, config: PhraseConfig) -> Phrases:
    """Return the phrases of MIDI files that a system learns from."""
    from gantools.systems.loops.data import open_phrases

    items = gather(data, MIDI_SUFFIXES, run)
    with Bar(run, len(items), "read") as bar:
        return open_phrases([(item.key, item.path) for item in items], config, bar.advance)


def add_train(app: typer.Typer) -> None:
    """Add ``train loopdetector``, ``train loopvae`` and ``train looplm``."""
    _add_detector(app)

    @verb(app, "loopvae", loopvae_config.LoopVAEConfig, presets=loopvae_config.PRESETS, **TRAIN)
    def loopvae(
        data: Midi = None, base: Base = None, resume: Resume = True, *, run: Run, config: loopvae_config.LoopVAEConfig
    ) -> int:
        """Learn to say loops of drums and bass in few codes (VQ-VAE), from MIDI files; looplm then learns the codes.

        Any MIDI will do: all drums make one part, and all basses; files without either are left out with the reason,
        and so are stretches that the loop detector takes for no loops. samples/ shows loops above what becomes of them.

        \b
          gantools train loopvae midi/ -o models/codes --preset small
          gantools train looplm midi/ --vae models/codes -o models/loops --preset small
          gantools train loopvae midi/ -o models/cnnvae --variant cnnvae
        """
        from gantools.systems.loopvae.objective import LoopVAEObjective

        return run_training(
            run,
            config,
            lambda chosen, device: LoopVAEObjective(chosen, _phrases(data, run, chosen), device),
            base=base,
            resume=resume,
            sources=data or ["-"],
            role="loop",
        )

    @verb(app, "looplm", looplm_config.LoopLMConfig, presets=looplm_config.PRESETS, **TRAIN)
    def looplm(
        vae: Codes,
        data: Midi = None,
        base: Base = None,
        resume: Resume = True,
        *,
        run: Run,
        config: looplm_config.LoopLMConfig,
    ) -> int:
        """Learn which codes follow each other in loops (LSTM), and so to make new ones with gantools generate loops.

        The VQ-VAE of --vae stays as it is and becomes part of the model, which then needs nothing else.

        \b
          gantools train looplm midi/ --vae models/codes -o models/loops --preset small
          gantools generate loops models/loops --count 20 -o loops/ --wav
          gantools train looplm midi/ --vae models/codes -o models/loops --budget 10m
        """
        from gantools.systems.looplm.objective import LoopLM

        return run_training(
            run,
            config,
            lambda chosen, device: LoopLM(chosen, _phrases(data, run, chosen), vae, device),
            base=base,
            resume=resume,
            sources=data or ["-"],
            role="loop",
        )


def _add_detector(app: typer.Typer) -> None:
    @verb(app, "loopdetector", loopdetector_config.LoopDetectorConfig, presets=loopdetector_config.PRESETS, **TRAIN)
    def loopdetector(
        data: Music = None,
        base: Base = None,
        resume: Resume = True,
        *,
        run: Run,
        config: loopdetector_config.LoopDetectorConfig,
    ) -> int:
        """Learn to tell loops from other music, for gantools loopscore (one-class Deep SVDD).

        A file of 2, 4, 8 or 16 bars is a loop. In a longer one the windows count that come again at once and are made
        of a shorter phrase. Families of files are kept apart, to tell how low a loop scores that was never seen.

        \b
          gantools train loopdetector loops/ songs/ midi/ -o models/detector
          gantools loopscore tracks/ --model models/detector
          gantools train loopdetector loops/ songs/ midi/ -o models/detector --preset small --budget 10m
        """
        from gantools.systems.loopdetector.data import LoopMaterial
        from gantools.systems.loopdetector.objective import LoopDetectorObjective

        items = gather(data, (*AUDIO_SUFFIXES, *MIDI_SUFFIXES), run)

        def build(chosen: loopdetector_config.LoopDetectorConfig, device: object) -> LoopDetectorObjective:
            with Bar(run, len(items), "read") as bar:
                material = LoopMaterial([(item.key, item.path) for item in items], chosen, bar.advance)
            return LoopDetectorObjective(chosen, material, device)  # type: ignore[arg-type]

        return run_training(run, config, build, base=base, resume=resume, sources=data or ["-"])


def add_generate(app: typer.Typer) -> None:
    """Add ``generate loops``."""

    @verb(app, "loops", LoopsGenerateConfig, **SEEDED, folder="loops")
    def loops(
        model: Maker = None,
        export: Export = None,
        export_part: ExportPart = "",
        *,
        run: Run,
        config: LoopsGenerateConfig,
    ) -> int:
        """Make loops of drums and bass: MIDI files, with --wav also sound that repeats without a seam, and a page.

        Equal seeds give equal loops, whatever else is made. --max-loop-score and --best-of let the loop detector
        choose; --keep fills in the other bars of a loop of yours.

        \b
          gantools generate loops --count 20 --bpm 122 -o loops/ --wav
          gantools generate loops models/loops --count 100 --max-loop-score auto -o loops/
          gantools generate loops --keep 1-4 --in idea.mid --count 5 -o variations/
        """
        if model is None:
            model = shipped_folder(SHIPPED)
            say(run, f"no model named: taking {SHIPPED}, which ships with gantools")
        if export is not None:
            return export_model(run, model, config, export, export_part)
        generation = Generation(run, "loops", model, config)
        numbers = cast("LoopMaker", generation.model).numbers(run.seed)
        items = [Item(model / "config.json", "", f"loop-{n:05d}", "loop", f"loop-{n:05d}", seed=n) for n in numbers]
        endings = ["wav", "mid"] if config.wav else ["mid"]
        tasks = []
        for item in part(items, run):
            names = tuple(output_name(run, item, ending) for ending in endings)
            tasks.append(Task(dataclasses.replace(item, given=names[0]), names))
        return generation.execute(tasks)
