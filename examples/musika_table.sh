#!/usr/bin/env bash
# Musika on a folder of songs, measured against songs that it never heard, beside what one gets without a generator and
# beside WaveGAN of the same budget.
#
#   examples/musika_table.sh SONGS NAME...      a folder, and the names (without ending) of the songs to hold out
#
# MUSIKA_BUDGET=15m (3h for a night), MUSIKA_CODEC=model folder (the codec that ships by default), MUSIKA_COUNT=3 pieces
# of MUSIKA_SECONDS=60, MUSIKA_OUT=folder, MUSIKA_OPTIONS="--preset default" more options, MUSIKA_WAVEGAN=no leaves
# WaveGAN out, MUSIKA_STYLELESS=yes adds a run of equal length without a style vector, MUSIKA_NIGHT=yes the curve of the
# distance against hours and ten minutes in one piece.
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
out=${MUSIKA_OUT:-musika} budget=${MUSIKA_BUDGET:-15m} seconds=${MUSIKA_SECONDS:-60} count=${MUSIKA_COUNT:-3}
read -ra more <<<"${MUSIKA_OPTIONS:-}"
[ -z "${MUSIKA_CODEC:-}" ] || more+=(--codec "$(cd "$MUSIKA_CODEC" && pwd)")
[ "${MUSIKA_NIGHT:-no}" = no ] || more+=(--sample-seconds 120)
"$examples/hold_out.sh" "$1" "$out" "${@:2}"
cd "$out"

gantools train musika train -o model --budget "$budget" "${more[@]}" >>log.txt
gantools generate musika model --seconds "$seconds" --count "$count" -o sound/musika -q >>log.txt
python "$examples/musika_brackets.py" model train sound --seconds "$seconds" --count "$count" >>log.txt
sets=(musika decoded shuffled gaussian)
if [ "${MUSIKA_WAVEGAN:-yes}" = yes ]; then
    gantools train wavegan train -o wavegan --preset small --variant style --budget "$budget" >>log.txt || [ -e wavegan/G.safetensors ]
    gantools generate wavegan wavegan --seconds "$seconds" --count "$count" -o sound/wavegan -q >>log.txt
    sets+=(wavegan)
fi
if [ "${MUSIKA_STYLELESS:-no}" = yes ]; then
    gantools train musika train -o styleless --budget "$budget" --style-size 0 "${more[@]}" >>log.txt
    gantools generate musika styleless --seconds "$seconds" --count "$count" -o sound/styleless -q >>log.txt
    python "$examples/musika_style.py" model styleless >style.txt
    sets+=(styleless)
fi
for set in "${sets[@]}"; do
    gantools evaluate frechet "sound/$set" held -o "report/$set" -q >>log.txt
done
gantools evaluate frechet train held -o report/train -q >>log.txt
gantools evaluate seams sound/musika train -o report/seams -q >>log.txt
gantools evaluate neighbours sound/musika train held -o report/neighbours -q >>log.txt
python "$examples/musika_table.py" .
[ ! -e style.txt ] || cat style.txt
if [ "${MUSIKA_NIGHT:-no}" = yes ]; then
    for sample in model/samples/step-*.wav; do
        name=$(basename "$sample" .wav)
        gantools evaluate frechet "$sample" held -o "report/curve/$name" -q >>log.txt
    done
    python "$examples/musika_curve.py" .
    gantools generate musika model --seconds 600 -s 7 -o ten.flac -q
fi
