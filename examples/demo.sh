#!/usr/bin/env bash
# A tour in one page: each model that ships does its work in one command; then a model is trained, in little.
#
#   examples/demo.sh          writes demo/index.html
#
# DEMO_STEPS=1000 trains for so many steps (default 240), DEMO_OPTIONS adds options to the training, DEMO_OUT=FOLDER
# keeps everything there (default demo). Work is counted in steps, so a busy machine is slower and makes the same. A
# second run does only what is not up to date. Remove the folder to start over.
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
steps=${DEMO_STEPS:-240}
read -ra options <<<"${DEMO_OPTIONS:-}"
out=${DEMO_OUT:-demo}
mkdir -p "$out"
cd "$out"

# Show a command, so that it can be copied, and run it. Verbs print the paths that they write; log.txt keeps them.
run() {
    printf '\n$'
    printf ' %q' "$@"
    printf '\n'
    "$@" >>log.txt
}

# 1. Models that ship: no training, no network. Recordings of a real band, then songs played from recorded one-shots.
run python "$examples/mix_stems.py" "$examples/audio/stems2" recordings
run gantools separate recordings/metal-madness.flac --model tiny -o stems --page
run gantools fxnorm apply stems --target musdb18 -o normalised --page --no-table
run python "$examples/play_songs.py" songs --songs 12 --seconds 30
run gantools generate drummer songs/song-12/bass.flac -o drummer --mix --midi --page
run gantools generate patches "$examples/audio/stems2/feelings/guitar.ogg" --count 3 --seconds 12 -o ideas
run gantools generate loops --count 8 -o loops --wav
run gantools loopscore "$examples/audio/loops" recordings -o found
run gantools generate musika electronic --seconds 60 --tempo 124 -o endless --page
run gantools generate codec codec recordings/feelings.flac -o codec --page
run gantools generate symphony --bars 16 --bpm 96 --chords "Am F C G" -o scores --wav

# 2. A model of one's own: drums for bass lines, learnt from ten of the songs; song-12 it has never heard.
run gantools melify songs/ -o mels/
run gantools chunk mels/ -o chunks/ --split 100/0/0 --val-songs song-11 --test-songs song-12
run gantools train cyclegan chunks/ --source-role bass --target-role drums --preset small --steps "$steps" \
    --validate-every $(((steps + 5) / 6)) ${options[@]+"${options[@]}"} -o model
run gantools generate cyclegan model/ songs/song-12/bass.flac -o generated --mix --page

# 3. Is it drums? The distance to the real drums of the songs that it learnt from, beside those of the bass itself and
#    of the drums that song-12 really has.
for song in songs/song-0[1-9] songs/song-10; do
    mkdir -p "real/${song##*/}"
    cp -p "$song/drums.flac" "real/${song##*/}"
done
for set in generated drummer songs/song-12/bass.flac songs/song-12/drums.flac; do
    name=${set##*/}
    run gantools evaluate frechet "$set" real/ --no-infinity -o "report/${name%.flac}" -q
done

echo
python "$examples/demo_page.py"
cat <<END

  open $out/index.html in a browser: what was made, to see and to hear, and what of it is worth hearing
END
