#!/usr/bin/env bash
# The whole chain, from recordings to music that nobody played, and what it measures:
#
#   examples/demo.sh          drums for bass lines, on songs played from recorded one-shots
#   examples/demo.sh band     a band for a guitar, on recordings of a real band
#
# DEMO_BUDGET=90s trains for so long (default 4m30s), DEMO_OUT=folder keeps everything there.
# A second run does only what is missing; deleting the folder starts over.
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
budget=${DEMO_BUDGET:-4m30s}

case ${1:-drums} in
    drums) source=bass target=drums val=song-10 unseen=(song-11 song-12) ;;
    band) source=guitar target=band val= unseen=(metal-madness) ;;
    *) echo "usage: $0 [drums|band]" >&2; exit 2 ;;
esac
out=${DEMO_OUT:-demo/$target}
mkdir -p "$out"
cd "$out"

# Show a command, then run it. Verbs print the paths that they write; log.txt keeps them.
run() {
    printf '\n$ %s\n' "$*" >&2
    "$@" >>log.txt
}

# 1. Songs: a folder each, with the stems $source and $target.
if [ "$target" = drums ]; then
    run python "$examples/play_songs.py" songs --songs 12 --seconds 45
else
    mkdir -p songs && cp -R "$examples"/audio/stems2/* songs/
fi

# 2. To mel spectrograms, and to training windows. The unseen songs are kept away from training.
run gantools melify songs/ -o mels/
unseen_list=$(IFS=,; echo "${unseen[*]}")
run gantools chunk mels/ -o chunks/ --split 100/0/0 --val-songs "$val" --test-songs "$unseen_list"

# 3. Learn; and a generator that has learnt next to nothing, to compare with.
run gantools train cyclegan chunks/ --source $source --target $target -o model/ --preset small --budget "$budget"
run gantools train cyclegan chunks/ --source $source --target $target -o untrained/ --preset small --steps 1 -q

# 4. New parts for the unseen songs. A list on standard input keeps its folders: song-11/bass.drums.wav ...
( cd songs && find "${unseen[@]}" -name "$source.*" ) >unseen.txt
