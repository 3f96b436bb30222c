"""``evaluate novelty``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gantools.errors import ConfigError
from gantools.files.readable import readable
from gantools.metrics.metric import GENERATED, Argument, Conditions, Inputs, Metric, Result
from gantools.metrics.novelty.config import NoveltyConfig
from gantools.metrics.pairing import ClipSets
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Figure -> its name in the table, in the head of a column, and what it means.
_FIGURES = {
    "ltas_db": ("spectrum, dB", "spectrum", "mean difference of the long-term spectra"),
    "recall_db": ("recall, dB", "recall", "from each frame of the clip to the nearest generated"),
    "precision_db": ("precision, dB", "precision", "from each generated frame to the nearest of the clip"),
    "modulation_ratio": (
        "modulation", "modulation", "spread of levels in time over the clip's; noise is below .6"
    ),
    "ncc_1s": ("correlation, 1 s", "ncc 1 s", "best correlation of 1 s windows with the clip"),
    "copied_1s": ("copied, 1 s", "copied 1 s", "share of 1 s windows above .9"),
    "copied_quarter": ("copied, 0.25 s", "copied 0.25 s", "share of 0.25 s windows above .95"),
    "verbatim_s": ("verbatim, s", "verbatim s", "longest stretch as in the clip, of any file"),
    "pairwise_ncc": ("between files", "", "best correlation of 1 s windows, mean over pairs of files"),
    "pairwise_max": ("between files, most", "", "the same, of the two most alike"),
}  # fmt: skip


class Novelty(Metric[NoveltyConfig]):
    """Tell how close generated sounds are to the clip a model learned from, and how much of them is copied.

    Spectrum, recall, precision and modulation on one side; correlations with the clip, the longest verbatim run and the
    likeness of the files among themselves on the other. Each beside its gate, and what the clip's own halves get.

    \b
      gantools evaluate novelty ideas/ riff.wav -o report/
      gantools evaluate novelty ideas/ riff.caw/ --small --json
      gantools evaluate novelty ideas/ riff.wav --field-seconds 1
    """

    name = "novelty"
    title = "Novelty and likeness"
    source = "Our own, for models of one clip (Catch-A-Waveform)"
    reference = "correlations and nearest frames by brute force: tests/unit/metrics/novelty/test_figures.py"
    config = NoveltyConfig
    arguments = (
        GENERATED,
        Argument("real", "What it was learned from: the clip, a folder of clips, or a caw model."),
    )
    bulky = ("curves", "correlations", "visuals")
    plot_name = "spectrum"
    caption = (
        "Spectrum and modulation of the clip and of the generated files, mean and range. Right: the best "
        "correlation of each generated 1 s window with the clip, beside that of the clip's own halves. Below: the "
        "waveforms of the clip and of the first file at equal power, and the spectrum of each up to its Nyquist "
        "frequency."
    )

    def inputs(self, places: Mapping[str, str], config: NoveltyConfig) -> Inputs:
        """Return the generated files, and the clips: a set of their own, or the files of a model that holds them."""
        from gantools.models.clips import CLIPS_FILE
        from gantools.models.folder import system_of

        model = Path(places["real"])
        if (model / CLIPS_FILE).is_file():
            files = {name: model / name for name in (CLIPS_FILE, "config.json") if (model / name).is_file()}
            return Inputs({"generated": places["generated"]}, files)
        # Samples of a model are no real music, and would be measured as if they were.
        if system := system_of(model):
            raise ConfigError(f"is a model of {system} that keeps no clip; name what it was learned from", model)
        below = (path.parent for name in (CLIPS_FILE, "config.json") for path in model.rglob(name))
        if model.is_dir() and any((path / CLIPS_FILE).is_file() or system_of(path) for path in below):
            raise ConfigError("holds several models, whose samples are no real music; name one of them", model)
        return Inputs(dict(places))

    def compare(self, sets: ClipSets, config: NoveltyConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.novelty.comparison.compare_novelty`."""
        from gantools.metrics.novelty.comparison import compare_novelty
        from gantools.models.clips import CLIPS_FILE

        model = sets.files.get(CLIPS_FILE)
        real = sets["real"] if model is None else model.parent
        return compare_novelty(sets["generated"], real, config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return each figure: mean over files, gate, verdict, what the halves of the clip give."""
        from gantools.metrics.novelty.figures import FIGURES, GATES

        rows = []
        for name, verdict in result["verdicts"].items():
            said = {True: "pass", False: "FAIL", None: ""}[verdict["passed"]]
            gate = f"{said + ': ' if said else ''}{verdict['gate']}" if verdict["gate"] else "no gate"
            halves = f"halves {number(result['halves'][name])}" if name in result["halves"] else ""
            # What cannot be told of a file, such as of one shorter than a window, is neither passed nor failed.
            told = [row for row in result["rows"] if math.isfinite(row.get(name, math.nan))]
            alone = sum(name not in row["fails"] for row in told)
            share = f"{alone} of {len(told)} files pass" if name in GATES and name in FIGURES else ""
            parts = (gate, share, halves, _FIGURES[name][2])
            rows.append((_FIGURES[name][0], number(verdict["value"]), "; ".join(part for part in parts if part)))
        kind = "small" if result["small"] else "full"
        note = f"{result['gates_passed']} of {result['gates']} {kind} gates passed"
        return [*rows, ("files", str(result["files"]), f"{note}; at {result['rate_hz']} Hz")]

    def grid(self, result: Result) -> FileGrid:
        """Return a row for each file, and which gates it fails by itself."""
        columns = {name: column for name, (_, column, _) in _FIGURES.items() if column}
        rows = []
        for row in result["rows"]:
            fails = ", ".join(columns[name] for name in row["fails"]) or "-"
            rows.append([row["file"], *(number(row[name]) for name in columns), fails])
        return [["file", *columns.values(), "fails"], *rows]

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw spectrum and modulation of the clip and of the files, and the correlations of 1 s windows.

        Below them the waveforms and the spectra of the clip and of the first file.
        """
        import numpy as np

        from gantools.metrics.novelty.figures import COPY_1S
        from gantools.report.plots import ACCENT, QUIET, add_legend, dress, new_panels

        figure, (spectrum, modulation, copies, *below) = new_panels(3, rows=2)
        curves = result["curves"]
        for axes, name, label in (
            (spectrum, "ltas_db", "mean level"),
            (modulation, "modulation_db", "level sd in time"),
        ):
            dress(axes, ink, "Hz", f"{label}, dB")
            made = curves[name]["generated"]
            axes.fill_between(curves["hz"], made["low"], made["high"], color=ACCENT, alpha=0.25, lw=0)
            axes.plot(curves["hz"], made["mean"], color=ACCENT, lw=1.5, label="generated")
            axes.plot(curves["hz"], curves[name]["real"], color=ink, lw=1.2, label="clip")
            axes.set_xscale("log")
        add_legend(spectrum, ink)
        dress(copies, ink, "best correlation, 1 s", "share of windows")
        edges = np.linspace(0.0, 1.0, 26)
        for key, colour, fill in (("halves", QUIET, True), ("generated", ACCENT, False)):
            values = result["correlations"][key]
            if values:
                shares = np.histogram(values, edges)[0] / len(values)
                alpha = 0.45 if fill else 1.0
                copies.stairs(shares, edges, fill=fill, color=colour, alpha=alpha, lw=1.5, label=key)
        copies.axvline(COPY_1S, color=ink, lw=0.8, ls=":", label="copy")
        add_legend(copies, ink)
        self._draw_visuals(result["visuals"], below, ink)
        return figure

    def _draw_visuals(self, visuals: Result, panels: Sequence[Axes], ink: str) -> None:
        """Draw the waveform of the clip, that of the first file in the same range, and the spectra of both."""
        import numpy as np

        from gantools.report.plots import ACCENT, add_legend, dress

        sides = (("clip", visuals["real"], ink), (visuals["generated"]["file"], visuals["generated"], ACCENT))
        *waves, spectra = panels
        most = max(max(map(abs, one["wave"][end])) for _, one, _ in sides for end in ("low", "high"))
        for axes, (name, one, colour) in zip(waves, sides, strict=True):
            dress(axes, ink, "seconds", "amplitude")
            wave = one["wave"]
            times = np.linspace(0, wave["seconds"], len(wave["low"]), endpoint=False)
            axes.fill_between(times, wave["low"], wave["high"], color=colour, lw=0, step="post")
            axes.set_ylim(-most, most)
            # A dollar sign in the name of a file begins no formula.
            axes.set_title(readable(name), fontsize=8, color=ink, loc="left", parse_math=False)
        dress(spectra, ink, "Hz", "power, dB")
        for (_, one, colour), label in zip(sides, ("clip", "generated"), strict=True):
            spectra.plot(one["spectrum"]["hz"], one["spectrum"]["db"], color=colour, lw=1.0, label=label)
        add_legend(spectra, ink)
