#!/bin/sh
# Makes the files beside it. Needs lame, ffmpeg and flac, and a Python with numpy and soundfile; tests need none of them.
# The sound is synthesised. NAME.flac holds what the ffmpeg program decodes, as 16-bit integers; picture.mp3 holds the
# sound of vbr.mp3, and free.mp3, which ffmpeg cannot decode, is decoded by lame.
set -e
cd "$(dirname "$0")"
work=$(mktemp -d)
PYTHONPATH=../.. python3 - "$work" <<'PY'
import sys

import numpy as np
import soundfile
from sounds import stem

music = sum(stem(kind, 0.7, 44100) for kind in ("drums", "bass", "other"))
soundfile.write(f"{sys.argv[1]}/music.wav", music, 44100)
quiet = 1e-5 * np.random.default_rng(0).standard_normal((66150, 1))
soundfile.write(f"{sys.argv[1]}/intro.wav", np.concatenate([quiet, music[:, :1]]), 44100, subtype="PCM_24")
picture = np.random.default_rng(0).integers(0, 256, 60 * 60 * 3, np.uint8)
open(f"{sys.argv[1]}/picture.ppm", "wb").write(b"P6 60 60 255\n" + picture.tobytes())
PY
lame --quiet -V2 -m j "$work/music.wav" vbr.mp3
lame --quiet --abr 128 "$work/music.wav" abr.mp3
lame --quiet -V4 -t "$work/intro.wav" - | cat > piped.mp3
lame --quiet --freeformat -b 400 "$work/music.wav" free.mp3
ffmpeg -v error -nostdin -y -i vbr.mp3 -i "$work/picture.ppm" -map 0:a -map 1 -c:a copy -c:v png -id3v2_version 4 \
    -metadata title='Título 日本' picture.mp3
for name in vbr abr piped; do
    ffmpeg -v error -nostdin -y -i $name.mp3 -map 0:a -c:a pcm_s16le -bitexact "$work/$name.wav"
    flac --silent --best -f -o $name.flac "$work/$name.wav"
done
lame --quiet --decode free.mp3 "$work/free.wav"
flac --silent --best -f -o free.flac "$work/free.wav"
rm -r "$work"
