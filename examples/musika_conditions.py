"""Table 2 and figure 3 of the Musika paper, of what examples/musika_conditions.sh made: printed, and conditions.png."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gantools.audio.io import load_mono
from gantools.audio.mel import MelParams, mel_db
from gantools.audio.picture import mel_image
from gantools.metrics.records import told
from gantools.models.folder import read_model
from gantools.report.plots import ACCENT, INK, QUIET, add_legend, dress, save_png
from gantools.structure.curves import RATE_HZ, measure, window_tempi
from gantools.systems.musika.conditions import read_conditions

#: Rows of the paper's table 2, whose models learnt piano, and what its distance (VGGish, windows of 1 s) was.
ROWS = {
    "unconditional": "unconditional",
    "random": "density, random walk",
    **{f"density/{density}": f"density {density}" for density in ("0.15", "0.30", "0.45", "0.60", "0.75")},
}
ASKED = {"random": "random walks", "density": "constant densities", "tempo": "tempi of 90, 120, 140 and 160"}
SHOWN_SECONDS = 30.0
MEL = MelParams(sample_rate_hz=RATE_HZ, n_mels=96)
STEP_S = 0.1


def main() -> None:
    """Print the tables and draw the figure."""
    folder = Path(sys.argv[1])
    print("| set | Fréchet distance | 95 % | onsets in a second, measured |\n|---|---|---|---|")
    for name, words in ROWS.items():
        if (folder / "report" / name / "report.json").is_file():
            found = report(folder, name)
            span = f"{found['distance_low']:.1f} to {found['distance_high']:.1f}"
            print(f"| {words} | {found['distance']:.1f} | {span} | {density_of(folder / 'sound' / name):.2f} |")
    print("\n| asked for | density | loudness | tempo error |\n|---|---|---|---|")
    for name, words in ASKED.items():
        found = report(folder, f"{name}-asked")
        cells = [
            f"{found[f'{key}_follows']:.2f} ({found[f'{key}_other']:.2f})" if found.get(f"{key}_follows") else "-"
            for key in ("density", "loudness", "tempo")
        ]
        print(f"| {words} (of other pieces) | {' | '.join(cells)} |")
    near = report(folder, "neighbours")
    print(f"\nnearest neighbours in mel: {near['ratio']:.2f} times as far as held-out songs ({near['verdict']})")
    draw(folder)


def report(folder: Path, name: str) -> dict[str, Any]:
    """Return a report."""
    found: dict[str, Any] = json.loads((folder / "report" / name / "report.json").read_text())
    return found


def density_of(folder: Path) -> float:
    """Return the mean number of onsets in a second of the pieces of a folder."""
    waves = [load_mono(path, RATE_HZ) for path in sorted(folder.glob("*.wav"))]
    return float(np.mean([measure(wave, 0.5, int(len(wave) / RATE_HZ / 0.5)).density.mean() for wave in waves]))


def draw(folder: Path) -> None:
    """Draw mels over what density was asked for and is heard: two walks, and the tempi of 120 and 160."""
    conditions = read_conditions(read_model(folder / "model", "musika")["data"]["conditions"])
    chosen = [folder / "sound/random" / name for name in ("seed-00000.wav", "seed-00001.wav")]
    chosen += [folder / f"sound/tempo/{bpm}/seed-00000.wav" for bpm in (120, 160)]
    figure = Figure(figsize=(12, 7), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(4, 2, height_ratios=(2, 1, 2, 1))
    for number, path in enumerate(chosen):
        row, column = 2 * (number // 2), number % 2
        wave = load_mono(path, RATE_HZ)[: round(SHOWN_SECONDS * RATE_HZ)]
        asked = told(path, "asked")
        bpm = np.median(window_tempi(wave, SHOWN_SECONDS / 2))
        title = f"tempo asked {asked['tempo'][0][1]:.0f}, heard {bpm:.0f}" if "tempo" in asked else path.stem
        show_mel(grid[row, column], wave, title)
        show_density(grid[row + 1, column], wave, asked["density"], conditions.most_density)
    save_png(figure, folder / "conditions.png")
    print(folder / "conditions.png")


def show_mel(axes: Axes, wave: np.ndarray, title: str) -> None:
    """Draw the mel-spectrogram of a wave."""
    seconds = len(wave) / RATE_HZ
    axes.imshow(mel_image(mel_db(wave, MEL)), aspect="auto", extent=(0, seconds, 0, 1))
    axes.set_yticks([])
    axes.set_title(title, fontsize=9, color=INK, loc="left")


def show_density(axes: Axes, wave: np.ndarray, points: list[list[float]], most: float) -> None:
    """Draw the density that was asked for, and the one that is heard, between 0 and 1."""
    dress(axes, INK, "seconds", "density")
    count = int(len(wave) / RATE_HZ / STEP_S)
    seconds = (np.arange(count) + 0.5) * STEP_S
    asked, heard = np.interp(seconds, *np.array(points).T), measure(wave, STEP_S, count).density
    for values, colour, label in ((heard, QUIET, "heard"), (asked, ACCENT, "asked")):
        axes.plot(seconds, np.log1p(values) / np.log1p(most), color=colour, lw=1.4, label=label)
    axes.set_xlim(0, len(wave) / RATE_HZ)
    axes.set_ylim(0, 1.1)
    add_legend(axes, INK)


if __name__ == "__main__":
    main()
