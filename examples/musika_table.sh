#!/usr/bin/env bash
# Musika on a folder of songs, measured against songs that it never heard, beside what one gets without a generator and
# beside WaveGAN of the same budget.
#
#   examples/musika_table.sh SONGS NAME...      a folder, and the names (without ending) of the songs to hold out
#
# MUSIKA_BUDGET=15m for each training (or MUSIKA_STEPS=10000, or MUSIKA_BUDGET=preset: the steps of the preset),
# MUSIKA_SEEDS="0 1 2" a model for each, MUSIKA_CODEC=model folder (the codec that ships by default), MUSIKA_COUNT=16
# pieces of MUSIKA_SECONDS=15 (a piece keeps to one style, so that few long ones show little of a model),
# MUSIKA_OUT=folder, MUSIKA_OPTIONS="--preset default" more options. MUSIKA_WAVEGAN=no leaves WaveGAN out.
# MUSIKA_STYLELESS=yes adds a run of equal length without a style vector. MUSIKA_NIGHT=yes adds the curve of the distance
# against hours and ten minutes in one piece, of the first seed.
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
out=${MUSIKA_OUT:-musika} budget=${MUSIKA_BUDGET:-15m} seconds=${MUSIKA_SECONDS:-15} count=${MUSIKA_COUNT:-16}
read -ra seeds <<<"${MUSIKA_SEEDS:-0 1 2}"
read -ra more <<<"${MUSIKA_OPTIONS:-}"
length=(--budget "$budget")
[ "$budget" != preset ] || length=()
[ -z "${MUSIKA_STEPS:-}" ] || length=(--steps "$MUSIKA_STEPS")
[ -z "${MUSIKA_CODEC:-}" ] || more+=(--codec "$(cd "$MUSIKA_CODEC" && pwd)")
[ "${MUSIKA_NIGHT:-no}" = no ] || more+=(--sample-seconds 120)
"$examples/hold_out.sh" "$1" "$out" "${@:2}"
cd "$out"
one=${seeds[0]}
first=model/$one

sets=(decoded shuffled gaussian)
for seed in "${seeds[@]}"; do
    # A run that was never healthy ends with 1 and keeps its weights: they are measured all the same.
    gantools train musika train -o "model/$seed" --seed "$seed" "${length[@]}" "${more[@]}" >>log.txt ||
        [ -e "model/$seed/G.safetensors" ]
    gantools generate musika "model/$seed" --seconds "$seconds" --count "$count" -o "sound/musika-$seed" -q >>log.txt
    gantools evaluate seams "sound/musika-$seed" train -o "report/seams-$seed" -q >>log.txt
    gantools evaluate neighbours "sound/musika-$seed" train held -o "report/neighbours-$seed" -q >>log.txt
    sets+=("musika-$seed")
done
python "$examples/musika_brackets.py" "$first" train sound --seconds "$seconds" --count "$count" >>log.txt
if [ "${MUSIKA_WAVEGAN:-yes}" = yes ]; then
    gantools train wavegan train -o wavegan --preset small --variant style --domain wave --budget "$budget" >>log.txt || [ -e wavegan/G.safetensors ]
    gantools generate wavegan wavegan --seconds "$seconds" --count "$count" -o sound/wavegan -q >>log.txt
    sets+=(wavegan)
fi
if [ "${MUSIKA_STYLELESS:-no}" = yes ]; then
    gantools train musika train -o styleless --seed "$one" "${length[@]}" --style-size 0 "${more[@]}" >>log.txt ||
        [ -e styleless/G.safetensors ]
    gantools generate musika styleless --seconds "$seconds" --count "$count" -o sound/styleless -q >>log.txt
    python "$examples/musika_style.py" "$first" styleless >style.txt
    sets+=(styleless)
fi
for set in "${sets[@]}"; do
    gantools evaluate frechet "sound/$set" held -o "report/$set" -q >>log.txt
done
gantools evaluate frechet train held -o report/train -q >>log.txt
if [ "${MUSIKA_NIGHT:-no}" = yes ]; then
    for sample in "$first"/samples/step-*.wav; do
        name=$(basename "$sample" .wav)
        gantools evaluate frechet "$sample" held -o "report/curve/$name" -q >>log.txt
    done
    gantools generate musika "$first" --seconds 600 -s 7 -o ten.flac -q
fi
python "$examples/musika_table.py" .
[ ! -e style.txt ] || cat style.txt
[ "${MUSIKA_NIGHT:-no}" = no ] || python "$examples/musika_curve.py" "$first" report/curve
