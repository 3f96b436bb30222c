"""How notes are made to sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gantools.errors import ConfigError
from gantools.options import did_you_mean, option

#: Drum kits of the bundled one-shots.
KIT_NAMES = ("rock", "house", "club", "electro", "street", "garage", "tabla")
#: Bass sounds of the bundled one-shots.
BASS_NAMES = ("woodsy", "thick", "trance", "hard", "dnb", "drop", "glitch")


def drum_kit(text: str) -> str | Path:
    """Return the name of a bundled kit, or the recording whose hits are the kit; raises ConfigError for neither."""
    if text in KIT_NAMES:
        return text
    if not Path(text).is_file():
        raise ConfigError(f"{text!r} is no kit ({', '.join(KIT_NAMES)}) and no file{did_you_mean(text, KIT_NAMES)}")
    return Path(text)


#: What ``--kit`` says of itself in every verb.
KIT_HELP = f"Drum kit. One of {', '.join(KIT_NAMES)}. A file is a recording of drums, whose hits play."


@dataclass(frozen=True)
class SoundConfig:
    """Options of what plays the notes of MIDI."""

    kit: str = option("rock", KIT_HELP, parse=drum_kit, group="Sound")
    bass: str = option("woodsy", "Sound of the bass.", choices=BASS_NAMES, group="Sound")
    sf2: str = option("", "SoundFont (SF2 or SF3) that plays all parts in place of kit and bass.", group="Sound")
