"""Options of choosing generated music by its tempo and key. They are read for a help, which loads little."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.errors import ConfigError
from gantools.options import option

#: Names of the options below. They say which results are kept, and change none.
STEADY_OPTIONS = frozenset({"steady_tempo", "steady_key", "steady_bpm", "window_seconds", "attempts"})


@dataclass(frozen=True)
class SteadyConfig:
    """Which results are kept, by how they keep tempo and key from window to window."""

    steady_tempo: float = option(
        0.0,
        "Keep a result where at least this share of its windows has its tempo, and draw other seeds in place of the "
        "rest. 0.8 is what most recordings reach, 0 keeps any.",
        low=0,
        high=1,
        group="Choosing",
    )
    steady_key: float = option(
        0.0,
        "Keep a result where at least this share of its windows is in one key, such as 0.6; 0 keeps any.",
        low=0,
        high=1,
        group="Choosing",
    )
    steady_bpm: float = option(
        0.0,
        "Keep a result of this tempo within 4 %, its half or its double; 0 keeps any.",
        low=0,
        high=400,
        group="Choosing",
    )
    window_seconds: float = option(
        6.0,
        "Length of the windows whose tempo and key are heard; a result needs two.",
        unit="s",
        low=4.0,
        high=120.0,
        group="Choosing",
    )
    attempts: int = option(
        10, "Seeds to draw at most for each result that is asked for.", low=1, high=10000, group="Choosing"
    )

    @property
    def chooses(self) -> bool:
        """Whether some results may be refused."""
        return bool(self.steady_tempo or self.steady_key or self.steady_bpm)

    def refuse_choosing(self, **given: object) -> None:
        """Raise ConfigError where results are to be chosen among seeds, and an option names them one by one."""
        for name, value in given.items():
            if self.chooses and value:
                raise ConfigError(f"{name}: results are chosen among the seeds from --seed on; leave out --{name}")
        if 0 < self.steady_bpm < 20:
            raise ConfigError(f"steady_bpm: {self.steady_bpm:g} is not a tempo; give 20 to 400")
