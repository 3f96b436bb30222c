#!/usr/bin/env bash
# "Using Deep Learning to create music in a specific genre" (MSc report): Catch-A-Waveform of one fragment at its five
# numbers of epochs, what the dataset holds, new ideas and variations, ranked, and waveforms beside the original.
#
#   examples/reproduce/songwriter.sh     FRAGMENTS=folder of recordings, of which the first is learnt; what start.sh reads
. "$(dirname "$0")/start.sh"

fragments=${FRAGMENTS:-}
if [ -z "$fragments" ]; then
    note "no FRAGMENTS=folder: the guitars of the bundled band stand for the songwriter's 13 samples"
    fragments=$PWD/fragments
    mkdir -p fragments
    for song in "$examples"/audio/stems2/*/; do ln -sf "${song}guitar.ogg" "fragments/$(basename "$song").ogg"; done
fi
once dataset gantools evaluate dataset "$fragments" -o report/dataset -q
fragment=$(find -L "$fragments" -type f -name '[!.]*' | sort | head -n 1)

# The report's epochs (an epoch is a step of each scale); a fiftieth of them, of 8 s, in `small`.
part=() seconds=25 count=4 draws=10 gates=()
if [ "$scale" = small ]; then part=(--max-seconds 8) seconds=8 count=3 draws=6 gates=(--small); fi
for epochs in 100 1500 2000 3000 3500; do
    steps=${STEPS:-$([ "$scale" = paper ] && echo "$epochs" || echo $((epochs / 50)))}
    once "model/$epochs" gantools train caw "$fragment" -o "model/$epochs" "${preset[@]}" --steps "$steps" \
        --start noise --validate-every 100000 "${part[@]}"
    once "made/$epochs" gantools generate caw "model/$epochs" -o "made/$epochs" --count "$count" --seconds "$seconds"
    once "novelty/$epochs" gantools evaluate novelty "made/$epochs" "model/$epochs" -o "report/$epochs" "${gates[@]}" -q
done
once clip python "$examples/caw_clip.py" model/3000 clip/clip.wav

# The two issues of the report: new music, and variations with a section more; all of them ranked.
once new gantools generate caw model/3000 -o ideas --count "$draws" --seconds "$seconds"
once vary gantools generate caw model/3000 -o ideas --count 2 --mode vary
once arrange gantools generate caw model/3000 -o ideas --count 2 --arrange AABA --rank
python "$reproduce/songwriter_table.py" . >tables.md
