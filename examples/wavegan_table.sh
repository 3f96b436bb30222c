#!/usr/bin/env bash
# The table of "Generating Electronic Music with Adversarial Networks", at small size and with figures that can be had:
# its four variants on waves of 8 kHz, and the style variant on latents of a codec (clips of 4.5 s at 44.1 kHz), trained
# on the same songs, measured against songs that none of them saw.
#
#   examples/wavegan_table.sh TRACKS      a folder of electronic tracks, three or more
#
# WAVEGAN_BUDGET=5m or WAVEGAN_STEPS=2000 for each variant (WAVEGAN_BUDGET=preset: the steps of the preset),
# WAVEGAN_CLIPS=200, WAVEGAN_OUT=folder; WAVEGAN_TEST=a,b and WAVEGAN_VAL=c,d name the songs that are held out (else a
# tenth each), WAVEGAN_OPTIONS="--width 4" more options.
set -euo pipefail
tracks=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
out=${WAVEGAN_OUT:-wavegan} clips=${WAVEGAN_CLIPS:-200}
length=(--budget "${WAVEGAN_BUDGET:-5m}")
[ "${WAVEGAN_BUDGET:-}" != preset ] || length=()
[ -z "${WAVEGAN_STEPS:-}" ] || length=(--steps "$WAVEGAN_STEPS")
[ -z "${WAVEGAN_TEST:-}" ] || length+=(--test-songs "$WAVEGAN_TEST")
[ -z "${WAVEGAN_VAL:-}" ] || length+=(--val-songs "$WAVEGAN_VAL")
read -ra more <<<"${WAVEGAN_OPTIONS:-}"
mkdir -p "$out"
cd "$out"

for variant in baseline improved style transformer; do
    # A run that collapses for good ends with 1 and keeps its healthy weights: they are measured all the same.
    gantools train wavegan "$tracks" -o "model/$variant" --variant "$variant" --domain wave --preset small \
        "${length[@]}" "${more[@]}" >>log.txt || [ -e "model/$variant/G.safetensors" ]
    gantools generate wavegan "model/$variant" --count "$clips" -o "clips/$variant" -q >>log.txt
done

gantools train wavegan "$tracks" -o model/latent --domain latent --preset small "${length[@]}" >>log.txt ||
    [ -e model/latent/G.safetensors ]
gantools generate wavegan model/latent --count "$clips" -o whole/latent -q >>log.txt
# Beside the others: as long and at the rate of theirs.
python "$examples/wavegan_clips.py" model/baseline whole/latent --cut -o clips/latent >>log.txt

# Held-out songs are what everything is compared with; training songs show what other real music gets.
for side in test train; do
    python "$examples/wavegan_clips.py" model/baseline "$tracks" --count "$clips" --side "$side" -o "clips/$side" >>log.txt
    # The same at the length and the rate of latents; and what the codec makes of the training, and of it shuffled.
    python "$examples/wavegan_clips.py" model/latent "$tracks" --count "$clips" --side "$side" -o "whole/$side" >>log.txt
done
python "$examples/wavegan_clips.py" model/latent "$tracks" --count "$clips" --side train --decoded -o whole/decoded >>log.txt
python "$examples/wavegan_clips.py" model/latent "$tracks" --count "$clips" --side train --shuffled -o whole/shuffled >>log.txt
seconds=$(python -c 'import json; d = json.load(open("model/baseline/config.json"))["data"]
print(d["samples"] / d["rate_hz"])')
for set in baseline improved style transformer latent train; do
    gantools evaluate pitch "clips/$set" clips/test -o "report/$set/pitch" -q >>log.txt
    gantools evaluate frechet "clips/$set" clips/test --clip-seconds "$seconds" -o "report/$set/frechet" -q >>log.txt
    gantools evaluate coverage "clips/$set" clips/test --clip-seconds "$seconds" -o "report/$set/coverage" -q >>log.txt
done
for set in latent train decoded shuffled; do
    gantools evaluate frechet "whole/$set" whole/test -o "report/whole-$set/frechet" -q >>log.txt
    gantools evaluate texture "whole/$set" --real whole/test -o "report/whole-$set/texture" -q >>log.txt
done
python "$examples/wavegan_table.py" .
