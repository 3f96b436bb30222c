"""Errors that a user can act on. The command line turns each into one line and an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class GantoolsError(Exception):
    """Base of all errors meant for the user.

    Parameters
    ----------
    message : str
        What is wrong; what to do.
    path : str or Path, optional
        The file or folder it concerns.
    """

    def __init__(self, message: str, path: str | Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = None if path is None else str(path)

    def __str__(self) -> str:
        return self.message if self.path is None else f"{self.path}: {self.message}"

    def __reduce__(self) -> tuple[type[GantoolsError], tuple[Any, ...]]:
        # Worker processes send errors back pickled; the default would lose the path.
        return type(self), (self.message, self.path)


class StoppedError(GantoolsError):
    """The user stopped a run that saved what it had done; the message says how to go on."""


class InputError(GantoolsError):
    """An input file is missing, broken or does not fit. Fails that file only."""

    @property
    def what(self) -> str:
        """The fault alone, without what to do."""
        return self.message


class DamagedError(InputError):
    """A file of gantools was cut short or changed.

    Parameters
    ----------
    what : str
        The fault.
    path : str or Path, optional
        The file.
    advice : str
        What to do; who knows the command that makes such files names it.
    """

    def __init__(self, what: str, path: str | Path | None = None, advice: str = "make it again") -> None:
        super().__init__(f"{what}; {advice}", path)
        self._what, self._advice = what, advice

    @property
    def what(self) -> str:
        """The fault alone, without what to do."""
        return self._what

    def __reduce__(self) -> tuple[type[GantoolsError], tuple[Any, ...]]:
        return type(self), (self._what, self.path, self._advice)


class Notice(InputError):  # noqa: N818
    """What a user should hear of an input file, and what stops nothing; it is told and not raised."""


class ConfigError(GantoolsError):
    """An option, a TOML key or a combination of them is wrong. Nothing starts."""


class ModelError(GantoolsError):
    """A model folder is missing, incomplete or does not fit its input, or training diverged."""


class DependencyError(GantoolsError):
    """An optional package or an external file that the task needs is absent."""


class DeviceError(GantoolsError):
    """The requested device does not exist or ran out of memory."""
