"""Options of the survey of a folder of music."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.metrics.metric import RoleConfig
from gantools.options import option
from gantools.parsing import names, shares


@dataclass(frozen=True)
class DatasetConfig(RoleConfig):
    """Options of the survey of a folder of music."""

    role: str = option("", "Role of the files to look at, such as drums, as their names say. By default all.")
    split: str = option("80/10/10", "Shares of train, val and test, as training is going to be given.", parse=shares)
    val_songs: str = option("", "Songs to put in val, separated by commas.", parse=names)
    test_songs: str = option("", "Songs to put in test, separated by commas.", parse=names)
    least_level_db: float = option(
        -60.0, "RMS level below which a tenth of a second counts as silent.", unit="dB", high=0.0
    )
