"""The house rules of the layout: packages, imports, start-up, help."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Collection
from pathlib import Path

import pytest

from gantools.cli.app import VERBS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "gantools"

#: What each part may import, beside itself. Imports point one way.
_BASE = {"version", "errors", "files", "options", "parsing", "runtime"}
_SOUND = _BASE | {"audio", "chunks"}
_LEARNING = _SOUND | {"nn", "models", "training"}
BELOW = {
    "files": {"errors"},
    "options": {"errors", "files"},
    "parsing": {"errors"},
    "runtime": {"errors", "files", "options"},
    "audio": _BASE,
    "chunks": _BASE | {"audio"},
    "nn": _BASE | {"audio"},
    "models": _SOUND,
    "training": _SOUND | {"nn", "models"},
    "effects": _SOUND,
    "symbolic": _BASE | {"audio"},
    "structure": _SOUND | {"symbolic", "nn", "models"},
    "report": _SOUND | {"symbolic"},
    "metrics": _LEARNING | {"report", "structure", "symbolic"},
    "systems": _LEARNING | {"report", "structure", "symbolic", "effects", "metrics"},
    "separation": _LEARNING | {"systems"},
}


def imports(path: Path, *, top_only: bool = False) -> set[str]:
    """Return the modules that a file imports, outside TYPE_CHECKING blocks."""
    found = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if top_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text()))
    return found


def test_package_list_equals_the_folders() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    folders = {p.parent for p in SOURCE.rglob("__init__.py")} | {p.parent for p in SOURCE.rglob("*.safetensors")}
    found = {"gantools." + ".".join(p.relative_to(SOURCE).parts) if p != SOURCE else "gantools" for p in folders}
    assert listed == found | {"gantools.commands"}


@pytest.mark.parametrize("part", BELOW)
def test_imports_point_one_way(part: str) -> None:
    files = [SOURCE / f"{part}.py"] if (SOURCE / f"{part}.py").exists() else list((SOURCE / part).rglob("*.py"))
    assert files
    for path in files:
        for name in imports(path):
            if name.startswith("gantools."):
                assert name.split(".")[1] in BELOW[part] | {part}, f"{path} imports {name}"
            assert name.split(".")[0] not in ("typer", "rich", "click"), f"{path} imports {name}"


def test_no_module_imports_itself_in_a_circle() -> None:
    modules = {_module(path): path for path in SOURCE.rglob("*.py")}
    reached = {name: _imported(path, modules) for name, path in modules.items()}
    # What imports only what is free of circles is free of them; what is left when no more can be taken is in one.
    while free := {name for name, names in reached.items() if not names & reached.keys()}:
        reached = {name: names for name, names in reached.items() if name not in free}
    assert not sorted(reached)


def _module(path: Path) -> str:
    return ".".join(("gantools", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")


def _imported(path: Path, modules: Collection[str]) -> set[str]:
    """Return the modules that a file imports anywhere, also in functions and for types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    own = _module(path)
    within = {name for name in found & set(modules) if not any(other.startswith(f"{name}.") for other in found)}
    return within - {own, "gantools"}


def test_commands_and_cli_import_nothing_heavy() -> None:
    for path in [*(ROOT / "commands").glob("*.py"), *(SOURCE / "cli").rglob("*.py"), *SOURCE.rglob("config.py")]:
        top = {name.split(".")[0] for name in imports(path, top_only=True)}
        assert not top & {"torch", "torchaudio", "scipy", "demucs", "numba", "matplotlib", "click"}, path
    heavy = ("torch", "scipy", "numba", "matplotlib")
    script = "import sys, gantools.cli.app as a; [a.find_command([v]) for v in a.VERBS]; "
    script += f"print(*(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_commands_are_short_and_executable() -> None:
    commands = sorted((ROOT / "commands").glob("[a-z]*.py"))
    assert [path.stem for path in commands] == sorted(VERBS)
    for path in commands:
        assert len(path.read_text().splitlines()) <= 120, path
        assert path.stat().st_mode & 0o111, path
        assert path.read_text().startswith("#!/usr/bin/env -S python3 -P\n")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_stands_in_the_readme_and_runs_as_a_file(verb: str) -> None:
    assert f"`{verb}`" in (ROOT / "README.md").read_text()
    done = subprocess.run(
        [ROOT / "commands" / f"{verb}.py", "--help"],
        capture_output=True,
        text=True,
        env={"PATH": str(Path(sys.executable).parent), "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_no_pickle_and_no_foreign_code() -> None:
    files = list(SOURCE.rglob("*.py"))
    assert len(files) > 200
    for path in files:
        names = imports(path)
        assert not names & {"pickle", "dill", "marshal", "shelve"}, path
        assert "torch.load" not in path.read_text(), path
        assert "allow_pickle=True" not in path.read_text(), path
