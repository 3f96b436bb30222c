#!/usr/bin/env bash
# How `tiny` was made: the separator that ships with gantools, trained and measured on songs that it never saw.
#
#   examples/separator.sh STEMS      STEMS/SONG/vocals.* drums.* bass.* other.*
#
# SEPARATOR_UNSEEN="caesium lithium" are held out; SEPARATOR_BUDGET=64m or SEPARATOR_STEPS=5000; SEPARATOR_OUT=folder;
# SEPARATOR_LOOPS=folder with sonicpi/ and godot/ (STEMS/../loops where it is there).
set -euo pipefail
stems=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
unseen=${SEPARATOR_UNSEEN:-caesium lithium} out=${SEPARATOR_OUT:-separator}
loops=${SEPARATOR_LOOPS:-$stems/../loops}
length=(--budget "${SEPARATOR_BUDGET:-64m}")
[ -z "${SEPARATOR_STEPS:-}" ] || length=(--steps "$SEPARATOR_STEPS")
mkdir -p "$out"
cd "$out"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # small convolutions: a second thread costs more than it brings

# The songs to train on, and what is remixed with them: bass lines and beats played from the bundled one-shots, guitars
# of the bundled band, and loops that are certainly drums, or certainly none.
rm -rf material
for song in "$stems"/*/; do
    name=$(basename "$song")
    case " $unseen " in *" $name "*) continue ;; esac
    mkdir -p "material/$name"
    ln -s "$song"* "material/$name/"
done
python "$examples/play_songs.py" material/played --songs 24 --seed 7 --seconds 40 >>log.txt
mkdir -p material/loops
for guitar in "$examples"/audio/stems2/*/guitar.ogg; do
    ln -s "$guitar" "material/loops/$(basename "$(dirname "$guitar")").other.ogg"
done
add() { # role, names of files below $loops
    local role=$1 file
    shift
    for file in "$@"; do
        [ ! -f "$loops/$file.ogg" ] || ln -s "$loops/$file.ogg" "material/loops/$(basename "$file").$role.ogg"
    done
}
add drums sonicpi/loop_{breakbeat,perc1,perc2,tabla,mehackit1,mehackit2} godot/yellow_ranperc_{Bonk_1,Bonk_2,Clicks}
add other sonicpi/loop_{drone_g_97,garzul} godot/orange_{Arp,SpookPad,epiano}

gantools train separator material -o model "${length[@]}" >>log.txt
python "$examples/separator_table.py" "$stems" --songs "${unseen// /,}" --model model --speed -o report.json

# What would ship: the averaged weights in half precision, for src/gantools/models/shipped/tiny.
python - <<'END'
from pathlib import Path

from gantools.systems.separator.shipping import ship

ship(Path("model"), Path("tiny"))
END
