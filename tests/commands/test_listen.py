"""`gantools evaluate listen`: the page and its key; and the page in a browser, from the first click to the file."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from chromium import Browser, Tab, chromium, needs_chromium
from listening import LIKED, answer, write_sets

from gantools.audio.loudness import measure_loudness
from gantools.report.listening.forms import FORMS
from gantools.report.page import TEMPLATES

#: What makes a test of 20 clips, or of 20 pairs, of each form.
TWENTY = {
    "grades": "day night real --clips 7 --practice 1 --heard-twice 1",
    "score": "day night real --clips 7 --practice 1 --heard-twice 1",
    "loop": "day night real --clips 7 --practice 1 --heard-twice 1",
    "songwriter": "day night real",
    "mix": "day night --dry-stems dry",
    "mushra": "day night real --clips 4 --practice 0",
    "ab": "day night real --clips 20 --practice 1 --heard-twice 1",
}
EXPECTED = {"grades": 21, "score": 21, "loop": 21, "songwriter": 20, "mix": 20, "mushra": 20, "ab": 40}


def make(gantools: Callable, folder: Path, form: str, options: str = "") -> tuple[dict[str, Any], str, dict[str, Any]]:
    """Make a test of sets in `folder`; return its record, page and key."""
    write_sets(folder)
    words = (options or TWENTY[form]).split()
    seconds = [] if form == "loop" else ["--clip-seconds", "1"]
    done = gantools("evaluate", "listen", *words, "--form", form, *seconds, "-o", "test", "--json")
    assert done.returncode == 0, done.stderr
    page = (folder / "test/listen.html").read_text(encoding="utf-8")
    return json.loads(done.stdout), page, json.loads((folder / "test/key.json").read_text())


def data_of(page: str) -> dict[str, Any]:
    """Return what a page carries."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


@pytest.mark.parametrize("form", FORMS)
def test_the_page_tells_nothing_and_the_key_all(form: str, gantools: Callable, tmp_path: Path) -> None:
    record, page, key = make(gantools, tmp_path, form)
    data = data_of(page)
    heard = {clip for trial in data["trials"] for clip in trial["stimuli"]}
    assert heard <= set(key["clips"]) == set(data["sounds"])
    assert {trial["id"] for trial in data["trials"]} == set(key["trials"])
    counted = [trial for trial in data["trials"] if trial["block"]]
    assert sum(len(trial["stimuli"]) for trial in counted) == record["clips"]
    assert record["clips"] - sum(bool(t["repeats"]) * len(t["stimuli"]) for t in counted) in (20, 21, 40)
    # No set, no file, no song; and nothing that leads out of the page.
    words = page
    for sound in data["sounds"].values():
        words = words.replace(sound, "")
    assert not re.search(r"night|song-\d|\.wav|hidden ref|anchor \d|https?://|src=|@import|url\(", words)
    assert record["bytes"] == len(page) < 6e6
    assert {"day", "night"} <= {one["set"] for one in key["clips"].values()}
    again = gantools(
        "evaluate", "listen", *TWENTY[form].split(), "--form", form,
        *([] if form == "loop" else ["--clip-seconds", "1"]), "-o", "test",
    )  # fmt: skip
    assert "up to date" in again.stderr


def test_clips_are_equally_loud_of_one_bandwidth_and_one_width(gantools: Callable, tmp_path: Path) -> None:
    record, page, key = make(gantools, tmp_path, "score", "day night real --clips 4 --practice 0 --encoding flac")
    assert record["band_limit_hz"] == key["band_limit_hz"]
    assert 6000 <= record["band_limit_hz"] <= 8100  # the day was sampled at 16 kHz
    data = data_of(page)
    for id, sound in data["sounds"].items():
        wave, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(sound)), always_2d=True, dtype="float32")
        assert (rate_hz, wave.shape) == (44100, (44100, 1))
        lufs = measure_loudness(np.ascontiguousarray(wave.T), rate_hz, dual_mono=True).integrated_lufs()
        assert lufs == pytest.approx(key["lufs"], abs=0.05)
        if key["clips"][id]["set"] == "real":
            power = np.square(np.abs(np.fft.rfft(wave[:, 0])))
            above = np.fft.rfftfreq(len(wave), 1 / rate_hz) > 1.1 * record["band_limit_hz"]
            assert power[above].sum() < 1e-6 * power.sum()


def test_seeds_draw_other_clips_and_other_ids(gantools: Callable, tmp_path: Path) -> None:
    _, first, key = make(gantools, tmp_path, "grades", "day real --clips 4")
    _, same, _ = make(gantools, tmp_path, "grades", "day real --clips 4 --force")
    _, other, other_key = make(gantools, tmp_path, "grades", "day real --clips 4 --seed 1")
    assert first == same != other
    assert not set(key["clips"]) & set(other_key["clips"])
    assert key["test"] != other_key["test"]


def test_what_cannot_be_a_test_is_said(gantools: Callable, tmp_path: Path) -> None:
    write_sets(tmp_path, songs=3)
    for options, wanted in (
        ("day --form songwriter", "name them with --real"),
        ("day real --form songwriter", "a block takes 10 clips, 2 of them real; there are 3 day, 3 real"),
        ("day night --form mushra", "the reference is missing"),
        ("day --form ab", "needs two sets"),
        ("day --real nowhere", "no such file or folder"),
    ):
        done = gantools("evaluate", "listen", *options.split(), "-o", "test")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert wanted in done.stderr
        assert not (tmp_path / "test").exists()
    (tmp_path / "day/broken.wav").write_bytes(b"RIFF....WAVE")
    done = gantools("evaluate", "listen", "day", "real", "--clip-seconds", "1", "-o", "test", "--json")
    assert done.returncode == 1
    assert "day/broken.wav" in done.stderr
    assert json.loads(done.stdout)["sets"] == {"day": 3, "real": 3}
    write_sets(tmp_path, songs=12)
    done = gantools("evaluate", "listen", "night", "--largest-mb", "1", "--encoding", "flac", "-o", "large")
    assert done.returncode == 1
    assert "take fewer --clips" in done.stderr
    assert not (tmp_path / "large/listen.html").exists()


def test_colours_are_told_apart_by_weak_eyes() -> None:
    """WCAG 2.1 asks for 4.5 to 1 of text on its ground."""
    text = (TEMPLATES / "style.css").read_text() + (TEMPLATES / "listen.css").read_text()
    for dark in (False, True):
        colours = dict(re.findall(r"--([\w]+): (#[0-9a-f]{6})", text.partition("@media")[0]))
        for block in re.findall(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}", text, re.DOTALL):
            colours |= dict(re.findall(r"--([\w]+): (#[0-9a-f]{6})", block)) if dark else {}
        colours.setdefault("warn", re.findall(r"--warn: (#\w{6})", text)[0])
        for name in ("ink", "soft", "warn"):
            light, ground = sorted((_luminance(colours[name]), _luminance(colours["paper"])), reverse=True)
            assert (light + 0.05) / (ground + 0.05) >= 4.5, (name, dark)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for the tests of this file."""
    with chromium(tmp_path_factory.mktemp("browser")) as found:
        yield found


def begin(tab: Tab, name: str) -> None:
    """Give a name and begin."""
    tab.click("#rater")
    tab.type(name)
    tab.click("#begin")
    tab.wait("steps.length && document.getElementById('start').hidden")


def hear(tab: Tab) -> None:
    """Play each clip of a trial."""
    for clip in tab.js("steps[state.at].trial.stimuli"):
        tab.click(f'#players [data-clip="{clip}"]')
        tab.wait(f"state.plays[steps[state.at].trial.id]?.[{json.dumps(clip)}]")


def rate(tab: Tab, key: dict[str, Any], data: dict[str, Any]) -> None:
    """Answer all questions of a trial, by clicks."""
    trial = tab.js("steps[state.at].trial")
    if data["heard"] == "pair":
        best = max(trial["stimuli"], key=lambda clip: LIKED[key["clips"][clip]["set"]])
        tab.click(f"#preferred-{best}")
        return
    for number, clip in enumerate(trial["stimuli"]):
        which = key["clips"][clip]["set"]
        same = key["clips"][clip]["repeats"] or clip
        for question in data["questions"]:
            value = answer(question, same, which)
            if question["name"] == "easy" and which == "real":
                continue
            if question["kind"] == "slider":
                tab.click(f"#{question['name']}-{'ABCDEFGH'[number]}", 0.5 + (value / 100 - 0.5) * 0.97)
            elif question["kind"] == "text":
                tab.click(f"#{question['name']}")
                tab.type(value)
            elif str(value).startswith("other: "):
                tab.click(f"#{question['name']}-other")
                tab.type(value[7:])
            else:
                tab.click(f'[id="{question["name"]}-{value}"]')


@needs_chromium
@pytest.mark.parametrize("form", FORMS)
def test_a_listener_goes_through_a_test_with_clicks(
    form: str, browser: Browser, gantools: Callable, tmp_path: Path
) -> None:
    record, page, key = make(gantools, tmp_path, form)
    data = data_of(page)
    tab = Tab(browser, (tmp_path / "test/listen.html").as_uri())
    begin(tab, f"Ann <{form}>")
    count = tab.js("steps.length")
    middle, said = count // 2, []
    for step in itertools.count():
        kind = tab.js("steps[state.at].kind")
        if kind == "end":
            break
        if step == middle:
            # What was answered is there after the page was closed and opened again.
            before = tab.js("JSON.stringify([state.at, state.answers, order.map((trial) => trial.id)])")
            tab.reload()
            assert "Ann" in tab.js("document.getElementById('whose').textContent")
            tab.click("#resume")
            assert tab.js("JSON.stringify([state.at, state.answers, order.map((trial) => trial.id)])") == before
        if kind == "trial":
            if step == 0:
                tab.click("#next")
                said.append(tab.js("document.getElementById('missing').textContent"))
            hear(tab)
            if step == 0:
                tab.click("#next")
                said.append(tab.js("document.getElementById('missing').textContent"))
                assert tab.js("state.at") == 0
            rate(tab, key, data)
        if kind == "closing":
            tab.click("#last textarea")
            tab.type("A closing word")
        tab.click("#next")
        assert tab.js("document.getElementById('missing').textContent") == ""
    assert said[0].startswith("Listen to")
    assert said[1].startswith("Not answered:")
    tab.click("#save")
    saved = browser.downloaded(f"results-{record['test']}-*.json")
    results = json.loads(saved.read_text(encoding="utf-8"))
    assert results["complete"]
    assert results["rater"] == f"Ann <{form}>"
    # Each answer is the one that was given, on the clips that count, and on no others.
    assert len({one["clip"] or one["trial"] for one in results["answers"]}) == {"ab": 21}.get(form, record["clips"])
    by_name = {question["name"]: question for question in data["questions"]}
    for one in results["answers"] if form != "ab" else ():
        clip = key["clips"][one["clip"]]
        wanted = answer(by_name[one["question"]], clip["repeats"] or one["clip"], clip["set"])
        slider = by_name[one["question"]]["kind"] == "slider"
        assert one["value"] == (pytest.approx(wanted, abs=3) if slider else wanted), one
    assert [one["value"] for one in results["closing"]] == (["A closing word"] if form == "songwriter" else [])
    (tmp_path / "results.json").write_bytes(saved.read_bytes())
    done = gantools("evaluate", "ratings", "results.json", "--key", "test/key.json", "--json")
    assert done.returncode == 0, done.stderr
    judged = json.loads(done.stdout)
    check(form, judged)


def check(form: str, judged: dict[str, Any]) -> None:
    """What the listener likes is what the evaluation finds."""
    assert not next(iter(judged["reliability"].values()))["fails"]
    for question in judged["questions"].values():
        means = {name: one["mean"] for name, one in question["sets"].items()}
        assert sorted(means, key=lambda name: means[name]) == sorted(means, key=lambda name: LIKED[name])
    if form == "songwriter":
        assert judged["detection"]["rate"] == 1
        assert judged["choices"]["inspiring"]["day"] == {"other": 8}
    if form == "ab":
        wins = {(one["a"], one["b"]): one["a_preferred"] for one in judged["preferences"]}
        assert wins == {("day", "night"): 0, ("day", "real"): 0, ("night", "real"): 0}
    else:
        assert {"day", "night"} <= next(iter(judged["questions"].values()))["sets"].keys()


@needs_chromium
def test_a_listener_goes_through_a_test_with_keys(browser: Browser, gantools: Callable, tmp_path: Path) -> None:
    make(gantools, tmp_path, "grades", "day --clips 2 --practice 1 --heard-twice 0")
    tab = Tab(browser, (tmp_path / "test/listen.html").as_uri())
    tab.type("Bo")  # the name has the focus
    tab.key("Enter")
    tab.wait("steps.length")
    while tab.js("steps[state.at].kind") != "end":
        if tab.js("steps[state.at].kind") == "trial":
            assert tab.js("document.activeElement.id") == "title"  # where a screen reader goes on
            tab.key("p")
            tab.wait("sound.playing")
            tab.wait("Object.keys(state.plays[steps[state.at].trial.id] ?? {}).length")
            for digit in "7309":
                tab.key(digit)
        tab.key("Enter")
    given = tab.js("results(order, true).answers.map((one) => [one.question, one.value])")
    digits = {"quality": 7, "contamination": 3, "credibility": 10, "time": 9}
    assert given == [list(pair) for pair in digits.items()] * 2


@needs_chromium
def test_every_control_has_a_name_and_orders_differ(browser: Browser, gantools: Callable, tmp_path: Path) -> None:
    make(gantools, tmp_path, "songwriter")
    tab = Tab(browser, (tmp_path / "test/listen.html").as_uri())
    begin(tab, "Cleo")
    nameless = tab.js(
        "[...document.querySelectorAll('input, textarea, button')].filter((one) => one.offsetParent && "
        "!one.textContent.trim() && !one.getAttribute('aria-label') && ![...(one.labels ?? [])].length).length"
    )
    assert nameless == 0
    orders = {tab.js(f"JSON.stringify(orderFor('{name}').map((t) => t.id))") for name in ("Cleo", "Dan", "Eve")}
    assert len(orders) == 3
    # Each block has its 8 and its 2.
    key = json.loads((tmp_path / "test/key.json").read_text())
    blocks = tab.js("order.map((trial) => [trial.block, trial.stimuli[0]])")
    for block in (1, 2):
        sets = [key["clips"][clip]["set"] for number, clip in blocks if number == block]
        assert sorted(sets) == ["day"] * 4 + ["night"] * 4 + ["real"] * 2


@needs_chromium
def test_a_clip_that_comes_again_comes_late(browser: Browser, gantools: Callable, tmp_path: Path) -> None:
    make(gantools, tmp_path, "grades")
    tab = Tab(browser, (tmp_path / "test/listen.html").as_uri())
    for name in "abcdefgh":
        order = tab.js(f"orderFor('{name}').filter((t) => t.block).map((t) => [t.id, t.repeats])")
        ids = [id for id, _ in order]
        gaps = [place - ids.index(first) for place, (_, first) in enumerate(order) if first]
        # Three places later at least, or else at the end.
        assert len(gaps) == 1
        assert gaps[0] > 3 or order[-1][1]
