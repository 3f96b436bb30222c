"""The model folder on disk: configuration, weights, journal, samples, and the states to resume from."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import torch
from torch import nn

import gantools
from gantools.errors import ConfigError, InputError, ModelError
from gantools.files.atomic import atomic_folder, sweep_temporaries, write_json
from gantools.files.containers import read_state, write_state
from gantools.options import config_hash, to_mapping
from gantools.training.journal import Journal
from gantools.training.position import SCHEMA
from gantools.training.state import Tensors
from gantools.training.system import System

_STATE_NAME = re.compile(r"step-(\d{8,})\.safetensors")


class ModelFolder:
    """A model folder while it is trained; only the first rank makes one.

    At any moment the folder is absent or complete: it appears with its first state in one rename, and later states
    appear in one rename each, before the older ones go.

    Parameters
    ----------
    path : str or Path
        The folder; it need not exist.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.journal = Journal(self.path / "metrics.jsonl")
        self._lock: int | None = None

    def open(self) -> bool:
        """Lock the folder, remove what killed runs left, and return whether there is a state to resume from.

        Raises
        ------
        ConfigError
            Something else has this name.
        ModelError
            Another process trains this model.
        """
        sweep_temporaries(self.path.parent, of=self.path.name)
        if not self.path.exists():
            return False
        if not self.path.is_dir() or (any(self.path.iterdir()) and not (self.path / "config.json").exists()):
            raise ConfigError("exists and is not a model folder; choose another --out", self.path)
        self.lock()
        # The lock is ours, so every temporary in here is a dead one.
        for stale in self.path.rglob(".*.tmp"):
            stale.unlink(missing_ok=True)
        return bool(self.states())

    def lock(self) -> None:
        """Keep other processes from training this model; the system frees the lock when this process ends."""
        try:
            import fcntl
        except ImportError:  # not on Windows
            return
        self._lock = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise ModelError(
                "is being trained by another process; wait for it or choose another --out", self.path
            ) from error

    def close(self) -> None:
        """Free the lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def create(self, system: System, averages: dict[str, nn.Module], tensors: Tensors, meta: dict[str, Any]) -> None:
        """Make the folder with its first state, in place of any old one."""
        self.close()
        with atomic_folder(self.path) as temporary:
            write_json(temporary / "config.json", describe_model(system, meta["started_from"]))
            write_weights(temporary, system, averages, int(meta["step"]))
            (temporary / "metrics.jsonl").touch()
            (temporary / "samples").mkdir()
            self._write_state(temporary, tensors, meta)
        self.lock()

    def write_config(self, system: System, started_from: dict[str, str] | None) -> None:
        """Write `config.json` anew, for a run that goes on with more steps or a longer budget."""
        write_json(self.path / "config.json", describe_model(system, started_from))

    def save(self, tensors: Tensors, meta: dict[str, Any], keep: int) -> None:
        """Add a state, then remove all but the newest `keep` and the last healthy one.

        States of later steps go: the run has returned from them. A kill between the two leaves states more than
        wanted. Older ones are removed by the next save; from a later one the run collapses and returns as before.
        """
        self.journal.sync()
        self._write_state(self.path, tensors, meta)
        states = self.states()
        kept = {*[p for p in states if _step_of(p) <= meta["step"]][:keep], self.state(meta["healthy"])}
        for old in set(states) - kept:
            old.unlink(missing_ok=True)

    def state(self, step: int) -> Path:
        """Return the path of the state after `step` updates."""
        return self.path / "state" / f"step-{step:08d}.safetensors"

    @staticmethod
    def _write_state(folder: Path, tensors: Tensors, meta: dict[str, Any]) -> None:
        write_state(folder / "state" / f"step-{meta['step']:08d}.safetensors", tensors, meta)

    def states(self) -> list[Path]:
        """Return the saved states, newest first."""
        found = [p for p in (self.path / "state").glob("step-*.safetensors") if _STATE_NAME.fullmatch(p.name)]
        return sorted(found, key=_step_of, reverse=True)

    def newest_state(self) -> Path:
        """Return the newest state that is whole, and remove newer ones that are not.

        Raises
        ------
        ModelError
            None is whole.
        """
        broken = []
        for path in self.states():
            try:
                read_state(path)
            except InputError:
                broken.append(path)
                continue
            for bad in broken:
                bad.unlink()
            return path
        raise ModelError(
            "no training state in it is whole; use --no-resume to start over, or --from to use its weights", self.path
        )


def _step_of(path: Path) -> int:
    return int(path.stem.removeprefix("step-"))


def describe_model(system: System, started_from: dict[str, str] | None) -> dict[str, Any]:
    """Return what goes into `config.json`."""
    return {
        "schema": SCHEMA,
        "system": system.name,
        "config": to_mapping(system.config),
        "config_hash": config_hash(system.config),
        "data": system.data,
        "networks": {name: sum(p.numel() for p in net.parameters()) for name, net in system.networks.items()},
        "averaged": list(system.averaged) if system.config.ema else [],
        "started_from": started_from,
        "versions": {"gantools": gantools.__version__, "torch": str(torch.__version__)},
    }


def write_weights(folder: Path, system: System, averages: dict[str, nn.Module], step: int) -> None:
    """Write the weights of all networks, and of the averaged copies, each file atomically."""
    for name, net in [*system.networks.items(), *((f"{name}.ema", net) for name, net in averages.items())]:
        meta = {"system": system.name, "network": name, "step": step, "config_hash": config_hash(system.config)}
        write_state(folder / f"{name}.safetensors", dict(net.state_dict()), meta)
