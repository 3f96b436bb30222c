"""One file of a folder of music: its form, its levels, and what it is recognised by."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.fingerprint import Fingerprint, fingerprint
from gantools.audio.io import AudioReader, to_mono
from gantools.audio.loudness import Meter
from gantools.audio.polarity import CANCELS
from gantools.audio.resample import resample_blocks
from gantools.errors import InputError

_PRINT_RATE_HZ = 8000
_WINDOW_S = 0.1
#: Samples from here on stand at full scale: 16-bit codes end at 0.99997.
_FULL_SCALE = 0.9999


@dataclass
class _Levels:
    """Peak, samples at full scale, and the energy of windows of a tenth of a second, block by block."""

    window: int
    frames: int = 0
    peak: float = 0.0
    full: int = 0
    samples: int = 0
    _energies: list[np.ndarray] = field(default_factory=list)
    _rest: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def push(self, block: np.ndarray) -> None:
        """Take float32 samples (frames, channels)."""
        sizes = np.abs(block)
        self.peak = max(self.peak, float(sizes.max(initial=0.0)))
        self.full += int(np.count_nonzero(sizes >= _FULL_SCALE))
        self.samples += block.size
        self.frames += len(block)
        power = np.concatenate([self._rest, np.square(block, dtype=np.float64).mean(axis=1)])
        whole = len(power) // self.window * self.window
        self._energies.append(power[:whole].reshape(-1, self.window).mean(axis=1))
        self._rest = power[whole:]

    def silent_share(self, least_level_db: float) -> float:
        """Return the share of windows whose RMS is below a level; the rest behind the last whole one counts too."""
        energies = [*self._energies, self._rest.mean(keepdims=True)] if len(self._rest) else self._energies
        return float((np.concatenate(energies) < 10 ** (least_level_db / 10)).mean())


def measure_file(path: Path, least_level_db: float) -> dict[str, Any]:
    """Return what there is to say of a file.

    Returns
    -------
    dict
        ``seconds``, ``rate_hz``, ``channels``, ``format``; ``lufs``, NaN where it is not defined or nothing is heard;
        ``peak_db``; ``silent_share``; ``full_share``, of samples at full scale; ``why``, what keeps training from
        using the file, or empty; ``digest`` and ``levels_db`` of its `Fingerprint`.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    with AudioReader(path) as reader:
        levels = _Levels(max(1, round(_WINDOW_S * reader.rate_hz)))
        try:
            meter = Meter(reader.rate_hz, reader.channels)
        except InputError:  # no loudness is defined for this rate or number of channels
            meter = None

        def mono() -> Iterator[np.ndarray]:
            for block in reader.blocks():
                levels.push(block)
                if meter is not None:
                    meter.push(block.T)
                sides = to_mono(block)
                reader.polarity.push(block, sides)
                yield sides

        wave = np.concatenate(list(resample_blocks(mono(), reader.rate_hz, _PRINT_RATE_HZ, 1, "rough")))
    lufs = math.nan if meter is None else meter.loudness().integrated_lufs()
    silent = levels.peak < 10 ** (least_level_db / 20)
    # Training on mono leaves such a file out; in stereo it is heard.
    cancelled = f"{CANCELS}; flip one" if reader.polarity.cancels else ""
    known = fingerprint(wave[None], _PRINT_RATE_HZ)
    return {
        "seconds": levels.frames / reader.rate_hz,
        "rate_hz": reader.rate_hz,
        "channels": reader.channels,
        "format": f"{reader.container} {reader.subtype}".strip(),
        "lufs": lufs if math.isfinite(lufs) else math.nan,
        "peak_db": 20 * math.log10(levels.peak) if levels.peak else math.nan,
        "silent_share": levels.silent_share(least_level_db),
        "full_share": levels.full / levels.samples,
        "why": "is silent" if silent else cancelled,
        "digest": known.digest,
        "levels_db": known.levels_db,
    }


def print_of(found: dict[str, Any]) -> Fingerprint:
    """Return the fingerprint of a file from what `measure_file` says."""
    return Fingerprint(found["digest"], np.asarray(found["levels_db"], np.float16))
