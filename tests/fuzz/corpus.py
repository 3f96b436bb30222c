"""Good inputs of every kind, tiny and the same each time; the fuzzer damages copies of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import soundfile
from running import made_here
from small_caw import small_model
from sounds import tone

RATE_HZ = 22050
MEL_SIZES = ("--n-mels", "32", "--n-fft", "512", "--hop-samples", "256")
#: Format of soundfile and sample format, for each kind of sound file.
SOUNDS = {
    "pcm.wav": ("WAV", "PCM_16"),
    "float.wav": ("WAV", "FLOAT"),
    "wavex.wav": ("WAVEX", "PCM_24"),
    "big.wav": ("RF64", "PCM_16"),
    "adpcm.wav": ("WAV", "IMA_ADPCM"),
    "pcm.aiff": ("AIFF", "PCM_16"),
    "float.aif": ("AIFF", "FLOAT"),
    "pcm.flac": ("FLAC", "PCM_16"),
    "vorbis.ogg": ("OGG", "VORBIS"),
    "opus.opus": ("OGG", "OPUS"),
    "layer3.mp3": ("MP3", "MPEG_LAYER_III"),
    "pcm.w64": ("W64", "PCM_16"),
    "pcm.au": ("AU", "PCM_16"),
    "pcm.caf": ("CAF", "PCM_16"),
}
WAVEGAN = (
    *("--preset", "small", "--samples", "1024", "--width", "2", "--batch-size", "4", "--validation-clips", "16"),
    *("--domain", "wave", "--latent", "8", "--threads", "1", "--precision", "float32"),
)
CYCLEGAN = (
    *("--preset", "small", "--width", "8", "--body-width", "8", "--blocks", "1", "--discriminator-width", "8"),
    *("--texture-width", "4", "--batch-size", "2", "--threads", "1", "--validation-windows", "2"),
)


def make_corpus(folder: Path) -> None:
    """Write sounds, mel files, chunk folders, features, models, latents and a manifest below `folder`."""
    (folder / "sounds").mkdir(parents=True)
    for name, (container, subtype) in SOUNDS.items():
        rate = 24000 if subtype == "OPUS" else RATE_HZ
        wave = tone(0.6, rate, 2 if "wavex" in name or "ogg" in name else 1)
        soundfile.write(folder / "sounds" / name, wave, rate, format=container, subtype=subtype)
    _with_chunks(folder / "sounds/pcm.wav", folder / "sounds/tagged.wav")
    for role in ("bass", "drums"):
        soundfile.write(folder / f"good.{role}.wav", tone(0.8, RATE_HZ, hz=110.0 if role == "bass" else 330.0), RATE_HZ)
    songs = folder / "songs"
    songs.mkdir()
    for number in range(3):
        wave = tone(3.0, 8000, hz=110.0 * (number + 1), seed=number)
        soundfile.write(songs / f"song{number}.wav", wave, 8000)
    for number in range(4):
        for role in ("bass", "drums"):
            wave = tone(1.0, RATE_HZ, hz=55.0 * (number + (3 if role == "bass" else 7)), seed=number)
            (folder / f"stems/s{number}").mkdir(parents=True, exist_ok=True)
            soundfile.write(folder / f"stems/s{number}/{role}.wav", wave, RATE_HZ)
    made_here(folder, "melify", "stems", "-o", "mels", *MEL_SIZES, "-q")
    split = ("--split", "1/0/0", "--val-songs", "s3")
    made_here(folder, "chunk", "mels", "-o", "chunks", "--frames", "16", "--stride", "16", *split, "-q")
    made_here(
        folder, "fxnorm", "fit", "stems", "-o", "features.json", "--measure", "raw", "--min-active-seconds", "0", "-q"
    )
    made_here(folder, "train", "wavegan", "songs", "-o", "wavegan", *WAVEGAN, "--steps", "1", "-q")
    made_here(folder, "generate", "wavegan", "wavegan", "--count", "2", "-o", "latents", "-q")
    small_model(folder / "caw", seconds=1.0)
    (folder / "options.toml").write_text(
        'n-mels = 32\nn_fft = 512\nhop = 256\nmel_scale = "htk"\nquiet = true\njobs = 1\nrole = "bass"\nfmin = 20.5\n'
    )


def _with_chunks(source: Path, target: Path) -> None:
    """Write a WAV with the chunks that recorders and editors add."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return name + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)

    shutil.copy(source, target)
    data = target.read_bytes()
    bext = b"take one".ljust(256, b"\0") + b"gantools".ljust(32, b"\0") + b"\0" * 314
    cue = np.array([1, 1, 100, 0x61746164, 0, 0, 100], "<u4").tobytes()
    more = chunk(b"bext", bext) + chunk(b"cue ", cue)
    more += chunk(b"LIST", b"INFO" + chunk(b"INAM", b"tone\0") + chunk(b"IART", "Björk\0".encode()))
    more += chunk(b"smpl", bytes(36)) + chunk(b"id3 ", b"ID3\4\0\0\0\0\0\12" + bytes(10))
    target.write_bytes(b"RIFF" + (len(data) - 8 + len(more)).to_bytes(4, "little") + data[8:] + more)
