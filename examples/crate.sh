#!/usr/bin/env bash
# A crate of electronic tracks: mixes of the songs that are there as stems, and links to the electronic and hip-hop ones.
#
#   examples/crate.sh DATA OUT        DATA has stems4/ and songs/
set -euo pipefail
data=$(cd "$1" && pwd)
mkdir -p "$2"
python3 "$(dirname "$0")/mix_stems.py" "$data/stems4" "$2"
for song in "$data"/songs/electronic/* "$data"/songs/hiphop/*; do
    ln -sf "$song" "$2/"
    echo "$2/$(basename "$song")"
done
