"""General MIDI's instruments: their names, and words for groups of them."""

from __future__ import annotations

from gantools.errors import ConfigError

#: What stands for drums among programs, 0 to 127.
DRUM_PROGRAM = 128
_NAMES = """
Acoustic Grand Piano|Bright Acoustic Piano|Electric Grand Piano|Honky-tonk Piano|Electric Piano 1|Electric Piano 2
Harpsichord|Clavinet|Celesta|Glockenspiel|Music Box|Vibraphone|Marimba|Xylophone|Tubular Bells|Dulcimer
Drawbar Organ|Percussive Organ|Rock Organ|Church Organ|Reed Organ|Accordion|Harmonica|Bandoneon
Nylon Guitar|Steel Guitar|Jazz Guitar|Clean Guitar|Muted Guitar|Overdriven Guitar|Distortion Guitar|Guitar Harmonics
Acoustic Bass|Fingered Bass|Picked Bass|Fretless Bass|Slap Bass 1|Slap Bass 2|Synth Bass 1|Synth Bass 2
Violin|Viola|Cello|Contrabass|Tremolo Strings|Pizzicato Strings|Harp|Timpani
String Ensemble 1|String Ensemble 2|Synth Strings 1|Synth Strings 2|Choir Aahs|Voice Oohs|Synth Voice|Orchestra Hit
Trumpet|Trombone|Tuba|Muted Trumpet|French Horn|Brass Section|Synth Brass 1|Synth Brass 2
Soprano Sax|Alto Sax|Tenor Sax|Baritone Sax|Oboe|English Horn|Bassoon|Clarinet
Piccolo|Flute|Recorder|Pan Flute|Blown Bottle|Shakuhachi|Whistle|Ocarina
Square Lead|Sawtooth Lead|Calliope Lead|Chiff Lead|Charang Lead|Voice Lead|Fifths Lead|Bass and Lead
New Age Pad|Warm Pad|Polysynth Pad|Choir Pad|Bowed Pad|Metallic Pad|Halo Pad|Sweep Pad
Rain|Soundtrack|Crystal|Atmosphere|Brightness|Goblins|Echoes|Sci-fi
Sitar|Banjo|Shamisen|Koto|Kalimba|Bagpipe|Fiddle|Shanai
Tinkle Bell|Agogo|Steel Drums|Woodblock|Taiko Drum|Melodic Tom|Synth Drum|Reverse Cymbal
Fret Noise|Breath Noise|Seashore|Bird Tweet|Telephone Ring|Helicopter|Applause|Gunshot
"""
NAMES: tuple[str, ...] = tuple(name for line in _NAMES.split("\n") for name in line.split("|") if name)
#: Word -> programs.
GROUPS: dict[str, tuple[int, ...]] = {
    "piano": tuple(range(0, 8)),
    "mallets": tuple(range(8, 16)),
    "organ": tuple(range(16, 24)),
    "guitar": tuple(range(24, 32)),
    "bass": tuple(range(32, 40)),
    "strings": (40, 41, 42, 43, 44, 45, 48, 49),
    "choir": (52, 53, 54),
    "brass": tuple(range(56, 62)),
    "woodwinds": (*range(64, 72), *range(72, 80)),
    "orchestra": (40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 52, 56, 57, 58, 60, 68, 69, 70, 71, 72, 73),
    "drums": (DRUM_PROGRAM,),
}


def instrument_name(program: int) -> str:
    """Return the name of a program, 0 to 127, or of drums, 128."""
    return "Drums" if program == DRUM_PROGRAM else NAMES[program]


def programs(text: str) -> list[int]:
    """Return the programs of a text such as ``strings,60`` or ``40-43``, rising; 0 is the first of General MIDI.

    Raises
    ------
    ConfigError
        A part of it is no group, no number and no range.
    """
    found: set[int] = set()
    for part in text.replace("|", ",").split(","):
        word = part.strip().lower()
        first, dash, last = word.partition("-")
        numbers = [int(one) for one in (first, last if dash else first) if one.isdecimal() and len(one) < 4]
        if word in GROUPS:
            found.update(GROUPS[word])
        elif len(numbers) == 2 and 0 <= numbers[0] <= numbers[1] <= DRUM_PROGRAM:
            found.update(range(numbers[0], numbers[1] + 1))
        elif word:
            raise ConfigError(
                f"{part.strip()!r} is no instrument; write {', '.join(GROUPS)}, or programs such as 40-43,60"
            )
    if not found:
        raise ConfigError("names no instrument; write for example strings,60")
    return sorted(found)
