"""The fast sampler: equal to the plain stack, whatever the pieces; memory that does not grow; noise by position."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from small_caw import small_stack

from gantools.systems.caw.sampler import Sampler, fresh_noise

#: The repository's promise is 1e-4; rounding alone is far below it.
TOLERANCE = 2e-6


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("seconds", [0.01, 0.37, 3.3])
def test_pieces_of_any_size_equal_the_plain_stack(channels: int, seconds: float) -> None:
    stack = small_stack((320, 400, 500, 1000, 1280), channels=channels)
    plain = stack.draw([1, 2], seconds)
    for chunk in (64, 777, 4096, 1 << 20):
        fast = Sampler(stack, chunk).draw([1, 2], seconds)
        assert fast.shape == plain.shape == (2, channels, round(1280 * seconds))
        torch.testing.assert_close(fast, plain, rtol=0, atol=TOLERANCE)


def test_published_depth_and_an_uneven_ratio_of_rates() -> None:
    stack = small_stack((320, 441), layers=8)
    torch.testing.assert_close(Sampler(stack, 500).draw([0], 9.0), stack.draw([0], 9.0), rtol=0, atol=TOLERANCE)


def test_a_draw_depends_on_its_seed_alone() -> None:
    sampler = Sampler(small_stack())
    together = sampler.draw([3, 4], 1.0)
    torch.testing.assert_close(sampler.draw([4], 1.0)[0], together[1], rtol=0, atol=TOLERANCE)
    assert (together[0] - together[1]).abs().max() > 0.01


def test_the_reconstruction_noise_gives_the_reconstruction() -> None:
    stack = small_stack(seconds=2.0)

    def noise(index: int, start: int, length: int) -> torch.Tensor:
        return stack.scales[index].reconstruction_noise[None, :, start : start + length]

    made = torch.cat(list(Sampler(stack, 300).stream(noise, stack.lengths(2.0), equalise=False)), -1)
    torch.testing.assert_close(made, stack.reconstruct(), rtol=0, atol=TOLERANCE)


def test_what_stands_for_the_scales_below_may_come_in_any_pieces() -> None:
    stack = small_stack()
    lengths, below = stack.lengths(2.0), 0.2 * torch.randn(1, 1, 2000)
    noise = fresh_noise(stack, [7])
    scale = stack.scales[2]
    signal = scale.run(stack.raise_to(2, below, lengths[2]), noise(2, 0, lengths[2]))
    signal = stack.scales[3].run(stack.raise_to(3, signal, lengths[3]), noise(3, 0, lengths[3]))
    for size in (1, 333, 2000):
        pieces = iter(below.split(size, -1))
        made = torch.cat(list(Sampler(stack, 1000).stream(noise, lengths, first=2, below=pieces)), -1)
        torch.testing.assert_close(made, signal, rtol=0, atol=TOLERANCE)


def test_no_scale_runs_far_ahead_so_memory_does_not_grow_with_the_length() -> None:
    stack = small_stack((500, 1000), width=2, layers=2)
    asked, made_s = 0.0, 0.0

    def noise(index: int, start: int, length: int) -> torch.Tensor:
        nonlocal asked
        asked = max(asked, (start + length) / stack.rates_hz[index])
        return torch.zeros(1, 1, length)

    for piece in Sampler(stack, 512).stream(noise, stack.lengths(60.0)):
        assert piece.shape[-1] <= 512 + 128  # the equaliser's end comes with the last piece
        made_s += piece.shape[-1] / 1000
        assert asked - made_s < 2.5
    assert made_s == pytest.approx(60.0)


def test_a_thread_for_the_lower_scales_changes_nothing() -> None:
    stack = small_stack()
    one, two = Sampler(stack, 500), Sampler(stack, 500, ahead=True)
    assert torch.equal(two.draw([0], 3.0), one.draw([0], 3.0))
    before = threading.active_count()
    pieces: Any = two.stream(fresh_noise(stack, [0]), stack.lengths(60.0))  # a generator, which is closed
    next(pieces)
    assert threading.active_count() == before + 1
    pieces.close()
    assert threading.active_count() == before


def test_an_error_in_the_thread_is_raised_where_it_is_read() -> None:
    stack = small_stack()

    def noise(index: int, start: int, length: int) -> torch.Tensor:
        if index == 1 and start > 1000:
            raise OSError("gone")
        return torch.zeros(1, 1, length)

    with pytest.raises(OSError, match="gone"):
        list(Sampler(stack, 500, ahead=True).stream(noise, stack.lengths(9.0)))
