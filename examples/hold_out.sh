#!/usr/bin/env bash
# Links to the songs of a folder, in OUT/held those that are named (without ending), in OUT/train all others.
#
#   examples/hold_out.sh SONGS OUT NAME...
set -euo pipefail
songs=$(cd "$1" && pwd) out=$2
shift 2
mkdir -p "$out/train" "$out/held"
for song in "$songs"/*; do
    stem=$(basename "${song%.*}") side=train
    for name in "$@"; do [ "$name" != "$stem" ] || side=held; done
    ln -sf "$song" "$out/$side/"
done
