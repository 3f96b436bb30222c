"""What the exported translators of mels share: how a mel is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from gantools.models.export import Export, Port
from gantools.options import to_mapping
from gantools.systems.translation.song import MelTranslator


def mel_export(
    translator: MelTranslator,
    module: nn.Module,
    frames: int,
    more: Sequence[Port],
    sizes: Mapping[str, tuple[int, int]],
    seeds: str,
) -> Export:
    """Return the export of a generator of mels.

    Parameters
    ----------
    translator : MelTranslator
    module : nn.Module
        Mels (batch, 1, mel, frame) in [-1, 1], and what else `more` says, to the same.
    frames : int
        Numbers of frames must be multiples of it.
    more : sequence of Port
    sizes : mapping
        Free lengths.
    seeds : str
    """
    params, db_range = translator.params, translator.db_range
    shape: tuple[int | str, ...] = ("batch", 1, params.n_mels, "frames")
    unit = f"-1 is {db_range.lo_db:g} dB of power, 1 is {db_range.hi_db:g} dB"
    window = f"Trained on {translator.frames} frames; any multiple of {frames} will do, {translator.frames} is best."
    return Export(
        f"Mels of {translator.target} from mels of {translator.source}.",
        module,
        (Port("mel", shape, f"Mels of {translator.source}, from gantools melify: {unit}.", drawn="even"), *more),
        (Port("made", shape, f"Mels of {translator.target} in the same unit; gantools invert makes sound of them."),),
        sizes,
        params.sample_rate_hz,
        seeds,
        (window, "Songs go through in windows that overlap by half and fade into each other."),
        facts={"mel_params": to_mapping(params), "db_range": [db_range.lo_db, db_range.hi_db]} | _roles(translator),
    )


def _roles(translator: MelTranslator) -> dict[str, Any]:
    return {"source_role": translator.source, "target_role": translator.target, "window_frames": translator.frames}
