#!/usr/bin/env python3
"""Print what `songwriter.sh` measured, and draw the original beside new music: songwriter_table.py FOLDER."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gantools.audio.io import load_mono
from gantools.audio.mel import MelParams, mel_db
from gantools.audio.picture import mel_image
from gantools.report.plots import ACCENT, INK, QUIET, dress, save_png

RATE_HZ = 16000
FIGURES = ("ltas_db", "recall_db", "precision_db", "modulation_ratio", "copied_1s", "copied_quarter", "verbatim_s")
RANKED = 8


def main() -> None:
    """Print a row for each number of epochs, then the best ideas; write waves.png."""
    folder = Path(sys.argv[1])
    print("What tells good from noise and from copies, by the report's epochs (gates passed of those that apply)\n")
    print("| epochs | steps of a scale | gates | " + " | ".join(FIGURES) + " |")
    print("|---" * (len(FIGURES) + 3) + "|")
    for path in sorted((folder / "report").glob("[0-9]*/report.json"), key=lambda path: int(path.parent.name)):
        result, epochs = json.loads(path.read_text("utf-8")), path.parent.name
        steps = json.loads((folder / "model" / epochs / "config.json").read_text("utf-8"))["config"]["steps"]
        values = [result["verdicts"][name]["value"] for name in FIGURES]
        cells = ["-" if value is None else f"{value:.2f}" for value in values]
        passed = f"{result['gates_passed']} of {result['gates']}"
        print(f"| {epochs} | {steps} | {passed} | " + " | ".join(cells) + " |")
    print("\nIdeas, best first\n")
    with open(folder / "ideas/ranked.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[: RANKED + 1]
    for number, row in enumerate(rows):
        print("| " + " | ".join(row[:5]) + " |" + ("\n|" + "---|" * len(row[:5]) if not number else ""))
    best = folder / "ideas" / rows[1][1]
    draw([("original", folder / "clip/clip.wav"), (best.stem, best)], folder / "waves.png")


def draw(sounds: list[tuple[str, Path]], out: Path) -> None:
    """Draw waveform, spectrum up to Nyquist and mel spectrogram of each sound, one below the other."""
    figure = Figure(figsize=(10, 7), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(3, len(sounds), squeeze=False)
    params = MelParams(sample_rate_hz=RATE_HZ, n_mels=96)
    for column, (title, path) in enumerate(sounds):
        wave = load_mono(path, RATE_HZ)
        seconds = len(wave) / RATE_HZ
        across, spectrum, mel = grid[:, column]
        dress(across, INK, "seconds", "")
        across.plot(np.arange(len(wave)) / RATE_HZ, wave, color=ACCENT, lw=0.4)
        across.set_ylim(-1, 1)
        across.set_title(title, fontsize=9, color=INK, loc="left", parse_math=False)
        dress(spectrum, INK, "Hz", "dB")
        levels = 20 * np.log10(np.abs(np.fft.rfft(wave)) / max(1, len(wave)) + 1e-9)
        spectrum.plot(np.linspace(0, RATE_HZ / 2, len(levels)), levels, color=QUIET, lw=0.4)
        mel.imshow(mel_image(mel_db(wave, params)), aspect="auto", extent=(0, seconds, 0, 1))
        mel.set_yticks([])
    save_png(figure, out)


if __name__ == "__main__":
    main()
