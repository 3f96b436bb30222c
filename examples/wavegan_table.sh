#!/usr/bin/env bash
# The table of "Generating Electronic Music with Adversarial Networks", at small size and with figures that can be had:
# its four variants trained on the same songs, measured against songs that none of them saw.
#
#   examples/wavegan_table.sh TRACKS      a folder of electronic tracks, three or more
#
# WAVEGAN_BUDGET=5m or WAVEGAN_STEPS=2000 for each variant, WAVEGAN_CLIPS=200, WAVEGAN_OUT=folder; WAVEGAN_TEST=a,b and
# WAVEGAN_VAL=c,d name the songs that are held out (else a tenth each), WAVEGAN_OPTIONS="--width 4" more options.
set -euo pipefail
tracks=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
out=${WAVEGAN_OUT:-wavegan} clips=${WAVEGAN_CLIPS:-200}
length=(--budget "${WAVEGAN_BUDGET:-5m}")
[ -z "${WAVEGAN_STEPS:-}" ] || length=(--steps "$WAVEGAN_STEPS")
[ -z "${WAVEGAN_TEST:-}" ] || length+=(--test-songs "$WAVEGAN_TEST")
[ -z "${WAVEGAN_VAL:-}" ] || length+=(--val-songs "$WAVEGAN_VAL")
read -ra more <<<"${WAVEGAN_OPTIONS:-}"
mkdir -p "$out"
cd "$out"

for variant in baseline improved style transformer; do
    # A run that collapses for good ends with 1 and keeps its healthy weights: they are measured all the same.
    gantools train wavegan "$tracks" -o "model/$variant" --variant "$variant" --preset small \
        "${length[@]}" "${more[@]}" >>log.txt || [ -e "model/$variant/G.safetensors" ]
    gantools generate wavegan "model/$variant" --count "$clips" -o "clips/$variant" -q >>log.txt
done

# Held-out songs are what everything is compared with; training songs show what other real music gets.
for side in test train; do
    python "$examples/wavegan_clips.py" model/baseline "$tracks" --count "$clips" --side "$side" -o "clips/$side" >>log.txt
done
seconds=$(python -c 'import json; d = json.load(open("model/baseline/config.json"))["data"]
print(d["samples"] / d["rate_hz"])')
for set in baseline improved style transformer train; do
    gantools evaluate pitch "clips/$set" clips/test -o "report/$set/pitch" -q >>log.txt
    gantools evaluate frechet "clips/$set" clips/test --clip-seconds "$seconds" -o "report/$set/frechet" -q >>log.txt
    gantools evaluate coverage "clips/$set" clips/test --clip-seconds "$seconds" -o "report/$set/coverage" -q >>log.txt
done
python "$examples/wavegan_table.py" .
