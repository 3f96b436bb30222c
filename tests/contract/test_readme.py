"""The commands that the README and the recipes show, run as they stand at toy size."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[2]

#: What makes a block a matter of seconds. Everything else runs as it is printed.
TOY = [
    (r"--budget \S+", "--steps 2"),
    (r"--steps \d+", "--steps 2"),
    (
        r"--preset small",
        "--preset small --validation-windows 2 --batch-size 2 --micro-batch 2 --threads 1 "
        "--width 8 --body-width 8 --blocks 1 --discriminator-width 8 --texture-width 4",
    ),
    (r"--songs 12 --seconds 45", "--songs 12 --seconds 8"),
    (r"--count 8", "--count 2"),
]


def console_lines(text: str) -> list[str]:
    """Return the commands (after ``$ ``) of all ```console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def toy_examples(folder: Path) -> None:
    """Lay out the examples, with seconds of the bundled recordings in place of a minute."""
    (folder / "audio").mkdir(parents=True)
    for path in (ROOT / "examples").glob("*.py"):
        (folder / path.relative_to(ROOT / "examples")).symlink_to(path)
    for path in (ROOT / "examples/audio").rglob("*.ogg"):
        out = folder / path.relative_to(ROOT / "examples")
        out.parent.mkdir(parents=True, exist_ok=True)
        start = 5 * 44100 if "stems2" in path.parts else 0
        wave, rate_hz = soundfile.read(path, start=start, frames=8 * 44100, dtype="float32")
        soundfile.write(out, wave, rate_hz)


def test_the_pipeline_of_the_readme_runs(tmp_path: Path) -> None:
    lines = console_lines((ROOT / "README.md").read_text())
    assert [line.split()[1] for line in lines if line.startswith("gantools")] == [
        "generate",
        "loopscore",
        "melify",
        "chunk",
        "train",
        "generate",
        "evaluate",
        "separate",
    ]
    toy_examples(tmp_path / "examples")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": ""}
    for line in lines:
        for pattern, toy in TOY:
            line = re.sub(pattern, toy, line)
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert (tmp_path / "report/report.html").stat().st_size > 10_000
    assert len(list((tmp_path / "norm").rglob("*.wav"))) == 4


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))])
def test_links_and_commands_of_a_page_exist(page: str) -> None:
    from gantools.cli.app import VERBS

    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), target
    for verb in re.findall(r"^(?:\$ )?gantools (\w+)", text, re.MULTILINE):
        assert verb in VERBS, verb
