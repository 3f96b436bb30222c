"""The prior: what it sees, step by step and all at once, and that it learns what it is shown."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from gantools.systems.looplm.config import LoopLMConfig
from gantools.systems.looplm.networks import CodeShape, build_network
from gantools.systems.loops.sampling import choose, probabilities, uniforms

SHAPE = CodeShape(codes=11, bars=8, per_bar=2)
KINDS = {
    "ours": LoopLMConfig(hidden=12, layers=2, embedding=6),
    "paper": LoopLMConfig(hidden=12, layers=2, embedding=6, start="histogram", positions=False, lookback=False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_step_by_step_is_all_at_once_and_looks_at_nothing_ahead(kind: str) -> None:
    prior = build_network(KINDS[kind], SHAPE).eval()
    prior.first_counts.copy_(torch.arange(11.0))
    codes = torch.randint(0, 11, (3, SHAPE.steps), generator=torch.Generator().manual_seed(2))
    whole, state = prior(codes), None
    for place in range(SHAPE.steps):
        shown = codes.clone()
        shown[:, place:] = 10 - shown[:, place:]  # of what comes later nothing may be seen
        logits, state = prior.step(shown, place, state)
        torch.testing.assert_close(logits, whole[:, place], atol=1e-5, rtol=1e-5)
    if kind == "paper":
        chances = torch.softmax(whole[0, 0], 0)
        torch.testing.assert_close(chances, torch.arange(11.0) / 55, atol=1e-5, rtol=1e-5)


def test_given_codes_stay_and_their_probability_is_known() -> None:
    prior = build_network(KINDS["ours"], SHAPE).eval()
    given = torch.full((SHAPE.steps,), -1)
    given[[0, 5, 6]] = torch.tensor([3, 1, 10])
    uniform = uniforms(range(4), SHAPE.steps)
    codes, evidence = prior.draw(uniform, lambda logits, u: choose(probabilities(logits), u), given)
    assert codes[:, [0, 5, 6]].tolist() == [[3, 1, 10]] * 4
    assert len(torch.unique(codes, dim=0)) > 1
    chances = functional.log_softmax(prior(codes), 2).gather(2, codes[:, :, None])[:, :, 0]
    torch.testing.assert_close(evidence, chances[:, [0, 5, 6]].sum(1).detach(), atol=1e-4, rtol=1e-4)


def test_it_learns_loops_by_heart() -> None:
    torch.manual_seed(4)
    bars = torch.randint(0, 11, (64, 4))
    codes = bars.repeat(1, 4)  # two bars, again and again
    prior = build_network(LoopLMConfig(hidden=64, layers=1, embedding=16), SHAPE)
    optimizer = torch.optim.Adam(prior.parameters(), 2e-2)
    for _ in range(120):
        loss = functional.cross_entropy(prior(codes).transpose(1, 2), codes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    accuracy = (prior(codes).argmax(2) == codes)[:, 4:].float().mean()
    assert accuracy >= 0.95
