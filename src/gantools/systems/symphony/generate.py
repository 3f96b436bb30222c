"""Pieces of a trained SymphonyNet as files: MIDI, MusicXML, sound and a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.audio.writing import AudioWriter
from gantools.chunks.item import Item
from gantools.errors import ConfigError
from gantools.files.atomic import write_text
from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.loaded import LoadedModel, Tick
from gantools.models.weights import open_network
from gantools.options import parsed
from gantools.report.pianorolls import bars_of, score_picture
from gantools.symbolic.midi import read_midi, write_midi
from gantools.symbolic.mmr.rows import playable
from gantools.symbolic.mmr.score import DRUMS, GridScore, on_grid, to_midi
from gantools.symbolic.rendering import open_sound, render
from gantools.systems.symphony.config import SymphonyConfig
from gantools.systems.symphony.generate_config import SymphonyGenerateConfig
from gantools.systems.symphony.musicxml import require_music21, write_musicxml
from gantools.systems.symphony.networks import SymphonyNet, build_network
from gantools.systems.symphony.pieces import Made, Pieces

PAGE = "symphony.html"
_RATE_HZ = 44100
#: Pieces on the page, and bars of each piano roll.
_MOST_SHOWN, _SHOWN_BARS = 12, 16
#: Sound of each on the page, at most.
_SHOWN_SECONDS = 90
#: Pieces that are kept for records and the page.
_KEPT = 64


class SymphonyMaker(LoadedModel):
    """Makes pieces with the decoder of a model folder; a piece is a function of its number and the options alone.

    Parameters
    ----------
    folder : Path
    config : SymphonyGenerateConfig
    device : str

    Raises
    ------
    ModelError
        No model folder of SymphonyNet, or weights that are missing or do not fit.
    InputError
        The file to go on from or to orchestrate cannot be read.
    ConfigError
        It does not have the bars that options name.
    DependencyError
        The SoundFont is missing or damaged, or music21 is wanted and not installed.
    """

    remedy = "take another model, or other sounds (--sf2)"

    def __init__(self, folder: Path, config: SymphonyGenerateConfig, device: str) -> None:
        model = read_model(folder, "symphony")
        trained = trained_with(SymphonyConfig, model, folder)
        network = open_network(folder, "decoder", lambda: build_network(trained)).to(device).eval()
        assert isinstance(network, SymphonyNet)
        self.config, self.description = config, model
        self.files = model_files(folder, model)
        given = config.orchestrate or config.prime
        self.given = self._read(Path(given), network.vocabulary.grid) if given else None
        self.pieces = Pieces(network, config, self.given)
        self._check_bars()
        if config.wav or config.page:
            self.files = [*self.files, *open_sound(config, _RATE_HZ)]
        if config.musicxml:
            require_music21()
        self.extension = "mid"
        self.beside = (PAGE,) if config.page else ()
        self._numbers: list[int] = []
        self._made: dict[int, Made] = {}

    def _read(self, path: Path, grid: int) -> GridScore:
        self.files = [*self.files, path]
        score = on_grid(read_midi(path), grid)
        return replace(score, remarks=tuple(f"{path}: {remark}" for remark in score.remarks))

    def _check_bars(self) -> None:
        """Raise ConfigError where options name bars that there are not."""
        c = self.config
        if self.given is None or c.orchestrate:
            return
        if c.prime_bars > self.given.bars:
            raise ConfigError(f"prime_bars: {c.prime} has {self.given.bars} bars, not {c.prime_bars}")
        if c.infill:
            bars = parsed(c, "infill")
            if bars != list(range(bars[0], bars[-1] + 1)):
                raise ConfigError(f"infill: {c.infill!r} has gaps; fill one stretch after the other")
            if bars[-1] > self.given.bars:
                raise ConfigError(f"infill: bar {bars[-1]} is not in {c.prime}, which has {self.given.bars}")

    @property
    def remarks(self) -> Sequence[str]:
        """What was changed to read the given file."""
        return () if self.given is None else self.given.remarks

    @property
    def stem(self) -> str:
        """What names of pieces begin with."""
        given = self.config.orchestrate or self.config.prime
        return Path(given).stem if given else "symphony"

    def numbers(self, first: int) -> list[int]:
        """Return the numbers of the pieces that the options ask for; `first` is that from which ``count`` counts."""
        if self.config.seeds:
            self._numbers = list(parsed(self.config, "seeds"))
        else:
            self._numbers = list(range(first, first + (self.config.count or 1)))
        return self._numbers

    def piece(self, number: int, tick: Tick = lambda share: None) -> Made:
        """Return a piece by its number."""
        if number not in self._made:
            if len(self._made) >= _KEPT:
                self._made.clear()
            more = [n for n in self._numbers if n not in self._made]
            self._made.update(self.pieces.make(number, more, tick))
        return self._made[number]

    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write the piece of a number as MIDI, and where they are wanted as sound and as MusicXML."""
        assert item.seed is not None
        made = self.piece(item.seed, tick)
        midi = self._midi(made)
        for path in outputs:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".wav":
                self._write_sound(path, made)
            elif path.suffix == ".musicxml":
                write_musicxml(path, playable(made.score), self.config.bpm)
            else:
                write_midi(path, midi)
        score = made.score
        fields: dict[str, Any] = {"seed": item.seed, "bars": score.bars, "notes": len(score.notes), "rows": made.rows}
        fields |= {"given_bars": made.given_bars, "valid": made.valid}
        told = [
            {"track": track, "instrument": name, "probability": round(chance, 4)}
            for track, (name, chance) in sorted(made.instruments.items())
        ]
        return fields | {"instruments": told}

    def _midi(self, made: Made) -> Any:
        """Return a piece in ticks; an orchestrated one as its file has it, but for the instruments."""
        if not self.config.orchestrate:
            return to_midi(made.score, self.config.bpm)
        score = read_midi(Path(self.config.orchestrate))
        parts = [track for track in score.tracks if not track.is_drum]
        programs = [program for program in made.score.programs.tolist() if program != DRUMS]
        if len(parts) != len(programs):  # more than forty tracks were joined
            return to_midi(playable(made.score), self.config.bpm)
        chosen = iter(programs)
        tracks = [track if track.is_drum else replace(track, program=next(chosen)) for track in score.tracks]
        made_score = replace(score, tracks=tuple(tracks))
        if self.config.bpm:
            made_score = replace(made_score, tempo_ticks=np.zeros(1, np.int64), tempo_bpm=np.array([self.config.bpm]))
        return made_score

    def _sound(self, score: GridScore) -> np.ndarray:
        return render(to_midi(playable(score), self.config.bpm), self.config, rate_hz=_RATE_HZ)

    def _excerpt(self, made: Made) -> np.ndarray:
        """Return what the page plays of a piece."""
        return self._sound(bars_of(made.score, _SHOWN_BARS)[0])[:, : _SHOWN_SECONDS * _RATE_HZ]

    def _write_sound(self, path: Path, made: Made) -> None:
        wave = self._sound(made.score)
        with AudioWriter(path, _RATE_HZ, len(wave), "16", frames=wave.shape[1]) as writer:
            writer.append(wave.T)

    def write_beside(self, items: Sequence[Item], folder: Path) -> None:
        """Write the page: a piano roll, a player and the parts of each piece."""
        from gantools.report.excerpts import data_uri, png_bytes
        from gantools.report.loops import sound_address
        from gantools.report.page import Article, Page, Sound

        articles = []
        for item in items[:_MOST_SHOWN]:
            assert item.seed is not None
            made = self.piece(item.seed)
            shown, _ = bars_of(made.score, _SHOWN_BARS)
            source = f"{item.given}" if self.config.wav else sound_address(self._excerpt(made), _RATE_HZ)
            picture = data_uri(png_bytes(score_picture(shown)), "image/png")
            parts = [(f"track {track}", f"{name} ({chance:.0%})") for track, (name, chance) in made.instruments.items()]
            figures = [("notes", f"{len(made.score.notes)}"), ("tracks", f"{len(parts)}")]
            sound = Sound(picture, source, f"Piano roll of {item.stem}")
            articles.append(Article(item.stem, f"{made.score.bars} bars", sound, figures=figures, details=parts))
        more = [f"The first {_MOST_SHOWN} of {len(items)} pieces are shown."] if len(items) > _MOST_SHOWN else []
        shown_bars = (
            f"Piano rolls and sounds are of the {_SHOWN_BARS} bars in which most is played, where there are more."
        )
        page = Page("Symphony", f"{len(items)} pieces", articles, [shown_bars, *more], narrow=True)
        write_text(folder / PAGE, page.html())


def load(folder: Path, config: SymphonyGenerateConfig, device: str) -> SymphonyMaker:
    """Open a model folder for generating; see `SymphonyMaker`."""
    torch.set_flush_denormal(True)
    return SymphonyMaker(folder, config, device)
