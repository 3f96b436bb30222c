"""Presets of the inversion of mel-spectrograms. No heavy imports: the command line lists the names."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.errors import ConfigError


@dataclass(frozen=True)
class Effort:
    """What one inversion does, in the order in which it does it.

    Attributes
    ----------
    kl_iterations : int
        Multiplicative updates from mel to linear power. Where both counts are 0, least squares are solved and clipped
        at 0 instead.
    heap : bool
        Start from phase-gradient heap integration; else from random phases.
    low_reflections, low_iterations : int
        Relaxed reflections and fast Griffin-Lim iterations on the decimated low band; 0 and 0 skip it.
    iterations : int
        Fast Griffin-Lim iterations on the full band.
    momentum : float
        Momentum of the full-band iterations.
    fit_every : int
        The magnitude is fitted to the mel-spectrogram every so many iterations; 0: never.
    gradient_iterations : int
        Gradient steps on the Euclidean norm from mel to linear power, in place of the multiplicative updates.
    """

    kl_iterations: int
    heap: bool
    low_reflections: int
    low_iterations: int
    iterations: int
    momentum: float = 0.99
    fit_every: int = 2
    gradient_iterations: int = 0


#: ``paper``: section 3.2 of the paper: gradient steps on the Euclidean norm, and Griffin and Lim (1984), which has no
#: momentum; it names no number of iterations. ``torchaudio``: the classes of the paper's tool as they are now,
#: InverseMelScale (least squares; in 2020 it took gradient steps) and GriffinLim with its defaults, 32 iterations and a
#: momentum of .99; tests hold it equal to them. The others are ours.
EFFORTS = {
    "draft": Effort(kl_iterations=5, heap=True, low_reflections=40, low_iterations=30, iterations=5),
    "default": Effort(kl_iterations=10, heap=True, low_reflections=150, low_iterations=100, iterations=24),
    "best": Effort(kl_iterations=20, heap=True, low_reflections=800, low_iterations=200, iterations=96, fit_every=1),
    "paper": Effort(
        kl_iterations=0,
        heap=False,
        low_reflections=0,
        low_iterations=0,
        iterations=32,
        momentum=0.0,
        fit_every=0,
        gradient_iterations=200,
    ),
    "torchaudio": Effort(kl_iterations=0, heap=False, low_reflections=0, low_iterations=0, iterations=32, fit_every=0),
}


def find_effort(name: str) -> Effort:
    """Return an effort by name.

    Raises
    ------
    ConfigError
        There is no such effort.
    """
    if name not in EFFORTS:
        raise ConfigError(f"unknown effort {name!r}; use {', '.join(EFFORTS)}")
    return EFFORTS[name]
