"""The page of an output folder, ``--page``: every result that the verb has made there, to hear and to see."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools.cli.extras import publish_extra
from gantools.cli.flags import Run
from gantools.cli.inputs import AUDIO_SUFFIXES, MEL_SUFFIXES
from gantools.cli.progress import Bar
from gantools.cli.records import say

if TYPE_CHECKING:
    from gantools.files.manifest import Manifest
    from gantools.report.results import Result, Track

PAGE = "index.html"
#: Players of a page; more take a browser minutes.
MOST_PLAYERS = 200
_TITLES = {"separate": "Stems", "fxnorm": "Stems before and after", "invert": "Mel files and their sound"}
#: Field of a record -> what the page calls it; shown at once, in this order. Other figures are shown on demand.
_FIGURES = {
    "lufs": "LUFS",
    "true_peak_db": "dBTP",
    "eq_distance_db": "EQ off by, dB",
    "pan_distance": "pan off by",
    "onset_peak_db": "onsets, dB",
    "spectral_convergence_db": "spectral convergence, dB",
    "log_mel_error_db": "mel off by, dB",
    "bpm": "bpm",
    "hits_per_bar": "hits per bar",
    "part_over_input_db": "part over input, dB",
    "seed": "seed",
    "model": "model",
    "flags": "flags",
}
#: How long it took differs from run to run, and the others are told in words.
_LEFT_OUT = ("seconds", "heard", "warning", "mix", "midi", "kit", "made")
#: What is heard in a result -> how far behind the others it comes.
_WORST_LAST = ("", "clipping", "noise", "silence")


def write_page(run: Run) -> int:
    """Write ``index.html`` over all that this verb has made in the output folder; return the exit code.

    What earlier runs and other shards made is on it too, so that every run over the same results writes the same page.
    One that is up to date is not drawn again.
    """
    from gantools.files.hashing import hash_json
    from gantools.files.manifest import Manifest
    from gantools.version import __version__

    assert run.out is not None
    out = run.out
    manifest = Manifest(out)
    records = _records(run.verb, manifest)
    if not records:
        say(run, "no page: no sound among the results")
        return 0
    digest = hash_json([__version__, records])
    if not run.force and manifest.up_to_date(PAGE, {}, digest):
        return 0
    inputs, results = _results(records, out)
    shown, total = [*inputs, *results], _count(len(records), "result")
    subtitle = f"{total} of gantools {run.verb}"
    if len(results) < len(records):
        subtitle += f"; the first {len(results)} are shown"
        say(run, f"the page shows the first {len(results)} of {total}: {MOST_PLAYERS} players at most")
    facts = _facts(records, shown)

    def write(folder: Path) -> None:
        from gantools.files.atomic import write_text
        from gantools.report.results import results_page

        with Bar(run, sum(len(result.tracks) for result in shown), "page") as bar:
            title = _TITLES.get(run.verb, "Generated")
            write_text(folder / PAGE, results_page(title, subtitle, shown, facts, out, bar.advance))

    if publish_extra(run, manifest, (PAGE,), str(out), write, config=digest):
        return 1
    # Another shard may have ended while this page was drawn, and its own page stands below this one.
    if _records(run.verb, Manifest(out)) != records:
        return write_page(run)
    say(run, f"page: {out / PAGE}")
    return 0


def results_of(verb: str, out: Path) -> list[Result]:
    """Return what the page of a folder shows of the results of a verb, in its order."""
    from gantools.files.manifest import Manifest

    inputs, results = _results(_records(verb, Manifest(out)), out)
    return [*inputs, *results]


def _records(verb: str, manifest: Manifest) -> list[dict[str, Any]]:
    """Return the records of what this verb has made and is still there, of which something can be heard."""
    found = []
    for key in sorted(manifest.records, key=_natural):
        record = manifest.records[key]
        if record.get("verb") != verb or "item" not in record:
            continue
        sounding = [name for name in record["outputs"] if name.lower().endswith(AUDIO_SUFFIXES)]
        if sounding and all((manifest.folder / name).exists() for name in sounding):
            fields = {name: value for name, value in record["fields"].items() if name != "seconds"}
            hashes = {name: record["outputs"][name].get("hash", "") for name in sounding}
            beside = [name for name in record.get("beside", ()) if name in hashes]
            found.append(
                {"item": record["item"], "source": record.get("place", record["source"]), "fields": fields}
                | {"outputs": hashes, "beside": beside, "inputs": len(record["inputs"])}
            )
    return sorted(found, key=lambda record: _place(record["fields"]))


def _natural(name: str) -> list[Any]:
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _place(fields: Mapping[str, Any]) -> int:
    heard = fields.get("heard") or ""
    return _WORST_LAST.index(heard) if heard in _WORST_LAST else 0


def _results(records: Sequence[dict[str, Any]], out: Path) -> tuple[list[Result], list[Result]]:
    """Return what the page shows: inputs that several results were made of, and results as far as there is room."""
    from gantools.report.results import Result, Track

    uses = Counter(record["source"] for record in records)
    # What many results were made of stands once, above them.
    shared = [source for source in sorted(uses) if uses[source] > 1 and _is_seen(Path(source))]
    inputs = [Result(f"The input: {Path(source).name}", [Track(Path(source), "input")]) for source in shared]
    players, results = len(inputs), list[Result]()
    for record in records:
        tracks = _tracks(record, out, alone=uses[record["source"]] == 1)
        if (players := players + len(tracks)) > MOST_PLAYERS:
            break
        figures, details = _measured(record["fields"])
        results.append(Result(record["item"], tracks, figures, details, _remarks(record["fields"])))
    return inputs, results


def _tracks(record: Mapping[str, Any], out: Path, *, alone: bool) -> list[Track]:
    from gantools.report.results import Track

    before_db, after_db = _matching_db(record["fields"].get("lufs"))
    source = Path(record["source"])
    tracks = []
    # Of several inputs, such as the stems of a mix, the record names but the first.
    if alone and record["inputs"] == 1 and _is_seen(source):
        tracks.append(Track(source, f"input: {source.name}", before_db))
    names = sorted(record["outputs"], key=lambda name: (name in record["beside"], _natural(name)))
    return tracks + [Track(out / name, Path(name).name, after_db) for name in names]


def _is_seen(source: Path) -> bool:
    return source.name.lower().endswith((*AUDIO_SUFFIXES, *MEL_SUFFIXES)) and source.exists()


def _matching_db(lufs: Any) -> tuple[float, float]:
    """Return by how much an input and a result are turned down to be as loud as the softer of them."""
    if isinstance(lufs, list) and len(lufs) == 2 and all(isinstance(v, float) and math.isfinite(v) for v in lufs):
        return min(0.0, lufs[1] - lufs[0]), min(0.0, lufs[0] - lufs[1])
    return 0.0, 0.0


def _measured(fields: Mapping[str, Any]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    shown = {name: _words(value) for name, value in fields.items() if name not in _LEFT_OUT}
    figures = [(label, shown[name]) for name, label in _FIGURES.items() if shown.get(name)]
    details = [(name.replace("_", " "), text) for name, text in shown.items() if text and name not in _FIGURES]
    return figures, sorted(details)


def _words(value: Any) -> str:
    """Return a figure as the page writes it; empty for what is no figure. A pair is before and after."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int | str):
        return str(value)
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return " ".join(value)
    if isinstance(value, list) and len(value) == 2 and all(isinstance(part, float) for part in value):
        return f"{value[0]:.4g} → {value[1]:.4g}"
    return ""


def _remarks(fields: Mapping[str, Any]) -> list[str]:
    heard = [f"heard as {fields['heard']}"] if fields.get("heard") else []
    return heard + ([str(fields["warning"])] if fields.get("warning") else [])


def _facts(records: Sequence[Mapping[str, Any]], shown: Sequence[Result]) -> list[str]:
    from gantools.metrics.texture.verdict import verdict
    from gantools.version import __version__

    facts = []
    listened = [str(record["fields"]["heard"] or "") for record in records if "heard" in record["fields"]]
    if words := verdict(listened):
        facts.append(f"Heard: {words}.")
    if any(listened):
        facts.append("What is heard as clipped, noise or silent comes last.")
    if any(track.gain_db for result in shown for track in result.tracks):
        facts.append("Players begin equally loud: the louder one is turned down; its picture too.")
    facts.append(f"Pictures are mel spectrograms, those of a row on one scale. gantools {__version__}.")
    return facts


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
