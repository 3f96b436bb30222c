#!/usr/bin/env -S python3 -P
"""`gantools train`: training shards to a model folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gantools.cli.app import SETTINGS, main
from gantools.cli.flags import SINGLE, Run, verb
from gantools.cli.training import run_training
from gantools.systems.cyclegan import config as cyclegan_config
from gantools.systems.pix2pix import config as pix2pix_config

app = typer.Typer(**SETTINGS, no_args_is_help=True, help="Train a model.")
USES = (*(name for name in SINGLE if name != "force"), "seed", "device")
Chunks = Annotated[Path, typer.Argument(help="Chunk folder, from gantools chunk.", show_default=False)]
Base = Annotated[Path | None, typer.Option("--from", help="Model folder whose weights to begin with (fine-tuning).")]
Resume = Annotated[bool, typer.Option("--resume/--no-resume", help="Go on with what is in --out, or start over.")]


@app.callback()
def group() -> None:
    """Train a model."""


@verb(app, "cyclegan", cyclegan_config.CycleGANConfig, uses=USES, presets=cyclegan_config.PRESETS, action="train")
def cyclegan(
    chunks: Chunks, base: Base = None, resume: Resume = True, *, run: Run, config: cyclegan_config.CycleGANConfig
) -> int:
    """Learn to turn one role into another, such as bass into drums, from songs that need not be paired (CycleGAN).

    Writes a model folder, which can be resumed at any time: run the same command again. It is finished after --steps
    or --budget; more of either goes on. Several processes: torchrun --nproc-per-node N -m gantools train ...
    Two of them give the weights of one, bit for bit on a CPU, where both use the same --micro-batch.

    \b
      gantools train cyclegan chunks/ --source bass --target drums -o models/drums --preset small --budget 5m
      gantools train cyclegan more/ -o models/tuned --from models/drums --steps 20000
    """
    from gantools.systems.cyclegan.objective import CycleGAN

    return _train(CycleGAN, chunks, base, resume, run, config)


@verb(app, "pix2pix", pix2pix_config.Pix2PixConfig, uses=USES, presets=pix2pix_config.PRESETS, action="train")
def pix2pix(
    chunks: Chunks, base: Base = None, resume: Resume = True, *, run: Run, config: pix2pix_config.Pix2PixConfig
) -> int:
    """Learn to turn one role into another from songs that have both (pix2pix, the paired baseline).

    \b
      gantools train pix2pix chunks/ --source bass --target drums -o models/drums --budget 5m
    """
    from gantools.systems.pix2pix.objective import Pix2Pix

    return _train(Pix2Pix, chunks, base, resume, run, config)


def _train(kind: Any, chunks: Path, base: Path | None, resume: bool, run: Run, config: Any) -> int:
    from gantools.chunks.shards import ChunkSet

    data = ChunkSet(chunks)

    def windows() -> dict[str, Any]:
        return {
            "windows": {role: {s: len(data.select(role, s)) for s in ("train", "val", "test")} for role in data.roles()}
        }

    def build(config: Any, device: Any) -> Any:
        return kind(config, data, device)

    return run_training(
        run, config, build, base=base, resume=resume, source=str(chunks), role=config.target, facts=windows
    )


if __name__ == "__main__":
    main(["train", *sys.argv[1:]])
