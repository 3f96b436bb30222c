"""The blocks of docs/recipes.md, run in their order as they stand, at toy size; those that cannot be run say why.

With ``RECIPES=all``, as in CI, every one of them (two minutes of CPU); else those of `QUICK`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from warm_shell import WarmShell

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/recipes.md").read_text(encoding="utf-8")
#: Heading, number below it, kind and text of each block.
BLOCKS = [
    (section.splitlines()[0], number, kind, block)
    for section in re.split(r"^#+ ", PAGE, flags=re.MULTILINE)[1:]
    for number, (kind, block) in enumerate(
        re.findall(r"^```(sh|bash|make)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    )
]
#: Blocks that need nothing of the others left out, and together some 20 s of CPU.
QUICK = {
    ("Recipes", 0),
    ("Drums for your bass lines", 0),
    ("Names with spaces and newlines, lists, records", 0),
    ("A songwriter's evening", 0),
    ("A Makefile", 0),
}
#: A block that begins so cannot be run here; what follows is the reason, for readers too.
NOT_RUN = "# not run by the tests: "

_TRAIN = "--steps 2 --threads 1 --validate-every 1000"
#: Beside `--preset small`, networks of some hundred weights.
SMALL = {
    "cyclegan": "--width 8 --body-width 8 --blocks 1 --discriminator-width 8 --texture-width 4 --batch-size 2 "
    "--micro-batch 2 --validation-windows 2",
    "automix": "--sample-rate 16000 --crop 16384 --warmup-steps 0 --bottleneck 8 --hidden 8 --blocks 2 --bands 12 "
    "--validation-crops 2",
    "separator": "--segment-frames 24 --width 4 --body-width 8 --blocks 1 --batch-size 2 --validation-seconds 1",
    "caw": "--sample-rate 2000 --rates 1000,2000 --layers 2 --width 4 --coarse-width 4 --crop 1024 --pool 2 "
    "--recalibrate 1 --least-energy 0 --start noise",
    "wavegan": "--samples 1024 --width 2 --latent 8 --batch-size 2 --validation-clips 4",
}
#: What else makes a block a matter of a second.
TOY = [
    (r" -j \d", ""),
    (r"--budget \S+", ""),
    (r"--count \d+", "--count 2"),
    (r"--seconds 30", "--seconds 2"),
    (r"--songs 12 --seconds 45", "--songs 12 --seconds 6.5"),
    (r"--path-points 16", "--path-points 2"),
    (r"--effort best", "--effort draft"),
    (r"1 2 3(?=; do)", "1 2"),
]


def at_toy_size(block: str) -> str:
    """Return a block that takes a second: few steps of small networks, few and short results."""
    block = block.replace("\\\n", " ")
    for system, options in SMALL.items():
        block = re.sub(rf"(train {system} .*--preset small)", rf"\1 {options} {_TRAIN}", block)
    for pattern, toy in TOY:
        block = re.sub(pattern, toy, block)
    return block


def lay_out(folder: Path) -> None:
    """Write what the page begins with: songs, fragments, takes; seconds of each."""
    (folder / "examples").symlink_to(ROOT / "examples")
    random = np.random.default_rng(0)

    def write(name: str, seconds: float, f0: float, rate_hz: int = 22050) -> None:
        time = np.arange(int(seconds * rate_hz)) / rate_hz
        wave = 0.2 * np.sin(2 * np.pi * f0 * time) * np.exp(-6 * (time % 0.5)) + 0.02 * random.normal(size=len(time))
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, wave.astype(np.float32), rate_hz)

    write("songs/song-03.wav", 6.5, 330.0)
    write("songs/tune.wav", 6.5, 110.0)
    for number in (1, 2, 3):
        write(f"tracks/track-{number}.wav", 3.0, 130.0 * number)
    for side in ("train", "test"):
        for number in (1, 2):
            for role, f0 in {"vocals": 880.0, "bass": 110.0, "drums": 220.0, "other": 440.0}.items():
                write(f"musdb18/{side}/{side}-{number}/{role}.wav", 6.5, f0 * number, 44100)
    for role, f0 in {"bass": 110.0, "drums": 220.0}.items():
        write(f"clean-stems/song-20/{role}.wav", 6.5, f0)
        write(f"clean-stems/song-21/{role}.wav", 6.5, 1.5 * f0)
    write("bass-lines/line.wav", 6.5, 82.0)
    write("takes/take.wav", 6.5, 330.0)
    for name in ("riff", "verse", "take", "voice", "fragments/riff"):
        write(f"{name}.wav", 12.5, 220.0, 8000)
    write("call-8khz.wav", 3.0, 220.0, 1000)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmShell]:
    if not shutil.which("jq"):
        pytest.skip("the recipes need jq")
    with WarmShell(tmp_path_factory.mktemp("recipes")) as shell:
        lay_out(shell.folder)
        yield shell


def test_all_blocks_that_can_be_run_run_in_their_order(shell: WarmShell) -> None:
    """One test: what a block makes, later ones use."""
    everything = os.environ.get("RECIPES") == "all"
    run = 0
    for heading, number, kind, block in BLOCKS:
        if block.startswith(NOT_RUN) or not (everything or (heading, number) in QUICK):
            continue
        script = at_toy_size(block)
        if kind == "make":
            (shell.folder / "Makefile").write_text(script, encoding="utf-8")
            script = "make --silent"
        done = shell.run(script, SLURM_ARRAY_TASK_ID="1")
        assert done.returncode == 0, f"{block}\n{done.stderr[-3000:]}"
        run += 1
        for song in range(2, 10):  # the page names 1 and 10 to 12
            shutil.rmtree(shell.folder / f"stems/song-{song:02}", ignore_errors=True)
    assert run > 20 if everything else run == len(QUICK)
    assert list((shell.folder / "drums").rglob("bass.mix.wav"))


def test_few_blocks_are_not_run_and_say_why() -> None:
    reasons = [block.splitlines()[0].removeprefix(NOT_RUN) for *_, block in BLOCKS if block.startswith(NOT_RUN)]
    assert len(reasons) <= 3
    assert all(len(reason) > 15 for reason in reasons)
