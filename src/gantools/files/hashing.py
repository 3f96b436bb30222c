"""Content hashes, in hexadecimal, for manifests and configurations."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from gantools.files.members import holder

_BLOCK_BYTES = 1 << 20


def hash_bytes(data: bytes) -> str:
    """Return the BLAKE2b-160 hash of `data`."""
    return hashlib.blake2b(data, digest_size=20).hexdigest()


def hash_file(path: str | Path) -> str:
    """Return the BLAKE2b-160 hash of a file's bytes, read in blocks; for a part of a file, that of the whole."""
    digest = hashlib.blake2b(digest_size=20)
    with open(holder(path), "rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def hash_json(value: Any) -> str:
    """Return the hash of a JSON value in canonical form (sorted keys, no spaces)."""
    return hash_bytes(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode())
