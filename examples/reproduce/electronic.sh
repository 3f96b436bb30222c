#!/usr/bin/env bash
# "Generating Electronic Music with Adversarial Networks": the four rows of its table 1, and its loss curves.
#
#   examples/reproduce/electronic.sh     SONGS=folder of tracks, five or more; what start.sh reads
. "$(dirname "$0")/start.sh"

songs=${SONGS:-}
if [ -z "$songs" ]; then
    note "no SONGS=folder: 10 songs of bass and drums, played from the bundled one-shots, stand for electronic tracks"
    songs=$PWD/tracks
    once played python "$examples/play_songs.py" played --songs 10 --seconds 30
    once tracks python "$examples/mix_stems.py" played tracks
fi
export WAVEGAN_OUT=$PWD WAVEGAN_OPTIONS="${preset[*]}" WAVEGAN_BUDGET=preset WAVEGAN_STEPS
WAVEGAN_STEPS=$(steps_of 100)
if [ "$scale" = small ]; then export WAVEGAN_CLIPS=${WAVEGAN_CLIPS:-24}; fi
once table "$examples/wavegan_table.sh" "$songs"
python "$examples/wavegan_table.py" . >tables.md
models=(model/baseline model/improved model/style model/transformer)
once curves gantools evaluate training "${models[@]}" -o report/training -q
