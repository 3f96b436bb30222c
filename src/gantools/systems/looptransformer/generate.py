"""A trained transformer over rolls as a source of loops."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.weights import open_network
from gantools.symbolic.roll import BAR_STEPS
from gantools.systems.loops.cells import DRAWS
from gantools.systems.loops.data import from_cells
from gantools.systems.loops.generate_config import LoopsGenerateConfig
from gantools.systems.loops.sampling import Rolls, RollSampler, uniforms
from gantools.systems.looptransformer.config import LoopTransformerConfig
from gantools.systems.looptransformer.networks import RollTransformer
from gantools.systems.looptransformer.sampling import draw_rolls


class TransformerSampler(RollSampler):
    """Loops drawn step by step.

    Parameters
    ----------
    folder : Path
    config : LoopsGenerateConfig
        Its temperature is that of the draws, see `gantools.systems.loops.cells.draw_step`.
    device : str

    Raises
    ------
    ModelError
        No model folder of this system, or weights that are missing or do not fit.
    """

    def __init__(self, folder: Path, config: LoopsGenerateConfig, device: str) -> None:
        self.description = read_model(folder, "looptransformer")
        self.files = model_files(folder, self.description)
        trained = trained_with(LoopTransformerConfig, self.description, folder)
        self.bars, self.bpm = trained.bars, float(self.description["data"].get("bpm", 120.0))
        self.temperature = config.chosen_temperature()
        network = open_network(folder, "transformer", lambda: RollTransformer(trained))
        self.network = network.to(device).eval()

    def draw_block(self, seeds: Sequence[int]) -> Rolls:
        """Return a loop for each seed."""
        drawn = draw_rolls(self.network, uniforms(seeds, self.bars * BAR_STEPS, DRAWS), self.temperature)
        return from_cells(drawn.cpu().numpy())


def load_sampler(folder: Path, config: LoopsGenerateConfig, device: str) -> RollSampler:
    """Open a model folder for drawing loops; see `TransformerSampler`."""
    return TransformerSampler(folder, config, device)
