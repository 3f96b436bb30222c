"""The page builder: everything is text but a figure, and nothing is loaded from elsewhere."""

from __future__ import annotations

import re

from gantools.report.page import (
    Article,
    Bullets,
    Comparison,
    Drawing,
    Heading,
    Page,
    Plot,
    Shelf,
    Sound,
    TablePart,
    Words,
)
from gantools.report.table import Table

ODD = "<i>&\"'\udcff"  # the name of a file need not be valid UTF-8
SAID = "&lt;i&gt;&amp;&#34;&#39;\ufffd"


def test_all_text_is_escaped_in_every_part() -> None:
    sound = Sound("a.png", "a.mp3", ODD, ODD)
    parts = [
        TablePart(Table([(ODD, ODD, ODD)], [[ODD, ODD], [ODD, ODD]], ODD)),
        Comparison((ODD, ODD, ODD, ODD), [(ODD, ODD, ODD, ODD)]),
        Plot("<svg></svg>", ODD),
        Heading(ODD),
        Bullets([ODD]),
        Words(ODD, ODD, (ODD, "more.html")),
        Drawing("curve.png", ODD),
        Shelf(ODD, [sound], [(ODD, ODD)], [(ODD, ODD)], [ODD]),
        Article(ODD, ODD, sound, ODD, [(ODD, ODD)], [(ODD, ODD)], [ODD]),
    ]
    text = Page(ODD, ODD, parts, [ODD]).html()
    text.encode()
    assert "<i>" not in text
    assert "<svg></svg>" in text
    # Title twice and subtitle, 8 of the table, 8 of the comparison, 1, 1, 1, the words, the drawing twice, title, label
    # and picture of the shelf, what is said of it, 3 and 2 and 2 and 1 and the picture, the foot.
    assert text.count(SAID) == 3 + 8 + 8 + 3 + 3 + 2 + 3 + 5 + 9 + 1
    assert text.startswith("<!doctype html>\n<html")
    assert text.endswith("</html>\n")


def test_a_page_needs_nothing_else() -> None:
    text = Page("Title", "sub", [Shelf("one", [Sound("", "", "")])], window="Title: more", narrow=True).html()
    assert "<title>Title: more</title>" in text
    assert '<body class="narrow">' in text
    assert "prefers-color-scheme: dark" in text
    assert "<img" not in text
    assert "<audio" not in text
    assert not re.search(r"url\((?!#)|@import|<script|<link", text)
