#!/usr/bin/env bash
# "Musika! Fast Infinite Waveform Music Generation" (Pasini and Schlüter, ISMIR 2022): tables 1 and 2, figure 3, and music
# without a style vector.
#
#   examples/reproduce/musika.sh         SONGS=folder of songs of one kind, of which the last is held out; what start.sh
#                                        reads
. "$(dirname "$0")/start.sh"

songs=${SONGS:-}
if [ -z "$songs" ]; then
    note "no SONGS=folder: 6 songs of bass and drums, played from the bundled one-shots, stand for piano and techno"
    songs=$PWD/songs
    once played python "$examples/play_songs.py" played --songs 6 --seconds 40
    once songs python "$examples/mix_stems.py" played songs
fi
held=$(find -L "$songs" -mindepth 1 -maxdepth 1 -type f -name '[!.]*' | sort | tail -n 1)
held=$(basename "${held%.*}")

export MUSIKA_OPTIONS="${preset[*]}" MUSIKA_BUDGET=preset MUSIKA_STEPS MUSIKA_SEEDS=0 MUSIKA_WAVEGAN=no
export MUSIKA_STYLELESS=yes MUSIKA_PLAIN=no
MUSIKA_STEPS=$(steps_of 150)
trials=(--trials 100 --seconds 30)
if [ "$scale" = small ]; then
    export MUSIKA_COUNT=${MUSIKA_COUNT:-3} MUSIKA_SECONDS=${MUSIKA_SECONDS:-12}
    trials=(--trials 2 --seconds 10)
else
    # The published networks stand on the published codec.
    once codec gantools train codec "$songs" -o codec --preset techno22 ${STEPS:+--steps "$STEPS"} "${more[@]}"
    export MUSIKA_CODEC=$PWD/codec
fi

once speed python "$reproduce/musika_speed.py" speed.json "${trials[@]}"
MUSIKA_OUT=$PWD/free once free "$examples/musika_table.sh" "$songs" "$held"
MUSIKA_OUT=$PWD/told once told "$examples/musika_conditions.sh" "$songs" "$held"
{
    python "$examples/musika_table.py" free
    cat free/style.txt
    python "$examples/musika_conditions.py" told
} >tables.md
