#!/usr/bin/env bash
# How well does Catch-A-Waveform learn a clip in four minutes on two cores? Four kinds of music, ten draws each, and
# every figure beside its gate; then what it starts from: noise, drafts of the patch engine, and those drafts alone.
#
#   examples/caw_table.sh DATA OUT        DATA has songs/ and stems4/
#
# CAW_BUDGET=4m trains each for so long, CAW_PRESET=small, CAW_COUNT=10 draws of CAW_SECONDS=10, CAW_LENGTH=16 seconds of
# each clip. A second run does only what is not up to date.
set -euo pipefail
data=$(cd "$1" && pwd)
out=$2
examples=$(cd "$(dirname "$0")" && pwd)
preset=${CAW_PRESET:-small} budget=${CAW_BUDGET:-4m} count=${CAW_COUNT:-10} seconds=${CAW_SECONDS:-10}
length=${CAW_LENGTH:-16}
mkdir -p "$out"
cd "$out"

# Name, file, where the clip begins.
clips=(
    "piano songs/piano/wtc1-fugue-01-c-major.ogg 5"
    "drums stems4/rubidium/drums.ogg 156"
    "hits stems4/potassium/drums.ogg 90"
    "electronic songs/electronic/coherence.ogg 60"
    "jazz songs/jazz/vibe-ace.ogg 8"
)
for line in "${clips[@]}"; do
    read -r name file start <<<"$line"
    echo "$name: $file, $length s from $start s"
    part=(--start-seconds "$start" --max-seconds "$length")
    gantools train caw "$data/$file" -o "models/$name" --preset "$preset" --budget "$budget" --start noise \
        "${part[@]}" >>log.txt
    gantools train caw "$data/$file" -o "starts/models/$name" --preset "$preset" --budget "$budget" --start patches \
        "${part[@]}" >>log.txt
    gantools generate caw "models/$name" --count "$count" --seconds "$seconds" -o "draws/$name" >>log.txt
    gantools evaluate novelty "draws/$name" "models/$name" --small -o "report/$name" >>log.txt

    # The same gates for all three: the field is that of the model.
    gantools generate caw "starts/models/$name" --count "$count" --seconds "$seconds" -o "starts/draws/$name" >>log.txt
    gantools generate patches "models/$name" --count "$count" --seconds "$seconds" -o "starts/ideas/$name" >>log.txt
    python3 "$examples/caw_clip.py" "models/$name" "starts/clips/$name/$name.wav"
    for made in noise:draws drafts:starts/draws ideas:starts/ideas; do
        report=starts/report/$name/${made%%:*}
        sounds=${made#*:}/$name
        gantools evaluate novelty "$sounds" "models/$name" --small -o "$report/novelty" >>log.txt
        gantools evaluate texture "$sounds" --real "starts/clips/$name" -o "$report/texture" >>log.txt
    done
done
python3 "$examples/caw_table.py" . | tee table.md
