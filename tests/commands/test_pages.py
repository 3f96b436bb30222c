"""--page: whatever a verb writes that sounds stands on one page, beside its input, with what was measured of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
from sounds import drum_pattern, stem, tone

from gantools.cli import pages


class Addresses(HTMLParser):
    """The pictures and players of a page, and where its players stand."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.pictures: list[str] = []
        self.sounds: list[str] = []
        self.volumes: list[str] = []
        self.text = page.read_text(encoding="utf-8")
        self.feed(self.text)
        # Pictures are inside; what is played lies where the page says.
        assert all(address.startswith("data:image/png;base64,") for address in self.pictures)
        assert all((page.parent / name).is_file() for name in self.sounds), self.sounds

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the address of a picture or a player."""
        found = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.pictures.append(found["src"])
        if tag == "audio":
            self.sounds.append(unquote(found["src"]))
            self.volumes.append(found.get("onloadstart", ""))


def test_stems_stand_beside_their_song(gantools: Callable, tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    soundfile.write(tmp_path / "songs/ä one.wav", tone(2.0, 44100, 2), 44100)
    done = gantools("separate", "songs", "--model", "tiny", "-o", "stems", "--page")
    assert "gantools separate: page: stems/index.html" in done.stderr.splitlines()
    assert "index.html" not in done.stdout
    page = Addresses(tmp_path / "stems/index.html")
    stems = [f"ä one/{role}.wav" for role in ("bass", "drums", "other", "vocals")]
    assert page.sounds == ["../songs/ä one.wav", *stems]
    assert len(page.pictures) == 5
    assert "<dt>model</dt><dd>tiny</dd>" in page.text


def test_before_and_after_begin_equally_loud(gantools: Callable, tmp_path: Path) -> None:
    (tmp_path / "song").mkdir()
    soundfile.write(tmp_path / "song/bass.wav", 4 * stem("bass", 4.0, 44100, 0), 44100)
    gantools("fxnorm", "apply", "song", "--target", "musdb18", "-o", "norm", "--page")
    page = Addresses(tmp_path / "norm/index.html")
    assert page.sounds == ["../song/bass.wav", "bass.wav"]
    assert "→" in page.text
    # What is turned down by the volume is what the loudness differs by.
    import pyloudnorm

    meter = pyloudnorm.Meter(44100)
    loud, soft = (meter.integrated_loudness(soundfile.read(tmp_path / "norm" / name)[0]) for name in page.sounds)
    assert loud > soft
    assert page.volumes[1] == ""
    assert float(page.volumes[0].removeprefix("this.volume=")) == pytest.approx(10 ** ((soft - loud) / 20), rel=0.02)


def test_what_is_too_short_to_draw_is_listed_without_a_picture(gantools: Callable, tmp_path: Path) -> None:
    (tmp_path / "song").mkdir()
    soundfile.write(tmp_path / "song/bass.wav", stem("bass", 300 / 44100, 44100, 0), 44100)
    gantools("fxnorm", "apply", "song", "--target", "musdb18", "-o", "norm", "--page")
    page = Addresses(tmp_path / "norm/index.html")
    assert page.sounds == ["../song/bass.wav", "bass.wav"]
    assert not page.pictures


def test_a_mel_file_is_seen_beside_its_sound(gantools: Callable, write_tone: Callable, tmp_path: Path) -> None:
    write_tone(tmp_path / "in/a b.wav")
    gantools("melify", "in", "-o", "mels", "-q")
    gantools("invert", "mels", "-o", "back", "--effort", "draft", "--page")
    page = Addresses(tmp_path / "back/index.html")
    assert (page.sounds, len(page.pictures)) == (["a b.wav"], 2)
    assert "mel off by, dB" in page.text
    # Without --page there is none, and what holds no sound has none.
    gantools("invert", "mels", "-o", "plain", "--effort", "draft")
    assert not (tmp_path / "plain/index.html").exists()


def test_a_part_stands_with_its_input_and_the_mix(gantools: Callable, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "drums.wav", drum_pattern(120.0, 8.0, 22050)[0], 22050)
    gantools("generate", "codec", "codec", "drums.wav", "-o", "heard", "--page", "-q")
    assert Addresses(tmp_path / "heard/index.html").sounds == ["../drums.wav", "drums.wav"]
    done = gantools("generate", "codec", "codec", "drums.wav", "--encode", "-o", "latents", "--page")
    assert "gantools generate: no page: no sound among the results" in done.stderr.splitlines()
    assert not (tmp_path / "latents/index.html").exists()


def records(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the fields of each clip of a folder."""
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    return {line["key"]: line["fields"] for line in lines if "item" in line}


@pytest.fixture
def make(gantools: Callable, tmp_path: Path) -> Callable:
    """Make clips of a model of one step, with a page."""
    (tmp_path / "tracks").mkdir()
    for number in range(2):
        soundfile.write(tmp_path / f"tracks/{number}.wav", stem("drums", 3.0, 8000, number), 8000)
    sizes = "--preset small --samples 1024 --width 2 --batch-size 2 --validation-clips 16 --domain wave --threads 1"
    done = gantools("train", "wavegan", "tracks", "-o", "model", *sizes.split(), "--steps", "1", "-q")
    assert (tmp_path / "model/config.json").exists(), done.stderr
    return lambda out, *options: gantools("generate", "wavegan", "model", "--count", 4, "-o", out, *options, "--page")


def test_a_page_is_of_the_folder_whoever_made_it(
    make: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make("once")
    page = (tmp_path / "once/index.html").read_bytes()
    found = Addresses(tmp_path / "once/index.html")
    # What is heard as clipped or silent comes last, and else they stand in their order.
    heard = {name: fields.get("heard") for name, fields in records(tmp_path / "once").items()}
    assert found.sounds == sorted(sorted(heard), key=lambda name: pages._place({"heard": heard[name]}))
    assert "4 results of gantools generate" in found.text
    # Another day, in two parts: the same page. One that is up to date is not drawn again.
    for part in ("1/2", "2/2"):
        make("parts", "--shard", part)
    assert (tmp_path / "parts/index.html").read_bytes() == page
    assert "page:" not in make("parts").stderr
    # What the user put in its place stays.
    (tmp_path / "parts/index.html").write_text("mine")
    done = make("parts")
    assert done.returncode == 1
    assert (tmp_path / "parts/index.html").read_text() == "mine"
    monkeypatch.setattr(pages, "MOST_PLAYERS", 3)
    done = make("few")
    assert "gantools generate: the page shows the first 3 of 4 results: 3 players at most" in done.stderr
    assert len(Addresses(tmp_path / "few/index.html").sounds) == 3


def test_what_is_heard_as_ill_comes_last() -> None:
    heard = ["noise", "", "silence", None, "clipping"]
    fields = sorted(({"heard": what} for what in heard), key=pages._place)
    assert [one["heard"] for one in fields] == ["", None, "clipping", "noise", "silence"]
    assert pages._natural("clip-10") > pages._natural("clip-9")
    assert np.isfinite(pages._matching_db([-20.0, -30.0])).all()
