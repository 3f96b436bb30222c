"""What the loop says of networks that have collapsed, and where it goes on."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import nn

from gantools.errors import ModelError

_FRACTIONS = {1: "half", 2: "a quarter of", 3: "an eighth of"}


def reasons(symptoms: dict[str, str]) -> str:
    """Return symptoms as one text: ``silence: ...; noise: ...``."""
    return "; ".join(f"{name}: {sentence}" for name, sentence in symptoms.items())


def going_back(step: int, symptoms: dict[str, str], healthy: int, rollbacks: int) -> str:
    """Return the sentence on the return number `rollbacks` to the state after `healthy` steps."""
    fraction = _FRACTIONS.get(rollbacks, f"1/{2**rollbacks} of")
    return f"step {step}: collapsed ({reasons(symptoms)}); back to step {healthy} with {fraction} the learning rate"


#: The symptom of networks that no more steps will mend.
DIVERGENCE = "divergence"
#: Weights of networks that learn grow a few times over, also in long runs.
_MOST_GROWTH = 30.0


def weight_scales(networks: dict[str, nn.Module]) -> dict[str, float]:
    """Return the root mean square of the weights of each network; NaN or infinity where one of them is."""
    scales = {}
    for name, net in networks.items():
        weights = [p.detach() for p in net.parameters()]
        energy = sum(float(torch.linalg.vector_norm(w, dtype=torch.float64)) ** 2 for w in weights)
        scales[name] = math.sqrt(energy / max(1, sum(w.numel() for w in weights)))
    return scales


def divergence(values: dict[str, float], scales: dict[str, float], first: dict[str, float]) -> dict[str, str]:
    """Return divergence as a symptom where figures or weights show it, in any system.

    Parameters
    ----------
    values : dict
        Figures of a validation.
    scales, first : dict
        `weight_scales` now and at the start of the run.
    """
    for name in ("score", "distance"):
        if not math.isfinite(values.get(name, 0.0)):
            return {DIVERGENCE: f"the {name} of the validation is {values[name]}"}
    for name, scale in scales.items():
        if not math.isfinite(scale):
            return {DIVERGENCE: f"weights of {name} are not finite"}
        if first.get(name) and scale > _MOST_GROWTH * first[name]:
            return {DIVERGENCE: f"the weights of {name} are {scale / first[name]:.0f} times as large as at the start"}
    return {}


def diverged(symptoms: dict[str, str], step: int, weights_step: int, folder: Path) -> ModelError:
    """Return the error that ends a run which diverged and was healthy at no validation before."""
    kept = f"the weights kept are those of step {weights_step}" if weights_step else "the weights kept are untrained"
    return ModelError(
        f"diverged by step {step} ({reasons(symptoms)}); {kept}; start over (--no-resume) with a lower learning rate",
        folder,
    )


def giving_up(symptoms: dict[str, str], rollbacks: int, weights_step: int, folder: Path) -> ModelError:
    """Return the error that ends a run which collapsed for the `rollbacks`-th time."""
    times = {1: "once", 2: "twice"}.get(rollbacks, f"{rollbacks} times")
    return ModelError(
        f"collapsed {times} ({reasons(symptoms)}); the healthy weights of step {weights_step} are kept; start over "
        f"(--no-resume) with a lower learning rate or other data, or go on from there with --rollbacks {rollbacks}",
        folder,
    )
