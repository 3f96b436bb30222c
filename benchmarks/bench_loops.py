"""Time of loops: a thousand of them drawn and written, and a training step of each network that makes loops.

Loops are drawn with networks of the small preset and of the paper's sizes, untrained, as training changes no time. Run
it as a script; it takes a minute or two.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from stopwatch import timed

from gantools.runtime.ranks import Ranks, set_threads
from gantools.symbolic.midi import write_midi
from gantools.systems.looplm import config as looplm_config
from gantools.systems.looplm.networks import CodeShape, Prior
from gantools.systems.looplm.objective import LoopLM
from gantools.systems.loops.data import open_phrases
from gantools.systems.loops.playing import play, write_loop
from gantools.systems.loops.sampling import BLOCK, Rolls, RollSampler, choose, probabilities, uniforms
from gantools.systems.loops.styles import draw_styled
from gantools.systems.loopvae import config as loopvae_config
from gantools.systems.loopvae.decoding import to_rolls
from gantools.systems.loopvae.networks import VQVAE
from gantools.systems.loopvae.networks import build_network as build_vae
from gantools.systems.loopvae.objective import LoopVAEObjective
from gantools.training.engine import Engine
from gantools.training.loop import train
from gantools.training.system import System

LOOPS = 1000
PLAIN: dict[str, Any] = {"only_loops": False, "threads": 1, "precision": "float32", "split": "100/0/0"}


class Untrained(RollSampler):
    """A prior and a VQ-VAE of some preset, without a model folder."""

    def __init__(self, preset: str) -> None:
        coded = loopvae_config.PRESETS[preset]
        vae = build_vae(coded)
        assert isinstance(vae, VQVAE)
        self.vae, self.shape = vae.eval(), CodeShape(coded.codebook_size, coded.bars, coded.codes_per_bar)
        self.prior = Prior(looplm_config.PRESETS[preset], self.shape).eval()

    def draw_block(self, seeds: list[int]) -> Rolls:  # type: ignore[override]
        """Return a loop for each seed."""
        uniform = uniforms(seeds, self.shape.steps)
        codes, _ = self.prior.draw(uniform, lambda logits, numbers: choose(probabilities(logits, 1.0, 30), numbers))
        return to_rolls(self.vae.decode_codes(codes).detach(), self.vae.thresholds)


def drawn_s(preset: str) -> tuple[float, float]:
    """Return the wall and CPU seconds that a thousand loops take to draw."""
    sampler = Untrained(preset)
    sampler.draw(BLOCK, 10 * LOOPS)  # what the first block loads and makes
    return timed(lambda: sampler.draw(LOOPS))


def written_s(folder: Path) -> tuple[float, float]:
    """Return the wall and CPU seconds that a thousand loops take to be written as MIDI."""
    sounding, onsets = draw_styled(LOOPS, 8, 0)

    def write() -> None:
        for index in range(LOOPS):
            write_loop(folder / f"{index}.mid", play(sounding[index], onsets[index], 120.0, 58.0))

    return timed(write)


def pieces(folder: Path) -> list[tuple[str, Path]]:
    """Write eight pieces of 24 bars to learn from."""
    sounding, onsets = draw_styled(8, 24, 1)
    for index in range(8):
        write_midi(folder / f"{index}.mid", play(sounding[index], onsets[index], 120.0))
    return [(path.stem, path) for path in sorted(folder.glob("*.mid"))]


def step_s(system: System, steps: int) -> tuple[float, float]:
    """Return the wall and CPU seconds of a training step, the medians of some after a first one."""
    engine = Engine(system, Ranks())
    engine.start()
    engine.prepare("float32")

    def run(step: int) -> None:
        engine.run(step, 1000)
        engine.average(step)

    taken = np.array([timed(partial(run, step)) for step in range(steps + 1)])
    engine.batches.close()
    wall_s, cpu_s = np.median(taken[1:], axis=0).tolist()
    return wall_s, cpu_s


def say(label: str, seconds: tuple[float, float]) -> None:
    """Print a row."""
    print(f"{label:50} {seconds[0]:8.3f} {seconds[1]:8.3f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10)
    arguments = parser.parse_args()
    threads = set_threads(arguments.threads)
    print(f"{f'{threads} threads':50} {'wall s':>8} {'CPU s':>8}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for preset in ("small", "paper"):
            say(f"{LOOPS:,} loops drawn, sizes of preset {preset}", drawn_s(preset))
        say(f"{LOOPS:,} loops written as MIDI", written_s(folder))
        (folder / "pieces").mkdir()
        files = pieces(folder / "pieces")
        coded = replace(loopvae_config.PRESETS["small"], **PLAIN)
        phrases = open_phrases(files, coded)
        train(LoopVAEObjective(replace(coded, steps=1, validation_phrases=8), phrases), folder / "vae")
        paper = replace(loopvae_config.PRESETS["paper"], **PLAIN, batch_size=32)
        prior = replace(looplm_config.PRESETS["small"], **PLAIN)
        makers: dict[str, Callable[[], System]] = {
            "loopvae small, 32 phrases": lambda: LoopVAEObjective(coded, phrases),
            "loopvae small as a cnnvae, 32 phrases": lambda: LoopVAEObjective(
                replace(coded, variant="cnnvae"), phrases
            ),
            "loopvae paper, 32 phrases": lambda: LoopVAEObjective(paper, phrases),
            "looplm small, 32 phrases": lambda: LoopLM(prior, phrases, folder / "vae"),
        }
        for label, make in makers.items():
            say(f"step of {label}", step_s(make(), arguments.steps))


if __name__ == "__main__":
    main()
