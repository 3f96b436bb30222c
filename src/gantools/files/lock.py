"""One run at a time in a folder: a lock file beside it, held while the run lives, also before the folder is there.

The system frees the lock of a process that ends in any way. A machine that shares the folder sees it as far as the
file system passes ``flock`` on (NFS does); where it knows no locks, none is taken.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from gantools.errors import ConfigError
from gantools.files.atomic import shortened

_LONGEST_NAME_BYTES = 255


class FolderLock:
    """The lock of one folder. Use as a context manager, or call `acquire` and `release`.

    Parameters
    ----------
    folder : str or Path
        It need not exist.
    doing : str
        What the other run does, for the message: "is being trained by another run".
    part : str
        A part of the folder that runs may have at a time, such as ``1-of-4``; empty for the whole. A part keeps the
        whole from being taken, and the whole every part.
    """

    def __init__(self, folder: str | Path, doing: str, part: str = "") -> None:
        self.folder, self.doing, self.part = Path(folder), doing, part
        self._held: list[tuple[int, Path | None]] = []

    def __enter__(self) -> FolderLock:
        self.acquire()
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        ConfigError
            Another run has it.
        """
        if self._held:
            return
        try:
            # Parts share the lock of the whole and own that of their part; the whole needs the first for itself.
            self._take("", fcntl.LOCK_SH if self.part else fcntl.LOCK_EX)
            if self.part:
                self._take(self.part, fcntl.LOCK_EX)
        except BlockingIOError as error:
            self.release()
            raise ConfigError(f"{self.doing}; wait for it, or choose another --out", self.folder) from error
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the lock back, and remove its file where nobody else has it."""
        while self._held:
            descriptor, path = self._held.pop()
            if path is not None:
                try:
                    # Who can have the lock alone is the last holder, and may remove the file.
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if not os.fstat(descriptor).st_size:  # what holds something is not ours
                        path.unlink(missing_ok=True)
                except OSError:
                    pass  # another part still has it, and the last one removes it
            os.close(descriptor)

    def _take(self, part: str, kind: int) -> None:
        # Whatever links lead to a folder, it has one lock.
        real = Path(os.path.realpath(self.folder))
        real.parent.mkdir(parents=True, exist_ok=True)
        ending = f".{part}.lock" if part else ".lock"
        path = real.parent / f".{shortened(real.name, _LONGEST_NAME_BYTES - 1 - len(ending))}{ending}"
        while True:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS) or not real.is_dir():
                    raise OSError(error.errno, error.strerror, str(self.folder)) from error
                # The folder is ours to write to and its parent is not: the folder itself is locked.
                descriptor, path = os.open(real, os.O_RDONLY), real
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise
            except OSError:
                pass  # no locks on this file system
            # A lock on a file that was removed meanwhile keeps nobody out.
            if _same(descriptor, path):
                self._held.append((descriptor, None if path == real else path))
                return
            os.close(descriptor)  # its last owner has just removed it


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False
