"""The one page builder: an HTML file that needs nothing else, readable in light and dark.

A page is a title and parts that stand below each other; ``templates/page.html`` holds how each kind of part is written,
``templates/style.css`` how it looks. All text is escaped there; a part's SVG is the only markup that goes in as it is.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from gantools.files.readable import readable
from gantools.report.table import Table

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class TablePart:
    """The table of a result, with its rows of files and its footnote."""

    kind: ClassVar[str] = "table"
    table: Table


@dataclass(frozen=True)
class Comparison:
    """A table of what was measured beside what others measured: what, theirs, ours, why they differ."""

    kind: ClassVar[str] = "comparison"
    head: tuple[str, str, str, str]
    rows: Sequence[tuple[str, str, str, str]]


@dataclass(frozen=True)
class Plot:
    """A figure as SVG, and what it shows."""

    kind: ClassVar[str] = "plot"
    svg: str
    caption: str


@dataclass(frozen=True)
class Heading:
    """The head of what follows."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True)
class Bullets:
    """Sentences, one below the other."""

    kind: ClassVar[str] = "bullets"
    lines: Sequence[str]


@dataclass(frozen=True)
class Words:
    """A paragraph, the command that it is about, and a page that has more (its name and address)."""

    kind: ClassVar[str] = "words"
    text: str
    command: str = ""
    more: tuple[str, str] | None = None


@dataclass(frozen=True)
class Drawing:
    """A picture in a file of its own, at the address that it has from the page, and what it shows."""

    kind: ClassVar[str] = "drawing"
    address: str
    caption: str


@dataclass(frozen=True)
class Sound:
    """What is seen and heard of one file.

    Attributes
    ----------
    picture, sound : str
        Addresses of a picture and of a sound, ``data:`` or relative to the page; empty for none.
    alt : str
        What the picture shows, in words.
    label : str
        Stands above.
    loop : bool
        The player begins again at its end.
    volume : float
        Where the player stands at first, 0 to 1: so sounds of different loudness are heard equally loud.
    """

    picture: str
    sound: str
    alt: str
    label: str = ""
    loop: bool = False
    volume: float = 1.0


@dataclass(frozen=True)
class Shelf:
    """Sounds side by side, under a title, with what is to be said of them; see `Article`."""

    kind: ClassVar[str] = "shelf"
    title: str
    sounds: Sequence[Sound]
    figures: Sequence[tuple[str, str]] = ()
    details: Sequence[tuple[str, str]] = ()
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class Article:
    """One sound by itself, with what is to be said of it.

    Attributes
    ----------
    title : str
    place : str
        Its place in an order, or nothing.
    length : str
        How long it is.
    sound : Sound
    figures, details : sequence of (label, value)
        Shown at once, and on demand.
    remarks : sequence of str
    """

    kind: ClassVar[str] = "article"
    title: str
    length: str
    sound: Sound
    place: str = ""
    figures: Sequence[tuple[str, str]] = ()
    details: Sequence[tuple[str, str]] = ()
    remarks: Sequence[str] = ()


Part = TablePart | Comparison | Plot | Heading | Bullets | Words | Drawing | Shelf | Article


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes
    ----------
    title, subtitle : str
    parts : sequence of parts
    foot : sequence of str
        Lines at the end.
    window : str
        Title of the window, where it says more than `title`.
    narrow : bool
        A column of articles, where tables and shelves need the whole width.
    """

    title: str
    subtitle: str
    parts: Sequence[Part]
    foot: Sequence[str] = field(default_factory=tuple)
    window: str = ""
    narrow: bool = False

    def html(self) -> str:
        """Return the page as text."""
        return environment().get_template("page.html").render(page=self)


def file_address(path: Path, folder: Path) -> str:
    """Return the address of a file on a page that stands in `folder`; names need not be valid UTF-8."""
    return quote(os.fsencode(os.path.relpath(path, folder)))


@functools.cache
def environment() -> Environment:
    """Return what fills templates in; all text is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # StrictUndefined: a name that a template gets wrong is an error, and not an empty place.
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        finalize=_readable,
    )


def _readable(value: Any) -> Any:
    """Return a value of a template as it can be written."""
    # Markup, which is a str too, has been through this already.
    return readable(value) if type(value) is str else value
