"""Equations 3 and 4 of the VQ-VAE by a plain computation."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_loop_models import tiny_vae, write_pieces

from gantools.systems.loops.data import to_cells
from gantools.training.system import Step


def test_cells_are_judged_by_cross_entropy_and_latents_tied_to_their_codes(tmp_path: Path) -> None:
    write_pieces(tmp_path)
    system = tiny_vae(tmp_path, beta=0.3)
    batch = system.batch(0, range(4))
    network = system.networks["vae"].eval()
    loss, terms = system.losses("vae", batch, Step(0, 10, range(4)))
    logits, latents, codes = network(batch["cells"])
    chances, cells = torch.sigmoid(logits.double()), batch["cells"].double()
    bce = -(cells * chances.log() + (1 - cells) * (1 - chances).log()).mean()
    # The nearest code of each latent, and the mean square of what lies between them.
    vectors = network.codebook.vectors
    flat = latents.transpose(1, 2).reshape(-1, latents.shape[1])
    squares = (flat[:, None] - vectors[None]).square().sum(2)
    assert torch.equal(squares.argmin(1), codes.flatten())
    commitment = squares.min(1).values.mean() / latents.shape[1]
    assert float(terms["bce"].detach()) == pytest.approx(float(bce.detach()), rel=1e-5)
    assert float(loss.detach()) == pytest.approx(float((bce + 0.3 * commitment).detach()), rel=1e-4)


@torch.no_grad()
def test_the_reconstruction_error_is_the_share_of_cells_that_are_wrong(tmp_path: Path) -> None:
    write_pieces(tmp_path)
    system = tiny_vae(tmp_path)
    network = system.networks["vae"].eval()
    figures = system.validate({"vae": network}, 0)
    sounding, onsets = system.phrases.rolls(system._some("val"))
    cells = torch.from_numpy(to_cells(sounding, onsets))[:, : system.rows]
    made = torch.sigmoid(network(cells)[0][:, :57]) >= 0.5
    wrong = (made.transpose(1, 2).numpy() != sounding).mean()
    assert figures["hamming"] == pytest.approx(float(wrong), abs=1e-4)
    assert figures["empty"] == pytest.approx(float(sounding.mean()))
