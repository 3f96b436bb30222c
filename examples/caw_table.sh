#!/usr/bin/env bash
# How well does Catch-A-Waveform learn a clip in four minutes on two cores? Four kinds of music, ten draws each, and
# every figure beside its gate:
#
#   examples/caw_table.sh DATA OUT        DATA has songs/ and stems4/
#
# CAW_BUDGET=4m trains each for so long, CAW_PRESET=small, CAW_COUNT=10 draws of CAW_SECONDS=10. A second run does only
# what is not up to date.
set -euo pipefail
data=$(cd "$1" && pwd)
out=$2
examples=$(cd "$(dirname "$0")" && pwd)
preset=${CAW_PRESET:-small} budget=${CAW_BUDGET:-4m} count=${CAW_COUNT:-10} seconds=${CAW_SECONDS:-10}
mkdir -p "$out"
cd "$out"

# Name, file, where 16 s begin.
clips=(
    "piano songs/piano/wtc1-fugue-01-c-major.ogg 5"
    "drums stems4/rubidium/drums.ogg 156"
    "electronic songs/electronic/coherence.ogg 60"
    "jazz songs/jazz/vibe-ace.ogg 8"
)
for line in "${clips[@]}"; do
    read -r name file start <<<"$line"
    echo "$name: $file, 16 s from $start s"
    gantools train caw "$data/$file" -o "models/$name" --preset "$preset" --budget "$budget" \
        --start-seconds "$start" --max-seconds 16 >>log.txt
    gantools generate caw "models/$name" --count "$count" --seconds "$seconds" -o "draws/$name" >>log.txt
    gantools evaluate novelty "draws/$name" "models/$name" --small -o "report/$name" >>log.txt
done
python3 "$examples/caw_table.py" . | tee table.md
