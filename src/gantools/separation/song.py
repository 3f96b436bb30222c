"""One song to its stems: decode, separate, write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from gantools.files.atomic import scratch_folder
from gantools.separation.config import REST
from gantools.separation.mix import Mix, decode
from gantools.separation.separator import Separator
from gantools.separation.stems import StemWriter

Tick = Callable[[float], None]


class Decoder:
    """Decode songs, and the next one while the network works on this one.

    Parameters
    ----------
    parent : Path
        Folder for scratch files, on the disk of the results.
    rate_hz : int
        Rate of the network.
    """

    def __init__(self, parent: Path, rate_hz: int) -> None:
        self._parent, self._rate_hz = parent, rate_hz
        self._thread = ThreadPoolExecutor(1)
        self._lock = threading.Lock()
        self._begun: dict[Path, tuple[ExitStack, Future[Mix]]] = {}

    def begin(self, source: Path) -> None:
        """Start decoding a song that `take` will ask for."""
        with self._lock:
            if source not in self._begun:
                stack = ExitStack()
                folder = stack.enter_context(scratch_folder(self._parent))
                self._begun[source] = stack, self._thread.submit(decode, source, folder / "mix.f32", self._rate_hz)

    def take(self, source: Path, stack: ExitStack) -> Mix:
        """Return a song; its scratch file lives as long as `stack`."""
        self.begin(source)
        with self._lock:
            scratch, future = self._begun.pop(source)
        stack.enter_context(scratch)
        # Waited for outside the lock, so that the next song can be begun meanwhile.
        return future.result()

    def close(self) -> None:
        """Drop what was begun and not taken."""
        # Waits for the song that is being decoded: its scratch folder is removed next.
        self._thread.shutdown(cancel_futures=True)
        for scratch, _ in self._begun.values():
            scratch.close()
        self._begun.clear()


def separate_song(
    source: Path,
    outputs: Sequence[Path],
    roles: Sequence[str],
    separator: Separator,
    decoder: Decoder,
    *,
    bits: str = "source",
    seed: int = 0,
    tick: Tick = lambda share: None,
) -> dict[str, Any]:
    """Write the stems of one song, with its rate, channels, length and tags.

    Parameters
    ----------
    source : Path
    outputs : sequence of Path
        One file per role.
    roles : sequence of str
        Sources of the separator; or one of them and ``accompaniment``, which is the song minus that stem.
    separator : Separator
    decoder : Decoder
    bits : str
        See `gantools.audio.writing.AudioWriter`.
    seed : int
        Seed of the random shifts.
    tick : callable
        Progress callback, called with the completed share of the work, 0 to 1.

    Returns
    -------
    dict
        ``gain_db`` (0, or what all stems were lowered by so that none clips), ``duration_s``, and ``warning`` where
        stems lie above full scale, or segments were shortened for want of memory.

    Raises
    ------
    InputError
        The song cannot be decoded or has more than two channels.
    DeviceError
        The memory does not even hold the shortest segments.
    """
    with ExitStack() as stack:
        mix = decoder.take(source, stack)
        rest = _rest(roles, separator)
        writer = stack.enter_context(StemWriter(mix, len(roles), separator.rate_hz, rest))
        # The plan serves all songs; only what is lowered during this one belongs in its record.
        known = len(separator.segmenting.notices)
        for block, done in _blocks(mix, roles, separator, seed):
            writer.append(block)
            tick(0.97 * done / mix.n)
        gain, notice = writer.encode(outputs, bits)
        tick(1.0)
    fields = {"gain_db": round(20 * float(np.log10(gain)), 2), "duration_s": round(mix.frames / mix.rate_hz, 3)}
    notices = [*separator.segmenting.notices[known:], *([notice] if notice else [])]
    return fields | ({"warning": "; ".join(notices)} if notices else {})


def _rest(roles: Sequence[str], separator: Separator) -> int | None:
    """Return the number of the stem that makes the sum exact, or None where no sum is promised."""
    if REST in roles:
        return roles.index(REST)
    if separator.sums_to_mix and set(roles) == set(separator.sources):
        return roles.index("other") if "other" in roles else len(roles) - 1
    return None


def _blocks(mix: Mix, roles: Sequence[str], separator: Separator, seed: int) -> Iterator[tuple[np.ndarray, int]]:
    """Yield blocks (roles, 2, k) and how many samples are done."""
    done = 0
    sources = [role for role in roles if role != REST]
    for stems in separator.separate(mix, sources, seed):
        if REST in roles:
            # Subtracted, so that the two files sum to the song.
            stems = np.stack([stems[0], mix.read(done, stems.shape[-1]) - stems[0]])
        done += stems.shape[-1]
        yield stems, done
