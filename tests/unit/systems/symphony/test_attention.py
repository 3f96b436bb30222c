"""Linear attention: its three forms are one function, it looks back alone, and its gradients are right."""

from __future__ import annotations

import pytest
import torch

from gantools.systems.symphony.attention import feature_map, in_chunks, quadratic, recurrent


def inputs(rows: int, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(rows)
    query, key, value = (torch.randn(2, 3, rows, 8, generator=generator, dtype=dtype) for _ in range(3))
    return feature_map(query), feature_map(key), value


def test_the_definition_is_equation_9_by_plain_sums() -> None:
    plain, value = torch.randn(2, 4, 3, dtype=torch.float64), torch.randn(4, 5, dtype=torch.float64)
    # elu(x) + 1 is exp(x) below 0, and x + 1 above.
    query, key = mapped = torch.where(plain < 0, plain.exp(), plain + 1)
    torch.testing.assert_close(feature_map(plain), mapped)
    for row in range(4):
        weights = [float(query[row] @ key[before]) for before in range(row + 1)]
        expected = sum(weight * value[before] for before, weight in enumerate(weights)) / sum(weights)
        found = quadratic(query[None, None], key[None, None], value[None, None])[0, 0, row]
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 200])
def test_chunks_equal_the_definition_and_the_recurrence(rows: int) -> None:
    query, key, value = inputs(rows)
    truth = quadratic(query, key, value)
    found, state = in_chunks(query, key, value)
    assert (found - truth).abs().max() < 1e-5
    one = torch.zeros(2, 3, 8, 9)
    for row in range(rows):
        out, one = recurrent(query[:, :, row], key[:, :, row], value[:, :, row], one)
        assert (out - truth[:, :, row]).abs().max() < 1e-5
    assert torch.allclose(one, state, rtol=1e-4)


def test_a_state_goes_on_where_it_stopped() -> None:
    query, key, value = inputs(100)
    truth = quadratic(query, key, value)
    first, state = in_chunks(query[:, :, :37], key[:, :, :37], value[:, :, :37])
    second, _ = in_chunks(query[:, :, 37:], key[:, :, 37:], value[:, :, 37:], state)
    assert (torch.cat([first, second], 2) - truth).abs().max() < 1e-5


def test_rows_do_not_see_what_comes_after() -> None:
    query, key, value = inputs(100)
    before, _ = in_chunks(query, key, value)
    key[:, :, 70] += 3
    value[:, :, 70] -= 2
    after, _ = in_chunks(query, key, value)
    assert torch.equal(before[:, :, :64], after[:, :, :64])
    assert torch.allclose(before[:, :, :70], after[:, :, :70], atol=1e-6)
    assert (before[:, :, 70:] - after[:, :, 70:]).abs().max() > 1e-3


def test_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    # The sums are taken in float32, too coarse for differences.
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    generator = torch.Generator().manual_seed(1)
    parts = [torch.randn(1, 1, 7, 3, generator=generator, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    assert torch.autograd.gradcheck(lambda q, k, v: in_chunks(feature_map(q), feature_map(k), v, chunk=4)[0], parts)
