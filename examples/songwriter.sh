#!/usr/bin/env bash
# A songwriter's evening: fragments go in, and for each one a page of ranked ideas comes out.
#
#   examples/songwriter.sh [FRAGMENTS]     a folder of recordings; the first 25 s of each are learnt (default: the
#                                          guitars of the bundled band)
#
# SONGWRITER_BUDGET=20m trains each fragment for so long; SONGWRITER_IDEAS=20 of each kind, SONGWRITER_SECONDS=30 long;
# SONGWRITER_JOBS=2 fragments at a time; SONGWRITER_OUT=folder. A second run does only what is not up to date.
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
fragments=${1:-}
[ -z "$fragments" ] || fragments=$(cd "$fragments" && pwd)
ideas=${SONGWRITER_IDEAS:-20} seconds=${SONGWRITER_SECONDS:-30}
few=$(((ideas + 3) / 4))
out=${SONGWRITER_OUT:-songwriter}
mkdir -p "$out"
cd "$out"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # narrow networks: a second thread costs more than it brings

# Show a command, so that it can be copied, and run it. Verbs print the paths that they write; log.txt keeps them.
run() {
    printf '\n$'
    printf ' %q' "$@"
    printf '\n'
    "$@" >>log.txt
}

if [ -z "$fragments" ]; then
    mkdir -p fragments
    for song in "$examples"/audio/stems2/*/; do
        cp -p "$song/guitar.ogg" "fragments/$(basename "$song").ogg"
    done
    fragments=fragments
fi

# 0. A draft at once, while nothing is trained: pieces of the fragment, put together anew.
for fragment in "$fragments"/*.*; do
    name=$(basename "${fragment%.*}")
    run gantools generate caw "$fragment" --engine patch --count "$few" --seconds "$seconds" -o "drafts/$name" --rank
done

# 1. Learn each fragment; from noise, since variations live on it.
run gantools train caw "$fragments" -o models --preset small --start noise --budget "${SONGWRITER_BUDGET:-20m}" \
    -j "${SONGWRITER_JOBS:-1}" || [ $? = 1 ] # a fragment that fails stops no other

# 2. Ideas: new music in the same sound; variations that keep the structure, closely and freely; new sections. All of
#    one fragment are ranked together.
for model in models/*/; do
    name=$(basename "$model")
    make=(gantools generate caw "models/$name" -o "ideas/$name")
    run "${make[@]}" --count "$ideas" --seconds "$seconds"
    run "${make[@]}" --count "$few" --mode vary
    run "${make[@]}" --count "$few" --mode vary --strength 2
    run "${make[@]}" --count "$few" --shuffle bars --seconds "$seconds"
    run "${make[@]}" --count "$few" --arrange AABA --rank
done

echo
for table in ideas/*/ranked.csv; do
    echo "$(dirname "$table"), best first (all: $out/$(dirname "$table")/index.html)"
    cut -d, -f1-5 "$table" | head -6 | sed 's/^/  /'
done
