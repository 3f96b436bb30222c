"""What the exported networks of loops share: how cells are told."""

from __future__ import annotations

from gantools.models.export import Port
from gantools.symbolic.roll import BAR_STEPS, BASS_LOW, BASS_PITCHES, DRUM_ROWS
from gantools.systems.loops.data import ROWS


def cells_port(rows: int, bars: int, name: str = "logits") -> Port:
    """Return the port of the logits of a roll (batch, row, step)."""
    strikes = f", row {ROWS - 1} where the bass is struck" if rows == ROWS else ""
    meaning = (
        f"Logits of sixteenths: rows 0 to {DRUM_ROWS - 1} are drums, rows {DRUM_ROWS} to "
        f"{DRUM_ROWS + BASS_PITCHES - 1} the pitches of the bass from MIDI note {BASS_LOW} on{strikes}; a sigmoid makes"
        " probabilities of them."
    )
    return Port(name, ("batch", rows, bars * BAR_STEPS), meaning)
