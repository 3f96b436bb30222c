"""What others read of the project: citation, licence, classifiers, references; each said where it is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.licenses import canonicalize_license_expression

from gantools.version import __version__

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_citation_is_of_the_newest_release() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    said = dict(re.findall(r"^([\w-]+): (.+)$", text, re.MULTILINE))
    released = re.findall(
        r"^## \[(\d[^]]*)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert (said["version"], said["date-released"]) == released[0]
    assert said["cff-version"] == "1.2.0"
    assert said["license"] == "MIT"
    if re.fullmatch(r"[\d.]+", __version__):
        assert said["version"] == __version__


def test_the_licence_is_that_of_all_that_the_package_holds() -> None:
    """ATTRIBUTION.md names what is in the package and is not ours, with the file of its licence."""
    expression = canonicalize_license_expression(PROJECT["license"])
    rows = re.findall(r"^\| `src/.*$", (ROOT / "ATTRIBUTION.md").read_text(encoding="utf-8"), re.MULTILINE)
    texts = {name for row in rows for name in re.findall(r"`LICENSES/([^`]+)`", row)}
    assert texts == {"CC0-1.0.txt", "ISC-musicnn.txt"}
    assert set(expression.split(" AND ")) == {"MIT", "CC0-1.0", "ISC"}
    for pattern in PROJECT["license-files"]:
        assert list(ROOT.glob(pattern)), pattern


def test_classifiers_leave_the_licence_to_its_expression_and_are_in_order() -> None:
    assert not [line for line in PROJECT["classifiers"] if line.startswith("License ::")]
    assert PROJECT["classifiers"] == sorted(PROJECT["classifiers"])
    assert (
        "Programming Language :: Python :: " + PROJECT["requires-python"].removeprefix(">=") in PROJECT["classifiers"]
    )


def test_references_are_whole_entries_of_the_papers_that_the_readme_names() -> None:
    text = (ROOT / "docs/references.bib").read_text(encoding="utf-8")
    entries = re.findall(r"^@(\w+)\{(\w+),\n(.*?)^\}$", text, re.MULTILINE | re.DOTALL)
    assert len(entries) == text.count("\n@") == len({key for _, key, _ in entries})
    assert text.count("{") == text.count("}")
    titles = [re.sub(r"[{}]", "", re.search(r"title\s+= \{(.+)\},$", body, re.MULTILINE)[1]) for _, _, body in entries]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for row in re.findall(r"^\| [^|]+ \| ([A-Z][^|]+) \| \[", readme, re.MULTILINE):
        names = [part.strip() for part in re.split(r";", re.sub(r"\(.*?\)", "", row))]
        for name in names:
            known = any(name.split(":")[0].lower() in title.lower() for title in titles)
            assert known or name.startswith(("Demucs", "Greshler")), name
