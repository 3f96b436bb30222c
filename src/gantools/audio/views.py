"""A part of a file as a file of its own, with some of its bytes replaced: what decoders need to be told differently."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import IO


class View(io.RawIOBase):
    """Read the bytes from `start` to `stop` of an open file.

    Parameters
    ----------
    file : binary file
        Left open when the view is closed.
    start, stop : int
        In bytes.
    replaced : mapping of int to bytes, optional
        Position in the view -> bytes to give in place of those of the file.
    """

    def __init__(self, file: IO[bytes], start: int, stop: int, replaced: Mapping[int, bytes] | None = None) -> None:
        super().__init__()
        self._file, self._start, self._size, self._position = file, start, stop - start, 0
        self._replaced = dict(replaced or {})

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in the view."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position in the view and return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer from the position on and return how many bytes there were."""
        wanted = max(0, min(len(buffer), self._size - self._position))
        if not wanted:
            return 0
        # The file under it is shared: somebody else may have moved it since.
        self._file.seek(self._start + self._position)
        data = bytearray(self._file.read(wanted))
        for where, content in self._replaced.items():
            for offset, byte in enumerate(content, where - self._position):
                if 0 <= offset < len(data):
                    data[offset] = byte
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
