"""The paper's second task: a voice in, a whole song out; the recipe, and the names of what it writes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from running import run_here
from sounds import stem

from gantools.systems.translation import listening

ROOT = Path(__file__).resolve().parents[2]
RATE_HZ = 22050
TOY = [
    (r"--budget \S+", "--steps 1"),
    (r"--preset small", "--preset small --validation-windows 2 --width 8 --body-width 8 --blocks 1"),
    (r"(generate cyclegan .*)", r"\1 --effort draft --bits 32f"),
]


def block_of(page: str, heading: str) -> list[str]:
    """Return the commands of the first block below a heading of a page, at toy size and without their remarks."""
    text = (ROOT / page).read_text(encoding="utf-8").split(f"## {heading}\n")[1]
    lines = [re.sub(r"\s+#.*", "", line) for line in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)[0].splitlines()]
    for pattern, toy in TOY:
        lines = [re.sub(pattern, toy, line) for line in lines]
    return lines


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the recipe has run, on three songs and a take."""
    folder = tmp_path_factory.mktemp("voice")
    for number in range(1, 4):
        song = stem("vocals", 6.5, RATE_HZ, number) + stem("drums", 6.5, RATE_HZ, number)
        (folder / "songs").mkdir(exist_ok=True)
        soundfile.write(folder / f"songs/song-0{number}.wav", song, RATE_HZ)
    (folder / "takes").mkdir()
    take = stem("vocals", 6.5, RATE_HZ, 9)
    take[RATE_HZ:] = 0
    soundfile.write(folder / "takes/take.wav", take, RATE_HZ)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listening, "invert_mel", lambda mel, params, n, **options: np.ones(n, np.float32))
        for line in block_of("docs/recipes.md", "A song for your voice"):
            verb, *arguments = shlex.split(line)
            assert verb == "gantools"
            done = run_here(folder, *arguments)
            assert done.returncode == 0, f"{line}\n{done.stderr}"
    return folder


def test_the_recipe_writes_the_song_and_the_mixdown(made: Path) -> None:
    rows = [json.loads(line) for line in (made / "chunks-voice/index.jsonl").read_text().splitlines()]
    there = {(row["song"], row["role"], row["split"]) for row in rows}
    assert {("song-01", "vocals", "train"), ("song-01", "mix", "train"), ("song-03", "mix", "val")} <= there
    part, mixdown = (soundfile.read(made / f"made/take.{role}.wav")[0] for role in ("mix", "mixdown"))
    take = soundfile.read(made / "takes/take.wav")[0]
    assert len(part) == len(mixdown) == len(take)
    # The song plays on where the voice is silent, and the mixdown is the voice and some gain times the song.
    silent = slice(3 * RATE_HZ, 5 * RATE_HZ)
    assert np.abs(part[silent]).max() > 0
    voice, song = np.linalg.lstsq(np.stack([take.mean(1), part], axis=1), mixdown.mean(1), rcond=None)[0]
    assert voice > 0
    assert song > 0
    np.testing.assert_allclose(mixdown.mean(1), voice * take.mean(1) + song * part, atol=1e-5)


@pytest.mark.parametrize("template", ["{stem}.{ext}", "all/{song}.{ext}"])
def test_part_and_mix_have_names_of_their_own_whatever_the_template(
    gantools: Callable, made: Path, tmp_path: Path, template: str
) -> None:
    arguments = ("generate", "cyclegan", made / "models/song", made / "takes/take.wav", "-o", "out", "--mix")
    done = gantools(*arguments, "--name", template, "--json", "--dry-run")
    assert done.returncode == 0, done.stderr
    done = gantools(*arguments, "--name", template, "--json", "--effort", "draft")
    (record,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert record["path"] != record["mix"]
    part, mixdown = (soundfile.read(tmp_path / record[name])[0] for name in ("path", "mix"))
    assert part.ndim == 1
    assert mixdown.ndim == 2
