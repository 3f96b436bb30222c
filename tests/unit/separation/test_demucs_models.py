"""Which weights are found, and which are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_demucs import SOURCES, save

from gantools.errors import ConfigError, DependencyError, ModelError
from gantools.separation.catalogue import describe_own, find_model
from gantools.separation.demucs_models import find_in_folder, find_named


@pytest.fixture(autouse=True)
def empty_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_HUB_CACHE", "HF_HOME", "TORCH_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_absent_weights_say_which_file_goes_where(empty_caches: Path) -> None:
    with pytest.raises(DependencyError) as caught:
        find_named("htdemucs")
    assert f"put 955717e8.safetensors of huggingface.co/adefossez/HTDemucs into {empty_caches}" in str(caught.value)
    pickle = empty_caches / "torch/hub/checkpoints/f7e0c4bc-ba3fe64a.th"
    pickle.parent.mkdir(parents=True)
    pickle.touch()
    with pytest.raises(DependencyError, match=r"04573f0d.safetensors of huggingface.co/adefossez/HTDemucs-ft.*pickle"):
        find_named("htdemucs_ft")
    with pytest.raises(ConfigError, match="did you mean htdemucs"):
        find_model("htdemuc")


def test_weights_are_found_in_both_places(empty_caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = empty_caches / "huggingface/hub/models--adefossez--HTDemucs/snapshots/abc/955717e8.safetensors"
    save(hub)
    found = find_model("auto")
    assert (found.name, found.kind, found.files, found.sources) == ("htdemucs", "demucs", (hub,), tuple(SOURCES))
    by_hand = save(empty_caches / "gantools/demucs/955717e8.safetensors")
    assert find_named("htdemucs").files == (by_hand,)
    monkeypatch.chdir(empty_caches)
    (empty_caches / "htdemucs").mkdir()
    assert find_model("htdemucs").files == (by_hand,)


def test_a_local_repository_with_a_bag(tmp_path: Path) -> None:
    repository = tmp_path / "repo"
    files = (save(repository / "aa.safetensors"), save(repository / "bb-0123abcd.safetensors", seed=1))
    (repository / "mine.yaml").write_text(
        "models: ['aa', 'bb']\nweights: [[1, 0, 1, 1], [0, 1, 1, 1.5]]\nsegment: 1.0\n"
    )
    found = find_model(str(repository))
    assert (found.name, found.files, found.segment_s) == ("mine", files, 1.0)
    assert found.weights == ((1, 0, 1, 1), (0, 1, 1, 1.5))
    (repository / "other.yaml").write_text("models: ['cc']\n")
    with pytest.raises(ModelError, match="several models; name one"):
        find_model(str(repository))
    with pytest.raises(ModelError, match=r"cc.safetensors is missing"):
        find_model(str(repository / "other.yaml"))
    assert find_model(str(files[0])).weights == ((1.0,) * 4,)


def test_nothing_that_could_run_code_is_opened(tmp_path: Path) -> None:
    repository = tmp_path / "repo"
    foreign = save(repository / "aa.safetensors", klass="subprocess.Popen", args=json.dumps([["true"]]))
    with pytest.raises(ModelError, match=r"names the class 'subprocess.Popen'"):
        find_in_folder(repository)
    foreign.rename(repository / "aa.th")
    with pytest.raises(ModelError, match=r"holds pickles \(.th\), which can run code"):
        find_in_folder(repository)
    save(repository / "q.safetensors", structure="{}")
    with pytest.raises(ModelError, match="quantised"):
        find_in_folder(repository)
    (repository / "q.safetensors").write_bytes(b"short")
    with pytest.raises(ModelError, match="cut short"):
        find_in_folder(repository)


def test_our_own_models_are_known_by_their_configuration(tmp_path: Path) -> None:
    assert describe_own(tmp_path) is None
    (tmp_path / "config.json").write_text('{"schema": 2, "system": "cyclegan", "data": {}}')
    assert describe_own(tmp_path) is None
    with pytest.raises(ModelError, match="is a model of cyclegan, not of separator"):
        find_model(str(tmp_path))
    (tmp_path / "config.json").write_text(
        '{"schema": 2, "system": "separator", "data": {}, "config": {}, "networks": {}}'
    )
    (tmp_path / "S.safetensors").touch()
    found = find_model(str(tmp_path))
    assert (found.kind, found.sources) == ("own", ("vocals", "drums", "bass", "other"))
    assert [path.name for path in found.files] == ["config.json", "S.safetensors"]
