"""CycleGAN and pix2pix: a new part for each song."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gantools.cli.exporting import export_model
from gantools.cli.flags import Run, verb
from gantools.cli.generation import Generation
from gantools.cli.inputs import AUDIO_SUFFIXES, MEL_SUFFIXES, gather
from gantools.cli.systems.options import GENERATE, TRAIN, Base, Export, ExportPart, Model, Resume, with_map
from gantools.cli.training import run_training
from gantools.systems.cyclegan import config as cyclegan_config
from gantools.systems.pix2pix import config as pix2pix_config
from gantools.systems.translation.config import TranslateConfig

Chunks = Annotated[Path, typer.Argument(help="Chunk folder, from gantools chunk.", show_default=False)]
Inputs = Annotated[list[str] | None, typer.Argument(help="Audio or mel files, folders, or - for a list on stdin.")]


def add_train(app: typer.Typer) -> None:
    """Add ``train cyclegan`` and ``train pix2pix``."""

    @verb(app, "cyclegan", cyclegan_config.CycleGANConfig, presets=cyclegan_config.PRESETS, **TRAIN)
    def cyclegan(
        chunks: Chunks, base: Base = None, resume: Resume = True, *, run: Run, config: cyclegan_config.CycleGANConfig
    ) -> int:
        """Learn to turn one role into another, such as bass into drums, from songs that need not be paired (CycleGAN).

        Writes a model folder, which can be resumed at any time: run the same command again. It is finished after
        --steps or --budget; more of either goes on. Several processes: torchrun --nproc-per-node N -m gantools train.
        Two of them give the weights of one, bit for bit on a CPU, where both use the same --micro-batch.

        \b
          gantools train cyclegan chunks/ --source-role bass --target-role drums -o models/drums --budget 5m
          gantools train cyclegan more/ -o models/tuned --from models/drums --steps 20000
          gantools train cyclegan chunks/ --source-role bass --target-role drums -o models/drums --dry-run
        """
        from gantools.systems.cyclegan.objective import CycleGAN

        return _train(CycleGAN, chunks, base, resume, run, config)

    @verb(app, "pix2pix", pix2pix_config.Pix2PixConfig, presets=pix2pix_config.PRESETS, **TRAIN)
    def pix2pix(
        chunks: Chunks, base: Base = None, resume: Resume = True, *, run: Run, config: pix2pix_config.Pix2PixConfig
    ) -> int:
        """Learn to turn one role into another from songs that have both (pix2pix, the paired baseline).

        \b
          gantools train pix2pix chunks/ --source-role bass --target-role drums -o models/drums --budget 5m
          gantools train pix2pix chunks/ --source-role bass --target-role drums -o models/drums --preset small
          gantools train pix2pix more/ -o models/tuned --from models/drums --steps 20000
        """
        from gantools.systems.pix2pix.objective import Pix2Pix

        return _train(Pix2Pix, chunks, base, resume, run, config)


def _train(kind: Any, chunks: Path, base: Path | None, resume: bool, run: Run, config: Any) -> int:
    from gantools.chunks.shards import ChunkSet

    return run_training(
        run,
        config,
        lambda chosen, device: kind(chosen, ChunkSet(chunks), device),
        base=base,
        resume=resume,
        sources=[str(chunks)],
        role=config.target_role,
    )


def add_generate(app: typer.Typer) -> None:
    """Add ``generate cyclegan`` and ``generate pix2pix``."""

    @verb(app, "cyclegan", TranslateConfig, **with_map(GENERATE), folder="parts")
    def cyclegan(
        model: Model,
        inputs: Inputs = None,
        export: Export = None,
        export_part: ExportPart = "",
        *,
        run: Run,
        config: TranslateConfig,
    ) -> int:
        """Invent a part for each song, such as drums for a bass line, with a CycleGAN.

        Songs of any length, in constant memory. The part has the input's rate and length, so that it lines up.

        \b
          gantools generate cyclegan models/drums bass.wav -o drums/ --mix
          gantools generate cyclegan models/drums mels/ -o drums/ --mel
          gantools generate cyclegan models/drums drums.wav -o bass/ --direction backward
          gantools generate cyclegan models/drums --export drums.onnx
        """
        if export is not None:
            return export_model(run, model, config, export, export_part, inputs)
        return _translate("cyclegan", model, inputs, run, config)

    @verb(app, "pix2pix", TranslateConfig, **with_map(GENERATE), folder="parts")
    def pix2pix(
        model: Model,
        inputs: Inputs = None,
        export: Export = None,
        export_part: ExportPart = "",
        *,
        run: Run,
        config: TranslateConfig,
    ) -> int:
        """Invent a part for each song with pix2pix, the paired baseline.

        \b
          gantools generate pix2pix models/drums bass.wav -o drums/ --mix
          gantools generate pix2pix models/drums mels/ -o drums/ --mel
          gantools generate pix2pix models/drums --export drums.onnx
        """
        if export is not None:
            return export_model(run, model, config, export, export_part, inputs)
        return _translate("pix2pix", model, inputs, run, config)


def _translate(system: str, model: Path, inputs: list[str] | None, run: Run, config: TranslateConfig) -> int:
    generation = Generation(run, system, model, config)
    return generation.execute(generation.tasks(gather(inputs, AUDIO_SUFFIXES + MEL_SUFFIXES, run)))
