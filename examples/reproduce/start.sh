# What each script of this folder begins with: the folder, the scale, and what has been done already.
#
# SCALE=small (minutes on two cores) or paper (presets `paper`: a GPU and days; STEPS=2 tries them);
# REPRODUCTIONS=folder, THREADS=1 for each training, STEPS=steps in place of those of the scale, OPTIONS="--batch-size 2"
# more options of all trainings.
set -euo pipefail
reproduce=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
examples=$(dirname "$reproduce")
paper=$(basename "$0" .sh) scale=${SCALE:-small}
case $scale in
    small) preset=(--preset small --threads "${THREADS:-1}") ;;
    paper) preset=(--preset paper) ;;
    *) echo "reproduce: SCALE is small or paper, not $scale" >&2; exit 2 ;;
esac
# So few steps are soon cheaper than ten validations.
[ "$scale" != small ] || [ -n "${STEPS:-}" ] || preset+=(--validate-every 50)
read -ra more <<<"${OPTIONS:-}"
preset+=("${more[@]}")
# Folders that are given are those of where one stands.
for given in STEMS SONGS MIDI FRAGMENTS; do
    [ -n "${!given:-}" ] || continue
    [ -d "${!given}" ] || { echo "reproduce: $given=${!given} is no folder" >&2; exit 2; }
    declare -x "$given=$(cd "${!given}" && pwd)"
done
page=${REPRODUCTIONS:-reproductions}/$paper
mkdir -p "$page/$scale/done"
page=$(cd "$page" && pwd)
cd "$page/$scale"
: >notes.txt
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # small matrices: a second thread costs more than it brings

# The page is written at the end of each script, of one that failed or was stopped too: with what there is.
finish() {
    local code=$?
    [ $code = 0 ] || note "ended early ($code); the same command goes on from here"
    times >used.txt # in this shell, as a pipe's would have used none
    echo "$SECONDS $(tail -n 1 used.txt)" >>seconds.txt # and user and system time of all commands, 0m0.000s
    python "$reproduce/report.py" page "$paper" "$page" "$scale" || [ $code != 0 ] || code=1
    exit $code
}
trap finish EXIT

# Print a line, which the page has too: what is missing, and what stands for it.
note() {
    echo "reproduce $paper: $1"
    echo "$1" >>notes.txt
}

# once NAME COMMAND...: run it, unless it came to its end before with the same words, steps and settings of the other
# scripts. What it prints goes to log.txt.
once() {
    local mark=done/$1 said
    shift
    said="$* $(env | grep -E '^(STEPS|LOOPS_|WAVEGAN_|LEARN_|AUTOMIX_|MUSIKA_)' | sort | tr '\n' ' ' || true)"
    [ ! -e "$mark" ] || [ "$(<"$mark")" != "$said" ] || return 0
    echo "\$ $*"
    mkdir -p "$(dirname "$mark")"
    "$@" >>log.txt 2>&1 || { tail -n 5 log.txt >&2; return 1; }
    echo "$said" >"$mark"
}

# into FILE COMMAND...: what it prints goes into a file.
into() { "${@:2}" >"$1"; }

# learn NAME SYSTEM INPUT STEPS OPTION...: train with the preset of the scale; in `paper` its own number of steps, which
# STEPS replaces. A run that collapses for good ends with 1 and keeps its healthy weights: they are measured all the same.
learn() {
    local steps=${STEPS:-$([ "$scale" = paper ] || echo "$4")}
    once "$1" gantools train "$2" "$3" -o "$1" "${preset[@]}" ${steps:+--steps "$steps"} "${@:5}" ||
        compgen -G "$1/*.safetensors" >>log.txt
}

# The steps of a training that another script makes: nothing where a preset has its own.
steps_of() { echo "${STEPS:-$([ "$scale" = paper ] || echo "$1")}"; }
