"""Options of drafts by patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.audio.config import AudioFileConfig
from gantools.options import option


@dataclass(frozen=True)
class PatchGenerateConfig(AudioFileConfig):
    """What drafts by patches can be told."""

    #: Options that change no result.
    FREE: ClassVar[frozenset[str]] = frozenset({"format"})

    seconds: float = option(30.0, "Length of each result.", unit="s", low=0.05)
