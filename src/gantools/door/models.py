"""Models that are trained, opened and asked for sound."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import read_audio
from gantools.audio.writing import write_audio
from gantools.door.sounds import Sound, frames_of
from gantools.door.verbs import command_of, options_of, run
from gantools.errors import ModelError
from gantools.files.jsontext import parse_object


@dataclass(frozen=True, eq=False)
class Result:
    """One result of a model.

    Attributes
    ----------
    audio : float32 array (channels, n)
        Full scale 1.
    rate_hz : int
    record : dict
        What ``gantools generate --json`` says of it: its role, seed, seconds and so on.
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

    def __repr__(self) -> str:
        return f"<gantools model of {self.system} in {self.folder}>"

    def generate(self, *inputs: str | Path | Sound, seed: int = 0, **options: Any) -> Sound:
        """Return one result, the first where `options` ask for several.

        Parameters
        ----------
        *inputs : str, Path or (audio, rate_hz)
            For systems that begin with a sound: files, folders, or arrays with their rates.
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
            There is no such option.
        InputError, ModelError
            An input or the model cannot be used.

        Examples
        --------
        >>> model = gt.load("models/riff")  # doctest: +SKIP
        >>> audio, rate_hz = model.generate(seconds=30, seed=3)  # doctest: +SKIP
        """
        if "count" in options_of(command_of("generate", self.system)):
            options.setdefault("count", 1)
        first = self.generate_all(*inputs, seed=seed, **options)[0]
        return first.audio, first.rate_hz

    def generate_all(self, *inputs: str | Path | Sound, seed: int = 0, **options: Any) -> list[Result]:
        """Return all results, such as of ``count=20``, or of several inputs; see `generate`.

        Returns
        -------
        list of Result
            In the order of the command; where an input has several results (a part and its mix), the main one first.
        """
        parameters = options_of(command_of("generate", self.system))
        # Files are only the way to the array: 32-bit floats neither round nor clip.
        lossless = {"format": "wav", "bits": "32f", "device": self._device}
        options = {**{name: value for name, value in lossless.items() if name in parameters}, "seed": seed, **options}
        with tempfile.TemporaryDirectory(prefix="gantools-") as scratch, _as_files(inputs, Path(scratch)) as files:
            records = run("generate", self.system, self.folder, *files, out=Path(scratch) / "results", **options)
            return [Result(*read_audio(record["path"]), record) for record in records if "path" in record]


def load(folder: str | Path, device: str = "auto") -> Model:
    """Open a model folder.

    Parameters
    ----------
    folder : str or Path
        From `train` or ``gantools train``.
    device : str, optional
        Where it generates: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        There is no model in the folder.

    Examples
    --------
    >>> model = gt.load("models/riff")  # doctest: +SKIP
    >>> audio, rate_hz = model.generate(seconds=10)  # doctest: +SKIP
    """
    folder = Path(folder)
    try:
        description = parse_object((folder / "config.json").read_text(encoding="utf-8"))
        if not isinstance(description.get("system"), str):
            raise ModelError("config.json names no system; train it again, or restore the file", folder)
    except OSError as error:
        raise ModelError(f"no model folder: config.json cannot be read ({error.strerror})", folder) from error
    except ValueError as error:
        raise ModelError("not the configuration of a model; train it again, or restore the file", folder) from error
    return Model(folder, description, device)


def train(system: str, *inputs: str | Path, out: str | Path, **options: Any) -> Model:
    """Train a model as ``gantools train SYSTEM`` does, or go on with what is in `out`; return it.

    Parameters
    ----------
    system : str
        ``caw``, ``cyclegan``, ``pix2pix``, ``automix``, ``separator`` or ``wavegan``.
    *inputs : str or Path
        What the command takes: clips, a chunk folder, songs, stems.
    out : str or Path
        The model folder.
    **options
        ``preset="small"``, ``budget="10m"``, ``steps=1000``, ``seed=1`` ... as of the command.

    Raises
    ------
    ConfigError
        There is no such system or option, or they do not fit together.
    InputError, ModelError, DeviceError
        The inputs cannot be used, the training diverged, there is no such device.
    StoppedError
        The process was asked to end. The same call goes on from there.

    Examples
    --------
    >>> model = gt.train("caw", "riff.wav", out="models/riff", preset="small", budget="10m")  # doctest: +SKIP
    """
    record = run("train", system, *inputs, out=out, **options)[0]
    return load(record["path"], options.get("device", "auto"))


@contextmanager
def _as_files(inputs: Sequence[str | Path | Sound], folder: Path) -> Iterator[list[str | Path]]:
    """Yield inputs as files: sounds in memory are written to a folder, as 32-bit float WAV."""
    files: list[str | Path] = []
    for number, given in enumerate(inputs):
        if isinstance(given, tuple):
            files.append(folder / "inputs" / f"input-{number:04d}.wav")
            Path(files[-1]).parent.mkdir(exist_ok=True)
            write_audio(Path(files[-1]), frames_of(*given).T, given[1], "32f")
        else:
            files.append(given)
    yield files
