"""gantools from Python: ``import gantools as gt``. Arrays where a sound fits in memory, and the verbs themselves.

`melify` and `invert` compute on arrays what the verbs write to files. `train`, `separate`, `fxnorm` and `evaluate` are
the verbs, run in this process: their arguments are inputs, their options are keywords (``--sample-rate`` is
``sample_rate_hz`` where the configuration calls it so; each is also known by its flag, ``sample_rate``), and what
``--json`` would print is returned. `load` opens a model whose results come back as arrays.

All errors are `gantools.errors.GantoolsError`.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.inversion import invert_mel
from gantools.audio.io import load_mono, read_audio, to_mono
from gantools.audio.mel import mel_db
from gantools.audio.melfile import read_mel
from gantools.audio.polarity import LEFT_ALONE, Polarity
from gantools.audio.resample import resample_blocks
from gantools.audio.writing import write_audio
from gantools.errors import ConfigError, InputError, ModelError
from gantools.files.jsontext import parse_object
from gantools.options import from_mapping

#: A sound in memory: float samples (n,) or (channels, n), full scale 1, and their rate in Hz.
Sound = tuple[np.ndarray, int]


@dataclass(frozen=True, eq=False)
class Mel:
    """A mel-spectrogram with all that its inversion needs.

    Attributes
    ----------
    db : float32 array (frames, n_mels)
        Power in dB, -100 at least; a full-scale sine reaches about +54 with the default parameters.
    params : MelParams
        How it was made: ``sample_rate_hz``, ``n_fft``, ``hop_samples``, ``n_mels`` and so on.
    n_samples : int
        Length of the sound at ``params.sample_rate_hz``; there are ``1 + n_samples // params.hop_samples`` frames.
    """

    db: np.ndarray
    params: MelParams
    n_samples: int


def melify(sound: np.ndarray | str | Path, rate_hz: int | None = None, **params: Any) -> Mel:
    """Return the mel-spectrogram of a sound, as ``gantools melify`` writes it (there with 16 bits a value).

    Parameters
    ----------
    sound : ndarray, str or Path
        Float samples (n,) or (channels, n), full scale 1; or an audio file. Channels are averaged; where they cancel
        each other the left one is taken alone, with a warning.
    rate_hz : int
        Rate of an array, in Hz; a file knows its own.
    **params
        Fields of `gantools.audio.config.MelParams`; the defaults are the paper's.

    Returns
    -------
    Mel

    Raises
    ------
    InputError
        The file cannot be read, or the sound is shorter than half a window.
    ConfigError
        An array without a rate, or parameters that do not fit together.

    Examples
    --------
    >>> import gantools as gt, numpy as np
    >>> gt.melify(np.zeros(22050), 22050).db.shape
    (44, 256)
    """
    chosen = from_mapping(MelParams, params)
    if isinstance(sound, str | Path):
        wave = load_mono(sound, chosen.sample_rate_hz, lambda path, notice: warnings.warn(str(notice), stacklevel=3))
    else:
        frames = _frames(sound, rate_hz)
        mono = to_mono(frames)
        polarity = Polarity()
        polarity.push(frames, mono)
        if polarity.cancels:
            warnings.warn(LEFT_ALONE, stacklevel=2)
            mono = np.ascontiguousarray(frames[:, 0])
        wave = np.concatenate(list(resample_blocks([mono], int(rate_hz or 0), chosen.sample_rate_hz, 1)))
    return Mel(mel_db(wave, chosen), chosen, len(wave))


def invert(
    mel: Mel | str | Path, effort: str = "default", seed: int = 0, device: str = "cpu", threads: int | None = None
) -> Sound:
    """Return the sound of a mel-spectrogram, as ``gantools invert`` writes it; the phases are estimated.

    Parameters
    ----------
    mel : Mel, str or Path
        From `melify`, or a mel file.
    effort : str, optional
        ``draft`` is fastest, ``best`` most exact, ``paper`` the paper's own chain.
    seed : int, optional
        Of the first phases. Equal arguments give equal sounds.
    device : str, optional
        ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``auto``.
    threads : int, optional
        On the CPU; as many as this process may use when left out.

    Returns
    -------
    audio : float32 array (n_samples,)
        Full scale 1; it may go beyond.
    rate_hz : int

    Raises
    ------
    InputError
        The file cannot be read, or levels are not finite.
    ConfigError, DeviceError
        There is no such effort, or no such device.

    Examples
    --------
    >>> import gantools as gt, numpy as np
    >>> audio, rate_hz = gt.invert(gt.melify(np.zeros(22050), 22050), effort="draft")
    >>> audio.shape, rate_hz
    ((22050,), 22050)
    """
    if not isinstance(mel, Mel):
        file = read_mel(mel)
        mel = Mel(file.frames(), file.params, file.n_samples)
    audio = invert_mel(mel.db, mel.params, mel.n_samples, effort, seed, device, threads)
    return audio, mel.params.sample_rate_hz


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
        if "count" in _parameters(_command("generate", self.system)):
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
        parameters = _parameters(_command("generate", self.system))
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


def separate(*songs: str | Path, out: str | Path, **options: Any) -> list[dict[str, Any]]:
    """Split songs into stems as ``gantools separate`` does.

    Parameters
    ----------
    *songs : str or Path
        Audio files or folders.
    out : str or Path
        Folder for the stems.
    **options
        ``model="tiny"``, ``two_stems="vocals"``, ``device="cuda"`` ... as of the command.

    Returns
    -------
    list of dict
        A record for each stem: ``path``, ``role``, ``song``, ``status`` ...

    Raises
    ------
    InputError
        Songs that failed; the stems of the others are written.
    ConfigError, DependencyError, DeviceError
        Nothing was started.

    Examples
    --------
    >>> [record["path"] for record in gt.separate("song.wav", out="stems", model="tiny")]  # doctest: +SKIP
    """
    return run("separate", *songs, out=out, **options)


def fxnorm(action: str, *stems: str | Path, **options: Any) -> list[dict[str, Any]]:
    """Bring stems to a common sound, or measure them, as ``gantools fxnorm`` does.

    Parameters
    ----------
    action : str
        ``apply``, ``fit``, ``measure`` or ``check``.
    *stems : str or Path
        Audio files or folders.
    **options
        ``target="musdb18"``, ``out="norm"``, ``amount=0.5`` ... as of the command.

    Returns
    -------
    list of dict
        A record for each stem; the figures of ``measure`` are in it.

    Raises
    ------
    InputError, ConfigError
        As of `separate`.

    Examples
    --------
    >>> gt.fxnorm("apply", "stems", target="musdb18", out="norm")  # doctest: +SKIP
    """
    return run("fxnorm", action, *stems, **options)


def evaluate(metric: str, *inputs: str | Path, **options: Any) -> dict[str, Any]:
    """Measure generated music as ``gantools evaluate METRIC`` does.

    Parameters
    ----------
    metric : str
        ``frechet``, ``rhythm``, ``mix`` ...
    *inputs : str or Path
        What the command takes: generated files, then what they are compared with.
    **options
        ``out="report"`` writes the report too.

    Returns
    -------
    dict
        The figures, as in ``report.json``.

    Raises
    ------
    InputError, ConfigError
        As of `separate`.

    Examples
    --------
    >>> gt.evaluate("rhythm", "drums", "bass")  # doctest: +SKIP
    """
    return run("evaluate", metric, *inputs, **options)[0]


def run(verb: str, *arguments: str | Path | int, **options: Any) -> list[dict[str, Any]]:
    """Run any verb in this process.

    Parameters
    ----------
    verb : str
        ``melify``, ``chunk``, ``train`` ...
    *arguments : str, Path or int
        As on the command line: the system or metric first where the verb has them, then inputs.
    **options
        The command's options with ``_`` for ``-``; ``True`` and ``False`` for flags. None is as if left out. Variables
        ``GANTOOLS_*`` count as on the command line. Messages are off unless ``quiet=False``.

    Returns
    -------
    list of dict
        The records that ``--json`` prints, one for each output.

    Raises
    ------
    ConfigError
        There is no such verb, system or option, or its value is wrong. Nothing was started.
    InputError
        Some inputs failed; the results of the others are written.

    Examples
    --------
    >>> [record["path"] for record in gt.run("melify", "stems", out="mels")]  # doctest: +SKIP
    """
    from gantools.cli.records import collected

    words = [verb, *map(str, arguments)]
    command, name, rest = _command(*words)
    flags = _flags(command, name, {"json": True, "quiet": True, **options})
    with collected() as records:
        try:
            code = command(args=[*flags, "--", *rest], prog_name=name, standalone_mode=False) or 0
        except Exception as error:
            # Typer's own errors are known by their shape, as Click must not be imported.
            message = getattr(error, "format_message", None)
            if message is None:
                raise
            raise ConfigError(f"{name}: {message().strip().rstrip('.')}") from error
    if code == 130:
        raise KeyboardInterrupt
    failed = [record for record in records if record.get("status") == "error"]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise InputError(f"{name}: {failed[0].get('error')}{more}")
    if code:
        raise InputError(f"{name}: ended with exit code {code}; quiet=False tells why")
    return records


def _command(*words: str) -> tuple[Any, str, list[str]]:
    """Return a command of the program, its name, and the words that are left for it."""
    from gantools.cli.app import VERBS, find_command
    from gantools.options import did_you_mean

    if words[0] not in VERBS:
        raise ConfigError(f"no verb {words[0]!r}; there are {', '.join(VERBS)}{did_you_mean(words[0], list(VERBS))}")
    command, name, rest = find_command(words)
    if there := list(getattr(command, "commands", ())):
        wrong = repr(rest[0]) if rest else "nothing"
        hint = did_you_mean(rest[0], there) if rest else ""
        raise ConfigError(f"{name} {wrong}: there are {', '.join(there)}{hint}")
    return command, name, rest


def _parameters(found: tuple[Any, str, list[str]]) -> dict[str, Any]:
    """Return the options of a command by their names in Python: those of its configuration, and of its flags."""
    known = {}
    for parameter in found[0].params:
        if parameter.param_type_name == "option":
            for name in (parameter.name, *(text.lstrip("-").replace("-", "_") for text in parameter.opts)):
                known[name] = parameter
    return known


def _flags(command: Any, name: str, options: dict[str, Any]) -> list[str]:
    """Return keyword arguments as they stand on the command line."""
    from gantools.options import did_you_mean

    known = _parameters((command, name, []))
    flags = []
    for key, value in options.items():
        if key in ("json", "quiet") and key not in known:
            continue  # asked for by `run` itself
        if key not in known:
            raise ConfigError(f"{name} has no option {key!r}{did_you_mean(key, list(known))}")
        parameter = known[key]
        flag = max(parameter.opts, key=len)
        if value is None or (value is False and not parameter.secondary_opts and parameter.is_flag):
            continue
        if parameter.is_flag:
            flags.append(flag if value else max(parameter.secondary_opts, key=len))
        elif isinstance(value, list | tuple):
            flags += [flag, *map(str, value)] if parameter.nargs > 1 else [f"{flag}={','.join(map(str, value))}"]
        else:
            flags.append(f"{flag}={value}")
    return flags


@contextmanager
def _as_files(inputs: Sequence[str | Path | Sound], folder: Path) -> Iterator[list[str | Path]]:
    """Yield inputs as files: sounds in memory are written to a folder, as 32-bit float WAV."""
    files: list[str | Path] = []
    for number, given in enumerate(inputs):
        if isinstance(given, tuple):
            files.append(folder / "inputs" / f"input-{number:04d}.wav")
            Path(files[-1]).parent.mkdir(exist_ok=True)
            write_audio(Path(files[-1]), _frames(*given).T, given[1], "32f")
        else:
            files.append(given)
    yield files


def _frames(sound: Any, rate_hz: int | None) -> np.ndarray:
    """Return a sound in memory as float32 (n, channels)."""
    if not rate_hz:
        raise ConfigError("an array needs its sample rate; give rate_hz")
    wave = np.asarray(sound)
    if wave.ndim not in (1, 2) or wave.dtype.kind != "f" or not wave.size:
        raise InputError(f"a sound is float samples (n,) or (channels, n), not {wave.dtype} of shape {wave.shape}")
    if not np.isfinite(wave).all():
        raise InputError("holds NaN or infinite samples")
    return np.ascontiguousarray(np.atleast_2d(wave).T, np.float32)
