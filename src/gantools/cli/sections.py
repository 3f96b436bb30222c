"""What the help of a command shows: ``-h`` a screen of what people use most, ``--help`` every option under headings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand

#: Heading of the options that mean the same in every verb.
EVERYWHERE = "Options of every verb"
#: Heading of the options that people use most: those that are in no group.
FIRST = "Options"
#: What ``-h`` shows at most.
MOST_OPTIONS, MOST_EXAMPLES = 10, 3
#: Headings of the whole help, in their order, each with the groups of options that stand below it.
_HEADINGS = {
    "Input and output": ("Input files", "Output files", "Data"),
    "Model": ("Export",),
    "Training": ("Optimiser", "Losses", "Validating and saving", "Finishing"),
    "Network": ("Networks",),
    "Machine": ("Speed and memory", "Quality and speed"),
}
#: Options of every verb by their subject; the rest keeps that heading.
_SUBJECTS = {
    "Input and output": (
        "out",
        "name",
        "map",
        "limit",
        "null",
        "shard",
        "force",
        "check",
        "dry_run",
        "on_error",
        "json",
    ),
    "Machine": ("device", "jobs", "cluster"),
}


class SectionedCommand(TyperCommand):
    """A command whose help is short with ``-h`` and whole with ``--help``.

    Typer shows groups only where rich renders the help; here the help is plain text, which pipes and starts faster.
    """

    _short_option: Any = None

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option of the whole help."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.opts, option.help = ["--help"], "Show every option and exit."
        return option

    def get_params(self, ctx: Any) -> list[Any]:
        """Return all parameters, the two helps last."""
        params = super().get_params(ctx)
        if "-h" not in ctx.help_option_names:
            return params
        if self._short_option is None:
            whole, self._help_option = self._help_option, None
            self._short_option = TyperCommand.get_help_option(self, ctx)
            self._help_option = whole
            self._short_option.opts = ["-h"]
            self._short_option.help = "Show examples and the options that are used most, and exit."
            self._short_option.callback = _show_short
            self._short_option.name = "short_help"
        return [*params, self._short_option]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write a section of definitions for the arguments and for each heading, in their order."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(_heading_of(parameter), []).append(record)
        for title in sorted(sections, key=_rank):
            with formatter.section(title):
                formatter.write_dl(sections[title])

    def short_help_text(self, ctx: Any) -> str:
        """Return what ``-h`` shows: the purpose, three examples, and the options that people use most."""
        formatter = ctx.make_formatter()
        self.format_usage(ctx, formatter)
        purpose, examples = purpose_and_examples(self.help or "")
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(purpose)
        with formatter.section("Examples"):
            for line in examples[:MOST_EXAMPLES]:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        params = self.get_params(ctx)
        records = [record for p in common_options(params) if (record := p.get_help_record(ctx))]
        if records:
            with formatter.section(FIRST):
                formatter.write_dl(records)
        everything = sum(p.param_type_name == "option" for p in params)
        formatter.write_paragraph()
        formatter.write_text(f"{ctx.command_path} --help shows all {everything} options.")
        return str(formatter.getvalue().rstrip("\n"))


def _show_short(ctx: Any, parameter: Any, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        print(ctx.command.short_help_text(ctx))
        ctx.exit()


def purpose_and_examples(text: str) -> tuple[str, list[str]]:
    """Return the first paragraph of a help, and its examples: the lines behind the mark that keeps them as they are."""
    told, _, shown = text.partition("\b")
    return " ".join(re.split(r"\n\s*\n", told.strip())[0].split()), [row.strip() for row in shown.strip().splitlines()]


def common_options(parameters: Iterable[Any]) -> list[Any]:
    """Return the options that people use most: those in no group, led by the folder that is written to."""
    options = [p for p in parameters if p.param_type_name == "option"]
    return [p for p in options if p.name == "out"] + [p for p in options if section_of(p) == FIRST]


def section_of(parameter: Any) -> str:
    """Return the group that a parameter belongs to."""
    if parameter.param_type_name == "argument":
        return "Arguments"
    if parameter.name in ("help", "short_help"):
        return EVERYWHERE
    return getattr(parameter, "rich_help_panel", None) or FIRST


def _heading_of(parameter: Any) -> str:
    """Return the heading under which a parameter stands in the whole help."""
    section = section_of(parameter)
    if section == EVERYWHERE:
        return next((heading for heading, names in _SUBJECTS.items() if parameter.name in names), section)
    for heading, groups in _HEADINGS.items():
        if section in groups:
            # A subject with several groups of many options keeps their names.
            return f"{heading} ({section[0].lower()}{section[1:]})" if heading == "Training" else heading
    return section


def _rank(title: str) -> tuple[int, int]:
    """Return the place of a heading: what people use first, the subjects with the groups of one command between."""
    if title in ("Arguments", FIRST):
        return 0, title == FIRST
    if title == EVERYWHERE:
        return 3, 0
    subject = title.partition(" (")[0]
    place = list(_HEADINGS).index(subject) if subject in _HEADINGS else -1
    return (2, place) if place >= 0 else (1, 0)
