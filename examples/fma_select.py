#!/usr/bin/env python3
"""Choose songs of FMA by genre: fma_select.py tracks.csv --genres Pop,Soul-RnB,Indie-Rock prints their paths.

As in "Automatic Music Production Using Generative Adversarial Networks" (section 4.1): untrimmed songs of some genres,
without those of albums whose title has the word "live". `tracks.csv` and `genres.csv` come with FMA's metadata
(https://github.com/mdeff/fma, fma_metadata.zip), the songs with fma_full.zip; the paths are those of its folder:
000/000123.mp3. With --root they begin there, and songs that are not there are left out and counted.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

#: The paper's genres in FMA's genres.csv, for a tracks.csv without it; Indie-Rock lies below Rock.
GENRES = {"pop": 10, "soul-rnb": 14, "indie-rock": 66}
LIVE = re.compile(r"\blive\b", re.IGNORECASE)


def genre_ids(names: list[str], table: Path) -> set[int]:
    """Return the numbers of genres; `table` is genres.csv, which need not be there."""
    known = dict(GENRES)
    if table.exists():
        with table.open(encoding="utf-8", newline="") as file:
            known = {row["title"].strip().lower(): int(row["genre_id"]) for row in csv.DictReader(file)}
    for name in names:
        if name.lower() not in known:
            there = ", ".join(sorted(known))
            sys.exit(f"fma_select: no genre {name!r}; put FMA's genres.csv beside tracks.csv. There are: {there}")
    return {known[name.lower()] for name in names}


def rows_of(path: Path) -> Iterator[tuple[int, dict[tuple[str, str], str]]]:
    """Yield number and fields of each track; two rows of headers name a column, such as ("album", "title")."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        names = list(zip(next(rows), next(rows), strict=True))
        if ("album", "title") not in names or ("track", "genres_all") not in names:
            sys.exit(f"fma_select: {path}: is not FMA's tracks.csv, whose first two rows name the columns")
        for row in rows:
            # A third row holds the name of the first column.
            if row and row[0].isdecimal():
                yield int(row[0]), dict(zip(names, row, strict=True))


def chosen(fields: dict[tuple[str, str], str], genres: set[int], live: bool) -> bool:
    """Tell whether a track is of one of the genres, or of one below it, and not live."""
    # The genres of a track with all those above them: [12, 66].
    if not genres & set(json.loads(fields["track", "genres_all"] or "[]")):
        return False
    titles = fields["album", "title"], fields.get(("track", "title"), "")
    return live or not any(LIVE.search(title) for title in titles)


def main() -> None:
    """Print the paths."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tracks", type=Path, help="FMA's tracks.csv")
    parser.add_argument("--genres", default="Pop,Soul-RnB,Indie-Rock", help="genres, with commas between")
    parser.add_argument("--root", type=Path, help="the folder fma_full")
    parser.add_argument("--live", action="store_true", help="keep what is live by its album's or its own title")
    arguments = parser.parse_args()
    csv.field_size_limit(1 << 24)  # albums have texts of any length
    names = [name.strip() for name in arguments.genres.split(",") if name.strip()]
    genres = genre_ids(names, arguments.tracks.with_name("genres.csv"))
    found = absent = 0
    for number, fields in rows_of(arguments.tracks):
        if not chosen(fields, genres, arguments.live):
            continue
        path = Path(f"{number // 1000:03d}", f"{number:06d}.mp3")
        if arguments.root is not None:
            path = arguments.root / path
            if not path.exists():
                absent += 1
                continue
        found += 1
        print(path)
    print(f"fma_select: {found} found" + (f", {absent} more are not there" if absent else ""), file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # the reader has left, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
