#!/usr/bin/env bash
# "Symphony Generation with Permutation Invariant Language Model" (SymphonyNet): what merges of pitches are, what they
# bring, whether instruments are found, and how new scores differ from real ones.
#
#   examples/reproduce/symphony.sh       MIDI=folder of scores with many parts, a tenth of which is held out; what start.sh
#                                        reads
. "$(dirname "$0")/start.sh"

midi=${MIDI:-}
if [ -z "$midi" ]; then
    note "no MIDI=folder: 12 pieces of the model that ships stand for the 46,359 files; what is learnt of them is its own music"
    midi=$PWD/pieces
    once pieces gantools generate symphony --bars 16 --count 12 -o pieces --no-page -q
fi
mkdir -p training held-out
mapfile -t files < <(find -L "$midi" -type f -iname '*.mid' | sort)
tenth=$(((${#files[@]} + 9) / 10))
for at in "${!files[@]}"; do
    side=training
    [ "$at" -lt $((${#files[@]} - tenth)) ] || side=held-out
    ln -sf "${files[$at]}" "$side/"
done
val=$(basename "${files[0]}" .mid)

sides=(--split 100/0/0 --val-songs "$val") merged=() count=8
if [ "$scale" = small ]; then merged=(--merges 64) count=4; fi
learn mmr symphony training 100 "${sides[@]}" "${merged[@]}"
learn plain symphony training 100 "${sides[@]}" --merges 0
once random gantools train symphony training -o random "${preset[@]}" "${sides[@]}" "${merged[@]}" --steps 1
for model in mmr plain; do
    once "judge/$model" into "$model.json" \
        gantools evaluate symbolic held-out --model "$model" --trained-on training -o "report/$model" --json
done
once judge/ships gantools evaluate symbolic held-out --model symphony -o report/ships -q
once make/made gantools generate symphony mmr --bars 16 --count $count -o made -q --no-page
once make/made-random gantools generate symphony random --bars 16 --count 2 -o made-random -q --no-page
for set in made made-random; do
    once "judge/$set" into "$set.json" \
        gantools evaluate symbolic "$set" --real held-out --trained-on training -o "report/$set" --json
done
python "$examples/symphony_table.py" . >tables.md
