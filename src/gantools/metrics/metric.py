"""What a metric is: options, how its files are paired, the measuring, and how a result is shown.

A metric is one object. Its module is read for every ``--help``, and so imports what is heavy (numpy, scipy, torch,
matplotlib) only inside the methods that measure and draw. `gantools.metrics.registry` names all of them.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from gantools.errors import GantoolsError
from gantools.metrics.pairing import ClipSets, Groups, neighbours
from gantools.options import option
from gantools.report.table import FileGrid, Table, TableRow, fact_rows

if TYPE_CHECKING:
    import numpy as np
    import torch
    from matplotlib.figure import Figure

    from gantools.report.folder import Report

Result = dict[str, Any]
Failed = Callable[[Path, GantoolsError], None]
Tick = Callable[[], None]
#: (what makes a result, the files it depends on) -> the result, made or kept from a run that was stopped.
Keep = Callable[..., Any]
Options = TypeVar("Options")
T = TypeVar("T")


def made_anew(make: Callable[[], T], *paths: Path, part: str = "") -> T:
    """Make a result and keep it nowhere; see `gantools.files.partial.Partial.keep`."""
    return make()


@dataclass(frozen=True)
class Argument:
    """A place on the command line: a set of files.

    Attributes
    ----------
    name : str
        Name of the set: ``generated``, ``real``, ``source``.
    help : str
    required : bool
    several : bool
        Whether more than one may stand there, each a set of its own: ``other 1``, ``other 2`` of ``other``. Only the
        last place of a command can hold them.
    """

    name: str
    help: str
    required: bool = True
    several: bool = False


GENERATED = Argument("generated", "Generated files: a folder, a file, or - for a list on stdin.")
REAL = Argument("real", "Real music of the same kind.")
SOURCE = Argument("source", "What it was made from; paired by name.")


@dataclass(frozen=True)
class RoleConfig:
    """Options of metrics that read roles."""

    role: str = option("", "Role of the generated files to measure, such as drums, as their names say. By default all.")


@dataclass(frozen=True)
class Inputs:
    """What a comparison reads.

    Attributes
    ----------
    places : dict of str to str
        Name of each set -> the folder, file or list that the user gave for it.
    files : dict of str to Path
        Other files that the result depends on: a network, the clips of a model.
    """

    places: dict[str, str]
    files: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Conditions:
    """What a comparison is given beside files and options.

    Attributes
    ----------
    failed, tick : callable
        `failed` is called with each file that fails and the error, `tick` after each file, pair or song.
    keep : callable
        Called with what makes the result of one file, pair or song, and its files. An interrupted run does not make it
        again; see `gantools.files.partial.Partial.keep`.
    seed : int
        Of all random draws.
    device : torch.device or str
    untrained : callable, optional
        (model folder, path): writes what the training of a model would have shown before its first step.
    """

    failed: Failed
    tick: Tick = lambda: None
    keep: Keep = made_anew
    seed: int = 0
    device: torch.device | str = "cpu"
    untrained: Callable[[Path, Path], None] | None = None


class Metric(ABC, Generic[Options]):
    """A verb of ``gantools evaluate``; the docstring of a metric's class is its help.

    Attributes
    ----------
    name : str
        On the command line and in records.
    title : str
        Head of its page.
    source : str
        Paper and section that it is from, or that it is our own.
    reference : str
        What it is held to by tests that do not use it, with their files: ``SciPy's root: tests/unit/metrics/x.py``.
    config : type
        Frozen dataclass of its options, see `gantools.options.option`.
    arguments : tuple of Argument
        The sets of files that it takes: what is measured, then what that is compared with.
    uses : tuple of str
        Standard options beside those of every command with one output: ``map`` (it reads roles), ``seed``, ``device``.
    reads : tuple of str
        Kinds of files that it takes: ``audio``, ``mel``, ``MIDI``.
    bulky : tuple of str
        Fields of a result that the printed record leaves out.
    plot_name : str
        Name of the figure's file, without ending; empty where there is no figure.
    caption : str
        What the figure shows.
    model_name : str
        Name of the file of what a metric learns; empty for the others.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str] = ""
    reference: ClassVar[str] = ""
    config: ClassVar[type]
    arguments: ClassVar[tuple[Argument, ...]] = (GENERATED, REAL)
    uses: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[str, ...]] = ("audio",)
    bulky: ClassVar[tuple[str, ...]] = ()
    plot_name: ClassVar[str] = ""
    caption: ClassVar[str] = ""
    model_name: ClassVar[str] = ""

    @property
    def help(self) -> str:
        """What the metric measures, for ``--help``."""
        return inspect.cleandoc(type(self).__doc__ or "")

    def inputs(self, places: Mapping[str, str], config: Options) -> Inputs:
        """Return what is read, given what stands on the command line.

        Raises
        ------
        ConfigError
            It is nothing that the metric can read.
        """
        return Inputs({name: place for name, place in places.items() if place})

    def pair(self, sets: ClipSets, config: Options) -> Groups:
        """Choose the files that are measured, and pair them where the metric compares pairs.

        Returns
        -------
        list of lists of (label, Clip)
            Files that the page shows side by side.

        Raises
        ------
        ConfigError, InputError
            No file has the role that was asked for, or nothing can be paired.
        """
        return neighbours(sets["generated"], sets.setdefault("real", []))

    @abstractmethod
    def compare(self, sets: ClipSets, config: Options, conditions: Conditions) -> Result:
        """Measure.

        Returns
        -------
        dict
            Plain values by name, which ``report.json`` holds.

        Raises
        ------
        InputError
            Nothing could be measured.
        """

    def shown(self, groups: Groups, sets: ClipSets, result: Result) -> Groups:
        """Return the files that the page shows side by side, now that they are measured: by default those of `pair`."""
        return groups

    @abstractmethod
    def rows(self, result: Result) -> list[TableRow]:
        """Return the rows of the table: what was measured, its value, how to read it."""

    def grid(self, result: Result) -> FileGrid:
        """Return a row of cells for each file, under a head; empty where there is no such table."""
        return []

    def grids(self, result: Result) -> list[tuple[str, FileGrid]]:
        """Return further tables with a title and a head each."""
        return []

    def footnote(self, result: Result) -> str:
        """Return what must be said below the table, or nothing."""
        return ""

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Return the figure, with lines and letters in the colour `ink`; None where there is nothing to plot."""
        return None

    def features(self, result: Result) -> tuple[np.ndarray, dict[str, Any]] | None:
        """Return the array of a result that is too long for ``report.json``, and what its file says of it."""
        return None

    def model(self, result: Result) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Return the arrays of what was learnt, which ``learnt`` of a result holds, and what their file says of it."""
        return None

    def table(self, result: Result) -> Table:
        """Return the whole table of a result, with what every report says of its files."""
        rows = [*self.rows(result), *fact_rows(result)]
        return Table(rows, self.grid(result), self.footnote(result), self.grids(result))

    def report(self, result: Result) -> Report:
        """Return a completed result (see `gantools.report.folder.complete`) with all that shows it."""
        from gantools.report.folder import Report

        return Report(
            result,
            title=self.title,
            table=self.table(result),
            draw=lambda ink: self.figure(result, ink),
            plot_name=self.plot_name,
            caption=self.caption,
            features=self.features(result),
            model=self.model(result),
            model_name=self.model_name,
        )
