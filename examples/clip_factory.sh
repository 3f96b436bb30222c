#!/usr/bin/env bash
# An electronic clip factory: a folder of tracks in, a hundred new clips out, the best of them picked, and ways from one
# to the next.
#
#   examples/clip_factory.sh TRACKS
#
# FACTORY_BUDGET=20m or FACTORY_STEPS=4000, FACTORY_CLIPS=100, FACTORY_BEST=10, FACTORY_OUT=folder;
# FACTORY_OPTIONS="--variant style --preset default --device cuda" where there is a GPU and an hour or more.
set -euo pipefail
tracks=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
out=${FACTORY_OUT:-factory} clips=${FACTORY_CLIPS:-100} best=${FACTORY_BEST:-10}
length=(--budget "${FACTORY_BUDGET:-20m}")
[ -z "${FACTORY_STEPS:-}" ] || length=(--steps "$FACTORY_STEPS")
read -ra options <<<"${FACTORY_OPTIONS:---variant style --domain wave --preset small}"
mkdir -p "$out"
cd "$out"

# Again later, with more time: the same command goes on from where it stopped. A run that collapses for good ends with 1
# and keeps its healthy weights.
gantools train wavegan "$tracks" -o model "${options[@]}" "${length[@]}" || [ -e model/G.safetensors ]
gantools generate wavegan model --count "$clips" -o clips -q >>log.txt

# Closest to songs that training did not see, no two alike: best/ and ranked.csv.
python "$examples/wavegan_clips.py" model "$tracks" --count "$clips" --side val -o held-out >>log.txt
python "$examples/clip_factory.py" clips held-out --best "$best" -o .

# From the best clip to the next, and one of ten seconds through the neighbourhood of the best.
read -r first second <<<"$(tail -n +2 ranked.csv | head -n 2 | cut -d, -f1 | sed 's/seed-0*\([0-9]\)/\1/' | xargs)"
gantools generate wavegan model --interpolate "$first-$second" --path-points 8 -o path -q >>log.txt
gantools generate wavegan model --seeds "$first" --seconds 10 -o long -q >>log.txt
echo "$out: $(find clips -name 'seed-*' | wc -l) clips, the best in best/, between the first two path/, ten seconds in long/"
