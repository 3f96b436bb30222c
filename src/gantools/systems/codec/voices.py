"""Speech beside songs: a share of what is heard in training, however short it is (section 4.1 of the paper)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gantools.systems.codec.config import CodecConfig
from gantools.training.songs import SongClips


class SongsAndSpeech:
    """Clips of songs and of recordings of speech; see `SongClips`, whose place it takes.

    Clips of songs are drawn by length, and an utterance shorter than a clip has one place where a song has millions:
    among songs, single words were never heard.

    Parameters
    ----------
    songs : SongClips
    files : sequence of (str, Path)
        Name of each recording of speech and its file.
    config : CodecConfig
        Its `speech_share` of all items, in training and in validation, is speech.
    tick : callable, optional
        Callback, called after each file.

    Raises
    ------
    ConfigError
        No file can be used.
    """

    def __init__(
        self,
        songs: SongClips,
        files: Sequence[tuple[str, Path]],
        config: CodecConfig,
        tick: Callable[[], None] | None = None,
    ) -> None:
        self._share = config.speech_share
        self._songs = songs
        # Songs that are named for validation are not among the recordings.
        self._speech = SongClips(files, dataclasses.replace(config, val_songs="", test_songs=""), tick)
        self.split, self.left_out = songs.split, [*songs.left_out, *self._speech.left_out]
        minutes = sum(self._speech.seconds.values()) / 60
        heard = (
            f"{self._share:.0%} of what is heard is speech, of {minutes:.1f} minutes in {len(self._speech.songs)} files"
        )
        self.notes = [*songs.notes, heard]

    @property
    def seconds(self) -> dict[str, float]:
        """Audio in each split."""
        return {side: seconds + self._speech.seconds[side] for side, seconds in self._songs.seconds.items()}

    def describe(self) -> dict[str, object]:
        """Return what a resumed run must find again."""
        return {**self._songs.describe(), "speech": self._speech.describe()}

    def draw(self, random: np.random.Generator, side: str = "train") -> np.ndarray:
        """Return one clip, float32 (channels, samples)."""
        return (self._speech if random.random() < self._share else self._songs).draw(random, side)
