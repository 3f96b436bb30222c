from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from gantools.errors import ConfigError, DependencyError, InputError, ModelError
from gantools.metrics.embedders.embedding import describe_embedder, embed_files, open_embedder
from gantools.metrics.embedders.musicnn import WEIGHTS_FOLDER
from gantools.metrics.frechet.config import FrechetConfig
from gantools.metrics.metric import Conditions


def write_noise(path: Path, seconds: float, rate_hz: int = 16000, channels: int = 1) -> Path:
    random = np.random.default_rng(0)
    soundfile.write(path, 0.1 * random.standard_normal((int(seconds * rate_hz), channels)), rate_hz)
    return path


def test_files_of_any_rate_and_those_that_fail(tmp_path: Path) -> None:
    good = [write_noise(tmp_path / "a.wav", 6.0), write_noise(tmp_path / "b.flac", 4.0, 44100, 2)]
    bad = [write_noise(tmp_path / "short.wav", 1.0), tmp_path / "text.wav", tmp_path / "absent.wav"]
    bad[1].write_text("no sound")
    failures: dict[str, str] = {}
    embedder = open_embedder(FrechetConfig(layer="penultimate"))
    result = embed_files(
        [*bad, *good], embedder, Conditions(lambda path, error: failures.update({path.name: str(error)}))
    )
    assert result.vectors.shape == (1, 3 + 1, 200)
    assert result.groups.tolist() == [0, 0, 0, 1]
    assert list(failures) == ["short.wav", "text.wav", "absent.wav"]
    assert "1.00 s long; needs 2.99 s" in failures["short.wav"]
    with pytest.raises(InputError, match="none of the files"):
        embed_files(bad, embedder, Conditions(lambda path, error: None))


def test_silent_windows_are_counted_and_left_out(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    wave = np.concatenate([0.1 * random.standard_normal(16000 * 6), np.zeros(16000 * 6)])
    soundfile.write(tmp_path / "half.wav", wave, 16000)
    soundfile.write(tmp_path / "still.wav", np.zeros(16000 * 6), 16000)
    embedder = open_embedder(FrechetConfig(layer="tags"))
    paths = [tmp_path / "half.wav", tmp_path / "still.wav"]
    result = embed_files(paths, embedder, Conditions(lambda path, error: None))
    kept = embed_files(paths, embedder, Conditions(lambda path, error: None), silence=True)
    # Windows of 2.99 s every 1.47 s: the last of the first file that touches the sound begins at 5.9 s.
    assert (result.groups.tolist(), result.silent) == ([0] * 5, 2 + 3)
    assert kept.vectors.shape[1] == 10
    assert np.array_equal(kept.vectors[:, :5], result.vectors)
    with pytest.raises(InputError, match="silent"):
        embed_files(paths[1:], embedder, Conditions(lambda path, error: None))


def test_every_result_says_what_it_rests_on() -> None:
    own = open_embedder(FrechetConfig(embedder=f"file:{WEIGHTS_FOLDER / 'mtt_musicnn.safetensors'}", hop_seconds=1.0))
    bundled = open_embedder(FrechetConfig(embedder="musicnn-mtt"))
    facts = describe_embedder(bundled)
    assert facts["embedder"] == "musicnn-mtt"
    assert (facts["layer"], facts["window_s"], facts["hop_s"]) == ("mean_pool", 2.992, 1.472)
    assert own.digest == bundled.digest != open_embedder(FrechetConfig()).digest
    assert own.name == "file:mtt_musicnn.safetensors"


def test_random_networks_are_fixed_and_different(tmp_path: Path) -> None:
    embedder = open_embedder(FrechetConfig(embedder="rand-cnn"))
    wave = np.random.default_rng(1).standard_normal(22050 * 9).astype(np.float32) * 0.1
    vectors = embedder.embed(wave)
    assert vectors.shape == (10, 2, 128)
    assert np.array_equal(vectors, open_embedder(FrechetConfig(embedder="rand-cnn")).embed(wave))
    assert np.abs(vectors[0] - vectors[1]).mean() > 0.1


@pytest.mark.parametrize(
    ("embedder", "error", "reason"),
    [
        ("musicn", ConfigError, "did you mean musicnn"),
        ("file:net.pt", ConfigError, "run code"),
        ("file:absent.safetensors", ModelError, "cannot read"),
    ],
)
def test_refuses(embedder: str, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        open_embedder(FrechetConfig(embedder=embedder))


def test_onnx_needs_its_runtime_and_its_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"graph")
    config = FrechetConfig(embedder=f"file:{path}", hop_seconds=0.5)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DependencyError, match="pip install onnxruntime"):
        open_embedder(config)

    metadata: dict[str, str] = {}
    session = SimpleNamespace(
        get_modelmeta=lambda: SimpleNamespace(custom_metadata_map=metadata),
        get_inputs=lambda: [SimpleNamespace(name="wave")],
        run=lambda outputs, feeds: [feeds["wave"][:, :3]],
    )
    fake = SimpleNamespace(InferenceSession=lambda path, providers: session)
    monkeypatch.setitem(sys.modules, "onnxruntime", fake)
    with pytest.raises(ModelError, match="sample_rate_hz"):
        open_embedder(config)
    metadata |= {"sample_rate_hz": "8000", "window_samples": "8000"}
    embedder = open_embedder(config)
    vectors = embedder.embed(np.arange(20000, dtype=np.float32))
    assert vectors.tolist() == [[s, s + 1, s + 2] for s in (0.0, 4000.0, 8000.0, 12000.0)]
    with pytest.raises(InputError, match=r"need at least 1\.00 s"):
        embedder.embed(np.zeros(7999, np.float32))
