#!/usr/bin/env bash
# How the codec that ships was made: trained on open music, measured on six songs that it never saw.
#
#   examples/codec.sh DATA     DATA/stems4/SONG/* DATA/songs/{piano,orchestral,...}/* DATA/loops/*/* DATA/midi/{band,orchestral}
#
# CODEC_SF2=FluidR3_GM.sf2 plays the MIDI (without one it is left out); CODEC_BUDGET=50m or CODEC_STEPS=8000;
# CODEC_OUT=folder for the data, the model and the table.
set -euo pipefail
data=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
out=${CODEC_OUT:-codec}
length=(--budget "${CODEC_BUDGET:-50m}")
[ -z "${CODEC_STEPS:-}" ] || length=(--steps "$CODEC_STEPS")
mkdir -p "$out"
cd "$out"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

# What may go into weights: CC0, CC BY with credit, MIT, BSD. Six songs of six kinds are held out; ShareAlike is not there.
rm -rf songs held
mkdir -p songs held
python "$examples/mix_stems.py" "$data/stems4" songs >/dev/null
for song in "$data"/stems4/*/; do
    name=$(basename "$song")
    [ "$name" = sodium ] || ln -s "$song"vocals.* "songs/$name-vocals.ogg"
done
mv songs/sodium* held/
for song in "$data"/songs/piano/* "$data"/songs/orchestral/sugar-plum-fairy.*; do ln -s "$song" songs/; done
for song in "$data"/songs/{orchestral/brahms*,hiphop/*,jazz/*,folk/*}; do ln -s "$song" held/; done
mv songs/wtc1-prelude-05-d-major.* held/
for song in "$examples"/audio/stems2/*/; do
    for part in guitar band; do ln -s "$song$part.ogg" "songs/$(basename "$song")-$part.ogg"; done
done
for loop in "$data"/loops/*/*; do
    case $(basename "$loop") in sodium*) ;; *) ln -s "$loop" "songs/loop-$(basename "$loop")" ;; esac
done
if [ -n "${CODEC_SF2:-}" ]; then
    python "$examples/play_midi.py" "$data/midi/band" songs --sf2 "$CODEC_SF2" --pieces 45 --seconds 45
    python "$examples/play_midi.py" "$data/midi/orchestral" songs --sf2 "$CODEC_SF2" --pieces 36 --seconds 50
fi

gantools train codec songs -o model "${length[@]}" --split 96/4/0 >>log.txt
python "$examples/codec_table.py" held --model model -o table | tee table.txt

# What would ship, for src/gantools/models/shipped/codec.
LICENCES=$data/LICENSES SECTOID=$data/bundle/LICENSES/sectoid-MIT.txt python - <<'END'
import os
from pathlib import Path

from gantools.systems.codec.shipping import ship

CREDITS = """\
The weights of the codec are part of gantools and under its licence (MIT). They were trained by examples/codec.sh on:

caesium, lithium, potassium, rubidium (stems of "Everything is free")
  Software-Entwicklungskit   CC0-1.0   github.com/ichbinsoftware/everythingisfree, .../everythingisremixed
preludes and fugues of the Well-Tempered Clavier I, J. S. Bach   Kimiko Ishizaka   CC0-1.0   Open Well-Tempered Clavier
"Dance of the Sugar Plum Fairy" (P. I. Tchaikovsky)   Kevin MacLeod (incompetech.com)   CC BY 3.0
  creativecommons.org/licenses/by/3.0, from github.com/librosa/data; the weights were computed from it
three songs of Sectoid   Carlos Viola Iborra   MIT, the licence is below
loops of "Everything is free" but for those of sodium   Software-Entwicklungskit   CC0-1.0
loops of Godot-Mixing-Desk-Test-Project   kyzfrintin (Kyle Harmieson)   MIT, the licence is below
loops of Sonic Pi   freesound.org users   CC0-1.0
the beginnings of MIDI pieces, played by the SoundFont FluidR3 GM (Frank Wen, MIT):
  pieces of Freedoom   Freedoom contributors   BSD-3-Clause   github.com/freedoom/freedoom, licence and credits are below
  orchestral movements   transcribers of OpenScore / Hauptstimme   CC0-1.0   github.com/MarkGotham/Hauptstimme

"""
texts = [Path(os.environ["SECTOID"]).read_text(encoding="utf-8")]
texts += [path.read_text(encoding="utf-8") for path in sorted(Path(os.environ["LICENCES"]).glob("*"))
          if path.name.startswith(("freedoom-", "godot-"))]
ship(Path("model"), Path("shipped"), "\n".join([CREDITS, *texts]), "open songs, loops and played MIDI, named in CREDITS.txt")
END
