"""Drums step after step: the recurrence of the network in NumPy, and how each drum is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import BAR_STEPS, DRUM_ROWS
from gantools.systems.drummer.music import LEVELS, asked, told
from gantools.systems.drummer.networks import DrummerNet

#: Bars of a section, where nothing else is said.
SECTION_BARS = 8


class Player:
    """A trained network that plays drums to a bass.

    Parameters
    ----------
    network : DrummerNet
        In evaluation mode.

    Attributes
    ----------
    places : float32 array (4, 16)
        By which the bars of a bass are found.
    """

    def __init__(self, network: DrummerNet) -> None:
        self.network = network
        weights = {name: tensor.detach().float().cpu().numpy() for name, tensor in network.state_dict().items()}
        self._inner, self._inner_bias = weights["memory.weight_hh_l0"], weights["memory.bias_hh_l0"]
        self._outer, self._outer_bias = weights["memory.weight_ih_l0"], weights["memory.bias_ih_l0"]
        self._join, self._join_bias = weights["join.weight"], weights["join.bias"]
        self._heads, self._heads_bias = weights["heads.weight"], weights["heads.bias"]
        self._voicings, self.places = weights["voicings"], weights["places"]
        self._nested = weights["nested"] * network.later.cpu().numpy()

    @torch.inference_mode()
    def _heard(self, bass: np.ndarray) -> np.ndarray:
        device = next(self.network.parameters()).device
        heard: np.ndarray = self.network.hear(torch.from_numpy(bass)[None].to(device))[0].float().cpu().numpy()
        return heard

    def play(
        self,
        bass: np.ndarray,
        seed: int,
        *,
        first: int = 0,
        density: float | None = None,
        voices: np.ndarray | None = None,
        temperature: float = 1.0,
        top_p: float = 1.0,
        form: Sequence[str] = ("A",),
        section_bars: int = SECTION_BARS,
    ) -> np.ndarray:
        """Return drums, uint8 (steps, 9) of `LEVELS`.

        Sections of another letter have drums and a density of their own, and do not know what was played before; where
        a letter comes again it begins as it did. Sections of one letter that follow each other are one.

        Parameters
        ----------
        bass : float32 array (steps, 3)
            From the start of a bar.
        seed : int
        first : int
            Step at which the music begins, 0 to 15; there are no drums before it.
        density : float, optional
            Hits a bar as a share of the training's windows that have fewer, 0 to 1; left open without one.
        voices : bool array (9,), optional
            Drums that play. Without them the seed picks a set of the training for each letter.
        temperature : float
            Below 1 what is probable becomes more so; 0 takes the most probable.
        top_p : float
            Draw from the most probable ways to strike a drum that together have this probability.
        form : sequence of str
            Letters of the sections, again from the start where the music is longer.
        section_bars : int
            Length of each.
        """
        heard, size = self._heard(bass), len(bass)
        drums = np.zeros((size, DRUM_ROWS), np.uint8)
        for letter, start, stop in sections(form, section_bars * BAR_STEPS, size):
            # The first letter is that of drums without a form: the same seed is then the same pattern.
            own = () if letter == form[0] else (letter,)
            played = self._voicings[item_seed(seed, "voices", *own) % len(self._voicings)] if voices is None else voices
            said = asked(_moved(density, item_seed(seed, "density", *own)) if own else density, played)
            uniform = np.random.default_rng(item_seed(seed, "drums", *own)).random((stop - start, DRUM_ROWS))
            hidden, begin = np.zeros(self._inner.shape[1], np.float32), max(start, first)
            for step in range(begin, stop):
                x = np.concatenate([heard[step], told(drums, np.array([step]), begin)[0], said])
                hidden = self._gated(x, hidden)
                joined = _gelu(self._join @ np.concatenate([hidden, x]) + self._join_bias)
                logits = self._heads @ joined + self._heads_bias
                drums[step] = self._drawn(logits, uniform[step - start], temperature, top_p)
        return drums

    def _gated(self, x: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """Return the next state of the recurrence, as torch's GRU has it."""
        outer, inner = self._outer @ x + self._outer_bias, self._inner @ hidden + self._inner_bias
        width = len(hidden)
        gates = 1 / (1 + np.exp(-np.clip(outer[: 2 * width] + inner[: 2 * width], -60, 60)))
        new = np.tanh(outer[2 * width :] + gates[:width] * inner[2 * width :])
        return np.asarray((1 - gates[width:]) * new + gates[width:] * hidden)

    def _drawn(self, logits: np.ndarray, uniform: np.ndarray, temperature: float, top_p: float) -> list[int]:
        """Draw one drum after the other, each told of those before it."""
        levels = []
        for drum in range(DRUM_ROWS):
            level = drawn(
                logits[drum * LEVELS : (drum + 1) * LEVELS].tolist(), float(uniform[drum]), temperature, top_p
            )
            logits = logits + self._nested[drum * LEVELS + level]
            levels.append(level)
        return levels


def sections(form: Sequence[str], section_steps: int, steps: int) -> list[tuple[str, int, int]]:
    """Return the sections of a piece, (letter, first step, step after the last); neighbours of one letter are one."""
    found: list[tuple[str, int, int]] = []
    for number, start in enumerate(range(0, steps, section_steps)):
        letter, stop = form[number % len(form)], min(start + section_steps, steps)
        if found and found[-1][0] == letter:
            found[-1] = (letter, found[-1][1], stop)
        else:
            found.append((letter, start, stop))
    return found


def _moved(density: float | None, seed: int) -> float | None:
    """Return the density of another section: up to a quarter less or more, and never the same."""
    if density is None:
        return None
    random = np.random.default_rng(seed)
    moved = density + float(random.uniform(0.1, 0.25)) * (1 if random.random() < 0.5 else -1)
    return min(max(moved, 0.0), 1.0)


def _gelu(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return np.asarray(x * 0.5 * (1 + erf(x / math.sqrt(2))), np.float32)


def probabilities(logits: list[float], temperature: float, top_p: float) -> list[float]:
    """Return what a draw is made by: softmax at a temperature, of the most probable that together have `top_p`."""
    largest = max(logits)
    if temperature == 0:
        return [float(index == logits.index(largest)) for index in range(len(logits))]
    weights = [math.exp((value - largest) / temperature) for value in logits]
    order, total = sorted(range(len(weights)), key=lambda index: -weights[index]), sum(weights)
    kept, share = set[int](), 0.0
    for index in order:
        kept.add(index)
        share += weights[index] / total
        if share >= top_p:
            break
    scale = sum(weights[index] for index in kept)
    return [weights[index] / scale if index in kept else 0.0 for index in range(len(weights))]


def drawn(logits: list[float], uniform: float, temperature: float, top_p: float) -> int:
    """Return a class, drawn by a number in [0, 1)."""
    total, last = 0.0, 0
    for index, share in enumerate(probabilities(logits, temperature, top_p)):
        if share:
            total, last = total + share, index
            if uniform < total:
                break
    return last
