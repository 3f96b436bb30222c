"""Which windows and clips are kept, the range that covers them, and the side of a song, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from running import run_here
from sounds import tone

from gantools.audio.quantise import DbRange, covering_range
from gantools.chunks.cutting import mel_level_db, spread, window_starts
from gantools.chunks.plan import shard_names, stale_keys
from gantools.chunks.shards import ChunkSet
from gantools.chunks.splits import assign, split_of
from gantools.errors import ConfigError
from gantools.parsing import names
from gantools.parsing import shares as parse_shares


def test_windows_begin_every_stride_as_long_as_one_fits() -> None:
    assert window_starts(10, 4, 3) == [0, 3, 6]
    assert window_starts(9, 4, 3) == [0, 3]
    assert window_starts(4, 4, 1) == [0]
    assert window_starts(3, 4, 1) == []


def test_at_most_so_many_are_spread_evenly() -> None:
    assert spread(range(10), 4) == [0, 3, 6, 9]
    assert spread([5, 7, 9], 0) == spread([5, 7, 9], 3) == [5, 7, 9]
    assert spread([5, 7, 9], 2) == [5, 9]
    assert spread([5, 7, 9], 1) == [5]


def test_the_level_of_frames_is_that_of_their_mean_power() -> None:
    assert mel_level_db(np.array([0.0, 0.02])) == pytest.approx(-20)
    assert mel_level_db(np.zeros(3)) == -100


def test_silent_windows_are_left_out(tmp_path: Path) -> None:
    rate_hz = 22050
    rest = np.zeros((12 * rate_hz, 1), np.float32)
    soundfile.write(tmp_path / "bass.wav", np.concatenate([tone(8.0), rest, tone(8.0, seed=1)]), rate_hz)
    assert run_here(tmp_path, "melify", "bass.wav", "-o", "mels").returncode == 0
    done = run_here(tmp_path, "chunk", "mels", "-o", "chunks", "--stride", "128")
    assert done.returncode == 0, done.stderr
    chunks = ChunkSet(tmp_path / "chunks")
    # It plays in frames 0 to 345 and from 861 to 1206. A window is 256 frames, of which a tenth must play.
    assert [row["start"] for row in chunks.rows] == [0, 128, 256, 640, 768, 896]
    assert all(row["level_db"] == round(row["level_db"], 2) for row in chunks.rows)
    assert [row["active"] for row in chunks.rows] == pytest.approx([1, 0.85, 0.35, 0.14, 0.64, 1], abs=0.03)


def test_silent_clips_are_left_out_and_the_place_of_others_kept(tmp_path: Path) -> None:
    wave = np.zeros(5 * 1024, np.float32)
    wave[1024:2048] = 0.0005  # -66 dB
    wave[2048:3072] = 0.002  # -54 dB
    wave[4096:] = 0.5
    soundfile.write(tmp_path / "a.wav", wave, 16000, subtype="FLOAT")
    done = run_here(tmp_path, "chunk", "a.wav", "-o", "c", "--samples", "1024", "--sample-rate", "16000", "--json")
    assert done.returncode == 0, done.stderr
    chunks = ChunkSet(tmp_path / "c")
    assert [(row["start"], row["level_db"]) for row in chunks.rows] == [(2048, -53.98), (4096, -6.02)]
    assert chunks.clip(chunks.rows[1]).min() == pytest.approx(0.5, abs=1e-3)


def test_a_range_covers_all_but_one_in_ten_thousand_frames() -> None:
    histogram = np.zeros(120, np.int64)
    histogram[[10, 50]] = 9999, 1  # bin 10 ends at -89 dB
    assert covering_range(histogram, -100) == DbRange(-178.0, -88.0)
    histogram[[10, 50]] = 9998, 2
    assert covering_range(histogram, -100, width_db=60.0) == DbRange(-108.0, -48.0)


@pytest.mark.parametrize("text", ["80/10", "80/10/5/5", "a/b/c", "", "-1/1/1", "1/1/-1", "0/0/0", "inf/1/1", "nan/1/1"])
def test_shares_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"80/10/10|shares"):
        parse_shares(text)


def test_a_song_goes_where_it_is_named_and_else_by_its_hash() -> None:
    assert parse_shares("8/1/.5") == (8.0, 1.0, 0.5)
    assert [split_of("song", shares) for shares in ((1, 0, 0), (0, 1, 0), (0, 0, 1))] == ["train", "val", "test"]
    sides = [split_of(f"song {number}", (6, 2, 2)) for number in range(2000)]
    assert [sides.count(side) / 2000 for side in ("train", "val", "test")] == pytest.approx([0.6, 0.2, 0.2], abs=0.03)
    assert assign("a", (1, 0, 0), ["a"], []) == "val"
    assert assign("a", (1, 0, 0), [], ["a"]) == "test"
    assert assign("a", (1, 0, 0), ["a", "b"], ["a"]) == "test"  # what is in both lists is never listened to in training
    assert assign("b", (1, 0, 0), ["a"], ["a"]) == "train"
    assert names(" a b, c,,") == ["a b", "c"]


def test_shards_are_numbered_in_turn_and_keep_their_names() -> None:
    taken = {"b": "shard-00001.safetensors"}
    assert shard_names(["a", "b", "c"], taken, 1, 1) == {
        "a": "shard-00000.safetensors",
        "b": "shard-00001.safetensors",
        "c": "shard-00002.safetensors",
    }
    assert list(shard_names(["a", "c"], taken, 1, 2).values()) == ["shard-00000.safetensors", "shard-00002.safetensors"]
    assert list(shard_names(["a", "c"], taken, 2, 2).values()) == ["shard-00003.safetensors", "shard-00005.safetensors"]


def test_sources_cut_with_other_options_are_named_or_dropped() -> None:
    records = {key: {"fields": {"dataset": digest}} for key, digest in (("a", "old"), ("b", "old"), ("c", "new"))}
    assert stale_keys(records, "new", ["a", "b"], force=False) == set()
    assert stale_keys(records, "new", ["a"], force=True) == {"b"}
    with pytest.raises(ConfigError, match="holds 1 other sources cut with other options \\(such as b\\)"):
        stale_keys(records, "new", ["a"], force=False)
