"""Decoders against the `ffmpeg` program: number of samples and largest difference, case by case.

    python benchmarks/decoder_table.py

Needs lame, ffmpeg, flac and oggenc on the PATH; the sound is synthesised. PyAV and sphn are the candidates; python-
soundfile in blocks of 65536, as gantools read before, and gantools itself in blocks of 1000 stand beside them. Prints a
table in Markdown; exit code 1 where gantools differs from its reference by a sample or by more than 1e-5 of full scale.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import av
from sounds import stem

from gantools.audio.io import AudioReader

MOST_DIFFERENCE = 1e-5
LAME_DECODES = "lame --quiet --decode -t {} -"
RATES_HZ = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
LAME = {f"VBR V{q}, joint stereo": (f"-V{q}", "s44100") for q in (0, 2, 4, 6, 9)}
LAME |= {f"VBR V{q}, mono": (f"-V{q}", "m44100") for q in (0, 2, 4, 6, 9)}
LAME |= {f"VBR V2, {rate_hz} Hz": ("-V2", f"s{rate_hz}") for rate_hz in RATES_HZ}
LAME |= {f"VBR V4, mono, {rate_hz} Hz": ("-V4", f"m{rate_hz}") for rate_hz in (32000, 48000)}
LAME |= {
    "VBR V2, left and right apart": ("-V2 -m s", "s44100"),
    "CBR 128": ("-b 128", "s44100"),
    "CBR 320": ("-b 320", "s44100"),
    "CBR 64, mono": ("-b 64", "m44100"),
    "ABR 160": ("--abr 160", "s44100"),
    "VBR V2, no Xing header": ("-V2 -t", "s44100"),
    "CBR 192, no header": ("-b 192 -t", "s44100"),
    "VBR V2, quiet intro": ("-V2", "quiet"),
    "VBR V2, quiet intro, no header": ("-V2 -t", "quiet"),
}
FFMPEG = {
    "MP3 with ID3v2.4 and a picture": ("-i {picture} -map 0 -map 1 -c:a libmp3lame -q:a 2 -id3v2_version 4", "mp3"),
    "MP3 by ffmpeg, no header": ("-c:a libmp3lame -b:a 160k -write_xing 0", "mp3"),
    "MP2": ("-c:a mp2 -b:a 192k", "mp2"),
    "M4A, AAC": ("-c:a aac", "m4a"),
    "ADTS, AAC": ("-c:a aac", "aac"),
    "M4A, ALAC": ("-c:a alac", "m4a"),
    "Opus": ("-c:a libopus", "opus"),
    "WebM, Opus": ("-c:a libopus", "webm"),
    "WebM, Vorbis": ("-c:a libvorbis", "webm"),
    "WMA": ("-c:a wmav2", "wma"),
    "WavPack": ("-c:a wavpack", "wv"),
    "TTA": ("-c:a tta", "tta"),
    "AC-3": ("-c:a ac3", "ac3"),
    "film, MP4, AAC": ("-f lavfi -i testsrc=d=8:s=160x120:r=10 -c:v mpeg4 -c:a aac", "mp4"),
    "film, Matroska, AC-3": ("-f lavfi -i testsrc=d=8:s=160x120:r=10 -c:v mpeg4 -c:a ac3", "mkv"),
    "Ogg Vorbis": ("-c:a libvorbis", "ogg"),
    "Ogg FLAC": ("-c:a flac", "oga"),
}


def run(command: str, folder: Path) -> bytes:
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True)
    if done.returncode:
        raise SystemExit(f"{command}: {done.stderr.decode()}")
    return done.stdout


def cases(folder: Path) -> list[tuple[str, Path, str]]:
    """Make the files; return (case, path, command that decodes it to raw samples on standard output)."""
    for rate_hz in RATES_HZ:
        wave = np.sum([stem(kind, 8.0, rate_hz) for kind in ("drums", "bass", "other")], axis=0)
        soundfile.write(folder / f"s{rate_hz}.wav", wave, rate_hz)
        soundfile.write(folder / f"m{rate_hz}.wav", wave.mean(1), rate_hz)
    silence = 1e-5 * np.random.default_rng(0).standard_normal((6 * 44100, 2))
    soundfile.write(folder / "quiet.wav", np.concatenate([silence, soundfile.read(folder / "s44100.wav")[0]]), 44100)
    run("ffmpeg -v error -f lavfi -i testsrc=d=1:s=160x120:r=1 -frames:v 1 picture.png", folder)
    decode = "ffmpeg -v error -nostdin -i {} -map 0:a:0 -f f32le -"
    found = []
    for number, (case, (options, source)) in enumerate(LAME.items()):
        run(f"lame --quiet {options} {source}.wav - | cat > l{number}.mp3", folder)
        if "-t" not in options.split():  # a header needs a file that can be sought
            run(f"lame --quiet {options} {source}.wav l{number}.mp3", folder)
        by_lame = "24000" in source  # ffmpeg 5.1 alone decodes a part of such files otherwise than all others
        found.append((f"MP3 {case}", folder / f"l{number}.mp3", LAME_DECODES if by_lame else decode))
    for number, (case, (options, ending)) in enumerate(FFMPEG.items()):
        before, _, after = options.partition(" -c:") if options.startswith("-f lavfi") else ("", "", options)
        command = f"{before} -i s44100.wav -c:{after}" if before else f"-i s44100.wav {after}"
        command = command.format(picture="picture.png")
        run(f"ffmpeg -v error -nostdin -y {command} f{number}.{ending}", folder)
        found.append((case, folder / f"f{number}.{ending}", decode))
    for rate in (160, 400, 600):
        run(f"lame --quiet --freeformat -b {rate} s44100.wav free{rate}.mp3", folder)
        found.append((f"MP3 free format, {rate} kbit/s", folder / f"free{rate}.mp3", LAME_DECODES))
    run("cat f15.ogg > chain.ogg; oggenc -Q -s 9 -q 3 s44100.wav -o two.ogg; cat two.ogg >> chain.ogg", folder)
    both = "ffmpeg -v error -nostdin -i f15.ogg -f f32le - ; ffmpeg -v error -nostdin -i two.ogg -f f32le -"
    found.append(("Ogg Vorbis, two streams", folder / "chain.ogg", both))
    run("ffmpeg -v error -nostdin -y -i s44100.wav -f flac - | cat > stream.flac", folder)
    found.append(("FLAC from a pipe", folder / "stream.flac", decode))
    run("ffmpeg -v error -nostdin -y -i s44100.wav -c:a pcm_s32le s32.wav; flac -s -f -o f32.flac s32.wav", folder)
    found.append(("FLAC of 32 bits", folder / "f32.flac", decode.format(folder / "s32.wav")))
    return found


def by_pyav(path: Path) -> np.ndarray:
    with av.open(str(path), metadata_errors="ignore") as container:
        parts = []
        for frame in container.decode(container.streams.audio[0]):
            data: np.ndarray = frame.to_ndarray()
            data = data.T if frame.format.is_planar else data.reshape(-1, frame.layout.nb_channels)
            parts.append(data / np.float32(np.iinfo(data.dtype).max + 1.0) if data.dtype.kind == "i" else data)
    return np.concatenate(parts)


def by_sphn(path: Path) -> np.ndarray:
    import sphn

    return sphn.read(path)[0].T


def by_soundfile(path: Path) -> np.ndarray:
    parts = []
    with soundfile.SoundFile(path) as file:
        while len(block := file.read(1 << 16, dtype="float32", always_2d=True)):
            parts.append(block)
    return np.concatenate(parts)


def by_gantools(path: Path) -> np.ndarray:
    with AudioReader(path) as reader:
        return np.concatenate([block.copy() for block in reader.blocks(1000)])


READERS: dict[str, Callable[[Path], np.ndarray]] = {
    "gantools": by_gantools,
    "PyAV": by_pyav,
    "sphn": by_sphn,
    "soundfile": by_soundfile,
}


def reference(command: str, path: Path) -> np.ndarray:
    """Return what a program writes to standard output: raw float32, or 16-bit integers where it is lame."""
    raw = run(command.format(path), path.parent)
    wave = np.frombuffer(raw, "<i2") / np.float32(32768) if "lame" in command else np.frombuffer(raw, "<f4")
    with AudioReader(path) as reader:
        return wave.reshape(-1, reader.channels).astype(np.float32)


def main() -> int:
    missed = 0
    print(f"PyAV {av.__version__}, sphn {version('sphn')}, soundfile {soundfile.__version__};", end=" ")
    print(run("ffmpeg -version", Path.cwd()).decode().splitlines()[0].split(" Copyright")[0])
    print("\n| case | samples | " + " | ".join(READERS) + " |\n|" + "---|" * (len(READERS) + 2))
    with tempfile.TemporaryDirectory() as scratch:
        for case, path, command in cases(Path(scratch)):
            expected, row = reference(command, path), []
            for name, read in READERS.items():
                try:
                    found = read(path)
                except Exception as error:
                    row.append("not read")
                    missed += name == "gantools"
                    print(f"{case}: {name}: {error}", file=sys.stderr)
                    continue
                n = min(len(found), len(expected))
                missing, difference = len(found) - len(expected), float(np.abs(found[:n] - expected[:n]).max())
                row.append((f"{missing:+d}, " if missing else "") + (f"{difference:.0e}" if difference else "0"))
                rounded = MOST_DIFFERENCE + (1.5 / 32768 if "lame" in command else 0)
                if name == "gantools" and (missing or difference > rounded):
                    print(f"{case}: {missing:+d} samples, {difference:.1e}", file=sys.stderr)
                    missed += 1
            print(f"| {case} | {len(expected)} | " + " | ".join(row) + " |", flush=True)
    return 1 if missed else 0


def version(package: str) -> str:
    from importlib.metadata import version as found

    return found(package)


if __name__ == "__main__":
    raise SystemExit(main())
