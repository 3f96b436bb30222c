"""The table of the WaveGAN recipe: what it keeps of a journal."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent.parent


def load(name: str) -> ModuleType:
    """Return an example as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_kept_weights_are_the_best_healthy_ones(tmp_path: Path) -> None:
    table = load("wavegan_table")
    (tmp_path / "config.json").write_text(json.dumps({"config": {"discriminator_updates": 3}}))
    lines = [
        {"kind": "validation", "step": 0, "seconds": 1, "score": 1.0},
        {"kind": "validation", "step": 30, "seconds": 60, "score": 2.0},
        {"kind": "symptoms", "step": 30, "seconds": 60, "reasons": {"noise": "flat"}},
        {"kind": "validation", "step": 60, "seconds": 90, "score": 3.0},
        {"kind": "validation", "step": 90, "seconds": 120, "score": 2.5},
        {"kind": "collapse", "step": 90, "seconds": 120, "reasons": {"silence": "quiet"}, "back_to": 60},
        {"kind": "validation", "step": 90, "seconds": 150, "score": 2.8, "rollbacks": 1},
    ]
    assert table.run_cells(tmp_path, lines) == ["90", "30", "90", "2.80", "2.5", "1"]
    assert table.watchdog(lines) == ["step 30: noise: flat", "step 90: silence: quiet; back to step 60"]
    assert table.watchdog(lines[:2]) == ["nothing"]


def test_the_factory_picks_near_clips_that_differ() -> None:
    import numpy as np

    factory = load("clip_factory")
    near = np.array([3.0, 1.0, 1.1, 2.0])
    places = np.array([0.0, 10.0, 10.1, 20.0])
    assert factory.pick(near, np.abs(places[:, None] - places)) == [1, 3, 0, 2]
