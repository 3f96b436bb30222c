#!/usr/bin/env bash
# Tables 1 to 3 and figures 3 and 5 of "Symbolic Music Loop Generation with Neural Discrete Representations", at small
# size and on music that can be had: its five systems trained on the same MIDI, as many loops of each as there are to
# learn from, measured against these, with the paper's columns beside ours; and what other lengths of the codes do.
#
#   examples/loops_table.sh MIDI      a folder of MIDI files with drums and bass
#
# LOOPS_BUDGET=2m or LOOPS_STEPS=2000 for each training (LOOPS_BUDGET=preset: the steps of the preset), LOOPS_COUNT=loops
# of each system, LOOPS_POOL=loops to reject from, LOOPS_OUT=folder, LOOPS_DETECTOR=model folder of another loop detector
# than the one that ships, or train to train one on MIDI (and on LOOPS_AUDIO=folder of audio loops);
# LOOPS_OPTIONS="--width 16" more options of all trainings.
set -euo pipefail
midi=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
out=${LOOPS_OUT:-loops} which=${LOOPS_DETECTOR:-}
case $which in "" | train | /*) ;; *) which=$PWD/$which ;; esac
length=(--budget "${LOOPS_BUDGET:-2m}")
[ "${LOOPS_BUDGET:-}" != preset ] || length=()
[ -z "${LOOPS_STEPS:-}" ] || length=(--steps "$LOOPS_STEPS")
read -ra more <<<"${LOOPS_OPTIONS:-}"
mkdir -p "$out"/{model,made,report}
cd "$out"

detector=()
if [ "$which" = train ]; then
    gantools train loopdetector "$midi" ${LOOPS_AUDIO:+"$LOOPS_AUDIO"} -o model/detector --preset small \
        "${length[@]}" >>log.txt
    which=$PWD/model/detector
fi
[ -z "$which" ] || detector=(--detector "$which")

# Figure 3: windows that a piece plays twice in a row, against four groups of windows at random.
python "$examples/loops_groups.py" "$midi" groups >>log.txt
gantools evaluate loopgroups groups/loops groups/random-{1,2,3,4} "${detector[@]}" -o report/groups -q >>log.txt

common=(--preset small "${length[@]}" "${detector[@]}" "${more[@]}")
# A run that collapses for good ends with 1 and keeps its healthy weights: they are measured all the same.
kept() { compgen -G "model/$1/*.safetensors" >>log.txt; }
for codes in 32 16 64; do
    gantools train loopvae "$midi" -o "model/codes-$codes" --code-steps "$codes" "${common[@]}" >>log.txt ||
        kept "codes-$codes"
    gantools train looplm "$midi" -o "model/lm-$codes" --vae "model/codes-$codes" "${common[@]}" >>log.txt ||
        kept "lm-$codes"
done
gantools train loopvae "$midi" -o model/cnnvae --variant cnnvae "${common[@]}" >>log.txt || kept cnnvae
gantools train looptransformer "$midi" -o model/transformer "${common[@]}" >>log.txt || kept transformer
gantools train loopgan "$midi" -o model/gan "${common[@]}" >>log.txt || kept gan

# As many loops as there are to learn from, as in the paper; what figure 5 rejects from may be more.
learned=${LOOPS_COUNT:-$(python "$examples/loops_table.py" phrases model/codes-32)}
pool=${LOOPS_POOL:-$((learned > 2000 ? learned : 2000))}
draw() { # MODEL NAME COUNT OPTIONS...
    local options=("${@:4}")
    gantools generate loops "model/$1" -o "made/$2" --count "$3" --no-page "${detector[@]}" "${options[@]}" -q >>log.txt
}
draw cnnvae cnnvae "$learned"
draw transformer transformer "$learned"
draw gan gan "$pool"
draw lm-32 temperature "$learned" --temperature 0.7 --top-k 0
draw lm-32 top-k "$pool" --temperature 1 --top-k 30
draw lm-32 top-p "$learned" --temperature 1 --top-k 0 --top-p 0.08
draw lm-32 nucleus "$learned" --temperature 1 --top-k 0 --top-p 0.9
draw lm-16 codes-16 "$learned" --temperature 1 --top-k 30
draw lm-64 codes-64 "$learned" --temperature 1 --top-k 30
for set in cnnvae transformer gan temperature top-k top-p nucleus codes-16 codes-64; do
    gantools evaluate loops "made/$set" --real "$midi" "${detector[@]}" --samples "$learned" -o "report/$set" -q >>log.txt
done

# Figure 5: of the pool those stay whose loop score is low enough, by the paper's rates and by shares of the pool; the
# scores of two detectors are not of one scale. All are measured at the size of the smallest.
smallest=$((pool / 20))
for set in gan top-k; do
    for rate in none 1 0.1 0.01 0.001 50% 20% 10% 5%; do
        python "$examples/loops_table.py" below "made/$set" "$rate" >kept.txt
        [ "$(wc -l <kept.txt)" -ge "$smallest" ] || continue
        gantools evaluate loops - --real "$midi" "${detector[@]}" --samples "$smallest" --json -q <kept.txt \
            >"report/$set-$rate.json"
    done
done
python "$examples/loops_table.py" tables . | tee tables.md
