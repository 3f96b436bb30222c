"""The pages as a site: each is in the navigation once, each anchor exists, and each paper has its equations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))


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


def test_researchers_find_the_equations_and_the_statements_of_every_paper() -> None:
    page = (ROOT / "docs/for-researchers.md").read_text(encoding="utf-8")
    for target, others in (("equations.md", ("separation", "measures-of-others")), ("coverage.md", ())):
        headings = re.findall(r"^## (.+)$", (ROOT / "docs" / target).read_text(encoding="utf-8"), re.MULTILINE)
        papers = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings} - set(others)
        assert len(papers) == 7
        assert set(re.findall(rf"\({target}#([^)]+)\)", page)) == papers
