"""From logits to notes: the distribution of what is drawn, and what is taken for likely."""

from __future__ import annotations

import torch

from gantools.symbolic.roll import DRUM_ROWS
from gantools.systems.loops.cells import DRAWS, draw_cells, draw_step, likely_cells
from gantools.systems.loops.data import from_cells

_SILENT = -30.0


def logits_of(rows: dict[int, float], count: int = 1) -> torch.Tensor:
    row = torch.full((58,), _SILENT)
    for place, probability in rows.items():
        row[place] = torch.logit(torch.tensor(probability))
    return row.expand(count, -1)


def random_numbers(count: int) -> torch.Tensor:
    return torch.rand(count, DRAWS, generator=torch.Generator().manual_seed(7), dtype=torch.float64)


def test_a_pitch_sounds_with_its_own_probability_and_no_other_with_it() -> None:
    rows = {DRUM_ROWS: 0.2, DRUM_ROWS + 7: 0.15, DRUM_ROWS + 47: 0.4}
    drawn = draw_step(logits_of(rows, 40_000), None, random_numbers(40_000))
    assert drawn[:, DRUM_ROWS:-1].sum(1).max() == 1
    for place, probability in rows.items():
        assert abs(float(drawn[:, place].double().mean()) - probability) < 0.01
    assert torch.equal(drawn[:, -1], drawn[:, DRUM_ROWS:-1].any(1))


def test_probabilities_beyond_one_are_shared_out() -> None:
    drawn = draw_step(logits_of({DRUM_ROWS: 0.9, DRUM_ROWS + 9: 0.6}, 40_000), None, random_numbers(40_000)).double()
    assert abs(float(drawn[:, DRUM_ROWS].mean()) - 0.6) < 0.01
    assert abs(float(drawn[:, DRUM_ROWS + 9].mean()) - 0.4) < 0.01


def test_a_temperature_weighs_pitches_against_each_other_and_drums_against_silence() -> None:
    """At one half probabilities are squared: .3, .2 and a rest of .5 become .09, .04 and .25, over their sum."""
    logits = logits_of({0: 0.2, DRUM_ROWS: 0.3, DRUM_ROWS + 9: 0.2}, 40_000)
    drawn = draw_step(logits, None, random_numbers(40_000), 0.5).double().mean(0)
    assert abs(float(drawn[DRUM_ROWS]) - 0.09 / 0.38) < 0.01
    assert abs(float(drawn[DRUM_ROWS + 9]) - 0.04 / 0.38) < 0.01
    assert abs(float(drawn[0]) - 0.04 / 0.68) < 0.01
    cold = draw_step(logits_of({0: 0.6, DRUM_ROWS: 0.4, DRUM_ROWS + 9: 0.35}, 100), None, random_numbers(100), 0.0)
    assert cold.all(0).nonzero().flatten().tolist() == [0, DRUM_ROWS, 57]
    assert torch.equal(cold.any(0), cold.all(0))


def test_drums_are_drawn_each_by_itself() -> None:
    drawn = draw_step(logits_of({0: 0.3, 8: 0.6}, 40_000), None, random_numbers(40_000)).double()
    assert abs(float((drawn[:, 0] * drawn[:, 8]).mean()) - 0.18) < 0.01
    assert not drawn[:, 1:8].any()


def test_strikes_come_as_often_as_the_row_of_strikes_says() -> None:
    """The old pitch is held with 0.6, the other sounds with 0.2: of 0.5 strikes 0.3 are left for the old one."""
    before = torch.zeros(40_000, 58, dtype=torch.bool)
    before[:, DRUM_ROWS + 4] = True
    drawn = draw_step(
        logits_of({DRUM_ROWS + 4: 0.6, DRUM_ROWS + 9: 0.2, 57: 0.5}, 40_000), before, random_numbers(40_000)
    )
    old, new, struck = drawn[:, DRUM_ROWS + 4], drawn[:, DRUM_ROWS + 9], drawn[:, -1]
    assert abs(float(struck.double().mean()) - 0.5) < 0.01
    assert bool(struck[new].all())
    assert not struck[~(old | new)].any()
    assert abs(float(struck[old].double().mean()) - 0.5) < 0.01


def test_a_roll_is_drawn_step_by_step_and_reads_as_notes() -> None:
    logits = torch.randn(3, 58, 32, generator=torch.Generator().manual_seed(1))
    uniform = torch.rand(3, 32, DRAWS, generator=torch.Generator().manual_seed(2))
    cells = draw_cells(logits, uniform)
    assert torch.equal(cells[:, :, 5], draw_step(logits[:, :, 5], cells[:, :, 4], uniform[:, 5]))
    sounding, onsets = from_cells(cells.numpy())
    assert not (onsets & ~sounding).any()


def test_likely_cells_are_those_above_one_half_and_the_best_pitch() -> None:
    logits = torch.full((1, 58, 2), -1.0)
    logits[0, 3], logits[0, DRUM_ROWS + 2], logits[0, DRUM_ROWS + 5, 0], logits[0, -1] = 0.1, 0.5, 2.0, 1.0
    logits[0, DRUM_ROWS:-1, 1] = -0.1
    cells = likely_cells(logits)
    assert cells[0, :, 0].nonzero().flatten().tolist() == [3, DRUM_ROWS + 5, 57]
    assert cells[0, :, 1].nonzero().flatten().tolist() == [3]
