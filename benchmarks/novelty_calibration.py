"""What the novelty figures say of sounds whose merit is known: the table of docs/novelty.md.

Each real clip of 25 s against its own halves, an exact copy of 10 s of it, that copy under noise 10 dB below it, a
cut-up in quarters of a second, noise with the clip's spectrum, and white noise.

Run: python benchmarks/novelty_calibration.py ../shared/data
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gantools.audio.io import load_mono
from gantools.metrics.novelty.figures import FIGURES, Reference

CLIP_S, DRAW_S = 25, 10
RATE_HZ = 16000
SONGS = {
    "piano": ("songs/piano/wtc1-prelude-01-c-major.ogg", 10),
    "drums, looped": ("stems4/potassium/drums.*", 40),
    "band": ("bundle/stems2/feelings/band.ogg", 5),
    "electronic": ("songs/electronic/*", 40),
}


def real_clips(data: Path) -> Iterator[tuple[str, np.ndarray, int]]:
    """Yield name, mono samples and rate of each clip."""
    for name, (pattern, start_s) in SONGS.items():
        wave = load_mono(sorted(data.glob(pattern))[0], RATE_HZ)
        yield name, wave[start_s * RATE_HZ : (start_s + CLIP_S) * RATE_HZ], RATE_HZ
    digits = [load_mono(path, 8000) for path in sorted(data.glob("speech/fsdd/*_jackson_*.wav"))[:60]]
    pause = np.zeros(1200, np.float32)
    joined = np.concatenate([part for digit in digits for part in (digit, pause)])
    yield "speech, 8 kHz", joined[: CLIP_S * 8000], 8000


def known_sounds(clip: np.ndarray, rate_hz: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and samples of each sound made from a clip."""
    rng = np.random.default_rng(0)
    count, quarter = DRAW_S * rate_hz, rate_hz // 4
    copy = clip[5 * rate_hz + 77 :][:count]
    yield "exact copy", copy
    yield "copy, noise at -10 dB", copy + rng.standard_normal(count) * np.sqrt(np.mean(np.square(copy)) / 10)
    order = rng.permutation(len(clip) // quarter)
    yield "0.25 s shuffle", np.concatenate([clip[i * quarter : (i + 1) * quarter] for i in order])[:count]
    phases = np.exp(2j * np.pi * rng.uniform(size=len(clip) // 2 + 1))
    yield "noise of its spectrum", np.fft.irfft(np.abs(np.fft.rfft(clip)) * phases, len(clip))[:count]
    yield "white noise", rng.standard_normal(count)


def main(data: Path) -> None:
    """Print the table."""
    print("| clip | sound | " + " | ".join(FIGURES) + " |")
    print("|---|---|" + "---:|" * len(FIGURES))
    for name, clip, rate_hz in real_clips(data):
        reference = Reference(clip, rate_hz)
        rows = [("its halves", reference.halves)]
        rows += [(sound, reference.measure(wave)) for sound, wave in known_sounds(clip, rate_hz)]
        for sound, figures in rows:
            print(f"| {name} | {sound} | " + " | ".join(f"{figures[key]:.2f}" for key in FIGURES) + " |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
