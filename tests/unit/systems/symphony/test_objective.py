"""The losses of the fields, each against a plain sum over the rows that have it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_symphony import PAPER, tiny_symphony, write_pieces

from gantools.symbolic.mmr.vocabulary import DURATION, EVENT, INSTRUMENT, PAD, TRACK, VELOCITY
from gantools.systems.symphony.objective import WEIGHTS
from gantools.training.system import Step


@pytest.mark.parametrize("changes", [PAPER, {"recall": False}], ids=["paper", "balanced"])
def test_losses_are_cross_entropies_of_the_rows_that_have_a_field(changes: dict[str, object], tmp_path: Path) -> None:
    write_pieces(tmp_path)
    system = tiny_symphony(tmp_path, dropout=0.0, **changes)
    batch, paper = system.batch(0, range(4)), changes is PAPER
    rows, places = batch["rows"], batch["places"]
    logits = system.networks["decoder"].eval()(rows, places)
    loss, _ = system.losses("decoder", batch, Step(0, 10, range(4)))
    sums, counts = dict.fromkeys(WEIGHTS, 0.0), dict.fromkeys(WEIGHTS, 0)
    for item in range(4):
        for row in range(rows.shape[1] - 1):
            for field in WEIGHTS:
                # The aligned head tells the instrument of the row itself, all others what the next row has.
                at = row if field == INSTRUMENT and not paper else row + 1
                told = int(rows[item, at, field])
                # Rows of one track agree on it: where fields are balanced, the first note of a block counts.
                begins = int(places[item, row, 0]) == 2 and int(rows[item, row + 1, DURATION]) > 0
                if told == PAD or (field == VELOCITY and paper) or (field == TRACK and not paper and not begins):
                    continue
                sums[field] -= float(torch.log_softmax(logits[field][item, row].detach(), 0)[told])
                counts[field] += 1
    if paper:
        expected = sum(sums.values()) / 4 / counts[EVENT]
    else:
        expected = sum(WEIGHTS[field] * sums[field] / max(1, counts[field]) for field in WEIGHTS)
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-4)
