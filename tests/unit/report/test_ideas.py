"""The page of ideas: what it shows of each, and what it leaves alone."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import soundfile

from gantools.report.ideas import Idea, write_page

RATE_HZ = 8000
CLIP = 0.1 * np.random.default_rng(0).standard_normal((1, 2 * RATE_HZ)).astype(np.float32)


def test_an_idea_has_its_place_figures_and_remarks(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "one.wav", CLIP[0], RATE_HZ)
    (tmp_path / "two.wav").write_bytes(b"no sound")
    ideas = [
        Idea(tmp_path / "one.wav", "1", 2.0, [("likeness", "0.52")], [("longest piece", "0.30 s")]),
        Idea(tmp_path / "two.wav", "2", math.nan, remarks=["is <no> audio"]),
    ]
    page, sound = write_page(tmp_path, ideas, CLIP, RATE_HZ, clip_name="riff", facts=["2 ideas"])
    assert (page.name, sound.name) == ("index.html", "clip.wav")
    text = page.read_text(encoding="utf-8")
    assert "2 ideas, best first; 1 without remarks" in text
    assert "<b>1</b>one.wav <small>2.0 s</small>" in text
    assert "<dt>likeness</dt><dd>0.52</dd>" in text
    assert "<li>is &lt;no&gt; audio</li>" in text
    assert "<small>- s</small>" in text
    assert text.count("<details>") == 1
    assert text.count("<img") == 2  # the clip and the one that can be read


def test_a_clip_name_that_an_idea_has_is_not_overwritten(tmp_path: Path) -> None:
    idea = tmp_path / "clip.wav"
    soundfile.write(idea, CLIP[0], RATE_HZ)
    before = idea.read_bytes()
    _, sound = write_page(tmp_path, [Idea(idea, "1", 2.0)], CLIP, RATE_HZ, clip_name="x")
    assert sound.name == "original-clip.wav"
    assert idea.read_bytes() == before
