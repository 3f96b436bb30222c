#!/usr/bin/env bash
# How `tiny` was made: the separator that ships with gantools, trained and measured on songs that it never saw.
#
#   examples/separator.sh STEMS      STEMS/SONG/vocals.* drums.* bass.* other.*
#
# SEPARATOR_UNSEEN="caesium lithium" are held out; SEPARATOR_BUDGET=60m or SEPARATOR_STEPS=5000; SEPARATOR_OUT=folder;
# SEPARATOR_LOOPS=folder with sonicpi/ and godot/, SEPARATOR_MIDI=folder of pieces (STEMS/../loops and STEMS/../midi/band where
# they are there). SEPARATOR_SF2="A.sf3 B.sf3" are the SoundFonts that play the pieces; without any they are left out, and the
# separator that comes of it is that of before. Debian has those that ours was made with: fluidr3mono-gm-soundfont and
# musescore-general-soundfont-small (MIT, parts public domain or CC0).
set -euo pipefail
stems=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
unseen=${SEPARATOR_UNSEEN:-caesium lithium} out=${SEPARATOR_OUT:-separator}
loops=$(realpath -m "${SEPARATOR_LOOPS:-$stems/../loops}") midi=$(realpath -m "${SEPARATOR_MIDI:-$stems/../midi/band}")
fonts=()
for font in ${SEPARATOR_SF2:-}; do fonts+=("$(realpath "$font")"); done
length=(--budget "${SEPARATOR_BUDGET:-60m}")
[ -z "${SEPARATOR_STEPS:-}" ] || length=(--steps "$SEPARATOR_STEPS")
mkdir -p "$out"
cd "$out"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # small convolutions: a second thread costs more than it brings

# The songs to train on, and what is remixed with them: bass lines and beats played from the bundled one-shots, guitars
# of the bundled band, loops that are certainly drums, or certainly none, and pieces of MIDI as drums, bass and the rest.
rm -rf material
for song in "$stems"/*/; do
    name=$(basename "$song")
    case " $unseen " in *" $name "*) continue ;; esac
    mkdir -p "material/$name"
    ln -s "$song"* "material/$name/"
done
python "$examples/play_songs.py" material/played --songs 24 --seed 7 --seconds 40 >>log.txt
# A folder for each, as a name such as loop_perc1 says a role too.
add() { # role, name, file
    mkdir -p "material/$2"
    ln -s "$3" "material/$2/$1.ogg"
}
for guitar in "$examples"/audio/stems2/*/guitar.ogg; do
    add other "$(basename "$(dirname "$guitar")")" "$guitar"
done
loop() { # role, names of files below $loops
    local role=$1 file
    shift
    for file in "$@"; do
        [ ! -f "$loops/$file.ogg" ] || add "$role" "$(basename "$file")" "$loops/$file.ogg"
    done
}
loop drums sonicpi/loop_{breakbeat,perc1,perc2,tabla,mehackit1,mehackit2} godot/yellow_ranperc_{Bonk_1,Bonk_2,Clicks}
loop other sonicpi/loop_{drone_g_97,garzul} godot/orange_{Arp,SpookPad,epiano}
share=0.35
if [ ${#fonts[@]} -gt 0 ] && [ -d "$midi" ]; then
    python "$examples/play_midi.py" "$midi" material --sf2 "${fonts[@]}" --seconds 75 --pieces 107 --stems >>log.txt
    share=0.6
fi

gantools train separator material -o model "${length[@]}" --loose-share "$share" >>log.txt
python "$examples/separator_table.py" "$stems" --songs "${unseen// /,}" --model model --speed -o report.json

# What would ship: the averaged weights in half precision, for src/gantools/models/shipped/tiny.
python - <<'END'
from pathlib import Path

from gantools.systems.separator.shipping import ship

ship(Path("model"), Path("tiny"))
END
