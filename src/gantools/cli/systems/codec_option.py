"""The option that names the codec whose latents a system learns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gantools.cli.flags import Run
from gantools.cli.records import say
from gantools.errors import ConfigError
from gantools.models.shipped import find_model, shipped_folder

if TYPE_CHECKING:
    from gantools.systems.codec.codec import Codec

#: The codec that is taken where none is named.
SHIPPED = "codec"
CodecFolder = Annotated[
    Path | None,
    typer.Option(
        "--codec", help="Model of train codec whose latents to learn; by default the one that ships.",
        parser=find_model, metavar="MODEL",
    ),
]  # fmt: skip


def open_latent_codec(codec: Path | None, base: Path | None, run: Run, device: Any) -> Codec:
    """Open the codec that is named, that of the model to begin with, or the one that ships."""
    from gantools.systems.latents.carried import open_any

    if codec is not None or base is not None:
        return open_any(codec or base or "", device)
    shipped = shipped_folder(SHIPPED)
    if not (shipped / "config.json").is_file():
        raise ConfigError("no codec; make one with gantools train codec SONGS -o codec and name it with --codec codec")
    say(run, f"no codec named: taking {SHIPPED}, which ships with gantools")
    return open_any(shipped, device)
