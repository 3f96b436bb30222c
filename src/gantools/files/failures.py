"""Errors of the operating system as sentences for a user: which path, what is wrong, what to do."""

from __future__ import annotations

import errno
import os

from gantools.files.atomic import without_temporaries

_SAID = {
    errno.ENOSPC: "no space left on the disk; free some and run again",
    errno.EDQUOT: "the disk quota is used up; free some space and run again",
    errno.EFBIG: "larger than the file system or the limit on file sizes (ulimit -f) allows; write to another disk",
    errno.EROFS: "the file system is read-only; write to another folder",
    errno.EACCES: "permission denied; choose a folder that you may write to, or change its rights",
    errno.EPERM: "not permitted; choose a folder that you may write to, or change its rights",
    errno.EMFILE: "too many open files; raise the limit (ulimit -n) or use fewer --jobs",
    errno.ENFILE: "too many open files on this machine; close some programs and run again",
    errno.ENAMETOOLONG: "the name is too long for the file system; give a shorter one with --name or -o",
    errno.ENOTDIR: "a file stands where a folder is needed; choose another place with -o",
    errno.EIO: "the disk reports an error; check it, or write to another one",
    errno.ESTALE: "the shared folder was changed or lost by its server; run again",
    errno.ENOMEM: "out of memory; use fewer --jobs",
    errno.EXDEV: "a folder below the output folder lies on another disk in a way that files cannot be moved to",
}
#: What is wrong with a place to read from, which another output folder does not mend.
_READING = {
    errno.EACCES: "permission denied; you may not read it",
    errno.EPERM: "not permitted; you may not read it",
}


def explain(error: OSError, *, reading: bool = False, path: str | None = None) -> str:
    """Return one line on an error of the operating system: path, reason, advice.

    Parameters
    ----------
    error : OSError
    reading : bool
        It came from reading an input.
    path : str, optional
        Named where the error itself does not say which file it is about.
    """
    name = error.filename if isinstance(error.filename, (str, bytes)) else None
    where = without_temporaries(os.fsdecode(name)) if name else path
    number = error.errno or 0
    what = (_READING.get(number) if reading else None) or _SAID.get(number) or error.strerror or str(error)
    return f"{where}: {what}" if where else what
