"""The prior's loss: the log probability of each code given those before it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_loop_models import tiny_lm, write_pieces_and_codes

from gantools.training.system import Step


@pytest.mark.parametrize("start", ["learned", "histogram"])
def test_the_loss_is_the_mean_of_minus_the_logarithms(start: str, tmp_path: Path) -> None:
    write_pieces_and_codes(tmp_path)
    system = tiny_lm(tmp_path, start=start, dropout=0.0)
    batch = system.batch(0, range(3))
    loss, _ = system.losses("prior", batch, Step(0, 10, range(3)))
    codes, prior = system._coded(batch["cells"]), system.networks["prior"]
    first, nats = (1 if start == "histogram" else 0), []
    for loop in codes:
        state = None
        for place in range(len(loop)):
            logits, state = prior.step(loop[None], place, state)
            if place >= first:
                nats.append(-float(torch.log_softmax(logits[0].float(), 0)[loop[place]].detach()))
    assert float(loss.detach()) == pytest.approx(sum(nats) / len(nats), rel=1e-4)
