"""What the baselines that learn from phrases have in common on their way through the training loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.symbolic.midi import write_midi
from gantools.symbolic.roll import BAR_STEPS, Roll, score_of
from gantools.systems.loops.config import VariedPhraseConfig
from gantools.systems.loops.data import Phrases
from gantools.systems.loops.facts import describe_phrases
from gantools.systems.loops.pictures import write_rolls
from gantools.systems.loops.variation import Draws
from gantools.training.system import System


class PhraseSystem(System):
    """A system that learns to make phrases of drums and bass.

    Parameters
    ----------
    config : VariedPhraseConfig
    phrases : Phrases
    device : torch.device
    """

    config: VariedPhraseConfig

    def __init__(self, config: VariedPhraseConfig, phrases: Phrases, device: torch.device | str = "cpu") -> None:
        self.config, self.phrases, self.device = config, phrases, torch.device(device)
        self.data = describe_phrases(phrases)
        self.songs, self.notes, self.left_out = phrases.split, phrases.notes, phrases.left_out
        self._draws = Draws(phrases, config)
        self.epoch_items = len(phrases.starts["train"])

    def training_cells(self, step: int, items: Sequence[int]) -> torch.Tensor:
        """Return the training phrases of some items, float32 (items, 58, steps)."""
        return torch.from_numpy(self._draws.cells(step, items))

    def held_out(self, count: int) -> np.ndarray:
        """Return the first steps of at most so many validation phrases, evenly spread over them."""
        starts = self.phrases.starts["val"]
        return starts[np.linspace(0, len(starts) - 1, min(len(starts), count)).round().astype(int)]

    def facts(self) -> dict[str, Any]:
        """Return how many phrases there are."""
        return {f"{side}_phrases": len(starts) for side, starts in self.phrases.starts.items()}

    def write_samples(self, folder: Path, step: int, sounding: np.ndarray, onsets: np.ndarray) -> None:
        """Write rolls as a picture, and as one MIDI file with a bar of rest behind each.

        Parameters
        ----------
        folder : Path
        step : int
            Goes into the names.
        sounding, onsets : bool arrays (n, steps, 57)
        """
        folder.mkdir(parents=True, exist_ok=True)
        pairs = [(f"{n + 1}", planes) for n, planes in enumerate(zip(sounding, onsets, strict=True))]
        write_rolls(folder / f"step-{step:08d}.png", [pairs[n : n + 2] for n in range(0, len(pairs), 2)])
        planes = [
            np.pad(plane, ((0, 0), (0, BAR_STEPS), (0, 0))).reshape(-1, plane.shape[2]) for plane in (sounding, onsets)
        ]
        edges = np.arange(0, len(planes[0]) + 1, BAR_STEPS)
        write_midi(folder / f"step-{step:08d}.mid", score_of(Roll(planes[0], planes[1], edges), self.data["bpm"]))
