"""Going on from a recording: what the generator once made is found again, and what follows leads on from it."""

from __future__ import annotations

from pathlib import Path

import soundfile
import torch
from small_musika import tiny_musika
from sounds import stem

from gantools.systems.musika import continuation
from gantools.systems.musika.continuation import find_piece
from gantools.systems.musika.stream import LatentMaker, Piece


def test_what_the_generator_made_is_found_again(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "one.wav", stem("drums", 3.0, 8000, 1), 8000)
    system = tiny_musika(tmp_path, width=8)
    # A generator that listens to its coordinates, as a trained one does.
    with torch.no_grad():
        system.networks["G"].out.weight.mul_(10)  # type: ignore[union-attr, operator]
    maker = LatentMaker(system.networks["G"], system.scale, system.config)
    target = maker.latents(Piece(41), 0, continuation.PATCHES)
    found, unlike = find_piece(maker, Piece(7), target)
    other = maker.scale.scaled(maker.latents(Piece(7), 0, 2).flatten(0, 1))
    wanted = maker.scale.scaled(target.flatten(0, 1))
    untrained = float((other - wanted).square().mean() / wanted.var())
    assert unlike < 0.3 * untrained
    # What follows goes from the last anchor that was found to those of the seed.
    behind, own = maker.coordinates(found, 4 * 8, 8), maker.coordinates(Piece(7), 4 * 8, 8)
    assert found.anchors is not None
    assert not torch.allclose(behind[:, :4, 0], own[:, :4, 0])
    torch.testing.assert_close(maker.coordinates(found, 9 * 8, 8)[:, :4], maker.coordinates(Piece(7), 9 * 8, 8)[:, :4])
