#!/usr/bin/env -S python3 -P
"""`gantools invert`: mel files to audio."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gantools.audio.effort import EFFORTS
from gantools.chunks.item import Item
from gantools.cli.app import SETTINGS, main
from gantools.cli.batch import run_batch
from gantools.cli.flags import SOUNDING, Run, verb
from gantools.cli.inputs import MEL_SUFFIXES, gather
from gantools.cli.naming import output_name
from gantools.cli.tasks import Task
from gantools.options import option, to_mapping

app = typer.Typer(**SETTINGS)


@dataclass(frozen=True)
class InvertConfig:
    """Options of invert."""

    effort: str = option(
        "default",
        "Effort of the inversion. The effort best is the most exact, draft the fastest, paper the paper's own "
        "(gradient steps, Griffin-Lim without momentum), torchaudio that of its tool today (momentum .99).",
        choices=tuple(EFFORTS),
    )
    format: str = option("wav", "Audio format of the results.", choices=("wav", "flac", "ogg", "mp3"))
    bits: str = option("16", "Bits per sample of WAV and FLAC.", choices=("16", "24", "32f"))


@verb(app, "invert", InvertConfig, uses=SOUNDING, folder="sound")
def invert(
    inputs: Annotated[list[str] | None, typer.Argument(help="Mel files, folders, or - for a list on stdin.")] = None,
    *,
    run: Run,
    config: InvertConfig,
) -> int:
    """Turn mel files back into audio, as long as the original to the sample.

    The phases are estimated. What would clip is lowered as a whole. With --json each record says how well the mel of
    the result agrees with the input: spectral_convergence_db (lower is better) and log_mel_error_db.

    \b
      gantools invert mels/ -o back/
      gantools invert drums.mel.safetensors -o back/ --effort best --format flac
      gantools invert mels/ -o back/ --effort draft -j 0
    """
    from gantools.runtime.device import accelerator

    device = accelerator(run.device)  # None: the CPU has compiled loops of its own
    items = gather(inputs, MEL_SUFFIXES, run)
    tasks = [Task(item, (output_name(run, item, config.format),)) for item in items]
    # Files that are worked on side by side take a thread each; 0 is as many as there are.
    work = partial(invert_one, config=config, device=device, threads=1 if run.jobs != 1 else 0)
    return run_batch(run, tasks, [to_mapping(config), (device or "cpu").partition(":")[0]], work)


def invert_one(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    config: InvertConfig,
    device: str | None,
    threads: int,
) -> dict[str, Any]:
    """Write one audio file; return the fields of its record."""
    from gantools.audio.melfile import read_mel
    from gantools.audio.resynthesis import invert_file

    mel = read_mel(item.path)
    report = invert_file(
        mel, outputs[0], effort=config.effort, seed=seed, device=device, threads=threads, bits=config.bits, tick=tick
    )
    return report | {"role": mel.role, "song": mel.meta.get("song") or item.song}


if __name__ == "__main__":
    main(["invert", *sys.argv[1:]])
