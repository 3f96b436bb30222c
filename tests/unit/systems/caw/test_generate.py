"""Results as files: rendering, cut edges, and options that exclude each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_caw import small_model

from gantools.chunks.item import Item
from gantools.errors import ConfigError
from gantools.options import from_mapping
from gantools.systems.caw.generate import load
from gantools.systems.caw.generate_config import CawGenerateConfig
from gantools.systems.caw.rendering import render, within


def test_rendering_makes_what_would_clip_softer(tmp_path: Path) -> None:
    wave = np.linspace(-2, 2, 5000, dtype=np.float32)[None]
    pieces = lambda: within(np.array_split(wave, 7, axis=1), 0, 5000)  # noqa: E731
    fields = render(tmp_path / "a.wav", 8000, 1, "16", pieces, 5000, 1.0, lambda share: None)
    assert fields["gain_db"] == pytest.approx(-6.022, abs=0.002)
    assert np.abs(soundfile.read(tmp_path / "a.wav")[0]).max() == pytest.approx(0.9999, abs=1e-4)
    fields = render(tmp_path / "b.wav", 8000, 1, "32f", pieces, 5000, 1.0, lambda share: None)
    assert fields["gain_db"] == 0
    assert soundfile.read(tmp_path / "b.wav")[0].max() == 2


def test_a_part_of_a_signal_in_pieces() -> None:
    wave = np.arange(100)[None]
    for size in (3, 40, 100):
        pieces = [wave[:, start : start + size] for start in range(0, 100, size)]
        np.testing.assert_array_equal(np.concatenate(list(within(pieces, 17, 50)), 1), wave[:, 17:67])
        faded = np.concatenate(list(within(pieces, 17, 50, 5)), 1)[0]
        gain = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
        np.testing.assert_allclose(faded[:5], wave[0, 17:22] * gain, rtol=1e-6)
        np.testing.assert_allclose(faded[-5:], wave[0, 62:67] * gain[::-1], rtol=1e-6)
        np.testing.assert_array_equal(faded[5:-5], wave[0, 22:62])


def test_edge_trim_cuts_a_longer_draw(tmp_path: Path) -> None:
    folder = small_model(tmp_path / "model")
    item = Item(folder / "config.json", "", "idea", "", "")
    waves = {}
    for trim in ("0", "0.25", "auto"):
        config = CawGenerateConfig(seconds=1.0, edge_trim=trim, bits="32f", peak=True)
        fields = load(folder, config).write(item, [tmp_path / f"{trim}.wav"], 3, lambda share: None)
        waves[trim] = soundfile.read(tmp_path / f"{trim}.wav")[0]
        assert len(waves[trim]) == 4000
    assert fields["edge_trim_s"] == pytest.approx(60 / 500)  # reach of 4 layers at 500 Hz
    stack = load(folder, config).model.stack
    np.testing.assert_allclose(waves["0"], stack.draw([3], 1.0)[0, 0], atol=2e-6)
    middle = slice(40, -40)  # between the fades
    np.testing.assert_allclose(waves["0.25"][middle], stack.draw([3], 1.5)[0, 0, 1000:5000][middle], atol=2e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"arrange": "AB", "shuffle": "bars"}, "exclude"),
        ({"mode": "extend"}, "--source"),
        ({"mode": "inpaint", "at_hz": 500}, "--at-hz"),
        ({"mode": "denoise", "seconds": 3.0}, "--seconds"),
        ({"engine": "patch", "mode": "vary"}, "unconditional"),
        ({"edge_trim": "much"}, "edge_trim"),
    ],
)
def test_options_that_do_not_go_together(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_mapping(CawGenerateConfig, options)
