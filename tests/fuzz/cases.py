"""Cases of the fuzzer: a command line, the files around it of which one is damaged, and what must hold."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fuzz.corpus import CYCLEGAN, MEL_SIZES, SOUNDS, WAVEGAN
from fuzz.mutations import ANY, JSON, NAMES, SOUND, TENSORS, TOML, Mutation, mutated


@dataclass(frozen=True)
class Case:
    """One run of the program.

    Attributes
    ----------
    what : str
        The command and the damage, in words.
    arguments : tuple of str
    files : dict of str to bytes
        What lies in its folder.
    stdin : bytes
    good : str
        Part of the source of a record that must be ``ok``: the file beside the damaged one.
    """

    what: str
    arguments: tuple[str, ...]
    files: dict[str, bytes]
    stdin: bytes = b""
    good: str = ""


class Maker:
    """Makes cases out of a corpus.

    Parameters
    ----------
    corpus : Path
        As `fuzz.corpus.make_corpus` wrote it.
    seed : int
        Equal seeds give equal cases.
    """

    def __init__(self, corpus: Path, seed: int) -> None:
        self.corpus, self.seed = corpus, seed
        self._kinds: list[tuple[int, Callable[[random.Random], Case]]] = [
            (24, self._batch("melify", ("melify", *MEL_SIZES))),
            (8, self._batch("fxnorm apply", ("fxnorm", "apply", "--target", "features.json", "--effects", "loudness"))),
            (3, self._batch("fxnorm apply all", ("fxnorm", "apply", "--target", "features.json", "--no-table"))),
            (5, self._batch("fxnorm measure", ("fxnorm", "measure"), out=False)),
            (
                5,
                self._batch(
                    "fxnorm fit", ("fxnorm", "fit", "--measure", "raw", "--min-active-seconds", "0"), out="f.json"
                ),
            ),
            (8, self._batch("chunk audio", ("chunk", "--samples", "1024", "--split", "1/0/0"))),
            (4, self._batch("loopscore", ("loopscore", "--bpm", "400", "--offset", "0"), out=False)),
            (3, self._batch("loopscore loops", ("loopscore", "--bpm", "400", "--offset", "0", "--fold-tail"))),
            (1, self._batch("separate", ("separate", "--model", "tiny"))),
            (2, self._sets("evaluate pitch", ("pitch", "--tracker", "yin"))),
            (2, self._sets("evaluate mix", ("mix",))),
            (2, self._sets("evaluate rhythm", ("rhythm", "--window-frames", "32"))),
            (2, self._sets("evaluate novelty", ("novelty",))),
            (2, self._train_audio("wavegan")),
            (2, self._train_audio("caw")),
            (7, self._mels("invert", ("invert", "--effort", "draft"))),
            (6, self._mels("chunk mels", ("chunk", "--frames", "16", "--split", "1/0/0"))),
            (2, self._mels("evaluate stoi", ())),
            (6, self._chunk_folder),
            (4, self._model("wavegan", ("--count", "1"))),
            (2, self._model("caw", ("--count", "1", "--seconds", "0.2"))),
            (2, self._from_base),
            (1, self._latents),
            (6, self._features),
            (5, self._manifest),
            (6, self._toml),
            (12, self._stdin),
        ]

    def case(self, number: int) -> Case:
        """Return a case; it depends on the seed and its number only."""
        draw = random.Random(f"{self.seed} {number}")
        (make,) = draw.choices([make for _, make in self._kinds], [weight for weight, _ in self._kinds])
        return make(draw)

    @lru_cache(maxsize=256)  # noqa: B019 (a maker lives as long as the program)
    def read(self, name: str) -> bytes:
        """Return a file of the corpus."""
        return (self.corpus / name).read_bytes()

    def _folder(self, name: str) -> dict[str, bytes]:
        root = self.corpus / name
        return {f"{name}/{p.relative_to(root)}": self.read(f"{name}/{p.relative_to(root)}") for p in _files(root)}

    def _sound(self, draw: random.Random) -> tuple[str, bytes, str]:
        """Return a name, a damaged sound, and the damage; the ending is not always that of the content."""
        name = draw.choice(sorted({*SOUNDS, "tagged.wav"}))
        data, damage = mutated(self.read(f"sounds/{name}"), SOUND, draw)
        ending = draw.choice((*[name.rpartition(".")[2]] * 9, "wav", "mp3", "flac", "ogg", "aiff", "w64", "au"))
        return f"bad.drums.{ending}", data, f"{name} as .{ending}, {damage}"

    def _batch(self, what: str, arguments: tuple[str, ...], out: bool | str = True) -> Callable[[random.Random], Case]:
        def make(draw: random.Random) -> Case:
            name, data, damage = self._sound(draw)
            files = {f"in/{name}": data, "in/good.bass.wav": self.read("good.bass.wav")}
            if "features.json" in arguments:
                files["features.json"] = self.read("features.json")
            target = ("-o", out if isinstance(out, str) else "out") if out else ()
            good = "" if what == "fxnorm fit" else "good"
            return Case(f"{what}: {damage}", (*arguments, "in", *target, "--json"), files, good=good)

        return make

    def _sets(self, what: str, arguments: tuple[str, ...]) -> Callable[[random.Random], Case]:
        def make(draw: random.Random) -> Case:
            name, data, damage = self._sound(draw)
            files = {f"a/{name.replace('drums', 'mix')}": data, "a/good.mix.wav": self.read("good.bass.wav")}
            files |= {"b/good.wav": self.read("good.drums.wav"), "b/bad.wav": self.read("good.drums.wav")}
            return Case(f"{what}: {damage}", ("evaluate", *arguments, "a", "b", "-q"), files)

        return make

    def _train_audio(self, system: str) -> Callable[[random.Random], Case]:
        options = (*WAVEGAN, "-n") if system == "wavegan" else ("--preset", "small", "-n", "-d", "cpu")

        def make(draw: random.Random) -> Case:
            name, data, damage = self._sound(draw)
            files = {f"in/{name}": data, "in/good.wav": self.read("songs/song0.wav")}
            return Case(f"train {system}: {damage}", ("train", system, "in", "-o", "out", *options, "--json"), files)

        return make

    def _mels(self, what: str, arguments: tuple[str, ...]) -> Callable[[random.Random], Case]:
        def make(draw: random.Random) -> Case:
            data, damage = mutated(self.read("mels/s0/bass.mel.safetensors"), TENSORS, draw)
            good = self.read("mels/s1/bass.mel.safetensors")
            files = {"in/bad.bass.mel.safetensors": data, "in/good.bass.mel.safetensors": good}
            if what == "evaluate stoi":
                files |= {name.replace("in/", "real/"): good for name in files}
                return Case(
                    f"{what}: {damage}", ("evaluate", "stoi", "in", "real", "--window-frames", "16", "-q"), files
                )
            return Case(f"{what}: {damage}", (*arguments, "in", "-o", "out", "--json"), files, good="good")

        return make

    def _damaged(self, files: dict[str, bytes], names: list[str], draw: random.Random) -> tuple[dict[str, bytes], str]:
        name = draw.choice(names)
        kinds: tuple[Mutation, ...] = TENSORS if name.endswith("safetensors") else JSON
        if name.rpartition(".")[2] not in ("safetensors", "json", "jsonl"):
            kinds = ANY
        data, damage = mutated(files[name], kinds, draw)
        return files | {name: data}, f"{name}, {damage}"

    def _chunk_folder(self, draw: random.Random) -> Case:
        files = self._folder("chunks")
        files, damage = self._damaged(files, sorted(files), draw)
        if draw.random() < 0.3:  # a second run of chunk over the damaged folder
            files |= {"in/new.bass.mel.safetensors": self.read("mels/s1/bass.mel.safetensors")}
            return Case(f"chunk again: {damage}", ("chunk", "in", "-o", "chunks", "--frames", "16", "--json"), files)
        command = ("train", "cyclegan", "chunks", "-o", "out", *CYCLEGAN, "-n", "-d", "cpu")
        return Case(f"train cyclegan: {damage}", command, files)

    def _model(self, system: str, options: tuple[str, ...]) -> Callable[[random.Random], Case]:
        def make(draw: random.Random) -> Case:
            files = self._folder(system)
            names = [n for n in files if not any(part in n for part in ("state/", "samples/", "metrics", "README"))]
            files, damage = self._damaged(files, sorted(names), draw)
            return Case(f"generate {system}: {damage}", ("generate", system, system, "-o", "out", *options), files)

        return make

    def _from_base(self, draw: random.Random) -> Case:
        files = self._folder("wavegan")
        files, damage = self._damaged(files, sorted(files), draw)
        files |= {"in/good.wav": self.read("songs/song0.wav"), "in/other.wav": self.read("songs/song1.wav")}
        where = draw.choice((("-o", "wavegan"), ("-o", "out", "--from", "wavegan")))
        return Case(f"train wavegan on: {damage}", ("train", "wavegan", "in", *where, *WAVEGAN, "--steps", "1"), files)

    def _latents(self, draw: random.Random) -> Case:
        data, damage = mutated(self.read("latents/z.safetensors"), TENSORS, draw)
        files = self._folder("wavegan") | {"z.safetensors": data}
        return Case(
            f"latents: {damage}", ("generate", "wavegan", "wavegan", "--z", "z.safetensors", "-o", "out"), files
        )

    def _features(self, draw: random.Random) -> Case:
        data, damage = mutated(self.read("features.json"), JSON, draw)
        files = {"f.json": data, "in/good.bass.wav": self.read("good.bass.wav")}
        command = draw.choice(
            (
                ("fxnorm", "measure", "in", "--target", "f.json", "--json"),
                ("fxnorm", "apply", "in", "--target", "f.json", "-o", "out", "--effects", "loudness"),
                (
                    "fxnorm",
                    "fit",
                    "in",
                    "--merge",
                    "f.json",
                    "-o",
                    "g.json",
                    "--measure",
                    "raw",
                    "--min-active-seconds",
                    "0",
                ),
            )
        )
        return Case(f"features: {damage}", command, files)

    def _manifest(self, draw: random.Random) -> Case:
        mels = {f"out/{name.removeprefix('mels/')}": data for name, data in self._folder("mels").items()}
        data, damage = mutated(self.read("mels/manifest.jsonl"), JSON, draw)
        files = mels | {"out/manifest.jsonl": data} | self._folder("stems")
        command = ("melify", "stems", "-o", "out", *MEL_SIZES, "--json", "--limit", "2", *draw.choice(((), ("-n",))))
        return Case(f"manifest: {damage}", command, files)

    def _toml(self, draw: random.Random) -> Case:
        data, damage = mutated(self.read("options.toml"), TOML, draw)
        files = {"o.toml": data, "in/good.bass.wav": self.read("good.bass.wav")}
        command = ("melify", "in", "-o", "out", "--config", "o.toml", *draw.choice(((), ("-n",), ("--print-config",))))
        return Case(f"toml: {damage}", command, files)

    def _stdin(self, draw: random.Random) -> Case:
        good = b'{"status": "ok", "path": "in/good.bass.wav", "rel": "", "role": "bass", "song": "a"}\n'
        lists = (good, good.replace(b'"ok"', b'"skipped"') * 2, b"in/good.bass.wav\n", b"in/good.bass.wav\0", b"in\n")
        data = draw.choice(lists)
        kinds = JSON + NAMES if data.startswith(b"{") else NAMES
        data, damage = mutated(data, kinds, draw)
        if draw.random() < 0.05:
            data, damage = self.read("sounds/pcm.wav"), "a sound itself"
        # A name such as / is a folder like any other, and all of a machine is no case.
        if any(set(name) <= set(b"./") for name in data.replace(b"\0", b"\n").split(b"\n") if name):
            data = b"nothing but slashes"
        files = {"in/good.bass.wav": self.read("good.bass.wav")}
        command = draw.choice(
            (
                ("melify", "-", "-o", "out", *MEL_SIZES),
                ("fxnorm", "measure", "-"),
                ("chunk", "-", "-o", "out", "-n"),
                ("melify", "-", "-o", "out", "-n", "-0"),
            )
        )
        return Case(f"stdin of {command[0]}: {damage}", (*command, *draw.choice(((), ("--json",)))), files, stdin=data)


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())
