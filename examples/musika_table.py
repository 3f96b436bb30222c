"""The table of examples/musika_table.sh, from its reports: distances to held-out songs, seams, level, tempo, copies."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import load_mono
from gantools.audio.mel import MelParams, mel_db
from gantools.cli.inputs import AUDIO_SUFFIXES
from gantools.structure.curves import RATE_HZ
from gantools.systems.musika.meter import find_meter

ROWS = {
    "train": "the songs that were learnt from",
    "decoded": "their latents, decoded",
    "styleless": "Musika without a style vector",
    "shuffled": "their latents in random order",
    "gaussian": "Gaussian latents",
    "wavegan": "WaveGAN (style, waves), same budget",
}
MEL = MelParams(sample_rate_hz=RATE_HZ, n_mels=64)
HEARD_SECONDS = 60


def main() -> None:
    """Print the tables."""
    folder = Path(sys.argv[1])
    seeds = sorted(path.name.removeprefix("musika-") for path in (folder / "sound").glob("musika-*"))
    rows = {"train": ROWS["train"], "decoded": ROWS["decoded"]}
    rows |= {f"musika-{seed}": f"Musika, seed {seed}" for seed in seeds} | ROWS
    print("| set | Fréchet distance | 95 % | level (mean mel, dB) | tempi |\n|---|---|---|---|---|")
    for name, words in rows.items():
        if (folder / "report" / name / "report.json").is_file():
            found = report(folder, name)
            span = f"{found['distance_low']:.0f} to {found['distance_high']:.0f}"
            heard = folder / ("train" if name == "train" else f"sound/{name}")
            print(f"| {words} | {found['distance']:.1f} | {span} | {' | '.join(level_and_tempi(heard))} |")

    print("\n| seed | seams: onsets | change | repetition beyond real | verdict | copies: distance over held-out |")
    print("|---|---|---|---|---|---|")
    for seed in seeds:
        seams, near = report(folder, f"seams-{seed}"), report(folder, f"neighbours-{seed}")
        most = max(seams["lock_excess"])
        print(
            f"| {seed} | {seams['onset_ratio']:.2f} | {seams['change_ratio']:.2f} | {most:.2f} | {seams['verdict']} | "
            f"{near['ratio']:.2f} ({near['verdict']}) |"
        )


def report(folder: Path, name: str) -> dict[str, Any]:
    """Return a report."""
    found: dict[str, Any] = json.loads((folder / "report" / name / "report.json").read_text())
    return found


def level_and_tempi(folder: Path) -> tuple[str, str]:
    """Return the mean of the mel-spectrograms of a folder's first minutes in dB, and the tempi that are found."""
    levels, tempi = [], []
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in AUDIO_SUFFIXES):
        wave = load_mono(path, RATE_HZ)[: HEARD_SECONDS * RATE_HZ]
        levels.append(float(mel_db(wave, MEL).mean()))
        meter = find_meter(wave, RATE_HZ)
        tempi.append(f"{meter.bpm:.1f}" if meter else "-")
    return f"{np.mean(levels):.1f}", ", ".join(tempi)


if __name__ == "__main__":
    main()
