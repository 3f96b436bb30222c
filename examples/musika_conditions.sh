#!/usr/bin/env bash
# Table 2 and figure 3 of the Musika paper at small size: music that is told how dense and how fast it shall be, beside
# music that is told nothing, measured against songs that were held out.
#
#   examples/musika_conditions.sh SONGS NAME...      a folder, and the names (without ending) of the songs to hold out
#
# MUSIKA_BUDGET=15m for each of the two models (or MUSIKA_STEPS=4000, or MUSIKA_BUDGET=preset: the steps of the preset),
# MUSIKA_CODEC=model folder (the codec that ships by default), MUSIKA_COUNT=3 pieces of MUSIKA_SECONDS=60 for each row,
# MUSIKA_OUT=folder, MUSIKA_OPTIONS="--preset default" more options, MUSIKA_PLAIN=no leaves out the model that is told
# nothing.
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
out=${MUSIKA_OUT:-musika-conditions} seconds=${MUSIKA_SECONDS:-60} count=${MUSIKA_COUNT:-3}
length=(--budget "${MUSIKA_BUDGET:-15m}")
[ "${MUSIKA_BUDGET:-}" != preset ] || length=()
[ -z "${MUSIKA_STEPS:-}" ] || length=(--steps "$MUSIKA_STEPS")
read -ra more <<<"${MUSIKA_OPTIONS:-}"
[ -z "${MUSIKA_CODEC:-}" ] || more+=(--codec "$(cd "$MUSIKA_CODEC" && pwd)")
"$examples/hold_out.sh" "$1" "$out" "${@:2}"
cd "$out"

pieces() { gantools generate musika "$1" --seconds "$seconds" --count "$count" "${@:3}" -o "sound/$2" -q >>log.txt; }

# A run that was never healthy ends with 1 and keeps its weights: they are measured all the same.
gantools train musika train -o model --conditions density,loudness,tempo "${length[@]}" "${more[@]}" >>log.txt ||
    [ -e model/G.safetensors ]
pieces model random --density random
for density in 0.15 0.30 0.45 0.60 0.75; do pieces model "density/$density" --density "$density"; done
for bpm in 90 120 140 160; do pieces model "tempo/$bpm" --tempo "$bpm"; done
if [ "${MUSIKA_PLAIN:-yes}" = yes ]; then
    gantools train musika train -o plain "${length[@]}" "${more[@]}" >>log.txt || [ -e plain/G.safetensors ]
    pieces plain unconditional
fi

for set in unconditional random density/0.15 density/0.30 density/0.45 density/0.60 density/0.75; do
    [ ! -d "sound/$set" ] || gantools evaluate frechet "sound/$set" held -o "report/$set" -q >>log.txt
done
for set in random density tempo; do gantools evaluate conditions "sound/$set" -o "report/$set-asked" -q >>log.txt; done
gantools evaluate neighbours sound/random train held -o report/neighbours -q >>log.txt
python "$examples/musika_conditions.py" .
