"""How often what is heard as noise is noise: the table of docs/texture.md.

Excerpts of real music, spread evenly over each file, without rests and the ends of fades, which are noise; noise with
the spectrum and the envelopes of each, drawn with seeds of its own; and white, pink and brown noise.

Run: python benchmarks/hearing_calibration.py ../shared/data
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

from gantools.audio.io import load_mono
from gantools.metrics.brackets import shaped_noise
from gantools.metrics.texture.hearing import is_noise
from gantools.metrics.texture.measures import cut_clips, heard_alone
from gantools.metrics.texture.spectrum import RATE_HZ

#: Group -> pattern of its files, and excerpts of each at most.
GROUPS = {
    "songs": ("songs/*/*", 10),
    "drums alone": ("stems4/*/drums.*", 8),
    "other stems": ("stems4/*/[!d]*", 3),
    "guitars and bands": ("bundle/stems2/*/*.ogg", 4),
    "loops": ("loops/*/*", 1),
    "one-shots": ("oneshots/*/*", 1),
}
LENGTHS_S = (1, 3, 10)
#: Exponents of the amplitude over frequency.
COLOURS = {"white": 0.0, "pink": 0.5, "brown": 1.0}
#: Excerpts whose peak is so far below that of their file, 20 dB, are left out.
_RESTS = 0.1
#: Unlike those that the sound is compared with.
_SEED = 1000


def coloured(seconds: float, exponent: float, seed: int) -> np.ndarray:
    """Return noise whose power falls with a power of the frequency from 20 Hz on, float32 (n,) at 22,050 Hz."""
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hz = np.maximum(np.fft.rfftfreq(count, 1 / RATE_HZ), 20.0)
    wave = np.fft.irfft(spectrum / hz**exponent, count).astype(np.float32)
    return wave / np.abs(wave).max()


def main(data: Path, lengths_s: tuple[float, ...]) -> None:
    """Print the table."""
    print("| | excerpts | called noise | noise of their shape that is |\n|---|---:|---:|---:|")
    for seconds in lengths_s:
        for group, (pattern, most) in GROUPS.items():
            counts: Counter[str] = Counter()
            for path in sorted(path for path in data.glob(pattern) if path.suffix != ".json"):
                wave = load_mono(path, RATE_HZ)
                if len(wave) < RATE_HZ:
                    continue
                for number, clip in enumerate(cut_clips(wave, seconds, most)):
                    if np.abs(clip).max() < _RESTS * np.abs(wave).max():
                        continue
                    counts["excerpts"] += 1
                    called = is_noise(clip)
                    counts["called"] += called
                    counts["noise"] += is_noise(shaped_noise(heard_alone(clip), _SEED + number))
                    if called:
                        print(f"{path.relative_to(data)}, {number + 1}", file=sys.stderr)
            print(
                f"| {group}, {seconds:g} s | {counts['excerpts']} | {counts['called']} | {counts['noise']} |",
                flush=True,
            )
        found = [is_noise(coloured(seconds, power, seed)) for power in COLOURS.values() for seed in range(20)]
        print(f"| {', '.join(COLOURS)} noise, {seconds:g} s | {len(found)} | {sum(found)} | |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(map(float, sys.argv[2:])) or LENGTHS_S)
