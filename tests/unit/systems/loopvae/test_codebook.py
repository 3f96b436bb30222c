"""The codebook against plain loops, and codes that start anew."""

from __future__ import annotations

import torch

from gantools.systems.loopvae.codebook import Codebook, Gathered, perplexity

ITEMS, STEPS, CODES, SIZE = 6, 5, 4, 3


def book_and_latents() -> tuple[Codebook, torch.Tensor]:
    random = torch.Generator().manual_seed(3)
    book = Codebook(CODES, SIZE)
    book.begin_at(torch.randn(40, SIZE, generator=random), 7.5, seed=1)
    return book, torch.randn(ITEMS, SIZE, STEPS, generator=random)


def gathered(book: Codebook, latents: torch.Tensor, items: range) -> Gathered:
    part = latents[items.start : items.stop]
    return book.gather(part, book.nearest(part), list(items), ITEMS, seed=9)


def test_latents_go_to_the_nearest_vector() -> None:
    book, latents = book_and_latents()
    flat = latents.transpose(1, 2).reshape(-1, SIZE)
    expected = torch.stack([(book.vectors - latent).square().sum(1).argmin() for latent in flat])
    assert torch.equal(book.nearest(latents).flatten(), expected)
    assert torch.equal(book.of(book.nearest(latents))[2, :, 4], book.vectors[expected.view(ITEMS, STEPS)[2, 4]])


def test_vectors_are_running_means_of_their_latents() -> None:
    book, latents = book_and_latents()
    codes, flat = book.nearest(latents).flatten(), latents.transpose(1, 2).reshape(-1, SIZE)
    counts, sums = torch.full((CODES,), 7.5), 7.5 * book.vectors.clone()
    for code in range(CODES):
        counts[code] = 0.99 * counts[code] + 0.01 * (codes == code).sum()
        sums[code] = 0.99 * sums[code] + 0.01 * flat[codes == code].sum(0)
    book.update(gathered(book, latents, range(ITEMS)).flat())
    torch.testing.assert_close(book.counts, counts)
    torch.testing.assert_close(book.vectors, sums / counts[:, None], atol=1e-4, rtol=1e-4)
    assert int(book.restarted) == 0


def test_parts_of_a_batch_add_up_to_the_whole() -> None:
    book, latents = book_and_latents()
    whole = gathered(book, latents, range(ITEMS)).flat()
    parts = [gathered(book, latents, part).flat() for part in (range(2), range(2, 3), range(3, ITEMS))]
    torch.testing.assert_close(sum(parts), whole)
    # Each code's fresh latent is one of the batch, held by one part alone.
    flat = latents.transpose(1, 2).reshape(-1, SIZE)
    for fresh in whole[:, 1 + SIZE :]:
        assert any(torch.equal(fresh, latent) for latent in flat)


def test_a_dead_code_starts_anew_and_stays_where_it_started() -> None:
    book, latents = book_and_latents()
    far = torch.full((SIZE,), 50.0)
    book.vectors[1], book.counts[1], book.sums[1] = far, 0.5, 0.5 * far
    book.update(gathered(book, latents, range(ITEMS)).flat())
    begun = book.vectors[1].clone()
    assert int(book.restarted) == 1
    assert (float(book.counts[1]), begun.abs().max() < 10) == (1.0, True)
    torch.testing.assert_close(book.sums[1], begun)
    # With its old sums it would be far away again after a batch that does not take it.
    nothing = torch.zeros(CODES, 1 + 2 * SIZE)
    nothing[:, 0] = torch.tensor([30.0, 2, 30, 30])
    nothing[1, 1 : 1 + SIZE] = 2 * begun
    book.update(nothing)
    torch.testing.assert_close(book.vectors[1], begun, atol=1e-3, rtol=1e-3)


def test_what_is_not_finite_changes_nothing() -> None:
    book, latents = book_and_latents()
    before = {name: tensor.clone() for name, tensor in book.state_dict().items()}
    latents[0, 0, 0] = torch.nan
    book.update(gathered(book, latents, range(ITEMS)).flat())
    assert all(torch.equal(tensor, before[name]) for name, tensor in book.state_dict().items())


def test_perplexity_is_the_number_of_codes_that_are_used_evenly() -> None:
    torch.testing.assert_close(perplexity(torch.tensor([5.0, 5, 0, 5])), torch.tensor(3.0))
