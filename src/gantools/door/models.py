"""Models that are trained, opened and asked for sound."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import read_audio
from gantools.audio.writing import write_audio
from gantools.door.sounds import Sound, frames_of, rate_of
from gantools.door.verbs import command_of, options_of, promised, refuse, run
from gantools.errors import ConfigError
from gantools.models.folder import read_configuration
from gantools.models.shipped import find_model
from gantools.systems.loops.generate_config import GENERATORS


@dataclass(frozen=True, eq=False)
class Result:
    """One result of a model.

    Attributes
    ----------
    audio : float32 array (channels, n)
        Full scale 1.
    rate_hz : int
    record : dict
        What ``gantools generate --json`` says of it: its role, seed, seconds and so on. It names no file of the result,
        which is only here.
    """

    audio: np.ndarray
    rate_hz: int
    record: dict[str, Any]


class Model:
    """A trained model, from `load` or `train`.

    It stays open between calls with the same options.

    Attributes
    ----------
    folder : Path
    system : str
        The system that made it: ``caw``, ``cyclegan`` ...
    description : dict
        Contents of its ``config.json``: options of the training and facts of its data.
    """

    def __init__(self, folder: Path, description: dict[str, Any], device: str) -> None:
        self.folder, self.description, self.system = folder, description, str(description["system"])
        self._device = device
        # What follows `gantools generate`: all systems of loops have one command.
        self._word = "loops" if self.system in GENERATORS else self.system

    def __repr__(self) -> str:
        return f"<gantools model of {self.system} in {self.folder}>"

    def generate(self, *inputs: str | Path | Sound, seed: int = 0, **options: Any) -> Sound:
        """Return one result, the first where `options` ask for several.

        Parameters
        ----------
        *inputs : str, Path or (audio, rate_hz)
            For systems that begin with a sound: files, folders, or arrays with their rates. ``automix`` reads the part
            from the name of a file, and takes no arrays.
        seed : int, optional
            Equal seeds give equal results.
        **options
            As of ``gantools generate SYSTEM``: ``seconds=30``, ``mode="vary"`` ...

        Returns
        -------
        audio : float32 array (channels, n)
            Full scale 1.
        rate_hz : int

        Raises
        ------
        ConfigError
            There is no such option, or it makes no sense here: ``out``, ``mel``, ``dry_run``, ``shard``; or the system
            takes no such input.
        InputError, ModelError
            An input or the model cannot be used.

        Examples
        --------
        >>> model = gt.load("models/riff")  # doctest: +SKIP
        >>> audio, rate_hz = model.generate(seconds=30, seed=3)  # doctest: +SKIP
        """
        refuse("generate", options, "shard")
        known = options_of(command_of("generate", self._word))
        if "count" in known and not _says_what(options):
            options["count"] = 1
        results = self.generate_all(*inputs, seed=seed, **options)
        if not results:
            raise ConfigError("generate: GANTOOLS_SHARD leaves no result; take it away")
        return results[0].audio, results[0].rate_hz

    def generate_all(self, *inputs: str | Path | Sound, seed: int = 0, **options: Any) -> list[Result]:
        """Return all results, such as of ``count=20``, or of several inputs; see `generate`.

        Returns
        -------
        list of Result
            In the order of the command; where an input has several results (a part and its mix), the main one first.
        """
        refuse("generate", options, "out", "print_config", "dry_run", "mel")
        found = command_of("generate", self._word)
        parameters = options_of(found)
        _check_inputs(self._word, found[0], inputs)
        # Files are only the way to the array: 32-bit floats neither round nor clip.
        lossless = {"format": "wav", "bits": "32f", "mel": False, "device": self._device}
        lossless |= {"wav": True, "page": False}
        options = {**{name: value for name, value in lossless.items() if name in parameters}, "seed": seed, **options}
        with tempfile.TemporaryDirectory(prefix="gantools-") as scratch, _as_files(inputs, Path(scratch)) as files:
            # A command that begins with its inputs has an option for the model.
            own = {"model": str(self.folder)} if "model" in parameters else {}
            first = () if own else (self.folder,)
            records = run("generate", self._word, *first, *files, out=Path(scratch) / "results", **{**options, **own})
            made = promised("generate", records) if records else []
            return [result for record in made if "path" in record for result in _results(record, Path(scratch))]


def load(folder: str | Path, device: str = "auto") -> Model:
    """Open a model folder.

    Parameters
    ----------
    folder : str or Path
        From `train` or ``gantools train``, or the name of a model that ships, such as ``loops``.
    device : str, optional
        Where it generates: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        There is no model of this version in the folder.

    Examples
    --------
    >>> model = gt.load("models/riff")  # doctest: +SKIP
    >>> audio, rate_hz = model.generate(seconds=10)  # doctest: +SKIP
    """
    folder = find_model(folder)
    return Model(folder, read_configuration(folder), device)


def train(system: str, *inputs: str | Path, out: str | Path, **options: Any) -> Model:
    """Train a model as ``gantools train SYSTEM`` does, or go on with what is in `out`; return it.

    Parameters
    ----------
    system : str
        ``caw``, ``cyclegan``, ``pix2pix``, ``automix``, ``separator``, ``wavegan``, ``loopdetector``, ``loopvae``,
        ``looplm``, ``loopgan``, ``looptransformer``, ``codec``, ``musika``, ``symphony`` or ``drummer``.
    *inputs : str or Path
        What the command takes: clips, a chunk folder, songs, stems.
    out : str or Path
        The model folder.
    **options
        ``preset="small"``, ``budget="10m"``, ``steps=1000``, ``seed=1`` ... as of the command.

    Raises
    ------
    ConfigError
        There is no such system or option, they do not fit together, or they ask for several models.
    InputError, ModelError, DeviceError
        The inputs cannot be used, the training diverged, there is no such device.
    StoppedError
        The process was asked to end. The same call goes on from there.

    Examples
    --------
    >>> model = gt.train("caw", "riff.wav", out="models/riff", preset="small", budget="10m")  # doctest: +SKIP
    """
    refuse("train", options, "print_config", "dry_run", "shard")
    # One clip makes one model, a folder or several clips make one each: they are refused before hours of work.
    if "together" in options_of(command_of("train", system)) and not options.get("together"):
        from gantools.cli.lists import PLAYLISTS

        single = len(inputs) == 1 and not Path(str(inputs[0])).is_dir()
        single = single and str(inputs[0]) != "-" and not str(inputs[0]).lower().endswith(PLAYLISTS)
        if inputs and not single:
            raise ConfigError(
                f"train {system}: several clips make a model each, and this call returns one; give together=True for "
                f'one model of all, or gt.run("train", "{system}", ...) for one each'
            )
    records = run("train", system, *inputs, out=out, **options)
    # Of several processes only the first one has a record.
    folder = promised("train", records)[0]["path"] if records else out
    return load(folder, options.get("device") or "auto")


def _says_what(options: dict[str, Any]) -> bool:
    """Tell whether anything but ``count`` may say which results to make: count would be a second word on it."""
    ways = ("count", "seeds", "interpolate", "latents")
    files = ("config", "config_file")
    return any(options.get(name) for name in (*ways, *files)) or any(
        os.environ.get(f"GANTOOLS_{name.upper()}") for name in ways[1:]
    )


def _results(record: dict[str, Any], scratch: Path) -> Iterator[Result]:
    """Yield what a record tells of: the main result, and the mix that was made of it."""
    # The scratch folder is gone when the caller looks: no field leads there.
    lasting = {
        name: value
        for name, value in record.items()
        if not (isinstance(value, str) and Path(value).is_relative_to(scratch))
    }
    yield Result(*read_audio(record["path"]), lasting)
    if record.get("mix"):
        # As its file is named: the mix of a part that is itself a mix is the mixdown.
        role = "mixdown" if record.get("role") == "mix" else "mix"
        yield Result(*read_audio(record["mix"]), {**lasting, "role": role})


def _check_inputs(system: str, command: Any, inputs: Sequence[Any]) -> None:
    """Raise ConfigError for inputs that a system cannot take."""
    if inputs and not any(p.param_type_name == "argument" and p.nargs < 0 for p in command.params):
        raise ConfigError(f"generate {system} takes no inputs: it makes music from its model alone")
    for given in inputs:
        if isinstance(given, str | Path):
            continue
        if not (isinstance(given, tuple) and len(given) == 2):
            raise ConfigError("an input is a file, a folder, or a sound in memory (audio, rate_hz)")
        if system == "automix":
            raise ConfigError("generate automix takes no arrays: it reads from the names of files which part each is")


@contextmanager
def _as_files(inputs: Sequence[str | Path | Sound], folder: Path) -> Iterator[list[str | Path]]:
    """Yield inputs as files: sounds in memory are written to a folder, as 32-bit float WAV."""
    files: list[str | Path] = []
    for number, given in enumerate(inputs):
        if isinstance(given, tuple):
            file = folder / "inputs" / f"input-{number:04d}.wav"
            file.parent.mkdir(exist_ok=True)
            write_audio(file, frames_of(given[0]).T, rate_of(given[1]), "32f")
            files.append(file)
        else:
            files.append(given)
    yield files
