"""Which recordings a drum kit plays for the drums of General MIDI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """One recording of a drum, whose peak is scaled to 1.

    Attributes
    ----------
    sample : str
        Name of the one-shot.
    gain_db : float
    semitones : float
        How much higher it plays.
    decay_s : float
        Seconds in which it fades by 60 dB beside its own decay; 0 leaves it as recorded.
    """

    sample: str
    gain_db: float = 0.0
    semitones: float = 0.0
    decay_s: float = 0.0


#: What a drum is made of: recordings that sound together.
Drum = tuple[Layer, ...]


def _one(sample: str, gain_db: float = 0.0, semitones: float = 0.0, decay_s: float = 0.0) -> Drum:
    return (Layer(sample, gain_db, semitones, decay_s),)


_EVERY_KIT: dict[str, Drum] = {
    "kick": _one("drum_heavy_kick"),
    "snare": _one("drum_snare_hard"),
    "stick": _one("elec_wood", -2, 5, 0.2),
    "clap": _one("perc_snap", -4),
    "hat": _one("drum_cymbal_closed", -4),
    "pedal": _one("drum_cymbal_pedal", -7),
    "open": _one("drum_cymbal_open", -7, 0, 1.2),
    "low tom": _one("drum_tom_lo_hard", -4),
    "mid tom": _one("drum_tom_mid_hard", -4),
    "high tom": _one("drum_tom_hi_hard", -4),
    "crash": _one("drum_cymbal_open", -5, -3),
    "splash": _one("drum_cymbal_open", -7, 5, 0.8),
    # There is no ride among the recordings: the stroke of a closed hi-hat, and a high cymbal that rings on softly.
    "ride": (Layer("drum_cymbal_closed", -7, 3), Layer("drum_cymbal_open", -11, 4, 1.6)),
    "bell": (Layer("drum_cowbell", -15, 12, 0.5), Layer("drum_cymbal_open", -13, 5, 1.6)),
    "cowbell": _one("drum_cowbell", -14),
    "tambourine": _one("drum_cymbal_closed", 0, 5),
    "shaker": _one("drum_cymbal_pedal", -3, 7, 0.25),
    "wood": _one("elec_wood", -8),
    "bongo": _one("tabla_na", -7, 3),
    "conga": _one("elec_bong", -6),
    "triangle": _one("elec_ping", -12, 12),
    "blip": _one("elec_blip", -10),
    "scrape": _one("elec_plip", -9),
    "click": _one("elec_tick", -9),
}
_KITS: dict[str, dict[str, Drum]] = {
    "rock": {"soft snare": _one("drum_snare_soft")},
    "house": {"kick": _one("bd_haus"), "snare": _one("sn_dub"), "clap": _one("sn_dub", -2, 3)},
    "club": {"kick": _one("bd_klub"), "snare": _one("sn_zome"), "hat": _one("drum_cymbal_pedal", -5, 2)},
    "electro": {
        "kick": _one("bd_808"),
        "snare": _one("elec_hi_snare", 1),
        "hat": _one("elec_tick", -3),
        "low tom": _one("elec_bong", -4, -8),
        "mid tom": _one("elec_bong", -4, -4),
        "high tom": _one("elec_bong", -4),
    },
    "street": {"kick": _one("bd_fat"), "snare": _one("perc_snap", 1), "clap": _one("sn_dub", -4)},
    "garage": {
        "kick": _one("drum_bass_hard"),
        "soft kick": _one("drum_bass_soft"),
        "snare": _one("sn_dolf"),
        "soft snare": _one("drum_snare_soft"),
    },
    "tabla": {
        "kick": _one("bd_tek"),
        "soft snare": _one("tabla_na"),
        "hat": _one("tabla_te1", -4, 5),
        "high tom": _one("tabla_na", -4),
    },
}
#: Kit -> part -> what it is made of. A part with "soft" before its name is what velocities below `SOFT` play.
KITS: dict[str, Mapping[str, Drum]] = {name: {**_EVERY_KIT, **own} for name, own in _KITS.items()}
SOFT = 56

#: Notes of channel 10 -> part, and semitones by which it plays higher there. What stands nowhere is played by `OTHER`.
NOTES: dict[int, tuple[str, float]] = {
    **{27: ("blip", 7), 28: ("clap", 2), 29: ("scrape", 0), 30: ("scrape", -3), 31: ("stick", 3)},
    **{32: ("click", 0), 33: ("click", 0), 34: ("triangle", 0), 35: ("kick", 0), 36: ("kick", 0)},
    **{37: ("stick", 0), 38: ("snare", 0), 39: ("clap", 0), 40: ("snare", 1), 41: ("low tom", -4)},
    **{42: ("hat", 0), 43: ("low tom", -2), 44: ("pedal", 0), 45: ("low tom", 0), 46: ("open", 0)},
    **{47: ("mid tom", 0), 48: ("mid tom", 1), 49: ("crash", 0), 50: ("high tom", 0), 51: ("ride", 0)},
    **{52: ("crash", -3), 53: ("bell", 0), 54: ("tambourine", 0), 55: ("splash", 0), 56: ("cowbell", 0)},
    **{57: ("crash", 2), 58: ("scrape", -5), 59: ("ride", 1), 60: ("bongo", 4), 61: ("bongo", 0)},
    **{62: ("conga", 5), 63: ("conga", 2), 64: ("conga", -3), 65: ("high tom", 6), 66: ("high tom", 2)},
    **{67: ("cowbell", 7), 68: ("cowbell", 2), 69: ("shaker", -2), 70: ("shaker", 2), 71: ("blip", 0)},
    **{72: ("blip", 0), 73: ("scrape", 2), 74: ("scrape", 0), 75: ("wood", 7), 76: ("wood", 3)},
    **{77: ("wood", -3), 78: ("conga", 7), 79: ("conga", 4), 80: ("triangle", 0), 81: ("triangle", 0)},
    **{82: ("shaker", 0), 83: ("tambourine", 2), 84: ("triangle", 5), 85: ("wood", 9), 86: ("low tom", -8)},
    87: ("low tom", -6),
}
OTHER = ("wood", 0.0)

#: Notes that a hit silences: closed hi-hat and pedal the open one, the muted triangle the ringing one.
CHOKED_BY: dict[int, tuple[int, ...]] = {46: (42, 44, 46), 81: (80, 81)}

#: Where the parts stand, -1 left to 1 right, as the audience sees a kit.
PLACES = {
    **{"hat": 0.25, "pedal": 0.25, "open": 0.25, "ride": -0.3, "bell": -0.3, "crash": 0.3, "splash": 0.15},
    **{"high tom": 0.2, "mid tom": 0.0, "low tom": -0.25, "tambourine": 0.2, "shaker": -0.2, "cowbell": 0.15},
    **{"bongo": 0.25, "conga": -0.25, "triangle": -0.3, "wood": 0.3, "stick": 0.05, "clap": -0.05},
}
