"""Conditions: clicks counted, levels and centroids of tones, scales, wishes as constants, curves, walks and guides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_musika import tiny_musika
from sounds import stem

from gantools.errors import ConfigError, InputError
from gantools.structure.curves import Curves
from gantools.systems.musika.asked import asked_points
from gantools.systems.musika.conditions import Conditions, learn_conditions, read_conditions
from gantools.systems.musika.stream import LatentMaker, Piece
from gantools.systems.musika.wishes import Wishes, read_curve

LATENT_S = 0.1


def curves(density: float = 1.0, bpm: float = 120.0, count: int = 50) -> Curves:
    """Return constant curves."""
    return Curves(*(np.full(count, value) for value in (density, -20.0, 1000.0, bpm)))


def known() -> Conditions:
    """Return conditions that were learnt from two songs of two folders."""
    return learn_conditions(["label", "tempo", "density"], [curves(1.0, 60), curves(3.0, 240)], ["a", "b"])


def test_scales_lie_between_0_and_1_and_survive_json() -> None:
    conditions = known()
    assert (conditions.names, conditions.channels) == (("density", "tempo", "label"), 4)
    stacked = conditions.stacked(curves(3.0, 120), "b")
    # The middle 90 % of the training, here half of the density's scale and all of the tempo's, are from -1.5 to 1.5.
    assert stacked[:, 0].tolist() == pytest.approx([1.5, 0.0, 0.0, 1.0])
    again = read_conditions(conditions.describe())
    assert again.stacked(curves(2.0), "a").tolist() == conditions.stacked(curves(2.0), "a").tolist()
    for name in ("density", "loudness", "brightness", "tempo"):
        values = np.array([0.1, 0.5, 0.9])
        assert conditions.scaled(name, conditions.unscaled(name, values)).tolist() == pytest.approx(values.tolist())
    # The paper's scale is logarithmic: log(1 + d) over that of the most.
    assert float(conditions.scaled("density", np.array([1.0]))[0]) == pytest.approx(np.log(2) / np.log(4))


def test_wishes_are_numbers_curves_walks_and_guides(tmp_path: Path) -> None:
    (tmp_path / "rise.csv").write_text("seconds,value\n0,0\n2,1\n")
    latents = np.arange(40.0)
    asked = Wishes(known(), {"density": tmp_path / "rise.csv", "tempo": 120.0, "label": "b"}, 1, LATENT_S).at(latents)
    assert asked[0].tolist() == pytest.approx(
        np.maximum(known().seen("density", np.clip((latents + 0.5) * LATENT_S / 2, 0, 1)), -2).tolist(), abs=1e-5
    )
    assert asked[1:, 0].tolist() == pytest.approx([0.0, 0.0, 1.0])
    guided = Wishes(known(), {}, 1, LATENT_S, guide=curves(3.0, 240, 5)).at(latents)
    assert guided[0, -1] == guided[1, -1] == pytest.approx(1.5)
    walk = Wishes(known(), {}, 1, LATENT_S)
    whole = walk.at(np.arange(400.0))
    # Any place alone is the same, and the walk stays within what is usual.
    assert np.array_equal(walk.at(np.arange(200.0, 300.0)), whole[:, 200:300])
    assert -1.5 <= whole[0].min() < whole[0].max() <= 1.5
    assert np.ptp(whole[1]) == 0
    assert np.ptp(Wishes(known(), {}, 1, LATENT_S, loop=(40, 8)).at(np.arange(400.0))[0]) == 0


def test_what_was_asked_is_recorded_in_few_points_and_units_of_its_own(tmp_path: Path) -> None:
    conditions = Conditions(("density", "loudness", "tempo"), 9.0, tempi=(120.0,))
    (tmp_path / "rise.csv").write_text("0,-40\n100,-40\n200,-10\n")
    wishes = Wishes(conditions, {"density": 0.5, "loudness": tmp_path / "rise.csv", "tempo": 128.0}, 1, LATENT_S)
    points = asked_points(wishes, 150.0, place=50.0, lead=10.0)
    # Half of the scale is as many onsets as make log(1 + d) half of log(10).
    assert points["density"] == [[10.0, pytest.approx(np.sqrt(10) - 1, rel=1e-4)]]
    assert points["tempo"] == [[10.0, 128.0]]
    assert points["loudness"] == [[10.0, -40.0], [60.0, -40.0], [160.0, -10.0]]
    # A walk is known by its corners; what lies in between is no further off than a hundredth of what it spans.
    walk = Wishes(conditions, {}, 1, LATENT_S)
    density, seconds = np.array(asked_points(walk, 600.0)["density"]), np.linspace(0, 600, 1000)
    assert len(density) < 500
    whole = walk.curves(seconds)["density"]
    assert np.abs(np.interp(seconds, density[:, 0], density[:, 1]) - whole).max() < 0.05 * np.ptp(whole)
    looped = Wishes(conditions, {}, 1, LATENT_S, loop=(150, 32))
    assert asked_points(looped, 15.0)["tempo"] == [[0.0, 128.0]]


def test_what_a_model_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can be told density, tempo, label; train it with --conditions loudness"):
        Wishes(known(), {"loudness": -20.0}, 1, LATENT_S)
    with pytest.raises(ConfigError, match="the model knows a, b, not c"):
        Wishes(known(), {"label": "c"}, 1, LATENT_S)
    for text in ("1,2\nx,y\n", "2,0\n1,0\n", "", "0,nan\n"):
        (tmp_path / "curve.csv").write_text(text)
        with pytest.raises(InputError):
            read_curve(tmp_path / "curve.csv")


def test_conditions_reach_both_networks(tmp_path: Path) -> None:
    for number, kind in enumerate(("drums", "other")):
        soundfile.write(tmp_path / f"song{number}.wav", stem(kind, 3.0, 8000, number), 8000)
    system = tiny_musika(tmp_path, conditions="density,loudness")
    batch = system.batch(0, range(2))
    beside = 2 * system.networks["G"].margin + system.networks["G"].grid
    assert batch["around"].shape == (2, 2, 16 + beside)
    maker = LatentMaker(system.networks["G"], system.scale, system.config)
    known = system.latent_songs.conditions
    quiet, loud = (
        maker.latents(Piece(1, wishes=Wishes(known, {"loudness": db}, 1, LATENT_S)), 0, 2) for db in (-60.0, 0.0)
    )
    assert float((quiet - loud).abs().max()) > 1e-4
    given = batch["around"][..., :16]
    scores = [system.networks["D"](batch["real"], told)[0] for told in (given, given * 0)]
    assert not bool((scores[0] == scores[1]).all())
