"""The page of equations: all that are numbered stand there, in TeX that every reader draws, with places that exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from places import require

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/equations.md"
#: Sections of the page, each with the numbers of equations that its paper prints, or those whose formulas it takes.
NUMBERED = {
    "Automatic Music Production": ("Zhu (1)", "Zhu (2)", "Zhu (3)", "Isola (1)", "Isola (3)", "(4)"),
    "Musika!": (),
    "Symphony Generation": ("Katharopoulos (7)", "Katharopoulos (9)", "(10), (11), (12)"),
    "Symbolic Music Loop Generation": ("(1)", "(2)", "(3)", "(4)"),
    "Automatic Music Mixing": ("(1)", "(2)", "(3)", "(4)", "(5)", "(6)"),
    "Catch-A-Waveform": ("(1)", "(3)", "(4)", "(5)"),
    "Generating Electronic Music": ("Gulrajani et al. 2017 (3)", "Karras et al. 2019 (1)"),
    "Separation": ("Wisdom et al. 2020 (2)", "Mitsufuji et al. 2022 (1)", "Le Roux et al. 2019 (5)"),
}
#: What one of GitHub, the site and a table of Markdown would not draw: bars, bare brackets, escapes of punctuation,
#: stars, and the name of an operator.
NOT_DRAWN = re.compile(r"[|*<>`]|\\[^a-zA-Z]|\\operatorname|\\text\b|\\begin")
#: Longer formulas leave a terminal no room for where they are.
MOST_TEX = 140


class Row(NamedTuple):
    """A row of a table of the page."""

    section: str
    equation: str
    paper: str
    file: str
    names: tuple[str, ...]
    test: str


def read() -> list[Row]:
    """Return the rows of all tables of equations."""
    rows, section = [], ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| ") and not line.startswith("| equation |"):
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            assert len(cells) == 5, line
            file, test = (re.fullmatch(r"`([^`]+)`", cell) for cell in (cells[2], cells[4]))
            assert file, line
            assert test, line
            rows.append(Row(section, cells[0], cells[1], file[1], tuple(re.findall(r"`([\w.]+)`", cells[3])), test[1]))
    return rows


ROWS = read()
PROSE = re.sub(r"```.*?```", "", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
FORMULAS = re.findall(r"\$([^$\n]+)\$", PROSE)


@pytest.mark.parametrize("section", NUMBERED)
def test_numbered_equations_of_a_paper_stand_on_the_page(section: str) -> None:
    rows = [row for row in ROWS if row.section.startswith(section)]
    assert len(rows) > 5
    for number in NUMBERED[section]:
        assert any(number in row.paper for row in rows), number


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.file}:{row.names[0] if row.names else ''}")
def test_an_equation_is_in_its_function_and_its_test(row: Row) -> None:
    assert row.equation
    assert row.names
    for name in row.names:
        require(f"{row.file}:{name}")
    assert row.test.rpartition(":")[2].startswith("test_")
    require(f"tests/{row.test}")


@pytest.mark.parametrize("tex", sorted(set(FORMULAS)))
def test_a_formula_is_drawn_everywhere(tex: str) -> None:
    assert not NOT_DRAWN.search(tex)
    assert tex == tex.strip()
    assert len(tex) <= MOST_TEX
    assert tex.count("{") == tex.count("}")


def test_no_formula_touches_a_word() -> None:
    """GitHub takes dollars beside letters or stars for dollars."""
    for found in re.finditer(r"\$[^$\n]+\$", PROSE):
        before, after = PROSE[found.start() - 1], PROSE[found.end()]
        assert (before + after).strip(" \n,.;:") == "", found[0]


def test_formulas_become_mathml() -> None:
    pytest.importorskip("latex2mathml")
    spec = importlib.util.spec_from_file_location("site_maths", ROOT / "tools/site_maths.py")
    assert spec is not None
    assert spec.loader is not None
    maths = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maths)
    for tex in FORMULAS:
        made = maths.to_mathml(tex)
        assert made.startswith('<math alttext="')
        assert made.endswith("</math>")
        # A command that is not known stays as it is.
        assert "\\" not in re.sub(r'alttext="[^"]*"', "", made), tex
    span = r'<td><span class="arithmatex">\(a \lt b\)</span> and <span class="other">\(c\)</span></td>'
    drawn = maths.on_page_content(span, None, None, None)
    assert drawn.count("<math") == 1
    assert r"\(c\)" in drawn
    # A line may break between a file and a name in it.
    assert maths.on_page_content("<code>a/b.py:C.d</code>", None, None, None) == "<code>a/b.py:<wbr>C.d</code>"
