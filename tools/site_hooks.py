"""What `make site` does beside mkdocs: files outside docs/ that pages link to, and the reference, become part of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File
from mkdocs.structure.nav import Link, Section

ROOT = Path(__file__).resolve().parents[1]
#: Where `make docs` puts the reference of the library.
REFERENCE = ROOT / "build/reference"
#: A relative link of a page, up to its anchor.
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


def outside(docs: Path = ROOT / "docs") -> set[str]:
    """Return the files outside `docs`, relative to the repository, that its pages link to, and those that these do."""
    found: set[str] = set()
    pages = sorted(docs.glob("*.md"))
    while pages:
        page = pages.pop()
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            path = (page.parent / target).resolve()
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and not name.startswith("docs/") and name not in found:
                found.add(name)
                if path.suffix == ".md":
                    pages.append(path)
    return found


def on_files(files: Any, config: Any) -> Any:
    """Add what lies outside the folder of pages under the path that it has in the repository."""
    known = {name: ROOT / name for name in outside()}
    known |= {f"reference/{path.relative_to(REFERENCE).as_posix()}": path for path in REFERENCE.rglob("*.*")}
    for name, path in known.items():
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Bring links to where their targets lie in the site: that of ``docs/`` is its root."""
    return LINK.sub(lambda link: "](" + re.sub(r"^(\.\./|docs/)", "", link[1]), markdown)


def on_nav(nav: Any, config: Any, files: Any) -> Any:
    """Lead from the section on Python to the reference, which is no page of mkdocs."""
    for section in nav.items:
        if isinstance(section, Section) and section.title == "Python":
            link = Link("Reference", "reference/gantools.html")
            link.parent = section
            section.children.append(link)
    return nav
