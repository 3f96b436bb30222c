"""Loops of a trained model as files: chosen by their score, filled in around given bars, as MIDI, sound and a page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.tags.loops import loop_tags
from gantools.audio.tags.model import Tags
from gantools.audio.writing import AudioWriter
from gantools.chunks.item import Item
from gantools.errors import ConfigError, DependencyError, InputError, ModelError
from gantools.files.atomic import write_text
from gantools.metrics.loops.style import note_density, used_pitches
from gantools.models.folder import read_model
from gantools.models.loaded import LoadedModel, Tick
from gantools.models.shipped import find_model
from gantools.options import parsed
from gantools.structure.loops.detector import LoopDetector, open_detector
from gantools.symbolic.midi import read_midi
from gantools.symbolic.rendering import open_sound, render
from gantools.symbolic.roll import BAR_STEPS, drums_and_bass
from gantools.systems.loops.generate_config import GENERATORS, LoopsGenerateConfig
from gantools.systems.loops.pictures import loop_picture
from gantools.systems.loops.playing import loop_seconds, play, write_loop
from gantools.systems.loops.sampling import RollSampler

_RATE_HZ = 44100
_DEFAULT_COUNT = 8
#: Loops that the page shows at most; each has its sound in it, where there is no sound file beside it.
_MOST_SHOWN = 24
PAGE = "loops.html"


@dataclass(frozen=True, eq=False)
class Loop:
    """A loop, and what is known of it.

    Attributes
    ----------
    sounding, onsets : bool arrays (steps, 57)
    score : float, optional
        Its loop score; none where the detector has no network for its length.
    attempts : int
        Draws that it took.
    accepted : bool
        Whether the score is what was asked for.
    """

    sounding: np.ndarray
    onsets: np.ndarray
    score: float | None
    attempts: int = 1
    accepted: bool = True


class LoopMaker(LoadedModel):
    """Makes loops with any model that draws rolls; a loop is a function of its number and the options alone.

    Parameters
    ----------
    folder : Path
    config : LoopsGenerateConfig
    device : str

    Raises
    ------
    ModelError
        No model that makes loops, or weights that are missing or do not fit.
    ConfigError
        Options that this model cannot follow.
    DependencyError
        The SoundFont is missing or damaged.
    """

    beside: Sequence[str] = (PAGE,)
    remedy = "take another model, or other sounds (--sf2)"

    def __init__(self, folder: Path, config: LoopsGenerateConfig, device: str) -> None:
        self.config = config
        self.sampler = open_sampler(folder, config, device)
        self.bars, self.bpm = self.sampler.bars, config.bpm or self.sampler.bpm
        self.detector = _detector(config, self.bars)
        self.limit = self._limit()
        self.given = _given_bars(config, self.bars)
        self.description = self.sampler.description
        self.files = [*self.sampler.files, *([Path(config.given)] if config.given else [])]
        if self.detector is not None and self.detector.folder is not None:
            self.files = [*self.files, *sorted(self.detector.folder.glob("*.safetensors"))]
        if config.wav or config.page:
            self.files = [*self.files, *open_sound(config, _RATE_HZ)]
        self.extension = "wav" if config.wav else "mid"
        if not config.page:
            self.beside = ()
        self._made: dict[int, Loop] = {}
        self._measured: dict[int, dict[str, Any]] = {}

    @property
    def remarks(self) -> Sequence[str]:
        """What is to be said of the model and the detector."""
        said = list(self.sampler.remarks)
        if self.detector is None:
            said.append(f"the loop detector knows no phrases of {self.bars} bars: loops have no score")
        return said

    def numbers(self, first: int) -> list[int]:
        """Return the numbers of the loops that the options ask for; `first` is that from which ``count`` counts."""
        if self.config.seeds:
            found: list[int] = parsed(self.config, "seeds")
            return found
        return list(range(first, first + (self.config.count or _DEFAULT_COUNT)))

    def _limit(self) -> float | None:
        """Return the loop score up to which loops are accepted; None where all are."""
        if not self.config.max_loop_score and self.config.best_of == 1:
            return None
        if self.detector is None:
            raise ConfigError(f"the loop detector knows no phrases of {self.bars} bars, so no loop can be chosen by it")
        if not self.config.max_loop_score:
            return None
        value: float | None = parsed(self.config, "max_loop_score")
        return self.detector.threshold(self.bars, "midi") if value is None else value

    def loop(self, number: int) -> Loop:
        """Return the loop of a number: the first draw that is good enough, or else the best."""
        if number not in self._made:
            if len(self._made) > _MOST_SHOWN:
                self._made.pop(next(iter(self._made)))
            self._made[number] = self._chosen(number)
        return self._made[number]

    def _chosen(self, number: int) -> Loop:
        """Return the best of ``best_of`` draws, going on while it is above the limit (section 5.2)."""
        least = self.config.best_of
        most = least if self.limit is None else max(least, self.config.attempts)
        best: Loop | None = None
        for attempt in range(most):
            sounding, onsets = self._draw(number, attempt)
            score = None
            if self.detector is not None:
                score = float(self.detector.roll_scores(sounding[None], self.bars)[0])
            if best is None or (score is not None and best.score is not None and score < best.score):
                best = Loop(sounding, onsets, score)
            good = self.limit is None or (best.score is not None and best.score <= self.limit)
            if good and attempt + 1 >= least:
                break
        assert best is not None
        return Loop(best.sounding, best.onsets, best.score, attempt + 1, good)

    def _draw(self, number: int, attempt: int) -> tuple[np.ndarray, np.ndarray]:
        if self.given is None:
            sounding, onsets = self.sampler.loops([number], attempt)
            return sounding[0], onsets[0]
        kept = [bar - 1 for bar in parsed(self.config, "keep")]
        return self.sampler.fill_in(*self.given, kept, number * self.config.attempts + attempt)

    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write the loop of a number as MIDI, and with ``wav`` as sound before it."""
        loop = self.loop(seed)
        score = play(loop.sounding, loop.onsets, self.bpm, self.config.swing, self.config.repeat)
        for path in outputs:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".wav":
                self._write_sound(path, loop)
            else:
                write_loop(path, score)
        fields: dict[str, Any] = {"seed": seed, "bars": self.bars, "bpm": self.bpm}
        if self.config.wav:
            fields["audio_seconds"] = round(self.config.repeat * loop_seconds(self.bars, self.bpm), 6)
        fields |= self.figures(seed)
        if not loop.accepted:
            fields["warning"] = (
                f"the best of {loop.attempts} loops has a loop score of {loop.score:.3g}, above {self.limit:.3g}"
            )
        return fields

    def _write_sound(self, path: Path, loop: Loop) -> None:
        """Write a loop as sound, with its loop points and tempo as samplers and sequencers read them."""
        wave = self.sound(loop, self.config.repeat)
        frames, beats = wave.shape[1], 4 * self.bars * self.config.repeat
        tags = loop_tags(Tags(), frames, _RATE_HZ, self.bpm, beats)
        with AudioWriter(path, _RATE_HZ, len(wave), "16", tags=tags, frames=frames) as writer:
            writer.append(wave.T)

    def sound(self, loop: Loop, repeat: int = 1) -> np.ndarray:
        """Return a loop as it sounds, float32 (2, n), which repeats without a seam."""
        score = play(loop.sounding, loop.onsets, self.bpm, self.config.swing)
        seconds = loop_seconds(self.bars, self.bpm)
        return render(score, self.config, rate_hz=_RATE_HZ, loop_seconds=seconds, repeats=repeat)

    def figures(self, number: int) -> dict[str, Any]:
        """Return what a record says of the loop of a number: score, used pitches, density, novelty."""
        if number not in self._measured:
            # Records and the page tell the same.
            if len(self._measured) > _MOST_SHOWN:
                self._measured.pop(next(iter(self._measured)))
            self._measured[number] = self._figures(self.loop(number))
        return self._measured[number]

    def _figures(self, loop: Loop) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if self.detector is not None and loop.score is not None:
            fields["loop_score"] = loop.score
            fields["percentile"] = float(self.detector.percentile(np.array([loop.score]), self.bars, "midi")[0])
            fields["is_loop"] = loop.score <= self.detector.threshold(self.bars, "midi")
        if self.config.max_loop_score or self.config.best_of > 1:
            fields["attempts"] = loop.attempts
        fields["used_pitches"] = float(used_pitches(loop.sounding[None])[0])
        fields["note_density"] = float(note_density(loop.sounding[None])[0])
        if self.sampler.known is not None:
            fields["novelty"] = self.sampler.known.nearest(loop.sounding)
        return fields

    def write_beside(self, items: Sequence[Item], folder: Path) -> None:
        """Write the page: a roll, a player and the figures of each loop."""
        from gantools.report.excerpts import data_uri, png_bytes
        from gantools.report.page import Article, Page, Sound

        parts = []
        for item in items[:_MOST_SHOWN]:
            assert item.seed is not None
            loop, name = self.loop(item.seed), item.stem
            # The sound file is longer where the loop is repeated in it, and then plays on all the same.
            source = f"{item.given}" if self.config.wav else data_uri(_ogg(self.sound(loop)), "audio/ogg")
            sound = Sound(
                data_uri(png_bytes(loop_picture(loop.sounding, loop.onsets)), "image/png"),
                source,
                f"Piano roll of {name}",
                loop=True,
            )
            figures = [(label.replace("_", " "), _shown(value)) for label, value in self.figures(item.seed).items()]
            parts.append(Article(name, f"{self.bars} bars, {self.bpm:g} bpm", sound, figures=figures))
        more = [f"The first {_MOST_SHOWN} of {len(items)} loops are shown."] if len(items) > _MOST_SHOWN else []
        page = Page("Loops", f"{len(items)} loops of drums and bass", parts, more, narrow=True)
        write_text(folder / PAGE, page.html())


def _shown(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else f"{value:.3g}"


def _ogg(wave: np.ndarray) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, wave.T, _RATE_HZ, format="OGG", subtype="VORBIS")
    return buffer.getvalue()


def open_sampler(folder: Path, config: LoopsGenerateConfig, device: str) -> RollSampler:
    """Open a model folder of any system that makes loops.

    Raises
    ------
    ModelError
        It is a model of another system, or cannot be opened.
    """
    system = read_model(folder)["system"]
    if system not in GENERATORS:
        raise ModelError(f"is a model of {system}, which makes no loops; take one of {', '.join(GENERATORS)}", folder)
    made: RollSampler = import_module(f"gantools.systems.{system}.generate").load_sampler(folder, config, device)
    return made


def load(folder: Path, config: LoopsGenerateConfig, device: str) -> LoopMaker:
    """Open a model folder for generating; see `LoopMaker`."""
    return LoopMaker(folder, config, device)


def _detector(config: LoopsGenerateConfig, bars: int) -> LoopDetector | None:
    """Return the detector, if it knows phrases of this length."""
    try:
        detector = open_detector(find_model(config.detector) if config.detector else None)
    except DependencyError:
        return None
    return detector if bars in detector.lengths else None


def _given_bars(config: LoopsGenerateConfig, bars: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return what sounds and begins in the file that bars are kept of, bool arrays (steps, 57), silent behind its end.

    Raises
    ------
    InputError
        It cannot be read, lacks drums and bass, or is not in 4/4.
    ConfigError
        It does not have the bars that are to be kept, or nothing would be made.
    """
    if not config.given:
        return None
    path = Path(config.given)
    score = read_midi(path)
    roll = drums_and_bass(score)
    kept: list[int] = parsed(config, "keep")
    have = min(bars, len(roll))
    if kept[-1] > have:
        raise ConfigError(f"keep: bar {kept[-1]} is not in {path}, of which {have} bars count")
    if len(kept) >= bars:
        raise ConfigError(f"keep: all {bars} bars stay, so there is nothing to make")
    if (np.diff(roll.edges[: have + 1]) != BAR_STEPS).any():
        raise InputError("is not in 4/4", path)
    first = roll.window(0, have)
    planes = [np.zeros((bars * BAR_STEPS, plane.shape[1]), bool) for plane in (first.sounding, first.onsets)]
    for plane, own in zip(planes, (first.sounding, first.onsets), strict=True):
        plane[: len(own)] = own
    return planes[0], planes[1]
