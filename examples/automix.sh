#!/usr/bin/env bash
# Does automix mix better than a sum? Every song in turn is left out of training, mixed, and compared with its own mix.
#
#   examples/automix.sh STEMS        STEMS/SONG/{vocals,drums,bass,other}.*
#
# AUTOMIX_STEPS=60 or AUTOMIX_BUDGET=10m for each (AUTOMIX_BUDGET=preset: the steps of the preset), AUTOMIX_UNSEEN=SONG for
# one song instead of all, AUTOMIX_OUT=folder, AUTOMIX_OPTIONS="--preset default" more options.
set -euo pipefail
stems=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
out=${AUTOMIX_OUT:-automix}
length=(--steps "${AUTOMIX_STEPS:-60}")
[ -z "${AUTOMIX_BUDGET:-}" ] || length=(--budget "$AUTOMIX_BUDGET")
[ "${AUTOMIX_BUDGET:-}" != preset ] || length=()
read -ra more <<<"${AUTOMIX_OPTIONS:-}"
mkdir -p "$out"
cd "$out"

# What the stems are normalised to was measured on other music altogether, so nothing of an unseen song leaks into it.
gantools fxnorm apply "$stems" --target musdb18 --reverb send -o normalised -j 0 >>log.txt
for folder in "$stems"/*/; do
    song=$(basename "$folder")
    [ "${AUTOMIX_UNSEEN:-$song}" = "$song" ] || continue
    for other in "$stems"/*/; do
        other=$(basename "$other")
        part=$([ "$other" = "$song" ] && echo unseen || echo seen)
        mkdir -p "$part-$song/normalised/$other" "$part-$song/wet/$other"
        ln -sf "$PWD/normalised/$other"/* "$part-$song/normalised/$other/"
        ln -sf "$stems/$other"/* "$part-$song/wet/$other/"
    done
    gantools train automix "seen-$song/normalised" --mixes "seen-$song/wet" --target musdb18 \
        -o "model-$song" --preset small "${length[@]}" "${more[@]}" >>log.txt
    for mixer in sum gains network; do
        gantools generate automix "model-$song" "unseen-$song/normalised" --normalised --mixer "$mixer" \
            -o "mixes/$mixer" --json >>generate.jsonl
    done
done
for mixer in sum gains network; do
    gantools evaluate mix "mixes/$mixer" "$stems" -o "report/$mixer" >>log.txt
done
python "$examples/automix_table.py" .
