"""generate patches: ideas of recordings without training, as loops of bars, several recordings with a bad one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_caw import small_model
from sounds import drum_pattern, tone


@pytest.fixture
def riff(tmp_path: Path) -> Path:
    """Eight bars in 120 bpm."""
    soundfile.write(tmp_path / "riff.wav", drum_pattern(120, 16, 8000)[0], 8000)
    return tmp_path / "riff.wav"


def test_bars_are_exact_loops_go_round_and_seeds_are_what_they_say(
    gantools: Callable, riff: Path, tmp_path: Path
) -> None:
    make = ("generate", "patches", "riff.wav", "--loop", "2bars", "--bpm", "120", "--no-rank")
    done = gantools(*make, "--count", "2", "-o", "loops")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["loops/riff.patch-0000.wav", "loops/riff.patch-0001.wav"]
    one, two = (soundfile.read(tmp_path / name)[0] for name in done.stdout.split())
    assert len(one) == len(two) == 4 * 8000
    assert not np.array_equal(one, two)
    gantools(*make, "-s", "1", "--count", "1", "-o", "again")
    assert np.array_equal(soundfile.read(tmp_path / "again/riff.patch-0001.wav")[0], two)
    # The step from the end to the beginning is none that the sound does not have elsewhere.
    inside = np.abs(np.diff(np.concatenate([one, two])))
    assert abs(one[0] - one[-1]) <= np.quantile(inside, 0.999)


def test_several_recordings_have_folders_and_one_that_is_none_does_not_stop_the_others(
    gantools: Callable, riff: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.wav").write_text("words")
    soundfile.write(tmp_path / "hum.wav", tone(3.0, 8000), 8000)
    done = gantools(
        "generate", "patches", "bad.wav", "riff.wav", "hum.wav", "--count", "1", "--seconds", "1", "-o", "ideas"
    )
    assert done.returncode == 1
    assert done.stdout.split() == ["ideas/riff/riff.patch-0000.wav", "ideas/hum/hum.patch-0000.wav"]
    assert "bad.wav: not an audio file" in done.stderr
    assert (tmp_path / "ideas/riff/index.html").exists()


def test_parts_of_the_work_are_the_whole_and_lie_where_it_does(gantools: Callable, riff: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hum.wav", tone(3.0, 8000), 8000)
    make = ("generate", "patches", "riff.wav", "hum.wav", "--count", "3", "--seconds", "1", "--no-rank")
    whole = gantools(*make, "-o", "whole").stdout.split()
    split = [gantools(*make, "-o", "parts", "--shard", f"{n}/2").stdout.split() for n in (1, 2)]
    assert sorted(split[0] + split[1]) == sorted(name.replace("whole/", "parts/") for name in whole)
    assert len(whole) == 6


def test_bars_of_what_has_no_beat_are_one_line(gantools: Callable, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    soundfile.write(tmp_path / "pad.wav", 0.1 * random.standard_normal(24000), 8000)
    done = gantools("generate", "patches", "pad.wav", "--bars", "2", "-o", "ideas")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "no clear beat" in done.stderr
    assert "--bpm" in done.stderr


def test_a_model_is_the_clip_that_it_keeps_and_no_folder_of_sounds(gantools: Callable, tmp_path: Path) -> None:
    model = small_model(tmp_path / "riff.caw")
    (model / "samples").mkdir()
    soundfile.write(model / "samples/draw.wav", tone(3.0, 8000), 8000)
    done = gantools("generate", "patches", "riff.caw", "--count", "2", "--seconds", "1", "-o", "ideas")
    assert [Path(line).name for line in done.stdout.split()] == ["riff.caw.patch-0000.wav", "riff.caw.patch-0001.wav"]
