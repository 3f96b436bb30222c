"""Drafts as files: of an audio file, and of the clip in a model folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_caw import small_model
from sounds import tone

from gantools.chunks.item import Item
from gantools.errors import ModelError
from gantools.files.atomic import write_json
from gantools.models.clips import CLIPS_FILE
from gantools.models.folder import SCHEMA
from gantools.systems.patches.config import PatchGenerateConfig
from gantools.systems.patches.generate import load


def test_a_file_and_the_clip_of_a_model_at_its_own_level(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "loop.wav", tone(3.0, 4000), 4000)
    folder = small_model(tmp_path / "riff", seconds=3.0, peak=0.3)
    for path, files in ((tmp_path / "loop.wav", ["loop.wav"]), (folder, ["config.json", CLIPS_FILE])):
        loaded = load(path, PatchGenerateConfig(seconds=1.5))
        assert [file.name for file in loaded.files] == files
        fields = loaded.write(Item(path, "", "draft", "", ""), [tmp_path / "out.wav"], 3, lambda share: None)
        assert fields == {"mode": "patch", "seed": 3, "rate_hz": 4000, "duration_s": 1.5}
        assert soundfile.info(tmp_path / "out.wav").frames == 6000
        clip, rate_hz, name = loaded.own_clip()
        assert (rate_hz, name) == (4000, path.name)
    assert np.abs(clip).max() == pytest.approx(0.3)


def test_a_model_without_clips_is_named(tmp_path: Path) -> None:
    other = {"schema": SCHEMA, "system": "wavegan", "config": {}, "data": {}, "networks": {}, "ema": []}
    write_json(tmp_path / "config.json", other)
    with pytest.raises(ModelError, match="wavegan and keeps no clip"):
        load(tmp_path, PatchGenerateConfig())
