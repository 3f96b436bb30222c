#!/usr/bin/env bash
# How the model `loops` was made, with which `gantools generate loops` plays the moment that gantools is installed.
#
#   examples/loops_models.sh DATA            DATA/midi/band/*.mid
#
# LOOPS_VAE_STEPS=3200, LOOPS_LM_STEPS=1600; LOOPS_OUT=folder for the models and the table.
set -euo pipefail
data=$(cd "$1" && pwd)
out=${LOOPS_OUT:-loops-models} vae_steps=${LOOPS_VAE_STEPS:-3200} lm_steps=${LOOPS_LM_STEPS:-1600}
mkdir -p "$out"
cd "$out"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # small matrices: a second thread costs more than it brings

# All pieces are learnt from, and loops that rules make in other styles. The codes are learnt from all phrases, their
# order from those that are loops.
all=(--preset small --split 100/0/0 --threads 1)
gantools train loopvae "$data/midi/band" -o codes "${all[@]}" --width 96 --swap-bass 0.2 --vary 0.4 --no-only-loops \
    --patterns 6000 --steps "$vae_steps" 2>>log.txt
gantools train looplm "$data/midi/band" --vae codes -o model "${all[@]}" --patterns 2500 \
    --steps "$lm_steps" 2>>log.txt

# What ships, for src/gantools/models/shipped/loops.
LICENCES=$data/LICENSES python - <<'END'
import os
from pathlib import Path

from gantools.models.folder import read_model
from gantools.systems.looplm.shipping import ship

CREDITS = """\
The weights of loops are part of gantools and under its licence (MIT). They were trained by examples/loops_models.sh on:

drums and bass of these pieces of Freedoom (MIDI)
  Freedoom contributors   BSD-3-Clause   github.com/freedoom/freedoom; licence and credits are below
  {pieces}
loops of drums and bass that gantools makes by rules (systems/loops/styles.py)

"""
pieces = ", ".join(read_model(Path("model"))["data"]["songs"]["train"])
texts = [path.read_text(encoding="utf-8") for path in sorted(Path(os.environ["LICENCES"]).glob("freedoom-*"))]
credits = "\n".join([CREDITS.format(pieces=pieces), *texts])
ship(Path("model"), Path("shipped"), credits, "93 pieces of Freedoom and generated patterns, named in CREDITS.txt")
END
gantools generate loops shipped --count 200 --no-page -q -o made >>log.txt
gantools evaluate loops made --real "$data/midi/band" -o report | tee table.txt
