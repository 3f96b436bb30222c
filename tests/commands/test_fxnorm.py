"""gantools fxnorm through its command line."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from running import made_here
from sounds import bass_with_hiss, stem, tone

from gantools.effects.analysis import analyse
from gantools.effects.spectrum import band_power
from gantools.effects.stem import read_stem

ROLES = ("vocals", "drums", "bass", "other")


def write_stems(folder: Path, songs: int = 3, seconds: float = 6.0, rate_hz: int = 22050, **kwargs: str) -> None:
    for song in range(songs):
        for role in ROLES:
            path = folder / f"song{song}" / f"{role}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, stem(role, seconds, rate_hz, seed=song), rate_hz, **kwargs)


def records(done: subprocess.CompletedProcess[str]) -> dict[str, dict]:
    return {r["source"]: r for r in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with stems and the features fitted to them."""
    folder = tmp_path_factory.mktemp("fitted")
    write_stems(folder / "stems")
    made_here(folder, "fxnorm", "fit", "stems", "-o", "features.json")
    return folder


def test_fit_apply_check_on_played_stems(gantools, fitted: Path, tmp_path: Path) -> None:
    features = json.loads((fitted / "features.json").read_text())
    assert set(features["stems"]) == set(ROLES)
    assert features["stems"]["bass"]["n_files"] == 3
    assert (fitted / "features.json").stat().st_size < 100_000
    done = gantools("fxnorm", "apply", fitted / "stems", "--target", fitted / "features.json", "-o", "out", "--json")
    assert done.returncode == 0, done.stderr
    assert len(records(done)) == 12
    for record in records(done).values():
        target = features["stems"][record["role"]]["loudness_lufs"]["mean"]
        assert "tp_limited" in record["flags"] or abs(record["lufs"][1] - target) <= 0.02, record
    assert "song0/bass" in done.stderr  # the table
    check = gantools("fxnorm", "check", fitted / "stems", "out", "--target", fitted / "features.json")
    assert check.returncode == 0, check.stdout
    again = gantools("fxnorm", "apply", fitted / "stems", "--target", fitted / "features.json", "-o", "out")
    assert "nothing to do: 12 up to date" in again.stderr


def test_a_damaged_output_fails_the_check(gantools, fitted: Path, tmp_path: Path) -> None:
    one = fitted / "stems" / "song0" / "bass.wav"
    gantools("fxnorm", "apply", one, "--target", fitted / "features.json", "-o", "out", "-q")
    wave, rate_hz = soundfile.read(tmp_path / "out" / "bass.wav")
    soundfile.write(tmp_path / "out" / "bass.wav", wave * 0.5, rate_hz)
    done = gantools("fxnorm", "check", one, "out/bass.wav", "--target", fitted / "features.json")
    assert done.returncode == 1
    assert "FAILED  bass: loudness" in done.stdout


def test_two_fits_merged_are_one(gantools, fitted: Path, tmp_path: Path) -> None:
    for name, songs in (("a", ("song0",)), ("b", ("song1", "song2"))):
        folders = [fitted / "stems" / song for song in songs]
        (tmp_path / name).mkdir()
        for folder in folders:
            os.symlink(folder, tmp_path / name / folder.name)
    gantools("fxnorm", "fit", "a", "-o", "a.json", "--measure", "raw", "-q")
    gantools("fxnorm", "fit", "b", "-o", "ab.json", "--measure", "raw", "--merge", "a.json", "-q")
    gantools("fxnorm", "fit", fitted / "stems", "-o", "all.json", "--measure", "raw", "-q")
    merged, whole = (json.loads((tmp_path / name).read_text())["stems"] for name in ("ab.json", "all.json"))
    for role in ROLES:
        for key in ("eq_db", "pan_psi"):
            assert np.allclose(merged[role][key], whole[role][key], atol=1e-6)
        assert merged[role]["loudness_lufs"]["mean"] == pytest.approx(whole[role]["loudness_lufs"]["mean"], abs=1e-9)
    itself = ("fxnorm", "fit", "b", "-o", "a.json", "--measure", "raw", "--merge", "a.json")
    assert gantools(*itself).returncode == 0
    assert "up to date" in gantools(*itself).stderr  # and is not counted twice
    assert json.loads((tmp_path / "a.json").read_text())["stems"]["bass"]["n_files"] == 3


def test_a_fit_is_not_repeated(gantools, fitted: Path) -> None:
    done = gantools("fxnorm", "fit", fitted / "stems", "-o", fitted / "features.json")
    assert done.returncode == 0
    assert "up to date" in done.stderr
    foreseen = gantools("fxnorm", "fit", fitted / "stems", "-o", fitted / "features.json", "-n")
    assert "nothing to do" in foreseen.stderr


def edge_cases(folder: Path) -> dict[str, tuple[str, str]]:
    """Write the cases of bad and odd input; return name -> (status or flag, word in message)."""
    folder.mkdir()
    good = stem("bass", 4.0, 22050)
    soundfile.write(folder / "good_bass.wav", good, 22050)
    soundfile.write(folder / "zero_bass.wav", np.zeros((22050, 2)), 22050)
    soundfile.write(folder / "faint_bass.wav", good * (0.002 / np.abs(good).max()), 22050)
    soundfile.write(folder / "short_bass.wav", good[4000:8000], 22050)
    soundfile.write(folder / "10ms_bass.wav", good[4000:4220], 22050)
    soundfile.write(folder / "second_bass.wav", good[:22050], 22050)
    nan = good.copy()
    nan[10000, 1] = np.nan
    soundfile.write(folder / "nan_bass.wav", nan, 22050, subtype="FLOAT")
    soundfile.write(folder / "clipped_bass.wav", np.clip(good * 8, -1, 1), 22050)
    soundfile.write(folder / "offset_bass.wav", good * 0.5 + 0.1, 22050)
    soundfile.write(folder / "mono_bass.wav", good[:, :1], 22050)
    soundfile.write(folder / "six_bass.wav", np.repeat(good, 3, axis=1), 22050)
    (folder / "text_bass.wav").write_text("no sound")
    soundfile.write(folder / "x_kazoo.wav", good, 22050)
    for rate_hz in (8000, 48000, 96000, 192000):
        soundfile.write(folder / f"{rate_hz}_bass.wav", stem("bass", 2.0, rate_hz), rate_hz)
    return {
        "good": ("normalized", ""),
        "zero": ("silent", ""),
        "faint": ("silent", ""),
        "short": ("short", ""),
        "10ms": ("short", ""),
        "second": ("normalized", ""),
        "nan": ("error", "NaN"),
        "clipped": ("normalized", "clipped"),
        "offset": ("normalized", "DC offset"),
        "mono": ("mono", ""),
        "six": ("error", "channels"),
        "text": ("error", "not an audio file"),
        "x": ("error", "bass, drums, other, vocals"),
        "8000": ("normalized", ""),
        "48000": ("normalized", ""),
        "96000": ("normalized", ""),
        "192000": ("normalized", ""),
    }


def test_every_edge_case_of_apply(gantools, tmp_path: Path) -> None:
    expected = edge_cases(tmp_path / "in")
    done = gantools("fxnorm", "apply", "in", "--target", "musdb18", "-o", "out", "--json", "--dither", "none")
    assert done.returncode == 1
    found = {Path(r["source"]).name.split("_")[0]: r for r in records(done).values()}
    for name, (state, word) in expected.items():
        record = found[name]
        lines = [line for line in done.stderr.splitlines() if f"in/{name}_" in line]
        assert (state == "error") == (record["status"] == "error"), record
        if state != "error":
            assert state in record["flags"], record
            source, made = soundfile.info(tmp_path / record["source"]), soundfile.info(tmp_path / record["path"])
            for fact in ("frames", "samplerate", "channels", "subtype", "format"):
                assert getattr(source, fact) == getattr(made, fact), (name, fact)
        if word:
            assert len(lines) == 1, lines
            assert word in lines[0]
    for name in ("zero", "faint"):
        assert (tmp_path / found[name]["path"]).read_bytes() == (tmp_path / found[name]["source"]).read_bytes()
    again = gantools("fxnorm", "apply", "in/nan_bass.wav", "in/x_kazoo.wav", "--target", "musdb18", "-o", "out2",
                     "--nan", "zero", "--fallback", "other", "--json")  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert "1 samples that are not finite became zero" in again.stderr


def test_fit_counts_what_it_leaves_out(gantools, tmp_path: Path) -> None:
    edge_cases(tmp_path / "in")
    arguments = ("fit", "in", "-o", "f.json", "--role", "bass", "--min-active-seconds", "0", "--skip-clipped", "--json")
    done = gantools("fxnorm", *arguments)
    assert done.returncode == 1  # nan, six and text fail
    record = json.loads(done.stdout)
    assert record["failed"] == 3
    assert gantools("fxnorm", *arguments).returncode == 1  # what failed is said again, not taken for up to date
    assert record["left_out"] == {"silent": 2, "short": 2, "clipped": 1}
    assert (
        json.loads((tmp_path / "f.json").read_text())["stems"]["bass"]["n_files"]
        == len(list((tmp_path / "in").iterdir())) - 8
    )


def test_sample_format_tags_and_cue_points_survive(gantools, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    wave = stem("other", 3.0)
    for name, subtype in (
        ("a_other.wav", "PCM_24"),
        ("b_other.wav", "FLOAT"),
        ("c_other.flac", "PCM_24"),
        ("d_other.ogg", None),
    ):
        soundfile.write(tmp_path / "in" / name, wave, 44100, subtype=subtype)
    with soundfile.SoundFile(tmp_path / "in" / "e_other.flac", "w", 44100, 2) as file:
        file.title = "Tune"
        file.write(wave)
    cue = struct.pack("<IIIIIII", 1, 1, 500, 0x61746164, 0, 0, 500)
    with open(tmp_path / "in" / "a_other.wav", "r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(b"cue " + struct.pack("<I", len(cue)) + cue)
        size = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", size - 8))
    done = gantools("fxnorm", "apply", "in", "--target", "musdb18", "-o", "out", "--json")
    assert done.returncode == 0, done.stderr
    assert len(records(done)) == 5
    for record in records(done).values():
        source, made = soundfile.info(tmp_path / record["source"]), soundfile.info(tmp_path / record["path"])
        assert (source.subtype, source.frames, source.format) == (made.subtype, made.frames, made.format)
    assert cue in (tmp_path / "out" / "a_other.wav").read_bytes()
    with soundfile.SoundFile(tmp_path / "out" / "e_other.flac") as file:
        assert file.title == "Tune"
    # What was processed before is known by its mark and copied as it is.
    second = gantools("fxnorm", "apply", "out", "--target", "musdb18", "-o", "again", "--json")
    assert len(records(second)) == 5
    for record in records(second).values():
        assert record["flags"] == ["unchanged"], record
        assert (tmp_path / record["path"]).read_bytes() == (tmp_path / record["source"]).read_bytes()
    forced = gantools("fxnorm", "apply", "out/a_other.wav", "--target", "musdb18", "-o", "again", "--force", "--json")
    assert "normalized" in json.loads(forced.stdout)["flags"]


def test_jobs_do_not_change_a_byte(gantools, tmp_path: Path) -> None:
    write_stems(tmp_path / "in", songs=1, seconds=3.0)
    for jobs in ("1", "2"):
        arguments = ("--target", "musdb18", "--reverb", "send", "-o", f"out{jobs}", "-j", jobs, "-q")
        assert gantools("fxnorm", "apply", "in", *arguments).returncode == 0
    made = list((tmp_path / "out1").rglob("*.wav"))
    assert len(made) == 4
    for path in made:
        assert path.read_bytes() == (tmp_path / "out2" / path.relative_to(tmp_path / "out1")).read_bytes()


def test_group_keeps_the_balance_inside_a_song(gantools, tmp_path: Path) -> None:
    write_stems(tmp_path / "in", songs=2, seconds=3.0)
    done = gantools(
        "fxnorm", "apply", "in", "--target", "musdb18", "-o", "out", "--group", "--effects", "loudness", "--json"
    )
    assert done.returncode == 0, done.stderr
    gains: dict[str, set[float]] = {}
    for record in records(done).values():
        gains.setdefault(record["song"], set()).add(round(record["lufs"][1] - record["lufs"][0], 1))
    assert sorted(len(g) for g in gains.values()) == [1, 1]
    assert len(set.union(*gains.values())) == 2


def test_amount_is_a_share_of_the_way(gantools, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a_drums.wav", stem("drums", 4.0), 44100)
    changes = []
    for amount in ("0", "0.5", "1"):
        done = gantools(
            "fxnorm", "apply", "a_drums.wav", "--target", "musdb18", "-o", f"o{amount}", "--amount", amount, "--json"
        )
        record = json.loads(done.stdout)
        changes.append([record["lufs"][1] - record["lufs"][0], record["eq_distance_db"][1]])
    assert changes[0][0] == pytest.approx(0, abs=0.02)
    assert changes[1][0] == pytest.approx(changes[2][0] / 2, abs=0.3)
    assert changes[0][1] > changes[1][1] > changes[2][1]


def test_hiss_and_rests_rise_no_more_than_the_bass(gantools, tmp_path: Path) -> None:
    wave, rests = bass_with_hiss()
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "a_bass.wav", wave, 44100, subtype="PCM_24")
    hiss = np.random.default_rng(0).standard_normal((3 * 44100, 2))
    soundfile.write(tmp_path / "in" / "empty_bass.wav", hiss * (0.01 / np.abs(hiss).max()), 44100, subtype="PCM_24")
    risen = {}
    for name, extra in (("out", ()), ("plain", ("--no-expander",))):
        done = gantools("fxnorm", "apply", "in", "--target", "musdb18", "-o", name, "--json", *extra)
        assert done.returncode == 0, done.stderr
        found = records(done)
        assert found["in/empty_bass.wav"]["flags"] == ["silent"]
        assert (tmp_path / name / "empty_bass.wav").read_bytes() == (tmp_path / "in" / "empty_bass.wav").read_bytes()
        made, _ = soundfile.read(tmp_path / name / "a_bass.wav")
        # The middle of each rest, against the middle of each note.
        middle = np.abs(np.arange(len(wave)) % 22050 - 11025) < 4000
        power = [
            [np.mean(np.square(x[where & middle], dtype=np.float64)) for where in (rests, ~rests)] for x in (made, wave)
        ]
        quiet_db, loud_db = 10 * np.log10(np.divide(power[0], power[1]))
        risen[name] = quiet_db - loud_db
        record = found["in/a_bass.wav"]
        assert ("eq_floor" in record["flags"]) == ("floor_hz" in record["settings"]["eq"]) == (name == "out")
    assert risen["out"] <= 1
    assert risen["plain"] > 10
    assert record["settings"]["eq"].get("floor_hz") is None
    check = gantools("fxnorm", "check", "in", "out", "--target", "musdb18")
    assert check.returncode == 0, check.stdout
    assert "not counting noise at 1012 to " in check.stdout
    assert "quiet parts: what is quiet rises by " in check.stdout
    lifted = gantools("fxnorm", "check", "in", "plain", "--target", "musdb18")
    assert lifted.returncode == 1
    assert "FAILED  a_bass: quiet parts" in lifted.stdout
    assert gantools("fxnorm", "check", "in", "plain", "--target", "musdb18", "--no-expander").returncode == 0


def test_usage_errors_are_one_line(gantools, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a_bass.wav", tone(1.0), 22050)
    for arguments, word in (
        (("apply", "a_bass.wav", "-o", "out"), "--target"),
        (("apply", "a_bass.wav", "--target", "musdb81", "-o", "out"), "no target 'musdb81'; name a features file, or "),
        (("apply", "a_bass.wav", "--target", "musdb81", "-o", "out"), "which ships; did you mean musdb18?"),
        (("apply", "a_bass.wav", "--target", "none.json", "-o", "out"), "none.json: no such file; make one"),
        (("apply", "a_bass.wav", "--target", "musdb18", "-o", "."), "over itself"),
        (
            ("apply", "a_bass.wav", "--target", "musdb18", "-o", "out", "--effects", "eq,flanger"),
            "--effects: no stage 'flanger'",
        ),
        (("fit", "a_bass.wav"), "-o"),
    ):
        done = gantools("fxnorm", *arguments)
        assert done.returncode == 2, done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert word in done.stderr
    assert not (tmp_path / "out").exists()


def test_report_writes_plots(gantools, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a_bass.wav", stem("bass", 3.0), 44100)
    done = gantools("fxnorm", "apply", "a_bass.wav", "--target", "musdb18", "-o", "out", "--report")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "a_bass.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads((tmp_path / "out" / "report.json").read_text())["stems"][0]["role"] == "bass"


def test_report_shows_names_that_are_no_formulas_and_no_unicode(gantools, tmp_path: Path) -> None:
    (tmp_path / "stems").mkdir()
    for name in (b"money $$_bass.wav", b"$_$ bass.wav", b"na\xefve_bass.wav"):
        with open(os.path.join(os.fsencode(tmp_path / "stems"), name), "wb") as file:
            soundfile.write(file, stem("bass", 3.0), 44100, format="WAV")
    done = gantools("fxnorm", "apply", "stems", "--target", "musdb18", "-o", "out", "--report")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").glob("*.png"))) == len(list((tmp_path / "out").glob("*.wav"))) == 3


def test_measure_prints_a_table_or_records(gantools, tmp_path: Path) -> None:
    rate_hz = 48000
    sine = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(20 * rate_hz) / rate_hz)
    soundfile.write(tmp_path / "ebu.wav", np.stack([sine, sine], 1), rate_hz, subtype="FLOAT")
    record = json.loads(gantools("fxnorm", "measure", "ebu.wav", "--json").stdout)
    assert record["lufs"] == pytest.approx(-23.0, abs=0.1)
    assert record["true_peak_db"] == pytest.approx(-23.0, abs=0.2)
    table = gantools("fxnorm", "measure", "ebu.wav", "--role", "other", "--target", "musdb18").stdout
    assert "EQ dB" in table.splitlines()[0]


def test_a_folder_of_300_with_20_broken(gantools, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    wave = stem("drums", 1.0, 8000)
    for number in range(300):
        path = folder / f"{number:03d}_drums.wav"
        if number % 15 == 7:
            path.write_bytes(b"RIFF broken" * number)
        else:
            soundfile.write(path, wave * (0.2 + 0.002 * number), 8000)
    done = gantools("fxnorm", "apply", "in", "--target", "musdb18", "-o", "out", "-j", "2")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 280
    assert "280 done, 20 failed" in done.stderr
    for number in range(7, 300, 15):
        assert sum(f"in/{number:03d}_drums.wav:" in line for line in done.stderr.splitlines()) == 1
    assert len(list((tmp_path / "out").glob("*.wav"))) == 280


def test_interrupted_leaves_nothing_half_written_and_goes_on(tmp_path: Path, gantools) -> None:
    write_stems(tmp_path / "in", songs=4, seconds=6.0, rate_hz=44100)
    command = [sys.executable, "-m", "gantools", "fxnorm", "apply", "in", "--target", "musdb18", "-o", "out"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert not list((tmp_path / "out").rglob(".*.tmp"))
    made = list((tmp_path / "out").rglob("*.wav"))
    assert made
    for path in made:
        assert soundfile.info(path).frames == 6 * 44100
    done = gantools("fxnorm", "apply", "in", "--target", "musdb18", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").rglob("*.wav"))) == 16


def spreads(folder: Path) -> dict[str, tuple[float, ...]]:
    """Return the deviation between files, for each type of at least 3: LUFS, level of 1/6 octaves, similarity."""
    found: dict[str, list[tuple[float, np.ndarray, np.ndarray]]] = {}
    centres = 63 * 2 ** (np.arange(44) / 6)
    for path in sorted(folder.rglob("*.wav")):
        analysis = analyse(read_stem(path))
        if not np.isfinite(analysis.lufs) or analysis.image is None:
            continue
        gamma = analysis.spectrum.gamma * analysis.reference_gain
        power = band_power(gamma, 44100, centres * 2 ** (-1 / 12), centres * 2 ** (1 / 12))
        found.setdefault(path.stem, []).append((analysis.lufs, 10 * np.log10(power), analysis.image.psi[20:108]))
    return {
        role: tuple(float(np.std(np.array(values), axis=0).mean()) for values in zip(*files, strict=True))
        for role, files in found.items()
        if len(files) >= 3
    }


def test_fit_then_apply_brings_the_files_of_a_set_together(gantools, tmp_path: Path, shared_data: Path) -> None:
    for path in sorted((shared_data / "stems4").rglob("*.ogg")):
        wave, _ = soundfile.read(path, dtype="float32")
        energy = np.add.reduceat((wave**2).sum(axis=1), np.arange(0, len(wave), 15 * 44100))
        start = int(energy.argmax()) * 15 * 44100  # where the part plays
        wave = wave[start : start + 15 * 44100]
        out = tmp_path / "in" / path.parent.name / f"{path.stem}.wav"
        out.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(out, wave, 44100)
    assert gantools("fxnorm", "fit", "in", "-o", "fit.json", "--min-active-seconds", "1", "-q").returncode == 0
    done = gantools("fxnorm", "apply", "in", "--target", "fit.json", "-o", "out", "--json", "-q")
    assert done.returncode == 0, done.stderr
    before, after = spreads(tmp_path / "in"), spreads(tmp_path / "out")
    limited = {r["role"] for r in records(done).values() if "tp_limited" in r["flags"]}
    assert len(before) >= 3
    for role in before:
        (_, levels, psi), (loudness, new_levels, new_psi) = before[role], after[role]
        assert loudness <= 0.1 or role in limited, role
        assert new_levels <= 0.4 * levels, (role, levels, new_levels)
        assert new_psi <= 0.6 * psi, (role, psi, new_psi)
    for record in records(done).values():
        drc = record["settings"].get("drc") if "settings" in record else None
        assert drc is None or drc["unreached"] or record["onset_peak_db"][1] <= drc["bound_db"] + 0.1


def test_pyloudnorm_is_the_meter_of_every_command(gantools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = pytest.importorskip("pyloudnorm").Meter(22050)
    write_stems(tmp_path / "stems", songs=1, seconds=4.0, subtype="FLOAT")
    by_peer = ("--meter", "pyloudnorm")
    assert gantools("fxnorm", "fit", "stems", "-o", "f.json", "--measure", "raw", *by_peer).returncode == 0
    features = json.loads((tmp_path / "f.json").read_text())
    assert features["settings"]["meter"] == "pyloudnorm"
    wave, _ = soundfile.read(tmp_path / "stems/song0/bass.wav")
    assert features["stems"]["bass"]["loudness_lufs"]["mean"] == pytest.approx(peer.integrated_loudness(wave), abs=1e-4)
    louder = ("--target", "f.json", "--lufs", "-27.5", *by_peer)
    done = gantools("fxnorm", "apply", "stems", "-o", "out", "--json", *louder)
    assert done.returncode == 0, done.stderr
    for record in records(done).values():
        wave, _ = soundfile.read(tmp_path / record["path"])
        assert peer.integrated_loudness(wave) == pytest.approx(-27.5, abs=0.01)
        assert record["lufs"][1] == pytest.approx(-27.5, abs=0.01)
    (measured,) = records(gantools("fxnorm", "measure", "out/song0/bass.wav", "--json", *by_peer)).values()
    assert measured["lufs"] == pytest.approx(-27.5, abs=0.01)
    check = gantools("fxnorm", "check", "stems", "out", *louder, "--both-meters")
    assert check.returncode == 0, check.stdout
    assert "both meters: -27.50 LUFS by pyloudnorm, -27.4" in check.stdout
    monkeypatch.setattr("gantools.audio.peermeter.find_spec", lambda name: None)
    for words in (("fit", "stems", "-o", "g.json"), ("apply", "stems", "-o", "o", "--target", "f.json")):
        refused = gantools("fxnorm", *words, *by_peer)
        assert refused.returncode == 2
        assert "pip install 'gantools[pyloudnorm]'" in refused.stderr
    assert gantools("fxnorm", "measure", "stems").returncode == 0


def test_the_papers_text_from_fit_to_check(gantools, tmp_path: Path) -> None:
    pytest.importorskip("pyloudnorm")
    write_stems(tmp_path / "stems", songs=2, seconds=4.0)
    assert gantools("fxnorm", "fit", "stems", "-o", "f.json", "--paper").returncode == 0
    settings = json.loads((tmp_path / "f.json").read_text())["settings"]
    assert (settings["paper"], settings["gate_db"], settings["meter"]) == (True, None, "pyloudnorm")
    done = gantools("fxnorm", "apply", "stems", "-o", "out", "--target", "f.json", "--paper", "--json")
    assert done.returncode == 0, done.stderr
    for record in records(done).values():
        assert record["settings"]["eq"] == {"method": "text"}
        assert record["settings"]["pan"]["method"] == "text"
    check = gantools("fxnorm", "check", "stems", "out", "--target", "f.json", "--paper")
    assert check.returncode == 0, check.stdout
    refused = gantools("fxnorm", "apply", "stems", "-o", "o", "--target", "f.json", "--paper", "--pan-k", "0.9")
    assert refused.returncode == 2
    assert "--paper: its text has no --pan-k; leave one of them out" in refused.stderr
