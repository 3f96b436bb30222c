from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from gantools.errors import InputError, ModelError
from gantools.metrics.embedders.musicnn import PATCH_FRAMES, WEIGHTS_FOLDER, MusiCNN
from gantools.metrics.embedders.musicnn_mel import log_mel, slaney_filters

REFERENCE = Path(__file__).parents[3] / "data" / "musicnn_reference.safetensors"


@pytest.fixture(scope="module")
def network() -> MusiCNN:
    return MusiCNN.load("msd")


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    wave = 0.1 * random.standard_normal(int(seconds * 16000))
    return (wave * (1 + np.sin(np.arange(len(wave)) / 900))).astype(np.float32)


@pytest.mark.parametrize("name", ["msd", "mtt"])
@pytest.mark.parametrize("layer", ["mean_pool", "penultimate", "tags"])
def test_agrees_with_the_tensorflow_original(name: str, layer: str) -> None:
    reference = load_file(REFERENCE)
    ours = MusiCNN.load(name).embed_patches(reference["log_mel"], layer)
    np.testing.assert_allclose(ours, reference[f"{name}_musicnn.{layer}"].numpy(), atol=1e-4)


def test_agrees_with_all_reference_patches(network: MusiCNN, shared_data: Path) -> None:
    reference = load_file(shared_data / "weights" / "musicnn_reference.safetensors")
    for layer in ("mean_pool", "max_pool", "penultimate", "tags"):
        theirs = reference[f"msd_musicnn.{layer}"].numpy()
        scale = max(1.0, np.abs(theirs).max())
        np.testing.assert_allclose(network.embed_patches(reference["log_mel"], layer), theirs, atol=1e-4 * scale)


@pytest.mark.parametrize("hop_frames", [40, 92, 187, 250])
def test_overlapping_patches_share_work_without_changing_the_result(network: MusiCNN, hop_frames: int) -> None:
    wave = noise(13.0)
    patches = log_mel(wave).unfold(0, PATCH_FRAMES, hop_frames).transpose(1, 2)
    np.testing.assert_allclose(network.embed(wave, hop_frames), network.embed_patches(patches), atol=1e-4)


def test_filters_and_log_mel_are_those_of_librosa() -> None:
    librosa = pytest.importorskip("librosa")
    theirs = librosa.filters.mel(sr=16000, n_fft=512, n_mels=96)
    np.testing.assert_allclose(slaney_filters(), theirs, atol=1e-7)
    wave = noise(1.3)
    power = librosa.feature.melspectrogram(y=wave, sr=16000, n_fft=512, hop_length=256, n_mels=96, pad_mode="constant")
    np.testing.assert_allclose(log_mel(wave).numpy(), np.log10(1e4 * power.T + 1), atol=1e-4)


def test_log_mel_does_not_depend_on_its_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    wave = noise(2.0)
    whole = log_mel(wave)
    monkeypatch.setattr("gantools.metrics.embedders.musicnn_mel.BLOCK_FRAMES", 17)
    torch.testing.assert_close(log_mel(wave), whole, atol=1e-5, rtol=0)


def test_refuses_short_and_broken_audio(network: MusiCNN) -> None:
    with pytest.raises(InputError, match=r"need at least 2\.98 s"):
        network.embed(noise(2.9))
    with pytest.raises(InputError, match="NaN"):
        network.embed(np.full(60000, np.nan, np.float32))
    assert np.isfinite(network.embed(np.zeros(60000, np.float32))).all()


def test_refuses_files_that_are_no_musicnn(tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("no tensors")
    save_file({"a": torch.zeros(3)}, tmp_path / "other.safetensors")
    weights = load_file(WEIGHTS_FOLDER / "msd_musicnn.safetensors")
    weights["conv2d_6/kernel"] = torch.zeros(7, 32, 1, 64)
    save_file(weights, tmp_path / "shape.safetensors")
    for name in ("absent", "text", "other", "shape"):
        with pytest.raises(ModelError):
            MusiCNN.load(tmp_path / f"{name}.safetensors")
