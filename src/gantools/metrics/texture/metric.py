"""``evaluate texture``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gantools.metrics.metric import GENERATED, Conditions, Inputs, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups, neighbours, pair
from gantools.metrics.texture.config import TextureConfig
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETS = {
    "untrained": "the untrained model",
    "real": "real",
    "noise": "noise of its shape",
    "shuffled": "its bars shuffled",
}
_SHARES = {
    "bar_p": ("p, beats", "p of bar like the next, among random orders of the beats"),
    "order_p": ("p, bars", "the same, among random orders of the bars"),
    "clear": ("pulse found", "share of clips in which beats were found"),
}


class Texture(Metric[TextureConfig]):
    """Tell music from noise that is shaped like music, which other distances take for it.

    How long partials last, how sharp attacks are, how clear the pulse is, and how alike bars are, beside real music;
    with --brackets also beside noise that has its spectrum and envelopes, and beside its bars in another order.

    \b
      gantools evaluate texture night/ --real techno/ --brackets -o report/
      gantools evaluate texture drums/ --real songs/ --role drums --with songs/ --source-role bass --json
      gantools evaluate texture night.flac --clip-seconds 10
    """

    name = "texture"
    title = "Texture"
    source = "Our own; partials after McAulay and Quatieri (1986)"
    reference = (
        "sines and strokes of known length and rise: tests/unit/metrics/texture/test_partials.py, "
        "tests/unit/metrics/texture/test_attacks.py"
    )
    config = TextureConfig
    arguments = (GENERATED,)
    uses = ("map", "seed")
    bulky = ("drawn",)
    plot_name = "texture"
    caption = (
        "Energy of partials by how long they last. Right: how alike the bars of the first generated and the first real "
        "file are, each with each."
    )

    def inputs(self, places: Mapping[str, str], config: TextureConfig) -> Inputs:
        """Return the generated files, and where they are given real ones and the stems that they play with."""
        more = {"real": config.real, "accompanied": config.accompanied}
        return Inputs({**places, **{name: place for name, place in more.items() if place}})

    def pair(self, sets: ClipSets, config: TextureConfig) -> Groups:
        """Choose the files of a role, and pair them with the stems that they play with."""
        sets.setdefault("real", [])
        sets.keep_roles(config.role)
        if "accompanied" in sets:
            sets.keep_role("accompanied", config.source_role)
            # Files without a stem are measured too, but for its rests.
            sets.pairs["generated"] = pair(sets["generated"], sets["accompanied"], "source")
        return neighbours(sets["generated"], sets["real"])

    def compare(self, sets: ClipSets, config: TextureConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.texture.comparison.compare_textures`."""
        from gantools.metrics.texture.comparison import compare_textures

        return compare_textures(sets, config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return each figure, beside those of real music and of what could fake it."""
        from gantools.metrics.texture.measures import FIGURES

        def row(name: str, title: str, note: str) -> TableRow:
            notes = [note]
            for key, word in _SETS.items():
                if key in result and name in result[key]:
                    spread = (
                        f" ± {number(result[key][f'{name}_sd'])}"
                        if key == "real" and f"{name}_sd" in result[key]
                        else ""
                    )
                    notes.append(f"{word} {number(result[key][name])}{spread}")
            return title, number(result[name]), "; ".join(notes)

        rows = [row(name, figure.title, figure.note) for name, figure in FIGURES.items()]
        rows += [row(name, title, note) for name, (title, note) in _SHARES.items()]
        if "rests" in result:
            rows.append(row("rests_played", "rests played", f"share of {result['rests']} rests of the other stem"))
        if place := result.get("place"):
            lost = [FIGURES[name].title for name, value in place.items() if value < 0.5]
            note = f"than to real music: {', '.join(lost)}" if lost else "than to real music"
            rows.append(("nearer to noise", f"{len(lost)} of {len(place)}", note))
        return [*rows, ("files", str(result["files"]), f"{sum(one['clips'] for one in result['rows'])} clips")]

    def grid(self, result: Result) -> FileGrid:
        """Return a row for each set, and for each generated file."""
        from gantools.metrics.texture.measures import FIGURES

        columns = {name: figure.column for name, figure in FIGURES.items()} | {
            name: _SHARES[name][0] for name in _SHARES
        }
        if "rests" in result:
            columns["rests_played"] = "rests"

        # A column only where something is wrong: the heads are many as it is.
        ill = any(one["heard"] for one in result["rows"])

        def cells(title: str, figures: Mapping[str, Any]) -> list[str]:
            return [
                title,
                *(number(figures.get(name)) for name in columns),
                *([figures.get("heard") or "-"] if ill else []),
            ]

        sets = [("generated", result), *((title, result[key]) for key, title in _SETS.items() if key in result)]
        rows = [cells(title, figures) for title, figures in sets] if len(sets) > 1 else []
        return [
            ["file", *columns.values(), *(["heard"] if ill else [])],
            *rows,
            *(cells(one["file"], one) for one in result["rows"]),
        ]

    def footnote(self, result: Result) -> str:
        """Say what the figures do not tell."""
        if "real" not in result:
            return "Without --real nothing says what these figures should be: they differ between kinds of music."
        text = "A copy of real music has its figures: evaluate novelty and evaluate neighbours tell copies."
        if "noise" in result:
            text += " The noise has the envelopes of real music and so its rhythm, of which pulse and bars keep a part."
        return text

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw energy by the duration of partials, and the likeness of bars of generated and real music."""
        from gantools.metrics.texture.figure import draw

        return draw(result, ink)
