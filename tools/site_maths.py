"""Formulas of the site: TeX between dollars becomes MathML, which browsers draw by themselves.

No script runs and nothing is fetched, so that the pages read the same from a disk without a network. The TeX stays
beside each formula, for screen readers and for whoever copies it.
"""

from __future__ import annotations

import html as entities
import re
from typing import Any

#: What the extension `pymdownx.arithmatex` makes of `$...$` and of `$$...$$`.
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
#: A file and a name in it, as the tables of places have them.
PLACE = re.compile(r"(<code>[\w/.-]+\.py:)(\w)")


def to_mathml(tex: str, block: bool = False) -> str:
    """Return the MathML element of a formula; a formula in a line of its own is a block."""
    from latex2mathml.converter import convert

    made: str = convert(tex, display="block" if block else "inline")
    return made.replace("<math ", f'<math alttext="{entities.escape(tex)}" ', 1)


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """Put MathML in the place of each formula of a page, and let lines break between a file and a name in it."""
    html = PLACE.sub(r"\1<wbr>\2", html)
    return FORMULA.sub(lambda found: to_mathml(entities.unescape(found[3]).strip(), found[2] == "["), html)
