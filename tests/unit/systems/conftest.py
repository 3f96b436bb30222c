"""A chunk folder of synthesised mels: bass-like and drum-like, four songs."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.audio.config import MelParams
from gantools.chunks.shards import ChunkSet, write_dataset, write_index
from gantools.files.containers import write_tensors
from gantools.options import to_mapping

FRAMES = 64


def _mel(role: str, n_mels: int, n_frames: int, random: np.random.Generator) -> np.ndarray:
    """Return (frames, n_mels) in codes: a few lines low down for bass, decaying broadband hits for drums."""
    codes = np.zeros((n_frames, n_mels))
    for start in range(0, n_frames, 16):
        decay = np.exp(-np.arange(16) / (12 if role == "bass" else 4))[:, None]
        bands = np.zeros(n_mels)
        if role == "bass":
            bands[random.integers(1, n_mels // 8) + np.arange(3) * 2] = 1
        else:
            bands[:] = np.linspace(1, 0.4, n_mels)
        codes[start : start + 16] += (220 * decay * bands)[: n_frames - start]
    return np.clip(codes + random.uniform(0, 20, codes.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def chunks(tmp_path_factory: pytest.TempPathFactory) -> ChunkSet:
    """Four songs with bass and drums, 64 bands, windows of 64 frames."""
    folder, random = tmp_path_factory.mktemp("chunks"), np.random.default_rng(4)
    params = MelParams(sample_rate_hz=22050, n_fft=1024, hop_samples=512, n_mels=64)
    shards = []
    for song, split in (("a", "train"), ("b", "train"), ("c", "val"), ("d", "test")):
        for role in ("bass", "drums"):
            rows = [
                {"start": start, "frames": FRAMES, "level_db": -10.0, "active": 1.0, "source": f"{song}/{role}"}
                | {"song": song, "role": role, "split": split}
                for start in range(0, 192, 48)
            ]
            shards.append(f"shard-{len(shards):05d}.safetensors")
            mel = _mel(role, params.n_mels, 256, random)
            write_tensors(folder / shards[-1], {"mel": mel}, {"kind": "shard", "rows": rows})
    config = {"frames": FRAMES}
    write_dataset(folder, {"kind": "mel", "params": to_mapping(params), "db_range": [-50.0, 40.0], "config": config})
    write_index(folder, shards)
    return ChunkSet(folder)
