"""A listening test as one HTML file, and the key that says what its clips are."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any

from markupsafe import Markup

from gantools.files.atomic import plain_json
from gantools.report.listening.forms import KEY_KIND, NEITHER, OTHER, RESULTS_KIND, SCHEMA, Form
from gantools.report.listening.plan import Plan, Stimulus
from gantools.report.listening.sound import Sounds
from gantools.report.page import environment

#: Names of the two files of a test.
PAGE_FILE, KEY_FILE = "listen.html", "key.json"


def page_text(test: str, plan: Plan, sounds: Sounds, form: Form) -> str:
    """Return the page.

    It needs nothing beside it and asks no server for anything. What it carries are ids, sounds and questions: no name
    of a file or of a set.

    Parameters
    ----------
    test : str
        Id of the test, by which results find their key.
    plan : Plan
    sounds : Sounds
    form : Form
    """
    data = {
        "kind": RESULTS_KIND,
        "schema": SCHEMA,
        "test": test,
        "form": form.name,
        "heard": form.heard,
        "loop": not form.seconds,
        "neither": NEITHER,
        "other": OTHER,
        "mime": sounds.mime,
        "questions": [asdict(question) for question in form.questions],
        "closing": [asdict(question) for question in form.closing],
        "trials": [
            {
                "id": trial.id,
                "block": trial.block,
                "repeats": trial.repeats,
                "stimuli": [one.id for one in trial.stimuli],
                "references": [{"id": one.id, "label": one.label} for one in trial.references],
            }
            for trial in plan.trials
        ],
        "sounds": {id: base64.b64encode(sound).decode("ascii") for id, sound in sorted(sounds.encoded.items())},
    }
    # Inside a script nothing is markup but its own end, which "<" begins.
    text = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")
    return environment().get_template("listen.html").render(form=form, data=Markup(text))


def key_of(test: str, plan: Plan, sounds: Sounds, form: Form, seed: int) -> dict[str, Any]:
    """Return the content of ``key.json``: what each clip is, where it comes from, and how it was brought to others."""

    def clip(one: Stimulus) -> dict[str, Any]:
        files = [clip.path for clip in one.clips]
        return {"set": one.set, "song": one.song, "files": list(map(str, files)), "repeats": one.repeats}

    trials = {
        trial.id: {
            "block": trial.block,
            "repeats": trial.repeats,
            "stimuli": [one.id for one in trial.stimuli],
        }
        for trial in plan.trials
    }
    facts = {"lufs": round(sounds.lufs, 2), "band_limit_hz": round(sounds.band_limit_hz), "channels": sounds.channels}
    return dict(
        plain_json(
            {
                "kind": KEY_KIND,
                "schema": SCHEMA,
                "test": test,
                "form": form.name,
                "sets": list(plan.sets),
                "real": plan.real,
                "seed": seed,
                **facts,
                "trials": trials,
                "clips": {one.id: clip(one) for one in plan.stimuli},
            }
        )
    )
