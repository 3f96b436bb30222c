"""How notes are made to sound."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option

#: Drum kits of the bundled one-shots.
KIT_NAMES = ("rock", "house", "club", "electro", "street", "garage", "tabla")
#: Bass sounds of the bundled one-shots.
BASS_NAMES = ("woodsy", "thick", "trance", "hard", "dnb", "drop", "glitch")


@dataclass(frozen=True)
class SoundConfig:
    """Options of what plays the notes of MIDI."""

    kit: str = option("rock", "Drum kit.", choices=KIT_NAMES, group="Sound")
    bass: str = option("woodsy", "Sound of the bass.", choices=BASS_NAMES, group="Sound")
    sf2: str = option("", "SoundFont (SF2 or SF3) that plays all parts in place of kit and bass.", group="Sound")
