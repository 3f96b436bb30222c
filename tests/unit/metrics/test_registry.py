"""The registry, and what every metric in it must say of itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gantools.cli.inputs import KINDS
from gantools.metrics.metric import Metric
from gantools.metrics.registry import METRICS, load

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_says_what_its_command_and_page_need(name: str) -> None:
    metric = load(name)
    assert isinstance(metric, Metric)
    assert metric.name == name
    assert metric.title
    assert metric.arguments[0].name in ("generated", "results", "model", "folder")
    assert not any(argument.several for argument in metric.arguments[:-1])
    assert set(metric.reads) <= set(KINDS)
    summary, _, more = metric.help.partition("\n")
    assert summary.endswith(".")
    assert f"gantools evaluate {name}" in more
    assert bool(metric.plot_name) == bool(metric.caption)
    assert metric.config().__dict__.keys().isdisjoint({"generated"})


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_says_where_it_is_from_and_what_it_is_held_to(name: str) -> None:
    metric = load(name)
    assert metric.source, "a paper and its section, or: Our own"
    assert not (metric.source + metric.reference).endswith(".")
    files = re.findall(r"tests/[\w/]+\.py", metric.reference)
    assert files, "what the figures are tested against, and the file of the tests"
    assert all((ROOT / file).exists() for file in files)


def test_no_metric_imports_anything_heavy_before_it_measures() -> None:
    heavy = ("numpy", "scipy", "torch", "matplotlib", "jinja2", "soundfile", "safetensors")
    script = f"""
import sys
from gantools.metrics.registry import METRICS, load
for name in METRICS:
    load(name).config()
print(*(name for name in {heavy} if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_plots_have_names_of_their_own() -> None:
    names = [load(name).plot_name for name in METRICS if load(name).plot_name]
    assert len(set(names)) == len(names)
