"""What a chunk folder says of itself, and the windows and clips of one file, number by number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from gantools.audio.config import MelParams
from gantools.audio.melfile import MelFile, read_mel, write_mel
from gantools.audio.polarity import LEFT_ALONE
from gantools.audio.quantise import DbRange
from gantools.chunks.config import ChunkConfig
from gantools.chunks.cutting import cut_audio, cut_mel
from gantools.chunks.plan import dataset_hash, describe, kind_of, params_of, shards_of
from gantools.chunks.splits import split_of
from gantools.errors import ConfigError, InputError
from gantools.files.containers import read_tensors
from gantools.options import to_mapping
from gantools.parsing import shares

PARAMS = MelParams(1000, 16, 8, 2)
#: Ten frames; the fourth lies above 0 dB, the first at the limit of silence, 20 dB above -90 dB.
LEVELS = np.float32([[-70, -80], [-60, -80], [0, -20], [10, -30], *[[-80, -80]] * 4, [-10, -80], [-10, -80]])
RANGE = DbRange(-90.0, 0.0)


def mel_of(path: Path, levels: np.ndarray = LEVELS, params: MelParams = PARAMS) -> MelFile:
    write_mel(path, [levels], params, lambda: {"n_samples": 8 * (len(levels) - 1)}, {"song": "one"})
    return read_mel(path)


def options(**more: Any) -> ChunkConfig:
    return ChunkConfig(**{"frames": 6, "stride": 4, "val_songs": "one", **more})


@pytest.mark.parametrize("codes", ["uint8", "float16"])
def test_the_windows_of_a_mel_file(tmp_path: Path, codes: str) -> None:
    mel = mel_of(tmp_path / "a.mel.safetensors")
    rows = cut_mel(mel, tmp_path / "shard", RANGE, options(codes=codes), {"song": "one", "role": "bass"})
    same = {"song": "one", "role": "bass", "split": "val", "frames": 6}
    # The mean power: (1e-7 + 1e-6 + 1.01 + 10.001 + ...) / 6, and 0.2 / 6.
    assert rows == [
        {**same, "start": 0, "level_db": 2.64, "active": 0.5},
        {**same, "start": 4, "level_db": -14.77, "active": 0.333},
    ]
    arrays, meta = read_tensors(tmp_path / "shard")
    assert meta == {"kind": "shard", "rows": rows, "windows": 2, "clipped": 0.05}
    stored = RANGE.to_codes(LEVELS) if codes == "uint8" else RANGE.to_unit(LEVELS).astype(np.float16)
    assert arrays["mel"].dtype == codes
    np.testing.assert_array_equal(arrays["mel"], stored)


def test_which_windows_are_kept(tmp_path: Path) -> None:
    def starts(**more: Any) -> list[int]:
        return [row["start"] for row in cut_mel(mel, tmp_path / "shard", RANGE, options(**more), {"song": "x"})]

    mel = mel_of(tmp_path / "a.mel.safetensors")
    assert starts(active_share=0.5) == [0]
    assert starts(active_share=0.51) == []
    assert starts(windows_per_song=1) == [0]
    assert starts(frames=4, stride=1, active_share=0.0) == [0, 1, 2, 3, 5, 6]  # none where all is silent
    assert starts(frames=10) == [0]
    with pytest.raises(InputError, match=r"too short: 10 frames; one window needs 250 \(2\.0 s\)"):
        starts(frames=250)


def clips_of(path: Path, wave: np.ndarray, folder: Path, **more: Any) -> tuple[list[dict], str, dict, dict]:
    soundfile.write(path, wave, 8000, subtype="FLOAT")
    config = ChunkConfig(samples=16, sample_rate_hz=8000, split="1/0/0", **more)
    rows, said = cut_audio(path, folder / "shard", config, {"song": "one"})
    return rows, said, *read_tensors(folder / "shard")


def test_the_clips_of_an_audio_file(tmp_path: Path) -> None:
    wave = np.repeat(np.float32([1, 0, 0.5, 0.25, 0.125]), 16)
    rows, said, arrays, meta = clips_of(tmp_path / "a.wav", np.append(wave, wave[:15]), tmp_path)
    same = {"song": "one", "split": "train", "samples": 16}
    levels = {0: 0.0, 32: -6.02, 48: -12.04, 64: -18.06}
    assert rows == [
        {**same, "start": start, "level_db": level, "row": row} for row, (start, level) in enumerate(levels.items())
    ]
    assert (said, meta) == ("", {"kind": "shard", "rows": rows, "windows": 5, "clipped": 0.0})
    np.testing.assert_array_equal(arrays["clips"], wave.reshape(5, 16)[[0, 2, 3, 4]])
    rows, _, arrays, _ = clips_of(tmp_path / "a.wav", wave, tmp_path, clips_per_song=2)
    assert [(row["start"], row["row"]) for row in rows] == [(0, 0), (64, 1)]
    np.testing.assert_array_equal(arrays["clips"], wave.reshape(5, 16)[[0, 4]])


def test_clips_at_the_limit_are_silent_and_short_files_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="too short: 15 samples at 8000 Hz; one clip needs 16"):
        clips_of(tmp_path / "a.wav", np.ones(15), tmp_path)
    assert len(clips_of(tmp_path / "a.wav", np.ones(16), tmp_path)[0]) == 1
    monkeypatch.setattr("gantools.chunks.cutting.SILENT_CLIP_DB", 0.0)
    rows, _, arrays, meta = clips_of(tmp_path / "a.wav", np.ones(32), tmp_path)
    assert (rows, arrays["clips"].shape, meta["windows"]) == ([], (0, 16), 2)


def test_channels_that_cancel_give_the_left_one_and_a_word(tmp_path: Path) -> None:
    left = np.float32(0.5) * np.sign(np.sin(np.arange(1600) + 0.5)).astype(np.float32)
    _, said, arrays, _ = clips_of(tmp_path / "a.wav", np.stack([left, -left], axis=1), tmp_path)
    assert said == LEFT_ALONE
    np.testing.assert_array_equal(arrays["clips"].ravel(), left)


def test_the_kind_of_the_inputs() -> None:
    mel, audio = Path("a.mel.safetensors"), Path("a.wav")
    assert [kind_of(paths) for paths in ([], [mel, mel], [audio, audio])] == ["mel", "mel", "audio"]
    with pytest.raises(ConfigError, match="mel files and audio together"):
        kind_of([mel, audio])


def test_what_a_dataset_says(tmp_path: Path) -> None:
    one = mel_of(tmp_path / "1.mel.safetensors", np.full((9, 2), -30.5, np.float32)).path
    louder = mel_of(tmp_path / "2.mel.safetensors", np.full((9, 2), -10.5, np.float32)).path
    other = mel_of(tmp_path / "3.mel.safetensors", np.full((9, 2), 9.5, np.float32), MelParams(1000, 16, 8, 2, 10)).path
    broken = tmp_path / "0.mel.safetensors"
    broken.write_bytes(b"")
    found = describe("mel", [broken, one, louder, other], options(), None)
    assert found["params"] == to_mapping(PARAMS)
    assert found["db_range"] == [-99.0, -9.0]  # 1 dB above the louder; what has other parameters is refused later
    assert params_of(found) == (PARAMS, DbRange(-99.0, -9.0))
    assert found["config"]["frames"] == 6
    assert not {"role", "samples", "clips_per_song", "sample_rate_hz"} & set(found["config"])
    fixed = describe("mel", [one], options(db_range="-50:40"), None)
    assert fixed["db_range"] == [-50.0, 40.0]
    with pytest.raises(ConfigError, match="none of 1 mel files can be read"):
        describe("mel", [broken], options(), None)
    audio = describe("audio", [], options(role="bass"), None)
    assert set(audio) == {"kind", "config"}
    assert set(audio["config"]) == {"split", "val_songs", "test_songs", "samples", "clips_per_song", "sample_rate_hz"}


def test_a_range_stays_as_long_as_the_options_do(tmp_path: Path) -> None:
    path = mel_of(tmp_path / "1.mel.safetensors").path
    known = describe("mel", [path], options(), None) | {"db_range": [-1.0, 1.0]}

    def stays(paths: list[Path], **more: Any) -> bool:
        return describe("mel", paths, options(**more), known) is known

    assert stays([path])
    assert stays([path], role="bass")
    assert stays([])  # nothing is added
    assert not stays([path], stride=2)
    assert describe("audio", [path], options(), known) is not known
    mel_of(path, params=MelParams(1000, 16, 8, 2, 10))
    assert not stays([path])
    clips = describe("audio", [path], options(), None)
    assert describe("audio", [path], options(), clips) is clips


def test_shards_depend_on_what_the_dataset_says_and_no_more() -> None:
    dataset = {"kind": "mel", "params": {"n_mels": 2}, "db_range": [0, 1], "config": {"frames": 6}}
    assert dataset_hash(dataset) == dataset_hash({"schema": 1, **dataset})
    assert len({dataset_hash(dataset | {key: None}) for key in dataset} | {dataset_hash(dataset)}) == 5


def test_only_shards_that_were_cut_are_shards() -> None:
    def made(*names: str, **fields: Any) -> dict[str, Any]:
        return {"outputs": dict.fromkeys(names), "fields": fields}

    records = {
        "a": made("plot.png", "shard-00001.safetensors", "shard-00007.safetensors", dataset="d"),
        "b": made("shard-00002.safetensors", dataset="d"),
        "c": made("shard-00003.safetensors"),
        "d": made("plot.png", dataset="d"),
    }
    assert shards_of(records) == {"a": "shard-00001.safetensors", "b": "shard-00002.safetensors"}
    assert set(shards_of(records, ["a"])) == {"b"}


def test_a_side_may_have_no_share_and_the_default_is_ten_percent() -> None:
    assert [shares(text) for text in ("1/0/0", "0/.5/0", "0/0/.5")] == [(1, 0, 0), (0, 0.5, 0), (0, 0, 0.5)]
    songs = [f"song {number}" for number in range(5000)]
    assert [split_of(song) for song in songs] == [split_of(song, (80, 10, 10)) for song in songs]
