#!/usr/bin/env bash
# How well does the small preset learn? Real stems, one song never trained on, several seeds, every figure printed.
#
#   examples/learn.sh STEMS        STEMS/SONG/bass.* and STEMS/SONG/drums.*
#
# LEARN_UNSEEN=song holds it out, LEARN_SEEDS="0 1 2", LEARN_STEPS=1200 or LEARN_BUDGET=5m (LEARN_BUDGET=preset: the steps
# of the preset), LEARN_OUT=folder, LEARN_OPTIONS="--threads 1" more options of the trainings.
set -euo pipefail
stems=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
unseen=${LEARN_UNSEEN:-caesium} seeds=${LEARN_SEEDS:-0 1 2} out=${LEARN_OUT:-learn}
length=(--steps "${LEARN_STEPS:-1200}")
[ -z "${LEARN_BUDGET:-}" ] || length=(--budget "$LEARN_BUDGET")
[ "${LEARN_BUDGET:-}" != preset ] || length=()
read -ra more <<<"${LEARN_OPTIONS:-}"
mkdir -p "$out"
cd "$out"

# The unseen song's bass is what drums are made for; its real drums are what they are measured against.
mkdir -p bass/"$unseen" real/"$unseen"
ln -sf "$stems/$unseen"/bass.* bass/"$unseen"/
ln -sf "$stems/$unseen"/drums.* real/"$unseen"/

gantools melify "$stems" -o mels -j 2 >>log.txt
find mels \( -name 'bass.mel.*' -o -name 'drums.mel.*' \) | sort |
    gantools chunk - -o chunks --split 1/0/0 --test-songs "mels/$unseen,$unseen" >>log.txt
for seed in $seeds; do
    gantools train cyclegan chunks -o "model-$seed" --preset small --seed "$seed" "${length[@]}" "${more[@]}" >>log.txt
    gantools generate cyclegan "model-$seed" bass -o "drums-$seed" --style window --json >>generate-"$seed".jsonl
done
gantools train cyclegan chunks -o untrained --preset small "${more[@]}" --steps 1 -q >>log.txt
gantools generate cyclegan untrained bass -o drums-untrained --style window >>log.txt
gantools evaluate frechet bass real --role bass --no-infinity -o report/bass >>log.txt
for name in untrained $seeds; do
    gantools evaluate frechet "drums-$name" real --no-infinity -o "report/frechet-$name" >>log.txt
    gantools evaluate rhythm "drums-$name" bass --real real -o "report/rhythm-$name" >>log.txt
done
python "$examples/learn_table.py" . $seeds
