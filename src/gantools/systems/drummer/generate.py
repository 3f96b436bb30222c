"""Drums for recordings of a bass: heard, written on sixteenths, played by a kit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.audio.formats import SourceFormat
from gantools.audio.io import AudioReader, decoded_frames, hear
from gantools.audio.mixing import mix_files
from gantools.audio.polarity import LEFT_ALONE
from gantools.audio.writing import AudioWriter
from gantools.chunks.item import Item
from gantools.errors import InputError
from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.loaded import LoadedModel, Tick
from gantools.models.weights import open_network
from gantools.options import parsed
from gantools.symbolic.config import KIT_NAMES, SoundConfig
from gantools.symbolic.midi import write_midi
from gantools.symbolic.rendering import open_kit, open_sound
from gantools.symbolic.roll import BAR_STEPS
from gantools.systems.drummer import hearing
from gantools.systems.drummer.breaks import leave_out
from gantools.systems.drummer.config import DrummerConfig
from gantools.systems.drummer.generate_config import DrummerGenerateConfig
from gantools.systems.drummer.likeness import bars_alike
from gantools.systems.drummer.music import hits_per_bar
from gantools.systems.drummer.networks import DrummerNet, build_network
from gantools.systems.drummer.playing import drum_score, step_times
from gantools.systems.drummer.sampling import Player
from gantools.systems.drummer.sound import equalise, gains_db, play_kit

ROLE = "drums"
#: Bars of rest after which `--rests stop` is silent.
_REST_BARS = 2


class Drummer(LoadedModel):
    """Plays drums for recordings with the network of a model folder.

    Parameters
    ----------
    folder : Path
    config : DrummerGenerateConfig
    device : str

    Raises
    ------
    ModelError
        No model folder of drummer, or weights that are missing or do not fit.
    DependencyError
        The SoundFont is missing or damaged.
    """

    remedy = "give a bass that plays, or take another --kit"

    def __init__(self, folder: Path, config: DrummerGenerateConfig, device: str) -> None:
        model = read_model(folder, "drummer")
        trained = trained_with(DrummerConfig, model, folder)
        network = open_network(folder, "drummer", lambda: build_network(trained)).to(device).eval()
        assert isinstance(network, DrummerNet)
        self.config, self.description, self.files = config, model, model_files(folder, model)
        self.player = Player(network)
        self.kit = SoundConfig(kit=config.kit, sf2=config.sf2)
        self.files = [*self.files, *open_sound(self.kit)]
        self.roles = (ROLE, *(["mix"] if config.mix else []))
        self.extension = config.format

    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write drums for one recording, with the mix and the MIDI file where they are wanted.

        Returns
        -------
        dict
            ``bpm``; ``clear``, whether there was a pulse; ``bars``, ``hits_per_bar`` and ``alike``, the mean likeness
            of neighbouring bars, 0 to 1; ``kit``, the hits found where the kit is a recording; ``warning`` where no
            pulse was found.

        Raises
        ------
        InputError
            The recording cannot be read, or is shorter than a beat.
        """
        config, source, notices = self.config, item.path, list[str]()
        bass, left = hear(source, _read)
        notices += [LEFT_ALONE] if left else []
        tick(0.2)
        try:
            downbeat_s = config.downbeat if config.downbeat >= 0 else None
            grid, rows = hearing.hear(bass, self.player.places, config.bpm or None, downbeat_s)
        except InputError as error:
            raise InputError(error.message, source) from error
        if not grid.clear:
            notices.append(f"no clear pulse: drums at {grid.bpm:g} bpm; name the tempo with --bpm")
        drums = self.play(rows, grid, seed)
        tick(0.5)
        with AudioReader(source) as reader:
            rate_hz, like = reader.rate_hz, SourceFormat.of(reader).for_parts()
        frames, times_s = decoded_frames(source), step_times(grid.beats_s, config.swing_share)
        wave = play_kit(drums[grid.first :], times_s, grid.bpm, seed, self.kit, rate_hz, frames)
        # A recording's hits have been equalised with it, and a SoundFont has a sound of its own.
        if config.equalise and config.kit in KIT_NAMES and not config.sf2:
            equalise(wave, rate_hz)
        gain_db, more_db = gains_db(wave, rate_hz, bass)
        wave *= np.float32(10 ** (gain_db / 20))
        tick(0.8)
        with AudioWriter(outputs[0], rate_hz, 2, config.bits, like=like, frames=frames) as writer:
            writer.append(wave.T)
        notices.append(writer.notice)
        fields = self._figures(drums, grid)
        if config.midi:
            inside = times_s < frames / rate_hz
            write_midi(outputs[-1], drum_score(drums[grid.first :][inside], times_s[inside], grid.bpm, seed))
            fields["midi"] = str(outputs[-1])
        if config.mix:
            fields |= mix_files(source, outputs[0], outputs[1], more_db, config.bits)
            fields["mix"] = str(outputs[1])
            notices.append(fields.pop("warning", ""))
        if any(notices):
            fields["warning"] = "; ".join(notice for notice in notices if notice)
        if config.kit not in KIT_NAMES and not config.sf2:
            fields["kit"] = str(open_kit(self.kit))
        tick(1.0)
        return fields

    def play(self, bass: np.ndarray, grid: hearing.Grid, seed: int) -> np.ndarray:
        """Return the drums for a bass, uint8 (steps, 9), from the start of its first bar on."""
        config = self.config
        density = parsed(config, "density")
        drums = self.player.play(
            bass,
            seed,
            first=grid.first,
            density=density,
            temperature=config.temperature,
            top_p=config.top_p,
            form=parsed(config, "form"),
        )
        if config.breaks:
            leave_out(drums, seed, first=grid.first)
        if config.rests == "stop":
            # Silenced afterwards: when the bass is back, so is the pattern that went on meanwhile.
            drums[hearing.rests(bass, grid.first, _REST_BARS)] = 0
        return drums

    def _figures(self, drums: np.ndarray, grid: hearing.Grid) -> dict[str, Any]:
        played = drums[grid.first :]
        fields: dict[str, Any] = {"bpm": round(grid.bpm, 3), "clear": grid.clear}
        fields |= {"bars": round(len(played) / BAR_STEPS, 2), "hits_per_bar": round(hits_per_bar(played), 2)}
        return fields | {"alike": round(bars_alike(drums[-grid.first % BAR_STEPS :], 1), 4)}


def _read(reader: AudioReader, left: bool) -> np.ndarray:
    return np.concatenate(list(reader.mono_blocks(hearing.HEARD_HZ, left=left)))


def load(folder: Path, config: DrummerGenerateConfig, device: str) -> Drummer:
    """Open a model folder for generating; see `Drummer`."""
    torch.set_flush_denormal(True)
    return Drummer(folder, config, device)
