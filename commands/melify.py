#!/usr/bin/env -S python3 -P
"""`gantools melify`: audio to mel files."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gantools.audio.config import MelParams
from gantools.chunks.item import Item
from gantools.cli.app import SETTINGS, main
from gantools.cli.batch import run_batch
from gantools.cli.flags import BATCH, Run, verb
from gantools.cli.inputs import AUDIO_SUFFIXES, gather
from gantools.cli.naming import output_name
from gantools.cli.tasks import Task
from gantools.options import option, to_mapping

app = typer.Typer(**SETTINGS)


@dataclasses.dataclass(frozen=True)
class MelifyConfig(MelParams):
    """Options of melify: the mel parameters and what comes with them."""

    role: str = option("", "Role of every input, such as bass. By default its name tells.")
    image: bool = option(False, "Write a PNG picture beside each mel file.")


@verb(app, "melify", MelifyConfig, uses=(*BATCH, "map", "device"), folder="mels")
def melify(
    inputs: Annotated[list[str] | None, typer.Argument(help="Audio files, folders, or - for a list on stdin.")] = None,
    *,
    run: Run,
    config: MelifyConfig,
) -> int:
    """Turn audio into mel files (x.mel.safetensors), whatever its rate and channels.

    The defaults are those of the paper: 22050 Hz, FFT 2048, hop 512, 256 HTK mels. A GPU is used where --device names
    it; auto is the CPU, as reading the files takes longest.

    \b
      gantools melify stems/ -o mels/
      find stems -name '*.flac' | gantools melify - -o mels --json
      gantools melify song.mp3 -o mels/ --image
    """
    from gantools.runtime.device import accelerator

    device = None if run.device == "auto" else accelerator(run.device)
    items = gather(inputs, AUDIO_SUFFIXES, run)
    if config.role:
        items = [dataclasses.replace(item, role=config.role) for item in items]
    tasks = []
    for item in items:
        name = output_name(run, item, "mel.safetensors")
        picture = (name.removesuffix(".safetensors") + ".png",) if config.image else ()
        tasks.append(Task(item, (name, *picture)))
    params = MelParams(**{f.name: getattr(config, f.name) for f in dataclasses.fields(MelParams)})
    work = partial(melify_file, params=params, device=device)
    computed = [device.partition(":")[0]] if device else []
    return run_batch(run, tasks, [to_mapping(params), config.image, config.role, *computed], work)


def melify_file(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    params: MelParams,
    device: str | None,
) -> dict[str, Any]:
    """Write one mel file, and its picture where asked; return the fields of its record."""
    from gantools.audio.melfile import melify as write
    from gantools.audio.melfile import read_mel
    from gantools.audio.picture import write_mel_png

    known = {"role": item.role, "song": item.song, "source": item.path.name}
    meta = write(item.path, outputs[0], params, known, tick, device)
    mel = read_mel(outputs[0])
    if len(outputs) > 1:
        write_mel_png(outputs[1], mel.frames())
    fields = {"frames": mel.n_frames, "duration_s": round(meta["n_samples"] / params.sample_rate_hz, 3)}
    warning = meta.get("warning") or ("silent" if meta["peak"] == 0 else "")
    return fields | ({"warning": warning} if warning else {})


if __name__ == "__main__":
    main(["melify", *sys.argv[1:]])
