#!/usr/bin/env bash
# "Automatic Music Production Using Generative Adversarial Networks": drums for bass lines by CycleGAN and by pix2pix, the
# same after a pre-training on separated recordings, and a song for a voice.
#
#   examples/reproduce/arrangement.sh    STEMS=folder/SONG/{bass,drums}.* (and vocals.*), of which the last song is held
#                                        out, SONGS=folder of recordings to pre-train on; what start.sh reads
. "$(dirname "$0")/start.sh"

stems=${STEMS:-} recordings=${SONGS:-}
if [ -z "$stems" ]; then
    note "no STEMS=folder: 8 songs of bass and drums, played from the bundled one-shots, stand for musdb18"
    stems=$PWD/played
    once played python "$examples/play_songs.py" played --songs 8 --seconds 30
fi
if [ -z "$recordings" ]; then
    note "no SONGS=folder: three bundled recordings of a band stand for the Free Music Archive"
    recordings=$PWD/recordings
    once recordings python "$examples/mix_stems.py" "$examples/audio/stems2" recordings
fi
last=$(find -L "$stems" -name 'bass.*' | sort | tail -n 1)
[ -n "$last" ] || { note "no SONG/bass.* in $stems"; exit 2; }
unseen=$(basename "$(dirname "$last")")

# Bass to drums: CycleGAN, the bass itself, and networks of one step.
export LEARN_OUT=$PWD/learn LEARN_SEEDS=0 LEARN_UNSEEN=$unseen LEARN_OPTIONS="${preset[*]}" LEARN_STEPS
LEARN_STEPS=$(steps_of 80)
[ -n "$LEARN_STEPS" ] || export LEARN_BUDGET=preset
once bass2drums "$examples/learn.sh" "$stems"
ln -sfn learn/model-0 cyclegan

# The same data and steps for pix2pix; and for CycleGAN, after as many steps on stems that a separator took out of
# recordings as the paper has epochs there: 12 beside 20.
learn pix2pix pix2pix learn/chunks 80
once separated gantools separate "$recordings" --model tiny -o separated
once separated-mels gantools melify separated -o separated-mels
# Levels mean the same in both, else the weights do not fit.
levels=(--db-range="$(python -c 'import json; print(*json.load(open("learn/chunks/dataset.json"))["db_range"], sep=":")')")
once separated-chunks gantools chunk separated-mels -o separated-chunks --split 1/0/0 "${levels[@]}"
learn pretrained cyclegan separated-chunks 48
learn finetuned cyclegan learn/chunks 80 --from pretrained

once made/cyclegan cp -R learn/drums-0 made-cyclegan
once made/untrained cp -R learn/drums-untrained made-untrained
once made/pix2pix gantools generate pix2pix pix2pix learn/bass -o made-pix2pix
for model in pretrained finetuned; do
    once "made/$model" gantools generate cyclegan "$model" learn/bass -o "made-$model" --style window
done
for set in cyclegan untrained pix2pix pretrained finetuned; do
    once "report/$set" gantools evaluate frechet "made-$set" learn/real --no-infinity -o "report/$set/frechet" -q
    once "rhythm/$set" gantools evaluate rhythm "made-$set" learn/bass --real learn/real -o "report/$set/rhythm" -q
    once "stoi/$set" gantools evaluate stoi "made-$set" learn/real -o "report/$set/stoi" -q
done

# A song for a voice: the vocals of a song, and all of it.
if compgen -G "$stems/*/vocals.*" >>log.txt; then
    voices=$PWD/voices source=vocals target=mix
    once mixes python "$examples/mix_stems.py" "$stems" mixes
    for voice in "$stems"/*/vocals.*; do
        song=$(basename "$(dirname "$voice")")
        mkdir -p "voices/$song"
        ln -sf "$voice" "voices/$song/"
        ln -sf "$PWD/mixes/$song.flac" "voices/$song/mix.flac"
    done
else
    note "no vocals.* in the stems: the guitar of the bundled band stands for the voice, the rest of it for the song"
    voices=$examples/audio/stems2 source=guitar target=band
fi
held=$(find -L "$voices" -mindepth 1 -maxdepth 1 -type d | sort | tail -n 1)
mkdir -p voice real-song/"$(basename "$held")"
ln -sf "$held/$source".* voice/
ln -sf "$held/$target".* real-song/"$(basename "$held")"/
once voice-mels gantools melify "$voices" -o voice-mels
once voice-chunks gantools chunk voice-mels -o voice-chunks --split 1/0/0 --test-songs "voice-mels/$(basename "$held"),$(basename "$held")"
learn voice2song cyclegan voice-chunks 80 --source-role $source --target-role $target
once made/voice2song gantools generate cyclegan voice2song voice -o made-voice2song
once report/voice2song gantools evaluate frechet made-voice2song real-song --no-infinity -o report/voice2song/frechet -q
once report/voice gantools evaluate frechet voice real-song --no-infinity -o report/voice/frechet -q
python "$examples/learn_table.py" learn 0 >tables.md
