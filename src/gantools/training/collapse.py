"""What the loop says of networks that have collapsed, and where it goes on."""

from __future__ import annotations

from pathlib import Path

from gantools.errors import ModelError

_FRACTIONS = {1: "half", 2: "a quarter of", 3: "an eighth of"}


def reasons(symptoms: dict[str, str]) -> str:
    """Return symptoms as one text: ``silence: ...; noise: ...``."""
    return "; ".join(f"{name}: {sentence}" for name, sentence in symptoms.items())


def going_back(step: int, symptoms: dict[str, str], healthy: int, rollbacks: int) -> str:
    """Return the sentence on the return number `rollbacks` to the state after `healthy` steps."""
    fraction = _FRACTIONS.get(rollbacks, f"1/{2**rollbacks} of")
    return f"step {step}: collapsed ({reasons(symptoms)}); back to step {healthy} with {fraction} the learning rate"


def giving_up(symptoms: dict[str, str], rollbacks: int, weights_step: int, folder: Path) -> ModelError:
    """Return the error that ends a run which collapsed for the `rollbacks`-th time."""
    times = {1: "once", 2: "twice"}.get(rollbacks, f"{rollbacks} times")
    return ModelError(
        f"collapsed {times} ({reasons(symptoms)}); the healthy weights of step {weights_step} are kept; lower the "
        f"learning rate or change the data, or go on from there with --rollbacks {rollbacks}",
        folder,
    )
