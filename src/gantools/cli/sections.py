"""How ``--help`` shows options: those that people use first, then the rest under headings, then those of every verb."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

#: Heading of the options that mean the same in every verb.
EVERYWHERE = "Options of every verb"


class SectionedCommand(TyperCommand):
    """A command whose ``--help`` has a section for each panel of its options.

    Typer shows panels only where rich renders the help; here the help is plain text, which pipes and starts faster.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write a section of definitions for the arguments and for each panel, in the order in which they come."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(section_of(parameter), []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def section_of(parameter: Any) -> str:
    """Return the heading under which a parameter stands in the help."""
    if parameter.param_type_name == "argument":
        return "Arguments"
    if parameter.name == "help":
        return EVERYWHERE
    return getattr(parameter, "rich_help_panel", None) or "Options"
