"""A model for each input: when it is made anew."""

from __future__ import annotations

from pathlib import Path

from small_caw import small_model

from gantools.cli.training_each import _stamp


def test_further_training_of_the_base_changes_its_stamp(tmp_path: Path) -> None:
    base = small_model(tmp_path / "base")
    before = _stamp(base)
    assert before == _stamp(base)
    assert _stamp(None) == []
    weights = next(base.rglob("scale.safetensors"))
    weights.write_bytes(weights.read_bytes() + b" ")  # config.json stays as it is
    assert _stamp(base) != before
