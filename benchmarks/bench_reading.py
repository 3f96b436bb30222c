"""Reading audio files: time and error beside the way before, and beside librosa.

    python benchmarks/bench_reading.py

Two minutes of synthesised stereo as WAV, FLAC, Ogg Vorbis, M4A and MP3 of constant and variable bit rate (by lame too,
mono, where it is on the PATH). gantools and python-soundfile, as gantools read before, read in blocks, `librosa.load`
reads whole files. The error is the largest difference from the samples that went in (lossless), or from the ffmpeg
program (lossy; where it is not on the PATH, from libsndfile reading the file in one piece), and what is missing at the
end. Exit code 1 where gantools has an error above 1e-5, misses a sample, or reads less than 100 times real time.
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from encoding import encode
from sounds import stem
from stopwatch import timed_cpu

from gantools.audio.io import AudioReader

RATE_HZ, SECONDS, ROUNDS = 44100, 120.0, 3
BLOCK = 1 << 18
LEAST_SPEED = 100.0


def by_gantools(path: Path) -> list[np.ndarray]:
    with AudioReader(path) as reader:
        return list(reader.blocks(BLOCK))


def by_soundfile(path: Path) -> list[np.ndarray]:
    parts = []
    with soundfile.SoundFile(path) as file:
        while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
            parts.append(block)
    return parts


def by_librosa(path: Path) -> list[np.ndarray]:
    import librosa

    wave = librosa.load(path, sr=None, mono=False)[0]
    return [wave.reshape(-1, wave.shape[-1]).T]


def reference(path: Path) -> np.ndarray:
    if shutil.which("ffmpeg"):
        command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-f", "f32le", "-"]
        raw = subprocess.run(command, capture_output=True, check=True).stdout
        return np.frombuffer(raw, np.float32).reshape(-1, channels_of(path))
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def channels_of(path: Path) -> int:
    with AudioReader(path) as reader:
        return reader.channels


def files(folder: Path) -> list[tuple[str, Path, np.ndarray | None]]:
    """Return (kind, path, samples that went in); None where the codec is lossy."""
    wave = sum(stem(kind, SECONDS, RATE_HZ) for kind in ("drums", "bass", "other"))
    codes = np.round(wave * 32767 / np.abs(wave).max()).astype(np.int16)
    for ending in ("wav", "flac"):
        soundfile.write(folder / f"a.{ending}", codes, RATE_HZ)
    loud = codes / np.float32(32768)
    with soundfile.SoundFile(folder / "a.ogg", "w", RATE_HZ, 2, subtype="VORBIS") as file:
        for start in range(0, len(loud), BLOCK):
            file.write(loud[start : start + BLOCK])
    encode(folder / "a.m4a", loud, RATE_HZ, "aac", bit_rate=192000)
    encode(folder / "cbr.mp3", loud, RATE_HZ, "libmp3lame", bit_rate=192000)
    encode(folder / "vbr.mp3", loud, RATE_HZ, "libmp3lame", global_quality=118 * 4, flags="+qscale")
    found: list[tuple[str, Path, np.ndarray | None]] = [
        ("WAV, 16 bits", folder / "a.wav", loud),
        ("FLAC, 16 bits", folder / "a.flac", loud),
        ("Ogg Vorbis", folder / "a.ogg", None),
        ("MP3, CBR 192", folder / "cbr.mp3", None),
        ("MP3, VBR V4", folder / "vbr.mp3", None),
        ("M4A, AAC 192", folder / "a.m4a", None),
    ]
    if shutil.which("lame"):
        lame = ["lame", "--quiet", "-V6", "-m", "m", str(folder / "a.wav")]
        subprocess.run([*lame, folder / "lame.mp3"], check=True)
        piped = subprocess.run([*lame, "-"], capture_output=True, check=True)
        (folder / "piped.mp3").write_bytes(piped.stdout)
        found.append(("MP3, VBR V6, mono, by lame", folder / "lame.mp3", None))
        found.append(("the same to a pipe", folder / "piped.mp3", None))
    return found


def best_s(read: Callable[[Path], object], path: Path) -> float:
    return min(timed_cpu(lambda: read(path)) for _ in range(ROUNDS))


def main() -> int:
    missed = 0
    readers = {"before (soundfile)": by_soundfile, "librosa": by_librosa, "gantools": by_gantools}
    print("| | " + " | ".join(f"{name}, CPU s / error" for name in readers) + " | x real time |")
    print("|" + "---|" * (len(readers) + 2))
    with tempfile.TemporaryDirectory() as scratch:
        for kind, path, samples in files(Path(scratch)):
            row, taken = [], {}
            if samples is None:
                samples = reference(path)
            for name, read in readers.items():
                try:
                    found = np.concatenate(read(path))
                except Exception:
                    row.append("not read")
                    continue
                taken[name] = best_s(read, path)
                n = min(len(found), len(samples))
                error, missing = float(np.abs(found[:n] - samples[:n]).max()), (len(samples) - len(found)) / RATE_HZ
                row.append(f"{taken[name]:.3f} / " + (f"{error:.0e}" if error else "0"))
                row[-1] += f", {missing:.1f} s missing" if missing > 0.05 else ""
                missed += name == "gantools" and (error > 1e-5 or len(found) != len(samples))
            speed = SECONDS / taken["gantools"]
            missed += speed < LEAST_SPEED
            print(f"| {kind} | " + " | ".join(row) + f" | {speed:.0f} |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
