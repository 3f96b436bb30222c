"""``evaluate dataset``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantools.metrics.dataset.config import DatasetConfig
from gantools.metrics.metric import Argument, Conditions, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = 5
#: What the rules of splitting are called in the table.
_RULES = {"seed": "by seed: wavegan, musika, codec", "name": "by name: chunk, and systems on MIDI"}


class Dataset(Metric[DatasetConfig]):
    """Say what a folder of music holds before anything is trained on it.

    Files, durations, rates, channels, loudness and silence; how training would split the songs; recordings that are
    there more than once; and which files cannot be read or used, with the reason.

    \b
      gantools evaluate dataset songs/
      gantools evaluate dataset stems/ --role drums --split 90/10/0 -o report/
      gantools evaluate dataset stems/ --test-songs song-11,song-12 --json
    """

    name = "dataset"
    title = "Dataset"
    source = "Using Deep Learning to create music in a specific genre, section 3.5.1 and figures 32 and 33"
    reference = "a folder of which all is known, its loudness by pyloudnorm: tests/commands/test_dataset.py"
    config = DatasetConfig
    arguments = (Argument("folder", "Music: a folder, a file, or - for a list on stdin."),)
    uses = ("map", "seed")
    bulky = ("rows",)
    plot_name = "dataset"
    caption = "Files by their length, by their loudness, and by the share of them that is silent."

    def pair(self, sets: ClipSets, config: DatasetConfig) -> Groups:
        """Keep the files of a role."""
        sets.keep_role("folder", config.role)
        return []

    def compare(self, sets: ClipSets, config: DatasetConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.dataset.survey.survey_files`."""
        from gantools.metrics.dataset.survey import survey_files

        return survey_files(sets["folder"], config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return what there is, how it sounds, and what is wrong with it."""
        spread = result["spread"]
        _, _, middle, _, _ = spread["seconds"]
        least, most = (_clock(spread["seconds"][place]) for place in (0, -1))
        _, quiet, _, silent, _ = (f"{share:.0%}" for share in spread["silent_share"])
        rows = [
            ("files", str(result["files"]), f"of {result['songs']} songs"),
            (
                "length",
                _clock(result["audio_seconds"]),
                f"files of {least} to {most}, half of them above {_clock(middle)}",
            ),
            ("rates", *_counted(result["rates_hz"], " Hz")),
            ("channels", *_counted(result["channels"], "")),
            ("formats", *_counted(result["formats"], "")),
            ("loudness", *_middle(spread["lufs"], "LUFS")),
            ("peak", *_middle(spread["peak_db"], "dB of full scale")),
            ("silence", f"{result['silent_share']:.1%}", f"of all sound; of files {quiet} to {silent}, 5 to 95 %"),
        ]
        if len(result["roles"]) > 1:
            rows.append(("roles", *_counted(result["roles"], "")))
        same = "; ".join(" = ".join(group) for group in result["twins"][:_SHOWN])
        more = len(result["twins"]) - _SHOWN
        rows.append(("duplicates", str(len(result["twins"])), same + (f"; and {more} more" if more > 0 else "")))
        if result["apart"]:
            note = "on several sides of the split by name: what is validated was trained on"
            rows.append(("duplicates apart", str(len(result["apart"])), note))
        rows.append(("of no use", str(len(result["unusable"])), "files that training leaves out"))
        return rows

    def grid(self, result: Result) -> FileGrid:
        """Return a row for each file."""
        head = ["file", "seconds", "Hz", "channels", "format", "LUFS", "peak dB", "silent", "full scale"]
        return [head, *(_cells(row) for row in result["rows"])]

    def grids(self, result: Result) -> list[tuple[str, FileGrid]]:
        """Return the splits, and the files that are of no use."""
        tables: list[tuple[str, FileGrid]] = []
        for rule, sides in result["splits"].items():
            grid = [["side", "songs", "files", "length"]]
            grid += [
                [side, str(one["songs"]), str(one["files"]), _clock(one["seconds"])] for side, one in sides.items()
            ]
            tables.append((f"Split {_RULES[rule]}", grid))
        if result["unusable"]:
            lines = [[one["file"], one["why"]] for one in result["unusable"]]
            tables.append(("Of no use", [["file", "why"], *lines]))
        return tables

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw histograms of lengths, loudness and silence."""
        from gantools.metrics.dataset.figure import draw

        return draw(result, ink)


def _clock(seconds: float) -> str:
    """Return a length as 2.50 s, 3:05 or 1:02:05."""
    if seconds < 60:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def _counted(counts: dict[str, int], unit: str) -> tuple[str, str]:
    """Return how many kinds there are, and which, the most frequent first."""
    shown = ", ".join(f"{count} x {kind}{unit}" for kind, count in list(counts.items())[:_SHOWN])
    return str(len(counts)), shown + (", ..." if len(counts) > _SHOWN else "")


def _middle(quantiles: list[float], unit: str) -> tuple[str, str]:
    least, low, middle, high, most = map(number, quantiles)
    return middle, f"{unit}, the median; 5 to 95 %: {low} to {high}; all: {least} to {most}"


def _cells(row: Result) -> list[str]:
    figures = (number(row["lufs"]), number(row["peak_db"]), f"{row['silent_share']:.1%}", f"{row['full_share']:.2%}")
    return [row["file"], f"{row['seconds']:.2f}", str(row["rate_hz"]), str(row["channels"]), row["format"], *figures]
