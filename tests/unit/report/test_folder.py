from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import soundfile
from sounds import tone

from gantools.files.containers import read_tensors
from gantools.metrics.metric import Conditions
from gantools.metrics.pairing import triples
from gantools.metrics.registry import load
from gantools.metrics.rhythm.comparison import compare_rhythm
from gantools.metrics.rhythm.config import RhythmConfig
from gantools.metrics.stoi.config import StoiConfig
from gantools.metrics.stoi.features import compare_stoi
from gantools.report.clip import Clip
from gantools.report.folder import complete, summary, write_report


def no_failure(path: Path, error: Exception) -> None:
    raise AssertionError(f"{path}: {error}")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Clip, Clip]]:
    folder = tmp_path_factory.mktemp("music")
    result = []
    for song, seed in (("<one>", 1), ("two & more", 2)):
        clips = []
        for role, hz in (("drums", 400.0), ("bass", 80.0)):
            path = folder / f"{song} {role}.wav"
            soundfile.write(path, tone(13.0, 22050, hz=hz, seed=seed), 22050)
            clips.append(Clip(path, f"{song} {role}", role, song))
        result.append((clips[0], clips[1]))
    return result


class Page(HTMLParser):
    """Collects tags, and every address that a page loads from."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "srcset")]


def test_rhythm_report_is_one_page_that_needs_nothing(pairs: list[tuple[Clip, Clip]], tmp_path: Path) -> None:
    values = compare_rhythm(pairs, pairs[:0], RhythmConfig(), Conditions(no_failure))
    result = complete(values, metric="rhythm", generated="a", reference="b", seed=0, failed=["x.wav: broken"])
    rhythm = load("rhythm")
    paths = write_report(tmp_path / "report", rhythm.report(result), triples(pairs, []))
    assert [path.name for path in paths] == ["report.html", "report.json", "alignment.png", "mels.png"]
    text = paths[0].read_text(encoding="utf-8")
    page = Page(text)
    assert page.tags.count("audio") == page.tags.count("img") == 4
    assert all(address.startswith(("data:", "#")) for address in page.addresses)
    assert not re.search(r"url\((?!#)|@import|<script|<link", text)
    assert "&lt;one&gt;" in text
    assert "<one>" not in text
    assert "prefers-color-scheme: dark" in text
    assert "x.wav: broken" in text
    stored = json.loads(paths[1].read_text(encoding="utf-8"))
    assert stored["own"] == pytest.approx(values["own"])
    assert stored["versions"]["gantools"]
    assert len(stored["own_values"]) == stored["n"] == 4
    assert values["files"] == 2
    assert values["copy_distance_db"] > values["copy_distance"] > 0
    assert not {"own_values", "versions"} & set(summary(result, rhythm.bulky))


def test_stoi_report_keeps_all_features(pairs: list[tuple[Clip, Clip]], tmp_path: Path) -> None:
    values = compare_stoi([(a, a) for a, _ in pairs], StoiConfig(), Conditions(no_failure))
    assert values["mean"] == pytest.approx(1.0, abs=0.01)
    result = complete(values, metric="stoi", generated="a", reference="b", seed=0, failed=[])
    paths = write_report(tmp_path / "report", load("stoi").report(result), [])
    tensors, meta = read_tensors(tmp_path / "report" / "features.safetensors")
    assert tensors["features"].shape == (4, 256)
    assert meta["mode"] == "pearson"
    assert "mels.png" not in [path.name for path in paths]


def test_what_cannot_be_measured_is_null_and_never_a_sentinel(tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "embedder": "musicnn-msd", "weights_hash": "0" * 40, "layer": "mean_pool", "window_s": 2.992, "hop_s": 1.472,
        "distance": 3.0, "distance_low": 2.0, "distance_high": float("nan"), "n_generated": 5, "n_real": 6,
        "files_generated": 1, "files_real": 1, "silent_generated": 0, "silent_real": 2, "silence_counted": False,
        "fad_infinity_refused": "needs 100 vectors", "rows": [],
    }  # fmt: skip
    result = complete(values, metric="frechet", generated="a", reference="b", seed=0, failed=[])
    report = load("frechet").report(result)
    paths = write_report(tmp_path, report, [])
    assert [path.name for path in paths] == ["report.html", "report.json"]
    assert json.loads(paths[1].read_text())["distance_high"] is None
    assert "needs 100 vectors" in report.table.as_text()
    assert summary(result)["distance_high"] is None
