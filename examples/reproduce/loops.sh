#!/usr/bin/env bash
# "Symbolic Music Loop Generation with Neural Discrete Representations" (Han, Rhyu, Choi and Lee, ISMIR 2022): tables 1 to
# 3, figures 3 and 5, and the lengths of the codes, with all of its systems.
#
#   examples/reproduce/loops.sh          MIDI=folder of MIDI files with drums and bass; what start.sh reads
. "$(dirname "$0")/start.sh"

midi=${MIDI:-}
if [ -z "$midi" ]; then
    note "no MIDI=folder: 24 pieces of 24 bars that rules make stand for the Lakh MIDI Dataset"
    midi=$PWD/midi
    once midi python "$reproduce/loops_midi.py" midi
fi
export LOOPS_OUT=$PWD LOOPS_OPTIONS="${preset[*]}" LOOPS_BUDGET=preset LOOPS_STEPS
LOOPS_STEPS=$(steps_of 200)
if [ "$scale" = small ]; then
    export LOOPS_COUNT=${LOOPS_COUNT:-96} LOOPS_POOL=${LOOPS_POOL:-240}
fi
once tables "$examples/loops_table.sh" "$midi"
