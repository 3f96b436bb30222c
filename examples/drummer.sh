#!/usr/bin/env bash
# How the model `drummer` was made, with which `gantools generate drummer` plays the moment that gantools is installed,
# and what docs/drummer.md says of it.
#
#   examples/drummer.sh DATA            DATA/midi/band/*.mid, DATA/stems4/SONG/{bass,drums}.ogg
#
# DRUMMER_BUDGET=7m; DRUMMER_OUT=folder.
set -euo pipefail
data=$(cd "$1" && pwd)
out=${DRUMMER_OUT:-drummer} budget=${DRUMMER_BUDGET:-7m}
mkdir -p "$out"
cd "$out"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # small matrices: a second thread costs more than it brings

# Five pieces no training reads, four that say when it has learned enough.
held=(d_map24 d_dm12 d_map07 d_e3m2 d_dm05)
val=d_e1m2,d_map03,d_dm14,d_e4m2
gantools train drummer "$data/midi/band" -o model --preset small --budget "$budget" --threads 1 --split 100/0/0 \
    --val-songs "$val" --test-songs "$(IFS=,; echo "${held[*]}")" 2>>log.txt

# What ships, for src/gantools/models/shipped/drummer.
LICENCES=$data/LICENSES python - <<'END'
import os
from pathlib import Path

from gantools.models.folder import read_model
from gantools.systems.drummer.shipping import ship

CREDITS = """\
The weights of drummer are part of gantools and under its licence (MIT). They were trained by examples/drummer.sh on:

bass and drums of these pieces of Freedoom (MIDI)
  Freedoom contributors   BSD-3-Clause   github.com/freedoom/freedoom; licence and credits are below
  {pieces}

"""
pieces = read_model(Path("model"))["data"]["songs"]["train"]
texts = [path.read_text(encoding="utf-8") for path in sorted(Path(os.environ["LICENCES"]).glob("freedoom-*"))]
credits = "\n".join([CREDITS.format(pieces=", ".join(pieces)), *texts])
ship(Path("model"), Path("shipped"), credits, f"bass and drums of {len(pieces)} pieces of Freedoom, named in CREDITS.txt")
END
pieces=("${held[@]/%/.mid}")
python "$OLDPWD/examples/drummer_table.py" shipped --pieces "${pieces[@]/#/$data/midi/band/}" --stems "$data/stems4" | tee table.md
