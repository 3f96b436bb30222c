"""`gantools train loopdetector`, and the detector that it makes in `loopscore`."""

from __future__ import annotations

import json
from pathlib import Path

import soundfile
from small_known_loops import NAMES, RATE_HZ, burst_loop, write_loops


def test_from_loops_to_verdicts(gantools, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_loops(tmp_path / "data")
    soundfile.write(tmp_path / "data/one_240bpm_1bar.wav", burst_loop(3, 1), RATE_HZ)
    (tmp_path / "data/text.mid").write_text("dear diary")
    flags = "--preset small --patterns 20 --rendered 4 --no-hear-midi --steps 40 --threads 1 --split 100/0/0"
    flags += " --val-songs ash,birch"
    plan = gantools("train", "loopdetector", "data", "-o", "m", "-n", "--json", *flags.split())
    assert plan.returncode == 0, plan.stderr
    assert json.loads(plan.stdout)["generated"]["midi_8"] == 20
    assert not (tmp_path / "m").exists()
    done = gantools("train", "loopdetector", "data", "-o", "m", *flags.split())
    assert (done.returncode, done.stdout) == (0, "m\n"), done.stderr
    (bar,) = [line for line in done.stderr.splitlines() if "one_240bpm" in line]
    assert "a loop of one bar, which tells nothing of how bars differ; left out" in bar
    (text,) = [line for line in done.stderr.splitlines() if "text.mid" in line]
    assert "is no MIDI file" in text
    assert "different loops for midi_8" in done.stderr
    scored = gantools("loopscore", "data", "--model", "m", "--json")
    rows = [json.loads(line) for line in scored.stdout.splitlines()]
    found = {Path(row["source"]).stem: row for row in rows if row["status"] == "ok"}
    assert set(NAMES) <= set(found)
    assert all(0 <= found[name]["percentile"] <= 100 for name in NAMES)
