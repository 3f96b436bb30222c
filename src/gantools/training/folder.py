"""The model folder while it is trained: configuration, weights, journal, samples, and checkpoints to resume from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gantools.errors import ConfigError, InputError, ModelError
from gantools.files.atomic import new_folder, scratch_folder, sweep_temporaries, write_json
from gantools.files.containers import read_state, write_state
from gantools.files.lock import FolderLock
from gantools.models.card import CARD, is_ours
from gantools.models.folder import OtherVersionError, describe, read_configuration, weight_files
from gantools.models.weights import Tensors
from gantools.options import config_hash
from gantools.training.journal import Journal
from gantools.training.system import System

_CHECKPOINT_NAME = re.compile(r"step-(\d{8,})\.safetensors")
_SAMPLE_NAME = re.compile(r"(step-\d{8,}|real|reconstruction|draw)\.(png|wav)")
#: The picture of a model's curves, and what a picture of gantools says of itself.
PICTURE, _DRAWN = "training.png", b"Software\x00gantools"
_WAYS = "--no-resume starts over, --from begins another --out with its weights"


class ModelFolder:
    """A model folder while it is trained; only the first rank makes one.

    At any moment the folder is absent or complete: it appears with its first checkpoint in one rename, and later ones
    appear in one rename each, before the older ones go. Files that are not the model's stay as they are.

    Parameters
    ----------
    path : str or Path
        The folder; it need not exist.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.journal = Journal(self.path / "metrics.jsonl")
        self._lock = FolderLock(self.path, "is being trained by another process")

    def open(self, system: str, *, resume: bool = True) -> bool:
        """Lock the folder, remove what killed runs left, and return whether there is a checkpoint to resume from.

        Parameters
        ----------
        system : str
            Name of the system that is to be trained.
        resume : bool
            Whether the run would go on; else it starts over, and parts of the old model may be gone.

        Raises
        ------
        ConfigError
            Something else has this name, another process trains this model, or a part of it is gone.
        """
        self._lock.acquire()
        sweep_temporaries(self.path.parent, of=self.path.name)
        if not os.path.lexists(self.path):
            return False
        if not self.path.is_dir():
            raise ConfigError("exists and is not a model folder; choose another --out", self.path)
        sweep_temporaries(self.path)
        if not any(self.path.iterdir()):
            return False
        model = self._own_model(system)
        if not resume:
            return False
        if not self.checkpoints():
            raise ConfigError(f"its training state (state/step-*.safetensors) is gone; {_WAYS}", self.path)
        for name in weight_files(model):
            if not (self.path / name).is_file():
                raise ConfigError(f"its file of weights {name} is gone; restore it, or {_WAYS}", self.path)
        return True

    def _own_model(self, system: str) -> dict[str, Any]:
        """Return what `config.json` says; raises ConfigError where it is not that of a model of `system`."""
        try:
            model = read_configuration(self.path)
        except OtherVersionError as error:
            raise ConfigError(f"{error.message}, with another --out", self.path) from error
        except ModelError as error:
            here = (
                "its config.json is gone or damaged; restore it, or" if self.checkpoints() else "is not a model folder;"
            )
            raise ConfigError(f"exists and {here} choose another --out", self.path) from error
        if model["system"] != system:
            raise ConfigError(f"is a model of {model['system']}, not of {system}; choose another --out", self.path)
        return model

    def close(self) -> None:
        """Free the lock."""
        self._lock.release()

    def create(self, system: System, weights: dict[str, Tensors], tensors: Tensors, meta: dict[str, Any]) -> None:
        """Make the folder with its first checkpoint, or put that in place of the old model, file by file."""
        there = self.path.is_dir() and any(self.path.iterdir())
        with scratch_folder(self.path, "new") if there else new_folder(self.path) as temporary:
            write_weights(temporary, system, weights, int(meta["step"]))
            (temporary / "metrics.jsonl").touch()
            (temporary / "samples").mkdir()
            self._write_checkpoint(temporary, tensors, meta)
            write_json(temporary / "config.json", describe_model(system, weights, meta["started_from"]))
            if there:
                self._replace(temporary)

    def _replace(self, new: Path) -> None:
        """Move the files of a new model over those of the old one; its checkpoint first: a run goes on from that."""
        old = set(own_files(self.path))
        moved = sorted((path.relative_to(new) for path in own_files(new)), key=_order_of_moving)
        for path in self.checkpoints():
            path.unlink()
        for name in moved:
            (self.path / name).parent.mkdir(exist_ok=True)
            os.replace(new / name, self.path / name)
        (self.path / "samples").mkdir(exist_ok=True)
        for path in old - {self.path / name for name in moved}:
            path.unlink(missing_ok=True)

    def write_config(self, system: System, weights: Iterable[str], started_from: dict[str, str] | None) -> None:
        """Write `config.json` anew, for a run that goes on with more steps or a longer budget."""
        write_json(self.path / "config.json", describe_model(system, weights, started_from))

    def save(self, tensors: Tensors, meta: dict[str, Any], keep: int) -> None:
        """Add a checkpoint, then remove all but the newest `keep` and the last healthy one.

        Those of later steps go: the run has returned from them. A kill between the two leaves more than wanted. Older
        ones are removed by the next save; from a later one the run collapses and returns as before.
        """
        self.journal.sync()
        self._write_checkpoint(self.path, tensors, meta)
        there = self.checkpoints()
        kept = {*[p for p in there if _step_of(p) <= meta["step"]][:keep], self.checkpoint(meta["healthy_step"])}
        for old in set(there) - kept:
            old.unlink(missing_ok=True)

    def checkpoint(self, step: int) -> Path:
        """Return the path of the checkpoint after `step` updates."""
        return self.path / "state" / f"step-{step:08d}.safetensors"

    @staticmethod
    def _write_checkpoint(folder: Path, tensors: Tensors, meta: dict[str, Any]) -> None:
        write_state(folder / "state" / f"step-{meta['step']:08d}.safetensors", tensors, meta)

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints, newest first."""
        found = [p for p in (self.path / "state").glob("step-*.safetensors") if _CHECKPOINT_NAME.fullmatch(p.name)]
        return sorted(found, key=_step_of, reverse=True)

    def newest_checkpoint(self) -> Path:
        """Return the newest checkpoint that is whole.

        Raises
        ------
        ModelError
            None is whole.
        """
        for path in self.checkpoints():
            try:
                read_state(path)
            except InputError:
                continue
            return path
        raise ModelError(
            "no training state in it is whole; use --no-resume to start over, or --from to use its weights", self.path
        )


def _step_of(path: Path) -> int:
    return int(path.stem.removeprefix("step-"))


def _order_of_moving(name: Path) -> tuple[bool, bool, str]:
    return name.parent.name != "state", name.name == "config.json", str(name)


def own_files(folder: Path) -> list[Path]:
    """Return the files of a model folder that training made; all others in it are the user's."""
    try:
        weights = weight_files(read_configuration(folder))
    except ModelError:
        weights = []
    # Of models of latents the scale is a network too; each file counts once.
    named = dict.fromkeys(["config.json", "metrics.jsonl", "scale.safetensors", *weights])
    found = [folder / name for name in named]
    found += [folder / PICTURE] if drew_picture(folder / PICTURE) else []
    found += [folder / CARD] if is_ours(folder) else []
    found += [p for p in (folder / "state").glob("*") if _CHECKPOINT_NAME.fullmatch(p.name)]
    found += [p for p in (folder / "samples").glob("*") if _SAMPLE_NAME.fullmatch(p.name)]
    return [path for path in found if path.is_file()]


def drew_picture(path: Path) -> bool:
    """Tell whether a picture is one that gantools drew: its own name may be that of a picture of the user's."""
    try:
        with open(path, "rb") as file:
            return _DRAWN in file.read(1024)
    except OSError:
        return False


def remove_model(folder: Path) -> None:
    """Remove the files of a model, its configuration last, and its folders as far as nothing else is in them."""
    for path in reversed(own_files(folder)):
        path.unlink()
    for path in (folder / "state", folder / "samples", folder):
        with suppress(OSError):
            path.rmdir()


def describe_model(system: System, weights: Iterable[str], started_from: dict[str, str] | None) -> dict[str, Any]:
    """Return what goes into `config.json`; `weights` are the names of the files of weights, as `Engine.weights` has."""
    sizes = {name: sum(p.numel() for p in net.parameters()) for name, net in system.networks.items()}
    ema = [name.removesuffix(".ema") for name in weights if name.endswith(".ema")]
    return describe(system.name, system.config, system.data, sizes, ema, started_from, system.preset)


def write_weights(folder: Path, system: System, weights: dict[str, Tensors], step: int) -> None:
    """Write all weights, as `Engine.weights` gives them, each file atomically."""
    for name, tensors in weights.items():
        meta = {"system": system.name, "network": name, "step": step, "config_hash": config_hash(system.config)}
        write_state(folder / f"{name}.safetensors", tensors, meta)
