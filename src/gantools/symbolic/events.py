"""The events of a MIDI track, looked over before symusic reads them: it trusts every byte, and damage could end it.

A regular expression goes over notes by the thousand; only what stands between them is read one by one.
"""

from __future__ import annotations

import re

# No pattern needs to go back behind what it has matched, as each byte says what it is; possessive quantifiers would say
# so, but those of Python before 3.11.5 match too little.
#: A time: up to four bytes, of which the last is below 128.
_TIME = rb"[\x80-\xff]{0,3}[\x00-\x7f]"
#: Messages of channels, with two bytes of data and with one; what follows may leave out its status (running status).
_TWO = rb"[\x00-\x7f]{2}(?:" + _TIME + rb"[\x00-\x7f]{2})*"
_ONE = rb"[\x00-\x7f](?:" + _TIME + rb"[\x00-\x7f])*"
_SAME = _TIME + rb"(?:[\x80-\xbf\xe0-\xef]" + _TWO + rb"|[\xc0-\xdf]" + _ONE + rb")"
_MESSAGES = re.compile(rb"(?:" + _SAME + rb")*", re.DOTALL)
_MESSAGES_OF_ONE_STATUS = re.compile(_SAME, re.DOTALL)
_MORE = {True: re.compile(_TWO, re.DOTALL), False: re.compile(_ONE, re.DOTALL)}
_TIME_ONLY = re.compile(_TIME)
_META, _SYSEX = 0xFF, (0xF0, 0xF7)
_END = 0x2F
#: Kinds of meta events that are read -> bytes that they need: tempo, meter, key.
_NEEDED = {0x51: 3, 0x58: 2, 0x59: 2}
_OTHER = b"\x7f"


def whole_track(body: bytes) -> bytes | None:
    """Return the events of a track with nothing in them that cannot be read, or None if they make no sense.

    What comes after the end of the track is left out, an end that is missing is added, and tempi, meters and keys that
    are too short lose their meaning.

    Parameters
    ----------
    body : bytes
        Content of an MTrk chunk.
    """
    parts: list[bytes] = []
    at, said = 0, b""
    while at < len(body):
        run = _MESSAGES.match(body, at)
        if run and run.end() > at:
            parts.append(run[0])
            said, at = run[0], run.end()
            continue
        time = _TIME_ONLY.match(body, at)
        if time is None or time.end() >= len(body):
            return None
        first, at = body[time.end()], time.end()
        parts.append(time[0])
        if first < 0x80 and said:
            # Status that runs on over a meta event, which the standard forbids and some programs write.
            status = _last_status(said)
            more = _MORE[not 0xC0 <= status < 0xE0].match(body, at)
            if more is None:
                return None
            parts += [bytes([status]), more[0]]
            said, at = b"\x00" + parts[-2] + more[0], more.end()
        elif first == _META or first in _SYSEX:
            end, part = _other(body, at)
            if end > len(body):
                return None
            parts.append(part)
            at = end
            if first == _META and part[1] == _END:
                return b"".join(parts)
        else:
            return None
    return b"".join([*parts, b"\x00\xff\x2f\x00"])


def _last_status(said: bytes) -> int:
    """Return the status of the last of some messages."""
    last = _MESSAGES_OF_ONE_STATUS.findall(said)[-1]
    time = _TIME_ONLY.match(last)
    return int(last[time.end()]) if time else 0


def _other(body: bytes, at: int) -> tuple[int, bytes]:
    """Return where a meta event or a system exclusive message ends, beyond the body if it is cut, and its bytes."""
    meta = body[at] == _META
    length = _TIME_ONLY.match(body, at + 1 + meta)
    if length is None:
        return len(body) + 1, b""
    size = 0
    for byte in length[0]:
        size = size << 7 | byte & 0x7F
    end = length.end() + size
    part = body[at:end]
    if meta and size < _NEEDED.get(part[1], 0):
        part = part[:1] + _OTHER + part[2:]
    return end, part
