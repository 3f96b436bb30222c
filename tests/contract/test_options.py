"""Options mean the same everywhere: one name for one thing, plain sentences, units, letters, short first screens."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from gantools.cli.app import VERBS, find_command
from gantools.cli.sections import EVERYWHERE, MOST_OPTIONS, common_options

#: What a name that several commands have means in all of them. A new option takes a name from here where it means
#: the same, and another where it does not; a name that comes to be shared is added with its meaning.
GLOSSARY = {
    "attempts": "draws or fillings to choose one result from",
    "bars": "bars of a phrase or a loop, or bars to make",
    "base": "model folder whose weights training begins with",
    "batch": "pieces in the network at a time, when a model is used",
    "batch_size": "items of a training step",
    "beta1": "Adam's decay of the mean gradient",
    "beta2": "Adam's decay of the mean squared gradient",
    "beats_per_bar": "beats of a bar",
    "bits": "bits per sample of audio that is written",
    "blocks": "blocks of a network",
    "body_width": "channels of the middle of a network",
    "bpm": "tempo of the source, or of what is made",
    "brackets": "measure what could fake the figures too",
    "budget": "time to train for",
    "channels": "channels of the sound",
    "clip_norm": "largest norm of the gradient",
    "clip_seconds": "length of the clips that are compared",
    "clips_per_song": "clips of each song",
    "count": "results to make",
    "crop": "length of a training crop in samples",
    "density": "how much is played",
    "detector": "model folder of the loop detector",
    "discriminator_layers": "strided layers of the discriminator",
    "discriminator_lr": "learning rate of the discriminator",
    "discriminator_updates": "updates of the discriminators for each one of the generators",
    "discriminator_width": "channels of the discriminator's first layer",
    "dropout": "share of channels that are dropped",
    "dual_mono": "mono counts as two channels",
    "epochs": "training in passes over the data",
    "effort": "effort of the inversion",
    "ema": "averaged weights: made in training, used when generating",
    "embedder": "network whose space is measured in",
    "fallback": "role whose features serve the roles that the target lacks",
    "final_lr_share": "learning rate at the end as a share of that at the start",
    "features": "what of the sound is looked at",
    "format": "format of audio that is written",
    "gain_db": "most by which a part of the input is made louder or softer at random",
    "hidden": "width of hidden layers",
    "hop_samples": "distance between frames",
    "hop_seconds": "distance between windows or frames of a measurement",
    "grid": "units of a quarter",
    "heads": "heads of the attention",
    "head": "how the fields of a result are told",
    "kernel": "length of a filter",
    "latent": "numbers that a result is made from",
    "form": "sections of a piece, a letter each",
    "layer": "layer of the embedder",
    "layers": "layers of a network",
    "loop": "length of loops without a seam",
    "least_cells": "cells that drums and bass must each fill in a phrase",
    "least_level_db": "level below which nothing is drawn to learn from",
    "loss": "loss to train with",
    "lr": "learning rate of the generator, or of the only network",
    "lufs": "integrated loudness of the result",
    "model": "model that a verb takes, by its name or its folder",
    "n_fft": "length of the analysis window",
    "offsets": "times that each song is encoded, each a part of a latent later",
    "nan": "what to do with samples that are no numbers",
    "only_loops": "take only what the loop detector accepts",
    "page": "write a page with players",
    "paper": "do what the text of the paper says",
    "patterns": "loops to generate and to learn from too",
    "rank": "rank the results on a page",
    "penalty_every": "steps between gradient penalties",
    "penalty_weight": "weight of the gradient penalty",
    "phase": "where phases come from",
    "preset": "named settings of a system",
    "real": "real music to compare with",
    "real_role": "role of the real files",
    "resume": "go on with what is there",
    "role": "role of every input",
    "sample_rate_hz": "rate that the sound is brought to",
    "samples": "length of a clip in samples",
    "schedule": "learning rate over the run",
    "seconds": "length of a result",
    "seeds": "results to make by their seeds",
    "segment_seconds": "audio that goes through the network at a time",
    "source_role": "role of what parts are made from",
    "segment_frames": "frames of a training item",
    "spectral_weight": "weight of the multi-scale spectral loss",
    "split": "shares of train, val and test",
    "steps": "training steps",
    "start": "what training, or what is made, begins from",
    "stride": "frames or bars from one window to the next",
    "style_size": "numbers of a style",
    "swing": "place of every second sixteenth, in percent",
    "sf2": "SoundFont that plays the notes",
    "target": "features that stems are brought to",
    "target_role": "role of the parts that are made",
    "test_songs": "songs to put in test",
    "temperature": "below 1 what is probable becomes more so",
    "top_p": "draw from the most probable words of this probability together",
    "transpose": "semitones by which the music is moved at random",
    "trained_on": "MIDI that the model learned from",
    "true_peak_db": "ceiling of the true peak",
    "upsample": "how layers raise their resolution",
    "val_songs": "songs to validate with",
    "validation_crops": "stretches of unseen songs that a validation hears",
    "validation_phrases": "phrases that a validation takes",
    "validation_share": "last part of each song, kept for validation",
    "validation_windows": "windows of mel files that a validation hears",
    "variant": "kind of networks",
    "warmup_steps": "steps in which the learning rate rises",
    "weight_decay": "weight decay of AdamW",
    "wav": "write results as sound too",
    "width": "channels of a network at its widest or first layer",
    "window_frames": "length of a window in mel frames",
    "window_seconds": "length of a window of a measurement",
}
UNITS = {
    "_hz": ("Hz",),
    "_db": ("dB", "dBTP"),
    "_seconds": ("s",),
    "_samples": ("samples",),
    "_lufs": ("LUFS",),
    "_ms": ("ms",),
    "_semitones": ("semitones",),
}


def leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the commands below one, with their full names."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for word, sub in below.items():
        yield from leaves(sub, f"{name} {word}")


COMMANDS = dict(leaf for verb in VERBS for leaf in leaves(find_command([verb])[0], verb))
#: Words of a verb's own options that stand for its standard ones.
STANDARD = {
    parameter.name
    for command in COMMANDS.values()
    for parameter in command.params
    if getattr(parameter, "rich_help_panel", None) == EVERYWHERE
}


def own_options(command: Any) -> list[Any]:
    """Return the options of a command that not every verb has."""
    return [p for p in command.params if p.param_type_name == "option" and p.name not in STANDARD]


def sentences(parameter: Any) -> str:
    """Return the help of a parameter without the value that ends it."""
    return re.sub(r"\s*\[[^][]*\]$", "", parameter.help or "")


def kind_of(parameter: Any) -> str:
    """Return the type of an option's value."""
    return "switch" if parameter.is_flag else str(parameter.display_type_rich(ctx=None)).strip("<>")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_plain_sentences(name: str) -> None:
    for parameter in COMMANDS[name].params:
        text = sentences(parameter)
        assert text, f"{parameter.name} has no help"
        assert text[0].isupper(), f"{parameter.name}: {text!r} begins with no capital"
        assert text.endswith("."), f"{parameter.name}: {text!r} ends without a full stop"
        assert not re.search(r"(^|[;:(] ?)0: ", text), f"{parameter.name}: {text!r} is a telegram; say what 0 does"


@pytest.mark.parametrize("name", COMMANDS)
def test_units_are_shown(name: str) -> None:
    for parameter in own_options(COMMANDS[name]):
        for ending, units in UNITS.items():
            if parameter.name.endswith(ending) and parameter.name != "reverb_wet_db":
                shown = re.search(r"\[([^][]*)\]$", parameter.help)
                assert shown, parameter.name
                assert shown[1].split()[-1] in units, f"{parameter.name}: [{shown[1]}] shows no unit of {units}"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_first_screen_is_short(name: str) -> None:
    first = [p.opts[0] for p in common_options(COMMANDS[name].params)]
    assert len(first) <= MOST_OPTIONS, f"{len(first)} options stand before the groups: {' '.join(first)}"


def test_a_letter_has_one_meaning() -> None:
    letters = defaultdict(set)
    for command in COMMANDS.values():
        for parameter in command.params:
            for word in parameter.opts:
                if re.fullmatch("-[A-Za-z]", word):
                    letters[word].add(parameter.name)
    assert letters["-n"] == {"dry_run"}
    assert letters["-f"] == {"force"}
    assert {letter: names for letter, names in letters.items() if len(names) > 1} == {}


def test_a_name_that_several_commands_have_means_one_thing() -> None:
    kinds, flags, texts = defaultdict(set), defaultdict(set), defaultdict(set)
    for command in COMMANDS.values():
        for parameter in own_options(command):
            kinds[parameter.name].add(kind_of(parameter))
            flags[parameter.name].add(parameter.opts[0])
            texts[parameter.name].add(sentences(parameter))
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}, "one name has several types"
    assert {name: found for name, found in flags.items() if len(found) > 1} == {}, "one name has several flags"
    several = {name for name, found in texts.items() if len(found) > 1}
    assert not several - GLOSSARY.keys(), "several commands have these: say in GLOSSARY what they mean"


def test_a_flag_is_the_name_of_its_field() -> None:
    allowed = {"sample_rate_hz": "--sample-rate", "base": "--from", "place": "--from", "given": "--in"}
    allowed |= {"purpose": "--for", "accompanied": "--with"}
    for command in COMMANDS.values():
        for parameter in own_options(command):
            assert parameter.opts[0] == allowed.get(parameter.name, "--" + parameter.name.replace("_", "-"))


def test_the_glossary_has_no_word_that_is_gone() -> None:
    there = {parameter.name for command in COMMANDS.values() for parameter in own_options(command)}
    assert GLOSSARY.keys() <= there, sorted(GLOSSARY.keys() - there)
