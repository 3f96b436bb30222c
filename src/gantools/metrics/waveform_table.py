"""The results of waveform generators as tables: novelty, pitch, coverage."""

from __future__ import annotations

from typing import Any

from gantools.metrics.novelty.figures import FIGURES, GATES
from gantools.metrics.pitch.statistics import PAPER_NOTE
from gantools.report.numerals import number

#: Figure -> its name in the table, and in the head of a column.
NOVELTY = {
    "ltas_db": ("spectrum, dB", "spectrum"),
    "recall_db": ("recall, dB", "recall"),
    "precision_db": ("precision, dB", "precision"),
    "modulation_ratio": ("modulation", "modulation"),
    "ncc_1s": ("correlation, 1 s", "ncc 1 s"),
    "copied_1s": ("copied, 1 s", "copied 1 s"),
    "copied_quarter": ("copied, 0.25 s", "copied 0.25 s"),
    "verbatim_s": ("verbatim, s", "verbatim s"),
    "pairwise_ncc": ("between files", ""),
    "pairwise_max": ("between files, most", ""),
}
_MEANINGS = {
    "ltas_db": "mean difference of the long-term spectra",
    "recall_db": "from each frame of the clip to the nearest generated",
    "precision_db": "from each generated frame to the nearest of the clip",
    "modulation_ratio": "spread of levels in time over the clip's; noise is below .6",
    "ncc_1s": "best correlation of 1 s windows with the clip",
    "copied_1s": "share of 1 s windows above .9",
    "copied_quarter": "share of 0.25 s windows above .95",
    "verbatim_s": "longest stretch as in the clip, of any file",
    "pairwise_ncc": "best correlation of 1 s windows, mean over pairs of files",
    "pairwise_max": "the same, of the two most alike",
}

TableRow = tuple[str, str, str]


def novelty_rows(result: dict[str, Any]) -> list[TableRow]:
    """A row for each figure: mean over files, gate, verdict, what the halves of the clip give."""
    rows = []
    for name, verdict in result["verdicts"].items():
        said = {True: "pass", False: "FAIL", None: ""}[verdict["passed"]]
        gate = f"{said + ': ' if said else ''}{verdict['gate']}" if verdict["gate"] else "no gate"
        halves = f"halves {number(result['halves'][name])}" if name in result["halves"] else ""
        alone = sum(name not in row["fails"] for row in result["rows"])
        share = f"{alone} of {result['files']} files pass" if name in GATES and name in FIGURES else ""
        parts = (gate, share, halves, _MEANINGS[name])
        rows.append((NOVELTY[name][0], number(verdict["value"]), "; ".join(part for part in parts if part)))
    kind = "small" if result["small"] else "full"
    note = f"{result['gates_passed']} of {result['gates']} {kind} gates passed"
    return [*rows, ("files", str(result["files"]), f"{note}; at {result['rate_hz']} Hz")]


def novelty_grid(result: dict[str, Any]) -> list[list[str]]:
    """A row for each file, and which gates it fails by itself."""
    names = [name for name in NOVELTY if NOVELTY[name][1]]
    head = ["file", *(NOVELTY[name][1] for name in names), "fails"]
    rows = []
    for row in result["rows"]:
        fails = ", ".join(NOVELTY[name][1] for name in row["fails"]) or "-"
        rows.append([row["file"], *(number(row[name]) for name in names), fails])
    return [head, *rows]


def pitch_rows(result: dict[str, Any]) -> list[TableRow]:
    """Pooled over frames and averaged over files, beside the real music."""

    def row(label: str, name: str, unit: str, note: str) -> TableRow:
        notes = [note, f"mean of files {number(result['per_file'][name])}"]
        if "real" in result:
            notes.append(f"real {number(result['real'][name])}, of files {number(result['real']['per_file'][name])}")
        return label, f"{number(result[name])}{unit}", "; ".join(notes)

    gate = f"frames of periodicity {result['voiced_from']:g} or more"
    rows = [
        row("pitch", "geo_mean_hz", " Hz", f"geometric mean of {gate}"),
        row("spread", "spread_oct", " oct", "standard deviation of the same, in octaves"),
        row("voiced", "voiced", "", f"share of {gate}"),
        row("ungated log10 Hz, mean", "log10_mean", "", "all frames, the paper's way"),
        row("ungated log10 Hz, sd", "log10_sd", "", "all frames, the paper's way"),
        row("ungated Hz, mean", "hz_mean", " Hz", "all frames"),
        row("ungated Hz, sd", "hz_sd", " Hz", "all frames"),
        row("centroid, mean", "centroid_mean_hz", " Hz", "of the spectrum up to 8 kHz"),
        row("centroid, sd", "centroid_sd_hz", " Hz", "over frames"),
    ]
    frames = f"{result['frames']} frames every {1000 * result['hop_s']:g} ms with {result['tracker']}"
    if "real" in result:
        frames += f"; real {result['real']['files']} files, {result['real']['frames']} frames"
    return [*rows, ("files", str(result["files"]), frames)]


def pitch_grid(result: dict[str, Any]) -> list[list[str]]:
    """A row for each generated file."""
    columns = {
        "geo_mean_hz": "pitch Hz", "spread_oct": "spread oct", "voiced": "voiced", "log10_mean": "log10 mean",
        "log10_sd": "log10 sd", "centroid_mean_hz": "centroid Hz", "centroid_sd_hz": "centroid sd",
    }  # fmt: skip
    return [
        ["file", *columns.values()],
        *([row["file"], *(number(row[name]) for name in columns)] for row in result["rows"]),
    ]


def coverage_rows(result: dict[str, Any]) -> list[TableRow]:
    """The four figures, beside what real music gets."""
    notes = {
        "precision": "share of generated windows near real ones",
        "recall": "share of real windows near generated ones",
        "density": "how deep among the real ones, 1 is real",
        "coverage": "share of real windows with a generated one near",
    }
    rows = []
    for name, note in notes.items():
        beside = f"; real against real {number(result['real'][name])}" if "real" in result else ""
        rows.append((name, number(result[name]), note + beside))
    sizes = f"generated / real, from {result['files_generated']} / {result['files_real']} files; k = {result['k']}"
    cut = f"clips of {result['clip_s']:g} s, " if result["clip_s"] else ""
    return [
        *rows,
        ("vectors", f"{result['n_generated']} / {result['n_real']}", sizes),
        ("embedder", result["embedder"], f"{result['layer']}, {cut}windows of {result['window_s']:.2f} s"),
        ("weights", result["weights_hash"][:12], "never compare numbers of different embedders"),
    ]


ROWS = {"novelty": novelty_rows, "pitch": pitch_rows, "coverage": coverage_rows}
GRIDS = {"novelty": novelty_grid, "pitch": pitch_grid}
FOOTNOTES = {"pitch": PAPER_NOTE}
