#!/usr/bin/env bash
# What speech beside the songs does for a codec: one with it and one without, of equal length, on voices and songs that
# neither has heard.
#
#   examples/codec_speech.sh SONGS SPEECH 'PATTERN' HELD      PATTERN: files of SPEECH to hold out, such as '*_theo_*';
#                                                             HELD: folder of songs to hold out
#
# CODEC_STEPS=300 for each of the two, CODEC_OUT=folder.
set -euo pipefail
songs=$(cd "$1" && pwd) speech=$(cd "$2" && pwd) pattern=$3 held=$(cd "$4" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
out=${CODEC_OUT:-codec-speech} steps=${CODEC_STEPS:-300}
mkdir -p "$out/speech" "$out/voices"
cd "$out"
find "$speech" -type f ! -name "$pattern" -exec ln -sf -t speech {} +
find "$speech" -type f -name "$pattern" -exec ln -sf -t voices {} +
gantools train codec "$songs" -o music --steps "$steps" -q >>log.txt
gantools train codec "$songs" --speech speech -o both --steps "$steps" -q >>log.txt
python "$examples/codec_speech.py" voices "$held" music both
