"""A new metric is two files: its own, and one line of the registry."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[2]
METRIC = '''
from dataclasses import dataclass

from gantools.metrics.metric import Conditions, Metric, Result
from gantools.metrics.pairing import ClipSets
from gantools.options import option
from gantools.report.table import TableRow, number


@dataclass(frozen=True)
class CrestConfig:
    """Options of the crest factor."""

    least: float = option(1.0, "Least ratio that passes.", low=0)


class Crest(Metric[CrestConfig]):
    """Measure peak over mean level, of generated beside real sounds.

    \b
      gantools evaluate crest made/ real/
    """

    name = "crest"
    title = "Crest factor"
    config = CrestConfig
    bulky = ("values",)
    plot_name = "crests"
    caption = "A dot for each file."

    def compare(self, sets: ClipSets, config: CrestConfig, conditions: Conditions) -> Result:
        import numpy as np
        import soundfile

        result = {}
        for name in ("generated", "real"):
            values = []
            for clip in sets[name]:
                wave = soundfile.read(clip.path)[0]
                values.append(float(np.abs(wave).max() / np.sqrt(np.mean(wave**2))))
                conditions.tick()
            result[name] = {"crest": float(np.mean(values)), "values": values}
        return {**result["generated"], "real": result["real"], "passed": result["generated"]["crest"] >= config.least}

    def rows(self, result: Result) -> list[TableRow]:
        return [("crest factor", number(result["crest"]), f"real {number(result['real']['crest'])}")]

    def figure(self, result: Result, ink: str):
        from gantools.report.plots import ACCENT, new_axes

        figure, axes = new_axes(ink, "file", "crest")
        axes.plot(result["values"], "o", color=ACCENT)
        return figure
'''
LINE = '    "crest": "gantools.metrics.crest:Crest",\n'


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The package as links to its files, with a metric more."""
    package = tmp_path / "house/gantools"
    skipped = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src/gantools", package, copy_function=os.symlink, ignore=skipped)
    shutil.copytree(ROOT / "commands", package / "commands", copy_function=os.symlink, ignore=skipped)
    registry = package / "metrics/registry.py"
    text = registry.read_text(encoding="utf-8")
    registry.unlink()
    registry.write_text(text.replace("METRICS = {\n", "METRICS = {\n" + LINE), encoding="utf-8")
    (package / "metrics/crest.py").write_text(METRIC, encoding="utf-8")
    return tmp_path


def test_a_file_and_a_line_make_a_verb_with_record_table_and_page(house: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "gantools", "evaluate", *arguments]
        paths = {"PYTHONPATH": str(house / "house")}
        return subprocess.run(command, cwd=house, capture_output=True, text=True, env={**os.environ, **paths})

    time = np.arange(8000) / 8000
    for name, wave in (("made", np.sin(2 * np.pi * 100 * time)), ("real", np.sign(np.sin(2 * np.pi * 100 * time)))):
        (house / name).mkdir()
        soundfile.write(house / name / "a.wav", 0.5 * wave, 8000)
    assert "crest       Measure peak over mean level" in run("--help").stdout
    assert "--least <float>" in run("crest", "--help").stdout
    done = run("crest", "made", "real", "--least", "1.2", "--json", "-o", "report")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["status"], record["metric"], record["passed"]) == ("ok", "crest", True)
    assert record["crest"] == pytest.approx(2**0.5, abs=1e-3)
    assert record["real_crest"] == pytest.approx(1.0, abs=0.02)
    assert "values" not in record
    assert done.stderr.startswith("crest factor  1.414")
    page = (house / "report/report.html").read_text(encoding="utf-8")
    assert "<h1>Crest factor</h1>" in page
    assert "A dot for each file." in page
    assert page.count("<audio") == 2
    assert json.loads((house / "report/report.json").read_text(encoding="utf-8"))["values"]
    names = {path.name for path in (house / "report").iterdir()}
    assert names == {"manifest.jsonl", "report.html", "report.json", "crests.png", "mels.png"}
    again = run("crest", "made", "real", "--least", "1.2", "--json", "-o", "report")
    assert json.loads(again.stdout)["status"] == "skipped"
    wrong = run("crest", "made", "real", "--least", "-1")
    assert (wrong.returncode, wrong.stdout) == (2, "")
