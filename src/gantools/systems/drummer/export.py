"""The network of the drummer for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from gantools.models.export import Export, Parts, Port
from gantools.models.folder import read_model, trained_with
from gantools.models.weights import open_network
from gantools.symbolic.roll import BAR_STEPS, DRUM_ROWS
from gantools.systems.drummer.config import DrummerConfig
from gantools.systems.drummer.generate_config import DrummerGenerateConfig
from gantools.systems.drummer.music import AGO, ASKED, BASS_ROWS, GROUP_BARS, LEVELS, TOLD, VELOCITIES
from gantools.systems.drummer.networks import DrummerNet, build_network


class Hearing(nn.Module):
    """What the network hears a bass as."""

    def __init__(self, network: DrummerNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, bass: torch.Tensor) -> torch.Tensor:
        """Return (batch, step, n) of a bass (batch, step, 3)."""
        return self.network.hear(bass)


class Step(nn.Module):
    """The network on one sixteenth, with its memory as an input and an output."""

    def __init__(self, network: DrummerNet) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        heard: torch.Tensor,
        told: torch.Tensor,
        asked: torch.Tensor,
        drums: torch.Tensor,
        memory: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits (batch, drum, level) and the memory after the step."""
        network = self.network
        x = torch.cat([heard, told, asked], 1)[:, None]
        hidden, after = network.memory(x, memory[None])
        return network.told_apart(hidden, x, drums[:, None])[:, 0], after[0]


def exports(folder: Path, config: DrummerGenerateConfig) -> Parts:
    """Return the network over any stretch; and what hears the bass, and the network step by step."""
    return {
        "drummer": lambda: _network(_open(folder)),
        "hearing": lambda: _hearing(_open(folder)),
        "step": lambda: _step(_open(folder)),
    }


def _open(folder: Path) -> DrummerNet:
    model = read_model(folder, "drummer")
    trained = trained_with(DrummerConfig, model, folder)
    network = open_network(folder, "drummer", lambda: build_network(trained)).eval()
    assert isinstance(network, DrummerNet)
    return network


_SEEDS = "gantools draws drum after drum, step after step, by numbers of the seed."
_HEARD = "Of each sixteenth: whether a note begins, whether one sounds, 0 or 1; how loud, 0 to 1."
_TOLD = "Where a step is, and what was played: see layout."
_WISH = "Density and which drums play, each with whether it is said; zeros say nothing."
_PLAYED = "What is played: a drum is told those before it in its step; 0 is not at all, 3 hard."
_LOGITS = "Of not at all, softly, medium, hard."


def _facts() -> dict[str, Any]:
    """Return what the numbers of a step are, and how hard drums are struck in MIDI."""
    struck = DRUM_ROWS * (LEVELS - 1)
    layout = [
        {"name": "place in the bar", "numbers": BAR_STEPS, "meaning": "1 at the sixteenth that it is"},
        {"name": "bar", "numbers": GROUP_BARS, "meaning": f"1 at the number of the bar, counted to {GROUP_BARS}"},
        {"name": "1 step ago", "numbers": struck, "meaning": "1 where drum by drum it was softly, medium, hard"},
        *({"name": f"{ago} steps ago", "numbers": struck, "meaning": "the same"} for ago in AGO),
        {"name": "known", "numbers": len(AGO), "meaning": f"1 where there was music {AGO} steps ago"},
    ]
    return {"layout": layout, "velocities": list(VELOCITIES)}


def _network(network: DrummerNet) -> Export:
    return Export(
        "How each of nine drums is struck on each sixteenth, given the bass and the drums before.",
        network,
        (
            Port("bass", ("batch", "steps", BASS_ROWS), _HEARD, drawn="share"),
            Port("told", ("batch", "steps", TOLD), _TOLD, drawn="share"),
            Port("asked", ("batch", ASKED), _WISH, drawn="share"),
            Port("drums", ("batch", "steps", DRUM_ROWS), _PLAYED, "int64", below=(LEVELS,)),
        ),
        (Port("logits", ("batch", "steps", DRUM_ROWS, LEVELS), _LOGITS),),
        {"batch": (2, 3), "steps": (64, 96)},
        seeds=_SEEDS,
        notes=("The bass is heard 42 steps back and ahead.",),
        formats=("torchscript",),
        why_not="ONNX unrolls its memory to a fixed length; take --export-part hearing and step, or write a .pt",
        facts=_facts(),
    )


def _hearing(network: DrummerNet) -> Export:
    size = network.config.bass_width + BASS_ROWS
    return Export(
        "What a bass is heard as, for the part step.",
        Hearing(network),
        (Port("bass", ("batch", "steps", BASS_ROWS), _HEARD, drawn="share"),),
        (Port("heard", ("batch", "steps", size), "What it is heard as."),),
        {"batch": (2, 3), "steps": (64, 96)},
        notes=("The bass is heard 42 steps back and ahead.",),
    )


def _step(network: DrummerNet) -> Export:
    heard, width = network.config.bass_width + BASS_ROWS, network.config.width
    return Export(
        "How each of nine drums is struck on a sixteenth, given what the part hearing makes of the bass.",
        Step(network),
        (
            Port("heard", ("batch", heard), "What the bass is heard as at this step."),
            Port("told", ("batch", TOLD), _TOLD, drawn="share"),
            Port("asked", ("batch", ASKED), _WISH, drawn="share"),
            Port("drums", ("batch", DRUM_ROWS), _PLAYED, "int64", below=(LEVELS,)),
            Port("memory", ("batch", width), "What the step before gave; zeros at the start.", drawn="even"),
        ),
        (
            Port("logits", ("batch", DRUM_ROWS, LEVELS), _LOGITS),
            Port("after", ("batch", width), "The memory for the next step."),
        ),
        {"batch": (2, 3)},
        seeds=_SEEDS,
        notes=("Run it for the logits of each drum in turn; take the memory along when all nine are chosen.",),
        facts=_facts(),
    )
