"""Seeds that depend on what an item is, never on when or where it is processed."""

from __future__ import annotations

import hashlib


def item_seed(seed: int, *parts: str | int) -> int:
    """Return a 63-bit seed from a base seed and the names of an item.

    Equal arguments give equal seeds on every machine, so results do not depend on order, jobs or shard.
    """
    text = "\0".join([str(seed), *map(str, parts)]).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def seed_word(phase: str) -> str:
    """Return the word for a phase of training that its random numbers are seeded with.

    That of a discriminator is WGAN's "critic": results that were made when the phase had that name stay the same.
    """
    return phase.replace("discriminator", "critic")
