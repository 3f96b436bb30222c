"""The pages as a site: each is in the navigation once, each anchor exists, and the table for researchers is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from places import require

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
#: A row of the table: what the paper has, a file below src/gantools, names in it.
ROW = re.compile(r"^\| .+ \| `([\w/]+\.py)` \| (.+) \|$", re.MULTILINE)
EQUATIONS = ROW.findall((ROOT / "docs/for-researchers.md").read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site make them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_navigation_has_every_page_once() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    assert sorted(re.findall(r"[\w-]+\.md", navigation)) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_anchors_that_a_page_names_exist(page: Path) -> None:
    for name, anchor in re.findall(r"\]\(([\w-]*\.md|)#([^)]+)\)", page.read_text(encoding="utf-8")):
        assert anchor in anchors(page.parent / name if name else page), f"{name}#{anchor}"


def test_the_table_for_researchers_has_every_paper() -> None:
    page = (ROOT / "docs/for-researchers.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    rows = {section.splitlines()[0]: len(ROW.findall(section)) for section in sections}
    assert [count for count in rows.values() if count] == [count for count in rows.values() if count > 5]
    assert sum(count > 5 for count in rows.values()) == 7


@pytest.mark.parametrize(("file", "names"), EQUATIONS)
def test_equations_are_where_the_table_says(file: str, names: str) -> None:
    for name in re.findall(r"`([\w.]+)`", names):
        require(f"{file}:{name}")
