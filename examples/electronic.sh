#!/usr/bin/env bash
# How the model `electronic` was made, with which `gantools generate musika electronic` makes endless music the moment
# that gantools is installed, and what docs/musika.md says of it.
#
#   examples/electronic.sh DATA         DATA/stems4/SONG/{drums,bass,other}.ogg, DATA/songs/electronic to compare with
#
# ELECTRONIC_BUDGET=80m or ELECTRONIC_STEPS=20000; ELECTRONIC_OUT=folder.
set -euo pipefail
data=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
out=${ELECTRONIC_OUT:-electronic}
length=(--budget "${ELECTRONIC_BUDGET:-80m}")
[ -z "${ELECTRONIC_STEPS:-}" ] || length=(--steps "$ELECTRONIC_STEPS")
mkdir -p "$out"
cd "$out"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # small matrices: a second thread costs more than it brings

python "$examples/electronic_songs.py" "$data/stems4" songs
# Three speeds are the variety that four encodings of each song would be otherwise.
gantools train musika songs -o model --preset small "${length[@]}" --offsets 2 --threads 1 --seed 3 2>>log.txt

# What ships, for src/gantools/models/shipped/electronic.
python - <<'END'
from pathlib import Path

from gantools.systems.musika.shipping import ship

CREDITS = """\
The weights of electronic are part of gantools and under its licence (MIT). They were trained by examples/electronic.sh on:

caesium, lithium, potassium, rubidium, sodium (drums, bass and other instruments of "Everything is free")
  Software-Entwicklungskit   CC0-1.0   github.com/ichbinsoftware/everythingisfree, .../everythingisremixed
"""
purpose = "makes endless electronic music at a tempo of yours (gantools generate musika)"
ship(Path("model"), Path("shipped"), CREDITS, purpose, "five open songs without their voices, named in CREDITS.txt", gain_db=-6.0)
END

# Pieces beside the songs, and beside songs by others, from which nothing was learnt: distance, copies, seams, and whether
# the tempo that was asked for is heard.
gantools generate musika shipped --seconds 60 --count 8 -o pieces -q
gantools generate musika shipped --seconds 60 --count 4 --tempo 128 -o told -q
gantools evaluate frechet pieces songs -o report/frechet
gantools evaluate frechet "$data/songs/electronic" songs -o report/others
gantools evaluate neighbours pieces songs "$data/songs/electronic" -o report/neighbours
gantools evaluate seams pieces songs -o report/seams
gantools evaluate conditions told -o report/conditions
