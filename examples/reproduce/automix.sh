#!/usr/bin/env bash
# "Automatic Music Mixing with Deep Learning and Out-of-Domain Data" (FxNorm-Automix): features of stems, dry and
# normalised, and mixes of a song that was held out, beside a sum and mean gains.
#
#   examples/reproduce/automix.sh        STEMS=folder/SONG/{vocals,drums,bass,other}.*, of which the last song is held
#                                        out; what start.sh reads
. "$(dirname "$0")/start.sh"

stems=${STEMS:-}
if [ -z "$stems" ]; then
    note "no STEMS=folder: stems that the separator takes out of three bundled recordings stand for MUSDB18"
    stems=$PWD/stems
    once recordings python "$examples/mix_stems.py" "$examples/audio/stems2" recordings
    once stems gantools separate recordings --model tiny -o stems
fi
held=$(find -L "$stems" -mindepth 1 -maxdepth 1 -type d | sort | tail -n 1)
export AUTOMIX_OUT=$PWD AUTOMIX_UNSEEN AUTOMIX_STEPS AUTOMIX_OPTIONS="${preset[*]}"
AUTOMIX_UNSEEN=$(basename "$held") AUTOMIX_STEPS=$(steps_of 20)
[ -n "$AUTOMIX_STEPS" ] || export AUTOMIX_BUDGET=preset
once mixes "$examples/automix.sh" "$stems"
ln -sfn "model-$AUTOMIX_UNSEEN" model
for state in dry normalised; do
    from=$stems
    [ "$state" = dry ] || from=normalised
    once "measure/$state" into "$state.jsonl" gantools fxnorm measure "$from" --target musdb18 --json
done
# Promises that do not hold end it with 1; log.txt names them, and the table measures what came of it.
once check gantools fxnorm check "$stems" normalised --target musdb18 || [ -s log.txt ]
{
    python "$reproduce/automix_features.py" .
    python "$examples/automix_table.py" .
} >tables.md
