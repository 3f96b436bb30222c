"""The words that name a part of a song: stems as they are published, and the channels of a multitrack."""

from __future__ import annotations

from dataclasses import dataclass

#: How free-standing a word must be to name a part. ANYWHERE: also at the end of a title (``Ripper Drums``). APART:
#: set off by more than a space (``song_other``). ALONE: the whole name, or behind " - ", a dot or a bracket, because it
#: is a word of ordinary titles too (``Panic Room``, ``Ticket to Ride``).
ANYWHERE, APART, ALONE = 0, 1, 2

#: Names of stems that are parts by themselves; a number beside them may be that of a song.
STEMS: dict[str, str] = {
    "vocals": "vocals vocal",
    "drums": "drums drum",
    "bass": "bass",
    "other": "other others",
    "accompaniment": "accompaniment instrumental instrumentals karaoke backing-track backing-tracks backingtrack "
    "minus-one playback",
    "guitar": "guitar guitars",
    "piano": "piano",
    "keys": "keys",
    "band": "band",
    "mix": "mix mixture mixdown mix-down",
}

#: Names of single channels, of which one part of a song has many.
CHANNELS: dict[str, str] = {
    "vocals": "vox voc vocs voice voices bv bvs bgv bgvs adlib adlibs ad-libs choir choirs harmony harmonies acapella "
    "acappella leadvox",
    "drums": "kick kik kickdrum kick-drum snare snr hihat hi-hat hihats hi-hats hat hats hh overhead overheads oh ohl "
    "ohr tom toms floor-tom cymbal cymbals ride crash room rooms perc percs percussion tambourine tamb shaker shakers "
    "cowbell conga congas bongo bongos clap claps snap snaps rimshot rim sidestick drumkit drumset drum-kit bd sd",
    "bass": "808 808s subbass sub-bass sub bassline",
    "guitar": "gtr gtrs egtr agtr acgtr elecgtr gits",
    "piano": "pno pianos",
    "keys": "keyboard keyboards kbd rhodes wurli wurly wurlitzer organ hammond clav clavinet epiano harpsichord",
    "other": "synth synths syn pad pads arp arps pluck plucks strings violin violins viola cello celli brass horns "
    "trumpet trumpets trombone trombones sax saxophone flute clarinet oboe harmonica accordion banjo mandolin ukulele "
    "harp glockenspiel vibraphone marimba fx sfx efx",
}

_APART = "other others band voice voices playback keys".split()
_ALONE = (
    "hat hats tom ride crash room rooms rim clap claps snap snaps pad pads sub harp organ choir choirs strings brass "
    "horns harmony harmonies viola 808 oh hh bd sd fx syn gits"
).split()
#: Letters that are a channel's name in capitals wherever they stand (``Song_OH_L``), and a word otherwise.
CAPITALS = frozenset({"OH", "HH", "BD", "SD", "FX", "BV", "BGV"})

#: Words beside a part's name that tell its channels apart and are no title: ``Lead Vox``, ``BassDI``, ``Kick In 2``.
BEFORE = frozenset(
    "lead backing background bg main acoustic electric elec ac el rhythm clean dist distorted double dbl stereo mono "
    "dry wet grand upright full final all hi low".split()
)
AFTER = BEFORE | frozenset(
    "l r left right c mid in out inside outside top bottom btm bot up down under di amp cab mic mics mike close far "
    "room take tk solo bus stem stems track part verb reverb dt comp version ver high a b x y trig trigger raw".split()
)
#: What such a word means where nothing else is said: ``03_Acoustic``.
ONLY = {"acoustic": "guitar", "electric": "guitar", "elec": "guitar", "backing": "vocals"}
#: Words that tell no channels apart.
NO_CHANNEL = frozenset({"stem", "stems", "track", "final", "full", "ver", "version"})
#: The part that is missing: ``no_vocals``.
WITHOUT = frozenset("no minus without non off wo".split())
#: A part's name behind one of these ends a title: ``All About That Bass``.
SMALL = frozenset(
    "the that this these those a an my your our his her its their of to with and n for from by on is be s".split()
)


@dataclass(frozen=True)
class RoleWord:
    """What a word, or several, say of a part.

    Attributes
    ----------
    role : str
    apart : int
        `ANYWHERE`, `APART` or `ALONE`.
    channel : bool
        Whether it names one channel of a part (Kick) rather than the part (drums).
    """

    role: str
    apart: int = ANYWHERE
    channel: bool = False


def _table() -> dict[tuple[str, ...], RoleWord]:
    table = {}
    for names, channel in ((STEMS, False), (CHANNELS, True)):
        for role, text in names.items():
            for name in text.split():
                apart = ALONE if name in _ALONE else APART if name in _APART else ANYWHERE
                table[tuple(name.split("-"))] = RoleWord(role, apart, channel)
    parts = [(words, word) for words, word in table.items() if word.role not in ("accompaniment", "mix")]
    for words, word in parts:
        # A song without one of its parts is an accompaniment: no_vocals, minus drums, novocals.
        for no in WITHOUT:
            table[(no, *words)] = RoleWord("accompaniment", word.apart)
        if len(words) == 1:
            table[(f"no{words[0]}",)] = RoleWord("accompaniment", word.apart)
    return table


#: Words, in lower case -> what they say.
ROLE_WORDS = _table()
