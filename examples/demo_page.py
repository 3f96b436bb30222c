#!/usr/bin/env python3
"""Write the page of the demo, index.html, and for a first look overview.png and sounds/; run in the demo's folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gantools.audio.io import read_audio
from gantools.audio.picture import mel_image
from gantools.audio.writing import write_audio
from gantools.cli.pages import results_of
from gantools.files.atomic import atomic_path, write_text
from gantools.report.page import Bullets, Drawing, Heading, Page, Part, Words
from gantools.report.results import Result, result_part
from gantools.report.thumbnails import look

HERE = Path()
#: Pictures of overview.png, two in a row: what each is, and its file.
OVERVIEW = (
    ("a song", "recordings/metal-madness.flac"),
    ("its drums: gantools separate", "stems/metal-madness/drums.wav"),
    ("a bass line", "songs/song-12/bass.flac"),
    ("drums for it: gantools generate drummer", "drummer/bass.drums.wav"),
    ("a guitar", "ideas/clip.wav"),
    ("a new riff of its sounds: gantools generate patches", "{idea}"),
    ("a loop: gantools generate loops", "loops/{loop}.wav"),
    ("an orchestra: gantools generate symphony", "scores/symphony-00000.wav"),
    ("music behind the codec", "codec/feelings.wav"),
    ("endless music: gantools generate musika", "endless/seed-00000.wav"),
)
#: Beginnings of these go to sounds/.
SOUNDS = {
    "drums-for-a-bass": "drummer/bass.mix.wav",
    "new-riff": "{idea}",
    "loop": "loops/{loop}.wav",
    "score": "scores/symphony-00000.wav",
    "endless": "endless/seed-00000.wav",
}
EXCERPT_S = 8
WIDTH, HEIGHT, MARGIN, LETTERS = 440, 112, 10, 18


def shown(results: Sequence[Result], *titles: str) -> Iterator[Part]:
    """Yield the results of these titles, in their order; all without any."""
    for result in results:
        if not titles or result.title in titles:
            yield result_part(result, HERE)


def best_loops(count: int) -> list[Result]:
    """Return the loops that are nearest to real ones, as the loop detector has it."""
    scored = [(score_of(result), result) for result in results_of("generate", Path("loops"))]
    return [result for _, result in sorted(scored, key=lambda pair: pair[0])[:count]]


def score_of(loop: Result) -> float:
    """Return the loop score of a loop, lower is better."""
    return float(dict(loop.details).get("loop score", "inf"))


def best_idea() -> Result:
    """Return the idea that was ranked first, beside the recording that it is made of."""
    with open("ideas/ranked.csv", newline="", encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    clip, *ideas = results_of("generate", Path("ideas"))
    best = next(idea for idea in ideas if idea.tracks[0].path.name == Path(first["file"]).name)
    return replace(best, tracks=[*clip.tracks, *best.tracks])


def distance(name: str) -> float:
    """Return the Fréchet distance to real drums that was measured of a set."""
    return float(json.loads(Path(f"report/{name}/report.json").read_text(encoding="utf-8"))["distance"])


def shipped() -> Iterator[Part]:
    """Yield what the models that ship make."""
    yield Heading("Stems out of a song")
    yield Words(
        "A song without a singer: vocals.wav has what the small separator takes for one. It has learnt from the guitar "
        "of this recording, so it does better here than on a song of yours.",
        "gantools separate song.flac --model tiny -o stems --page",
        ("the page", "stems/index.html"),
    )
    yield from shown(results_of("separate", Path("stems")))
    yield Heading("The stems in a common sound")
    yield Words(
        "Loudness, spectrum, panning and dynamics as those of the average stem of MUSDB18; here begin equally loud.",
        "gantools fxnorm apply stems --target musdb18 -o normalised --page",
        ("all stems", "normalised/index.html"),
    )
    yield from shown(results_of("fxnorm", Path("normalised")), "metal-madness/drums", "metal-madness/bass")
    yield Heading("Drums for a bass line")
    yield Words(
        "A model writes a drum part on the beat that it finds, and recorded hits play it.",
        "gantools generate drummer bass.flac -o drummer --mix --midi --page",
        ("the page", "drummer/index.html"),
    )
    yield from shown(results_of("generate", Path("drummer")))
    yield Heading("Ideas from a riff")
    yield Words(
        "No training: sounds of the recording, in an order and in combinations that it does not have. The first of "
        "three, by likeness and novelty.",
        "gantools generate patches guitar.ogg --count 3 --seconds 12 -o ideas",
        ("all ideas, ranked", "ideas/index.html"),
    )
    yield result_part(best_idea(), HERE)
    yield Heading("Loops")
    yield Words(
        "Drums and bass as MIDI and as sound. The three of eight that the loop detector takes for the most loop-like.",
        "gantools generate loops --count 8 -o loops --wav",
        ("all eight, going round", "loops/loops.html"),
    )
    yield result_part(Result("", [track for loop in best_loops(3) for track in loop.tracks]), HERE)
    yield Words(
        "And the loops in recordings, found and cut at the bar:",
        "gantools loopscore recordings/ -o found",
        ("the loops that were found", "found/loops.html"),
    )
    yield Heading("Endless music")
    yield Words(
        "A minute, at 124 beats in a minute, of a piece that has no end: Musika, which has learnt from five electronic "
        "songs without their voices. -o - plays on for ever.",
        "gantools generate musika electronic --seconds 60 --tempo 124 -o endless --page",
    )
    yield from shown(results_of("generate", Path("endless")))
    yield Words(
        "Below it, a minute of a band behind the codec whose numbers Musika learns: the ceiling of what a Musika can "
        "sound like.",
        "gantools generate codec codec song.flac -o codec --page",
    )
    yield from shown(results_of("generate", Path("codec")))
    yield Heading("An orchestra")
    yield Words(
        "Sixteen bars of a score that nobody wrote, as MIDI and as sound.",
        "gantools generate symphony --bars 16 --bpm 96 --chords 'Am F C G' -o scores --wav",
        ("its piano roll", "scores/symphony.html"),
    )
    yield from shown(results_of("generate", Path("scores")))


def trained() -> Iterator[Part]:
    """Yield what the model makes that the demo has trained, beside real music."""
    lines = Path("model/metrics.jsonl").read_text(encoding="utf-8").splitlines()
    steps = json.loads(lines[-1])["step"]
    documented = json.loads(Path("model/config.json").read_text(encoding="utf-8"))["config"]["documented_steps"]
    yield Heading("A model of your own")
    yield Words(
        f"A CycleGAN turns mel spectrograms of a bass into such of drums. It has learnt from ten songs of 30 s for "
        f"{steps:,} steps; the figures of the documentation took about {documented:,}. This song it has never heard.",
        "gantools train cyclegan chunks/ --source-role bass --target-role drums --preset small "
        f"--steps {steps} -o model\n"
        "gantools generate cyclegan model/ bass.flac -o generated --mix --page",
        ("the page", "generated/index.html"),
    )
    (made,) = results_of("generate", Path("generated"))
    real = replace(made.tracks[0], path=Path("songs/song-12/drums.flac"), label="real: drums.flac")
    yield result_part(replace(made, tracks=[*made.tracks, real]), HERE)
    curve = "Left: what it is trained by. Right: its score on a song that it does not learn from, lower is better."
    yield Drawing("model/training.png", curve)
    bass, own, shipped_one, floor = (distance(name) for name in ("bass", "generated", "drummer", "drums"))
    yield Words(
        "Fréchet distance to real drums, lower is better (19 windows of one song: a rough figure). "
        f"The bass itself: {bass:.0f}. Made by this model: {own:.0f}. By the drummer that ships: {shipped_one:.0f}. "
        f"Real drums of this song: {floor:.0f}. It tells drums from a bass, and not a clean hit from a blurred one."
    )


def verdicts() -> Iterator[Part]:
    """Yield what is worth hearing and what is not."""
    bass, own = distance("bass"), distance("generated")
    (made,) = results_of("generate", Path("generated"))
    heard = next((words.removeprefix("heard as ") for words in made.remarks if words.startswith("heard as ")), "")
    told = f"; gantools itself hears them as {heard}" if heard else ""
    drums = "are nearer to drums than the bass is" if own < bass else "are no nearer to drums than the bass is"
    yield Heading("What is worth hearing")
    yield Bullets(
        [
            "To be used as it is: loops, drums for a bass line, ideas from a riff. They are recorded sounds; "
            "what is new is what they play. The drummer follows the beat and not the harmony or the form of a song.",
            "With an ear on it: stems. Of songs from elsewhere the small separator brings vocals and drums forward; "
            "bass and the rest are unreliable. With the weights of Demucs the same command does better.",
            "To learn from rather than to listen to: stems in a common sound.",
            "A sketch: the score. Here plain tones play it; an orchestra does with a SoundFont (--sf2), or in a "
            "program that plays MIDI.",
            "A bed to build on: endless music. It keeps a beat and changes over a minute; melodies lead nowhere, and "
            "nothing that learns the numbers of the codec sounds better than the codec.",
            f"Not worth hearing: the model that was trained just now. Its drums {drums}{told}. They come "
            "out of a mel spectrogram, and so short a training leaves them blurred. It is here to show the way: more "
            "steps of the same command go on from where it stands.",
        ]
    )


def excerpts(folder: Path, names: Mapping[str, str]) -> None:
    """Write the beginnings of `SOUNDS` as MP3; `names` are those of the best idea and loop."""
    folder.mkdir(exist_ok=True)
    for what, name in SOUNDS.items():
        wave, rate_hz = read_audio(name.format(**names))
        write_audio(folder / f"{what}.mp3", wave[:, : EXCERPT_S * rate_hz], rate_hz)


def overview(path: Path, names: Mapping[str, str]) -> None:
    """Write the pictures of `OVERVIEW` as one PNG of few colours."""
    rows = -(-len(OVERVIEW) // 2)
    size = (2 * WIDTH + 3 * MARGIN, rows * (HEIGHT + LETTERS + MARGIN) + MARGIN)
    sheet = Image.new("RGB", size, "white")
    letters, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (what, name) in enumerate(OVERVIEW):
        row, column = divmod(number, 2)
        x, y = MARGIN + column * (WIDTH + MARGIN), MARGIN + row * (HEIGHT + LETTERS + MARGIN)
        seen = look(Path(name.format(**names)))
        assert seen is not None, name
        picture = Image.fromarray(np.ascontiguousarray(mel_image(seen.levels_db)))
        letters.text((x, y), what, fill="#1d2125", font=font)
        sheet.paste(picture.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR), (x, y + LETTERS))
    with atomic_path(path) as temporary:
        sheet.quantize(96, dither=Image.Dither.NONE).save(temporary, "PNG", optimize=True)


def main() -> None:
    """Write all of it."""
    parts = [*shipped(), *trained(), *verdicts()]
    foot = ["Pictures are mel spectrograms. All of it was made by examples/demo.sh; log.txt names the files."]
    page = Page(
        "gantools: a tour", "What the models that ship do at once, and what a short training gives", parts, foot
    )
    write_text(Path("index.html"), page.html())
    names = {"idea": str(best_idea().tracks[-1].path), "loop": best_loops(1)[0].title}
    overview(Path("overview.png"), names)
    excerpts(Path("sounds"), names)


if __name__ == "__main__":
    main()
