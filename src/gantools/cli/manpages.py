"""Manual pages, one for gantools and one for each verb with all its systems, of the same words as ``--help``.

python -m gantools.cli.manpages FOLDER
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from gantools.cli.app import ABOUT, VERBS
from gantools.cli.manual import Command, all_commands
from gantools.version import __version__

_CODES = {
    "0": "All was done.",
    "1": "Some input failed, or standard output could not be written.",
    "2": "Nothing started: wrong options, or a model that cannot be opened.",
    "130": "Interrupted.",
    "141": "The reader of standard output has left.",
}


def manual_pages() -> dict[str, str]:
    """Return the pages by their file names, ``gantools.1`` and ``gantools-VERB.1``."""
    commands = all_commands()
    pages = {"gantools.1": _root_page()}
    for verb, line in VERBS.items():
        own = [command for command in commands if command.path[0] == verb]
        pages[f"gantools-{verb}.1"] = _verb_page(verb, line, own)
    return pages


def _head(name: str, line: str) -> list[str]:
    # No date: the page of a version is always the same.
    return [
        f'.TH {name.upper()} 1 "" "gantools {__version__}" "gantools"',
        ".SH NAME",
        f"{_plain(name)} \\- {_plain(line)}",
    ]


def _root_page() -> str:
    lines = [
        *_head("gantools", ABOUT.rstrip(".")),
        ".SH SYNOPSIS",
        ".B gantools",
        r"\fIVERB\fR [\fIOPTIONS\fR] [\fIINPUTS\fR]",
    ]
    lines += [".SH VERBS"]
    for verb, line in VERBS.items():
        lines += [".TP", rf"\fBgantools\-{verb}\fR(1)", _plain(line)]
    lines += [".SH OPTIONS"]
    for names, text in (
        ("-h, --help", "Show the verbs; gantools help VERB shows one."),
        ("-V, --version", "Print the version."),
        ("--models", "List the models that ship, and those in models/ and in the folders of GANTOOLS_MODELS."),
        ("--env", "Print versions, devices, decoders and models."),
        ("--completion SHELL", "Print what completes commands in bash, zsh or fish."),
    ):
        lines += [".TP", rf"\fB{_plain(names)}\fR", _plain(text)]
    return _joined([*lines, *_codes()])


def _verb_page(verb: str, line: str, commands: Iterable[Command]) -> str:
    lines = _head(f"gantools-{verb}", line.rstrip("."))
    commands = list(commands)
    # A verb with systems below it has no options of its own.
    shown = [command for command in commands if not command.parts]
    lines += [".SH SYNOPSIS"]
    for command in shown:
        arguments = [entry for entry in command.entries if entry.section == "Arguments"]
        words = " ".join(rf"[\fI{_plain(entry.names[0])}\fR]" for entry in arguments)
        lines += [rf"\fBgantools {' '.join(command.path)}\fR [\fIOPTIONS\fR] {words}", ".br"]
    everywhere = []
    for command in shown:
        title = " ".join(command.path) if len(shown) > 1 else "description"
        lines += [f'.SH "{title.upper()}"', *_described(command.help)]
        section = ""
        for entry in command.entries:
            if entry.section == "Options of every verb":
                if entry not in everywhere:
                    everywhere.append(entry)
                continue
            if entry.section != section:
                section = entry.section
                lines.append(f'.SS "{section}"')
            names = ", ".join(rf"\fB{_plain(name)}\fR" for name in entry.names)
            lines += [".TP", f"{names} {_plain(entry.value)}".strip(), _plain(entry.help)]
    lines.append('.SH "OPTIONS OF EVERY VERB"')
    for entry in everywhere:
        names = ", ".join(rf"\fB{_plain(name)}\fR" for name in entry.names)
        lines += [".TP", f"{names} {_plain(entry.value)}".strip(), _plain(entry.help)]
    return _joined([*lines, *_codes(), ".SH SEE ALSO", r"\fBgantools\fR(1)"])


def _described(text: str) -> list[str]:
    """Return paragraphs, examples as they are."""
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        rows = paragraph.splitlines()
        if rows and all(row.lstrip().startswith("gantools ") for row in rows if row.strip()):
            lines += [".PP", ".nf", ".RS", *(_plain(row.strip()) for row in rows), ".RE", ".fi"]
        elif rows:
            lines += [".PP", _plain(" ".join(row.strip() for row in rows))]
    return lines


def _codes() -> list[str]:
    lines = [".SH EXIT STATUS"]
    for code, text in _CODES.items():
        lines += [".TP", rf"\fB{code}\fR", _plain(text)]
    return lines


def _plain(text: str) -> str:
    """Return text in which roff finds nothing to obey; hyphens are those that can be typed."""
    told = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{told}" if told[:1] in (".", "'") else told


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Write all pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in manual_pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
