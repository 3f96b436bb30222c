"""Places that pages name: commands with their options, make targets, files, names in files."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from gantools.cli.app import VERBS, find_command

ROOT = Path(__file__).resolve().parents[1]


@cache
def symbols(path: Path) -> frozenset[str]:
    """Return the names that a module defines, those of its classes as ``Class.name``."""

    def names(body: list[ast.stmt]) -> list[tuple[str, ast.stmt]]:
        found: list[tuple[str, ast.stmt]] = []
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.append((node.name, node))
            elif isinstance(node, ast.AnnAssign | ast.Assign):
                targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
                found += [(target.id, node) for target in targets if isinstance(target, ast.Name)]
        return found

    all_names = set()
    for name, node in names(ast.parse(path.read_text(encoding="utf-8")).body):
        all_names.add(name)
        if isinstance(node, ast.ClassDef):
            all_names |= {f"{name}.{inner}" for inner, _ in names(node.body)}
    return frozenset(all_names)


def require(place: str) -> None:
    """Fail where a place does not exist: a command with its options, a make target, a file, a name in a file."""
    words = place.split()
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), place
    elif words[0] == "gantools":
        assert words[1] in VERBS, place
        command, _, rest = find_command(words[1:])
        options = {word for parameter in getattr(command, "params", ()) for word in parameter.opts}
        assert set(rest) <= options, f"{place}: no {set(rest) - options}"
    else:
        file, _, name = place.partition(":")
        inside = file.split("/")[0] in ("docs", "examples", "benchmarks", "tests", "commands")
        path = ROOT / file if inside else ROOT / "src/gantools" / file
        assert path.is_file(), place
        assert not name or name in symbols(path), place
