#!/usr/bin/env bash
# The whole chain, from songs to music that nobody played, and what it measures:
#
#   examples/chain.sh         drums for bass lines; the songs are played from recorded one-shots
#   examples/chain.sh band    a band for a guitar; the songs are recordings of a real band
#
# DEMO_BUDGET=90s trains for so long (default 4m30s); DEMO_OUT=FOLDER keeps everything there (default demo/drums,
# demo/band). A second run does only what is not up to date. Remove the folder to start over. It ends with 3 where the
# new parts are no nearer to real ones than the input is: more time is needed then.
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)

case ${1:-drums} in
    drums)
        source=bass target=drums unseen=(song-13 song-14 song-15 song-16)
        split=(--split 100/0/0 --val-songs song-12 --test-songs song-13,song-14,song-15,song-16) ;;
    band)
        source=guitar target=band unseen=(metal-madness)
        split=(--split 100/0/0 --test-songs metal-madness) ;;
    *) echo "usage: $0 [drums|band]" >&2; exit 2 ;;
esac
budget=${DEMO_BUDGET:-4m30s}
out=${DEMO_OUT:-demo/$target}
mkdir -p "$out"
cd "$out"

# Show a command, so that it can be copied, and run it. Verbs print the paths that they write; log.txt keeps them.
run() {
    printf '\n$'
    printf ' %q' "$@"
    printf '\n'
    "$@" >>log.txt
}

# 1. Songs: a folder each, with $source and $target. Nothing learns from the unseen ones.
if [ $target = drums ]; then
    run python "$examples/play_songs.py" songs --songs 16 --seconds 45
else
    run cp -Rp "$examples/audio/stems2" songs.new
    rm -rf songs && mv songs.new songs
fi
for song in songs/*; do
    name=${song##*/}
    case " ${unseen[*]} " in
        *" $name "*) mkdir -p "unseen/$name" "real/unseen/$name"
            cp -p "$song/$source".* "unseen/$name"
            cp -p "$song/$target".* "real/unseen/$name" ;;
        *) mkdir -p "real/seen/$name"
            cp -p "$song/$target".* "real/seen/$name" ;;
    esac
done

# 2. Mel spectrograms, and windows of them to learn from.
run gantools melify songs/ -o mels/
run gantools chunk mels/ -o chunks/ "${split[@]}"

# 3. Learn. A second generator, which has learnt for one step, shows what that is worth.
roles=(--source-role $source --target-role $target --preset small)
run gantools train cyclegan chunks/ "${roles[@]}" --budget "$budget" -o model/
run gantools train cyclegan chunks/ "${roles[@]}" --steps 1 --validation-windows 2 -o untrained/ -q

# 4. New parts for the unseen songs, alone and mixed with the input. Then one of them in two steps: mel, sound.
run gantools generate cyclegan model/ unseen/ -o generated/ --mix
run gantools generate cyclegan untrained/ unseen/ -o noise/ -q
run gantools generate cyclegan model/ "unseen/${unseen[0]}" -o by-hand/ --mel
run gantools invert by-hand/ -o by-hand-sound/ --effort best

# 5. Measure: is it $target, and is it on time? No new $target can be closer than the real $target of these songs.
run gantools evaluate frechet generated/ real/seen/ -o report/frechet/ -q
run gantools evaluate rhythm generated/ unseen/ --real real/unseen/ -o report/rhythm/ -q
run gantools evaluate rhythm noise/ unseen/ -o report/untrained-rhythm/ -q
run gantools evaluate frechet noise/ real/seen/ -o report/untrained/ -q
run gantools evaluate frechet unseen/ real/seen/ -o report/untranslated/ -q
run gantools evaluate frechet real/unseen/ real/seen/ -o report/real/ -q

echo
code=0
python "$examples/chain_table.py" report $source $target model || code=$?
cat <<EOF

  listen   $out/generated/${unseen[0]}/$source.mix.wav: the $source with its new $target ($source.$target.wav alone)
  report   $out/report/rhythm/report.html and .../frechet/report.html, with players and pictures
EOF
exit $code
