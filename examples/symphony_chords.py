"""How well `--chords` is obeyed: which share of the notes belongs to the chords asked for, as Markdown.

    python examples/symphony_chords.py FOLDER

FOLDER is where examples/symphony.sh works. ``made-chords`` was asked for C Am F G, ``made`` for no chords;
``made-prime`` goes on from eight bars of held-out movements with the chords that these have (`--chords prime`), and
``made-free`` with any.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gantools.symbolic.chords import chord_tone_share, chords_of_bars, parse_chords
from gantools.symbolic.midi import read_midi
from gantools.symbolic.mmr.score import LENGTH, ONSET, PITCH, GridScore, on_grid

ASKED = "C Am F G"
PRIME_BARS, MADE_BARS = 8, 16


def notes_of(score: GridScore) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return onsets, lengths, pitches and the edges of bars."""
    pitched = score.pitched
    return pitched[:, ONSET], pitched[:, LENGTH], pitched[:, PITCH], score.edges


def mean_share(folder: Path, asked: Callable[[Path, GridScore], tuple[GridScore, np.ndarray]]) -> str:
    """Return the mean share over the files of a folder; `asked` gives the bars that count, and their chords."""
    shares = []
    for path in sorted(folder.glob("*.mid")):
        score, chords = asked(path, on_grid(read_midi(path), 24))
        shares.append(chord_tone_share(*notes_of(score), chords))
    return f"{np.nanmean(shares):.2f}" if shares else "-"


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1])

    def round_and_round(path: Path, score: GridScore) -> tuple[GridScore, np.ndarray]:
        return score, np.resize(parse_chords(ASKED), score.bars)

    def of_movement(path: Path, score: GridScore) -> tuple[GridScore, np.ndarray]:
        # Names of pieces are those of their primes, with a number.
        stem = path.stem if path.parent.name == "held-out" else path.stem.rsplit("-", 1)[0]
        movement = on_grid(read_midi(folder / "held-out" / f"{stem}.mid"), 24)
        # A piece whose last bars are silent is read without them.
        end = min(PRIME_BARS + MADE_BARS, score.bars)
        chords = chords_of_bars(*notes_of(movement))[PRIME_BARS:end]
        return score.cut(PRIME_BARS, len(chords)), chords

    rows = [
        (ASKED, round_and_round, "made-chords", "made", ""),
        ("those of the movement", of_movement, "made-prime", "made-free", "held-out"),
    ]
    print("Notes that belong to the chords:", "", "| chords | asked for | not asked for | the movement |", sep="\n")
    print("|---|---|---|---|")
    for title, asked, *folders in rows:
        print(
            f"| {title} | " + " | ".join(mean_share(folder / name, asked) if name else "-" for name in folders) + " |"
        )


if __name__ == "__main__":
    main()
