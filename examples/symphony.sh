#!/usr/bin/env bash
# SymphonyNet on orchestral movements and band pieces: what merges of pitches bring, REMI beside its rows, whether chords are
# obeyed, the tables, and the weights that ship.
#
#   examples/symphony.sh DATA            DATA/midi/orchestral/*.mid, DATA/midi/band/*.mid
#
# SYMPHONY_BUDGET=60m for the model that ships, SYMPHONY_EACH=15m for each of those that are compared;
# SYMPHONY_VARIANTS="mmr" compares fewer (remi takes MidiTok); SYMPHONY_OUT=folder.
set -euo pipefail
data=$(cd "$1" && pwd)
out=${SYMPHONY_OUT:-symphony} budget=${SYMPHONY_BUDGET:-60m} each=${SYMPHONY_EACH:-15m}
mkdir -p "$out"
cd "$out"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # small matrices: a second thread costs more than it brings

# Whole works are held out: a symphony and a concerto that no training reads.
held=(Beethoven_Op.36_2 Beethoven_Op.36_3 Beethoven_Op.36_4 Bach_BWV.1049_1 Bach_BWV.1049_2 Bach_BWV.1049_3)
val=Beethoven_Op.93_3,Beethoven_Op.60_2,d_e2m6,d_map24,d_dm12
mkdir -p held-out training
for song in "${held[@]}"; do ln -sf "$data/midi/orchestral/$song.mid" held-out/; done
for file in "$data"/midi/orchestral/*.mid "$data"/midi/band/*.mid; do
    [ -e "held-out/$(basename "$file")" ] || ln -sf "$file" training/
done

learn() { # learn NAME OPTION...
    gantools train symphony training -o "$1" --preset small --split 100/0/0 --val-songs "$val" --threads 1 "${@:2}" 2>>log.txt
}
for variant in ${SYMPHONY_VARIANTS:-mmr unaided plain remi}; do
    if [ "$variant" = remi ]; then
        python "$OLDPWD/examples/symphony_remi.py" training held-out -o remi --val-songs "$val" --budget "$each" \
            >remi.json 2>>log.txt
        continue
    fi
    more=(--merges 256)
    [ "$variant" != plain ] || more=(--merges 0)
    [ "$variant" != unaided ] || more+=(--no-recall)
    learn "$variant" "${more[@]}" --budget "$each"
    gantools evaluate symbolic held-out --model "$variant" --trained-on training --json >"$variant.json" 2>>log.txt
done
learn long --merges 256 --budget "$budget"
gantools evaluate symbolic held-out --model long --trained-on training --json >long.json 2>>log.txt
gantools generate symphony long --bars 32 --count 8 -o made -q >>log.txt
gantools generate symphony long --bars 32 --count 8 --chords "C Am F G" -o made-chords -q --no-page >>log.txt
for song in "${held[@]}"; do
    prime=held-out/$song.mid
    gantools generate symphony long --prime "$prime" --prime-bars 8 --bars 16 --chords prime -o made-prime -q --no-page >>log.txt
    gantools generate symphony long --prime "$prime" --prime-bars 8 --bars 16 -o made-free -q --no-page >>log.txt
done
learn random --merges 256 --steps 1
gantools generate symphony random --bars 32 --count 4 -o made-random -q --no-page >>log.txt
for set in made made-random; do
    gantools evaluate symbolic "$set" --real held-out --trained-on training -o "report-$set" --json >"$set.json" 2>>log.txt
done
{
    python "$OLDPWD/examples/symphony_table.py" .
    echo
    python "$OLDPWD/examples/symphony_chords.py" .
} | tee table.md

# What ships, for src/gantools/models/shipped/symphony.
LICENCES=$data/LICENSES python - <<'END'
import os
from pathlib import Path

from gantools.models.folder import read_model
from gantools.systems.symphony.shipping import ship

CREDITS = """\
The weights of symphony are part of gantools and under its licence (MIT). They were trained by examples/symphony.sh on:

orchestral movements of OpenScore Orchestra, transcribed for github.com/MarkGotham/Hauptstimme, CC0
pieces of Freedoom (MIDI), BSD-3-Clause, github.com/freedoom/freedoom; licence and credits are below
  {pieces}

"""
songs = read_model(Path("long"))["data"]["songs"]
texts = [path.read_text(encoding="utf-8") for path in sorted(Path(os.environ["LICENCES"]).glob("freedoom-*"))]
credits = "\n".join([CREDITS.format(pieces=", ".join(songs["train"])), *texts])
ship(Path("long"), Path("shipped"), credits, "30 orchestral movements (CC0) and 107 pieces of Freedoom, named in CREDITS.txt")
END
