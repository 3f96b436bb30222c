"""What the detector learns from: which files are loops, where they are in songs, and who is kept apart."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from small_known_loops import RATE_HZ, burst_loop, write_loops

from gantools.errors import ConfigError, InputError
from gantools.structure.loops.correlation import roll_correlation
from gantools.structure.loops.patterns import draw_patterns
from gantools.symbolic.midi import write_midi
from gantools.symbolic.roll import BAR_STEPS, Roll, score_of
from gantools.systems.loopdetector.config import PRESETS, LoopDetectorConfig
from gantools.systems.loopdetector.data import LoopMaterial
from gantools.systems.loopdetector.material import family_of, generated_sound, hear_notes, read_notes, read_sound
from gantools.systems.loopdetector.objective import LoopDetectorObjective, area
from gantools.training.system import Step

FEW = dataclasses.replace(PRESETS["small"], patterns=6, rendered=2, batch_size=4, steps=6, threads=1)


def material(folder: Path, **changes: object) -> LoopMaterial:
    config = dataclasses.replace(FEW, **changes)  # type: ignore[arg-type]
    return LoopMaterial([(path.name, path) for path in sorted(folder.iterdir())], config)


def test_families() -> None:
    names = ["caesium_kick_130bpm.ogg", "caesium-mix.flac", "Caesium break.wav", "d_e1m1.mid", "d_e1m2.mid"]
    assert [family_of(f"x/{name}", "name") for name in names] == ["caesium"] * 3 + ["d_e1m1", "d_e1m2"]
    assert {family_of(f"x/{name}", "folder") for name in names} == {"x"}
    assert len({family_of(f"x/{name}", "file") for name in names}) == 5


def test_loops_of_a_song_and_of_loops(tmp_path: Path) -> None:
    intro, loop = burst_loop(7, 3), burst_loop(1, 4)
    rest = np.random.default_rng(1).standard_normal(6 * RATE_HZ).astype(np.float32) * 0.1
    soundfile.write(tmp_path / "song_240bpm.wav", np.concatenate([intro, loop, loop, rest]), RATE_HZ)
    song = read_sound("song", tmp_path / "song_240bpm.wav", "song", "grid")
    assert not song.whole
    assert 3 in song.loops(4)[:, 0]
    assert song.loops(4)[:, 0].max() < 8
    assert song.loops(16).shape == (0, 16)
    soundfile.write(tmp_path / "loop_240bpm.wav", loop, RATE_HZ)
    whole = read_sound("loop", tmp_path / "loop_240bpm.wav", "loop", "paper")
    assert whole.whole
    assert whole.loops(8).tolist() == [[0, 1, 2, 3, 0, 1, 2, 3]]
    assert whole.features.shape == (4, 128)
    assert (whole.correlate(whole.loops(8), "paper")[0][[3, 10]] > 1 - 1e-6).all()
    soundfile.write(tmp_path / "one_240bpm_1bar.wav", loop[:RATE_HZ], RATE_HZ)
    assert read_sound("one", tmp_path / "one_240bpm_1bar.wav", "one", "grid").loops(4).shape == (0, 4)


def test_notes_are_heard_as_they_repeat(tmp_path: Path) -> None:
    sounding, onsets = draw_patterns(3, 8, 2)
    write_midi(tmp_path / "a.mid", score_of(Roll(sounding[0], onsets[0], np.arange(9) * BAR_STEPS), 150.0))
    notes, score = read_notes("a", tmp_path / "a.mid", "a")
    assert notes.whole
    expected = roll_correlation(sounding[:1].reshape(1, 8, -1), "grid")
    np.testing.assert_allclose(notes.correlate(notes.loops(8), "grid"), expected, atol=1e-6)
    heard = hear_notes(notes, score, "grid", 0)
    assert (heard.domain, len(heard), heard.usable.all()) == ("audio", 8, True)
    # Bars that are the same notes sound the same, those that differ most do not.
    low, high = heard.likeness[expected_at(expected, 0.999)], heard.likeness[expected_below(expected)]
    assert low.min() > 0.8
    assert high.mean() < low.mean()
    assert generated_sound(2, 4, "paper", 1).shape == (2, 6)


def expected_at(expected: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.triu_indices(8, 1)
    chosen = expected[0] >= least
    return rows[chosen], columns[chosen]


def expected_below(expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.triu_indices(8, 1)
    chosen = expected[0] <= expected[0].min() + 1e-9
    return rows[chosen], columns[chosen]


def test_who_learns_and_who_calibrates(tmp_path: Path) -> None:
    write_loops(tmp_path)
    found = material(tmp_path, val_songs="ash,birch", split="100/0/0")
    assert set(found.learnt) == {"audio_4", "audio_8", "audio_16", "midi_8", "midi_16"}
    assert {name.split(".")[0].split("_")[0] for name in found.split["val"]} == {"ash", "birch"}
    assert {domain: len(rows) for domain, rows in found.known["midi_8"].items()} == {"audio": 2, "midi": 2}
    assert len(found.generated["audio_8"]) == 2
    paper = material(tmp_path, val_songs="ash,birch", split="100/0/0", networks="audio", threshold="training")
    assert set(paper.learnt) == {"audio_4", "audio_8", "audio_16"}
    assert list(paper.known["audio_8"]) == ["audio"]
    assert len(paper.known["audio_8"]["audio"]) == sum(map(len, paper.learnt["audio_8"]))
    (tmp_path / "copy.mid").write_bytes((tmp_path / "ash.mid").read_bytes())
    assert any("copy.mid: sounds as another file does; left out" in line for line in material(tmp_path).left_out)


def test_too_few_loops_say_why(tmp_path: Path) -> None:
    (tmp_path / "notes.mid").write_text("no notes")
    with pytest.raises(ConfigError, match=r"too few loops to learn from: 0 of 1 files .*; \S+notes.mid: is no MIDI"):
        material(tmp_path)
    soundfile.write(tmp_path / "hum_120bpm.wav", np.zeros(8 * RATE_HZ), RATE_HZ)
    with pytest.raises((ConfigError, InputError)):
        material(tmp_path)


def test_two_stages_and_a_centre(tmp_path: Path) -> None:
    write_loops(tmp_path)
    config: LoopDetectorConfig = FEW
    system = LoopDetectorObjective(config, material(tmp_path, val_songs="ash", split="100/0/0"))
    first, second = (phase.when for phase in system.phases)
    assert first is not None
    assert second is not None
    assert [first(step, 6) for step in range(6)] == [True] * 3 + [False] * 3
    assert [second(step, 6) for step in range(6)] == [False] * 3 + [True] * 3
    batch = system.batch(3, range(4))
    assert batch["midi_8"].shape == (4, 28)
    assert torch.equal(system.batch(3, range(2, 4))["midi_8"], batch["midi_8"][2:])
    assert system.validate(system.networks, 0)["score"] > 1000
    system.losses("svdd", batch, Step(3, 6, range(4)))
    centres = [net.centre.clone() for net in system._encoders(system.networks).values()]
    assert all(float(centre.abs().min()) >= 0.1 - 1e-6 for centre in centres)
    # There is no way back, however long the run turns out to be.
    assert second(3, 6000)
    assert not first(3, 6000)
    system.losses("svdd", batch, Step(4, 6, range(4)))
    assert all(map(torch.equal, centres, [net.centre for net in system._encoders(system.networks).values()]))
    assert system.validate(system.networks, 3)["score"] < 1000


def test_area_counts_ties_half() -> None:
    assert area(np.array([1.0, 2.0]), np.array([3.0])) == 1
    assert area(np.array([1.0, 3.0]), np.array([3.0, 0.0])) == pytest.approx((1 + 0.5 + 0 + 0) / 4)
