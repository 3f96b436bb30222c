"""What ships of a drummer: half of its weights and nothing else, and it plays the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from small_drummer import tiny_drummer
from small_loop_models import write_pieces

from gantools.systems.drummer.generate import load
from gantools.systems.drummer.generate_config import DrummerGenerateConfig
from gantools.systems.drummer.shipping import ship
from gantools.training.loop import train


def test_the_folder_stands_alone_and_is_small(tmp_path: Path) -> None:
    write_pieces(tmp_path)
    train(tiny_drummer(tmp_path, steps=2, width=64), tmp_path / "m")
    ship(tmp_path / "m", tmp_path / "out", "CREDITS", "three pieces")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("config.json", "card.json", "CREDITS.txt", "drummer.safetensors")
    }
    assert json.loads((tmp_path / "out/card.json").read_text())["data"] == "three pieces"
    sizes = [(tmp_path / folder / "drummer.safetensors").stat().st_size for folder in ("m", "out")]
    assert sizes[1] < 0.6 * sizes[0]
    bass = np.ones((64, 3), np.float32)
    made = [load(tmp_path / folder, DrummerGenerateConfig(), "cpu").player.play(bass, 1) for folder in ("m", "out")]
    assert np.mean(made[0] == made[1]) > 0.9
