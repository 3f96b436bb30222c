"""Ranking puts copies and noise last, and the page names everything without breaking."""

from __future__ import annotations

import csv
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from gantools.audio.io import read_audio
from gantools.audio.writing import write_audio
from gantools.metrics.novelty.figures import FIGURES
from gantools.metrics.novelty.ranking import COLUMNS, as_ideas, likeness, novelty, rank, write_ranking
from gantools.report.ideas import write_page

RATE_HZ = 8000


def _music(seconds: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    time = np.arange(round(0.4 * RATE_HZ)) / RATE_HZ
    wave = np.zeros(round((seconds + 1) * RATE_HZ))
    for start in np.arange(0, seconds, 0.2):
        pitch_hz = 150 * 2 ** (random.uniform(0, 24) / 12)
        note = sum(np.sin(2 * np.pi * pitch_hz * k * time + random.uniform(0, 6)) / k for k in range(1, 6))
        first = round(start * RATE_HZ)
        wave[first : first + len(time)] += note * np.exp(-time * 8)
    return (0.2 * wave[: round(seconds * RATE_HZ)]).astype(np.float32)


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]], np.ndarray]:
    folder = tmp_path_factory.mktemp("ideas")
    clip = _music(8.0, 0)
    random = np.random.default_rng(1)
    waves = {
        "copy.wav": clip[: 5 * RATE_HZ],
        "new <i>&\"1'.wav": _music(5.0, 2),
        "new 100%#?.wav": _music(5.0, 3),
        "twin.wav": _music(5.0, 2),
        "noise.wav": 0.1 * random.standard_normal(5 * RATE_HZ).astype(np.float32),
        "silent.wav": np.zeros(RATE_HZ, np.float32),
        "short.wav": clip[:1000],
    }
    for name, wave in waves.items():
        write_audio(folder / name, wave, RATE_HZ)
    (folder / "broken.wav").write_text("nothing")
    ticks: list[int] = []
    rows = rank([folder / name for name in [*waves, "broken.wav"]], clip[None], RATE_HZ, tick=lambda: ticks.append(1))
    assert len(ticks) == len(waves) + 1
    return folder, rows, clip


def test_new_music_first_copies_and_failures_last(ranked: tuple[Path, list[dict[str, Any]], np.ndarray]) -> None:
    _, rows, _ = ranked
    names = [row["path"].name for row in rows]
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    by_name = {row["path"].name: row for row in rows}
    # Of two that are alike, one comes first and the other behind what is different.
    assert {names[0], names[1]} in ({"new 100%#?.wav", "twin.wav"}, {"new 100%#?.wav", "new <i>&\"1'.wav"})
    assert any(
        "nearly the same" in flag for name in ("twin.wav", "new <i>&\"1'.wav") for flag in by_name[name]["flags"]
    )
    assert set(names[-3:]) == {"silent.wav", "short.wav", "broken.wav"}
    assert names[-4] == "copy.wav"
    assert by_name["copy.wav"]["novelty"] < 0.05
    assert by_name["copy.wav"]["likeness"] > 0.9
    assert any("copied from the clip" in flag for flag in by_name["copy.wav"]["flags"])
    assert by_name["noise.wav"]["likeness"] < 0.3
    assert by_name["noise.wav"]["novelty"] > 0.9
    assert by_name["silent.wav"]["flags"] == ["silent"]
    assert by_name["short.wav"]["flags"] == ["too short to measure"]
    assert "decoded" in by_name["broken.wav"]["flags"][0]


def test_scores_at_their_corners() -> None:
    halves = {"ltas_db": 1.0, "recall_db": 4.0, "precision_db": 4.0, "modulation_ratio": 1.0}
    halves |= {"ncc_1s": 0.2, "copied_1s": 0.0, "copied_quarter": 0.0, "verbatim_s": 0.0}
    assert likeness(halves, halves) == pytest.approx(1.0)
    assert novelty(halves, halves) == pytest.approx(1.0)
    gates = {**halves, "ltas_db": 3.0, "recall_db": 5.4, "precision_db": 6.0, "modulation_ratio": 1.4}
    assert likeness(gates, halves) == pytest.approx(0.5)
    assert likeness({**gates, "modulation_ratio": 0.6}, halves) == pytest.approx(0.5)
    copied = {**halves, "ncc_1s": 1.0, "copied_1s": 1.0, "copied_quarter": 1.0, "verbatim_s": 20.0}
    assert novelty(copied, halves) == 0.0
    assert np.isnan(novelty({**halves, "ncc_1s": np.nan}, halves))
    # A loop may copy itself.
    loop = {**halves, "copied_1s": 0.9, "copied_quarter": 0.9, "ncc_1s": 0.95}
    assert novelty({**loop, "copied_quarter": 0.8}, loop) == pytest.approx(1.0)


def test_table(ranked: tuple[Path, list[dict[str, Any]], np.ndarray]) -> None:
    folder, rows, _ = ranked
    write_ranking(folder / "ranked.csv", rows)
    with open(folder / "ranked.csv", newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS
    assert set(FIGURES) < set(COLUMNS)
    assert [row["file"] for row in table] == [row["path"].name for row in rows]
    assert float(table[0]["likeness"]) == pytest.approx(rows[0]["likeness"], rel=1e-3)
    assert {row["likeness"] for row in table if row["file"] == "silent.wav"} == {""}


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_page_plays_every_file_and_needs_no_network(ranked: tuple[Path, list[dict[str, Any]], np.ndarray]) -> None:
    folder, rows, clip = ranked
    page, sound = write_page(folder, as_ideas(rows), clip[None], RATE_HZ, clip_name="<riff>", facts=["seed <7>"])
    assert read_audio(sound)[0].shape == (1, len(clip))
    text = page.read_text()
    found = _Addresses()
    found.feed(text)
    players = [source for source in found.sources if not source.startswith("data:")]
    assert len(players) == len(rows) + 1
    assert "http" not in "".join(players)
    assert [folder / unquote(source) for source in players] == [sound, *(row["path"] for row in rows)]
    assert found.tags.count("img") == len(rows)  # the clip and all but the broken one
    assert "<i>" not in text
    assert "<riff>" not in text
    assert "seed &lt;7&gt;" in text
    assert "viewport" in text
    assert "<script" not in text
