"""What every verb makes of small inputs, in figures: recorded once, and held equal ever after.

`STEPS` is one session of a user, each command on what earlier ones made. `python tests/results.py` records what this
checkout makes, in ``tests/data/results.json``: for a change that is meant to change results, and says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from running import run_here
from safetensors.numpy import load_file
from small_codec import TINY_FLAGS
from small_drummer import TINY_FLAGS as DRUMMER_FLAGS
from small_known_loops import write_loops
from small_loop_models import write_pieces
from small_musika import TINY_FLAGS as MUSIKA_FLAGS
from small_symphony import TINY_FLAGS as SYMPHONY_FLAGS
from small_symphony import write_pieces as write_scores
from sounds import stem, tone

RECORD = Path(__file__).parent / "data/results.json"
_LEARN = " --preset small --steps 3 --threads 1 --precision float32 --validate-every 1000 -d cpu"
_TRANSLATE = " chunks --width 8 --discriminator-width 8 --batch-size 2 --validation-windows 2" + _LEARN
_PHRASES = " --batch-size 4 --validation-phrases 16 --no-only-loops --split 100/0/0 --val-songs piece2" + _LEARN


@dataclass(frozen=True)
class Step:
    """A command, and patterns of the files whose contents count."""

    command: str
    outputs: str


STEPS: dict[str, Step] = {
    "melify": Step("melify songs -o mels", "mels/**/*.safetensors"),
    "chunk-mels": Step("chunk mels -o chunks --frames 64 --split 1/0/0 --val-songs two", "chunks/shard-*"),
    "chunk-audio": Step("chunk songs/one -o clips --samples 4096 --sample-rate 8000", "clips/shard-*"),
    "invert": Step("invert mels/one/bass.mel.safetensors -o sound -d cpu", "sound/*.wav"),
    "invert-paper": Step(
        "invert mels/one/drums.mel.safetensors -o sound-paper --effort paper -d cpu", "sound-paper/*.wav"
    ),
    "fxnorm-fit": Step("fxnorm fit songs -o features.json", "features.json"),
    "fxnorm-apply": Step("fxnorm apply songs --target features.json --reverb send -o norm", "norm/**/*.wav"),
    "separate": Step("separate mix.wav --model tiny --bits 32f -o stems -d cpu", "stems/**/*.wav"),
    "train-cyclegan": Step(
        "train cyclegan" + _TRANSLATE + " --body-width 8 --blocks 1 --texture-width 4 -o m/cyclegan",
        "m/cyclegan/*.safetensors",
    ),
    "generate-cyclegan": Step(
        "generate cyclegan m/cyclegan songs/two/bass.wav --mix -o made/cyclegan --bits 32f -d cpu",
        "made/cyclegan/*.wav",
    ),
    "generate-cyclegan-mel": Step(
        "generate cyclegan m/cyclegan mels/two/bass.mel.safetensors --mel --no-ema -o made/mels -d cpu",
        "made/mels/*.safetensors",
    ),
    "train-pix2pix": Step("train pix2pix" + _TRANSLATE + " --depth 6 -o m/pix2pix", "m/pix2pix/*.safetensors"),
    "generate-pix2pix": Step(
        "generate pix2pix m/pix2pix songs/two/bass.wav -o made/pix2pix -d cpu", "made/pix2pix/*.wav"
    ),
    "train-separator": Step(
        "train separator songs --segment-frames 24 --width 4 --body-width 8 --blocks 1 --batch-size 2 "
        "--validation-seconds 1 -o m/separator" + _LEARN,
        "m/separator/*.safetensors",
    ),
    "separate-own": Step("separate mix.wav --model m/separator --bits 32f -o own -d cpu", "own/**/*.wav"),
    "train-automix": Step(
        "train automix norm --mixes songs --target features.json --sample-rate 16000 --crop 16384 --warmup-steps 0 "
        "--bottleneck 8 --hidden 8 --blocks 2 --bands 12 --validation-crops 2 -o m/automix" + _LEARN,
        "m/automix/*.safetensors",
    ),
    "generate-automix": Step("generate automix m/automix songs/two -o made/automix -d cpu", "made/automix/**/*.wav"),
    "train-caw": Step(
        "train caw riff.wav --start noise --budget= --sample-rate 4000 --rates 1000,2000,4000 --layers 4 --width 4 "
        "--coarse-width 4 --crop 1024 --pool 2 --recalibrate 1 --least-energy 0 -o m/caw" + _LEARN,
        "m/caw/**/scale.safetensors",
    ),
    "generate-caw": Step("generate caw m/caw --count 3 --seconds 2 -o made/caw -d cpu --rank", "made/caw/*.wav"),
    "rank-caw": Step("", "made/caw/ranked.csv"),
    "vary-caw": Step(
        "generate caw m/caw --mode vary --source song.wav --at-hz 2000 -o made/vary -d cpu", "made/vary/*.wav"
    ),
    "arrange-caw": Step("generate caw m/caw --arrange ABA --bpm 120 -o made/arrange -d cpu", "made/arrange/*.wav"),
    "extend-caw": Step("generate caw m/caw --mode extend --source low.wav -o made/extend -d cpu", "made/extend/*.wav"),
    "reconstruct-caw": Step("generate caw m/caw --mode reconstruct -o made/same -d cpu", "made/same/*.wav"),
    "inpaint-caw-train": Step(
        "train caw riff.wav --task inpaint --holes 0.9-1.1 --budget= --sample-rate 4000 --rates 1000,4000 --layers 4 "
        "--width 4 --coarse-width 4 --crop 1024 --pool 2 --recalibrate 1 --least-energy 0 -o m/holes" + _LEARN,
        "m/holes/**/scale.safetensors",
    ),
    "inpaint-caw": Step(
        "generate caw m/holes --mode inpaint --source riff.wav -o made/filled -d cpu", "made/filled/*.wav"
    ),
    "generate-patch": Step("generate caw riff.wav --engine patch --seconds 2 -o made/patch", "made/patch/*.wav"),
    "train-wavegan": Step(
        "train wavegan tracks --samples 1024 --width 2 --latent 8 --variant improved --batch-size 4 "
        "--validation-clips 16 -o m/wavegan" + _LEARN,
        "m/wavegan/*.safetensors",
    ),
    "generate-wavegan": Step(
        "generate wavegan m/wavegan --count 2 -o made/wavegan --bits 32f -d cpu", "made/wavegan/*.wav"
    ),
    "train-style": Step(
        "train wavegan clips --samples 1024 --width 2 --latent 8 --variant style --style-width 8 --batch-size 4 "
        "--domain wave --validation-clips 4 -o m/style" + _LEARN,
        "m/style/*.safetensors",
    ),
    "train-transformer": Step(
        "train wavegan tracks --samples 1024 --width 2 --latent 8 --variant transformer --token-width 32 "
        "--attention-window 16 --full-attention 64 --batch-size 4 --validation-clips 16 -o m/transformer" + _LEARN,
        "m/transformer/*.safetensors",
    ),
    "train-codec": Step(f"train codec tracks {TINY_FLAGS} -o m/codec" + _LEARN, "m/codec/*.safetensors"),
    "generate-codec": Step("generate codec m/codec tracks --bits 32f -o made/codec -d cpu", "made/codec/*.wav"),
    "train-musika": Step(
        f"train musika tracks --codec m/codec {MUSIKA_FLAGS} --conditions loudness -o m/musika" + _LEARN,
        "m/musika/[DGs]*.safetensors",
    ),
    "generate-musika": Step(
        "generate musika m/musika --seconds 2 --loudness -20 --bits 32f -o made/musika -d cpu", "made/musika/*.wav"
    ),
    "loopscore": Step("loopscore songs midi --json -o found --bpm 120 --bars 4", "found/**/*.wav"),
    "train-loopdetector": Step(
        "train loopdetector loops --patterns 6 --rendered 2 --no-hear-midi --batch-size 4 --split 60/40/0 "
        "-o m/loopdetector" + _LEARN,
        "m/loopdetector/*.safetensors",
    ),
    "train-loopvae": Step(
        "train loopvae midi --width 8 --codebook-size 12 --code-size 4 -o m/loopvae" + _PHRASES,
        "m/loopvae/*.safetensors",
    ),
    "train-looplm": Step(
        "train looplm midi --vae m/loopvae --hidden 8 --embedding 4 --validation-loops 64 -o m/looplm" + _PHRASES,
        "m/looplm/*.safetensors",
    ),
    "train-loopgan": Step(
        "train loopgan midi --bars 2 --least-cells 4 --width 4 --latent 3 -o m/loopgan" + _PHRASES,
        "m/loopgan/*.safetensors",
    ),
    "train-looptransformer": Step(
        "train looptransformer midi --bars 2 --least-cells 4 --width 8 --layers 1 -o m/looptransformer" + _PHRASES,
        "m/looptransformer/*.safetensors",
    ),
    "generate-loops": Step("generate loops m/looplm --count 2 --wav -o made/loops -d cpu", "made/loops/*.wav"),
    "generate-loops-shipped": Step("generate loops --count 2 --wav -o made/shipped -d cpu", "made/shipped/*.wav"),
    "generate-musika-shipped": Step(
        "generate musika electronic --seconds 4 --tempo 128 --bits 32f -o made/electronic -d cpu",
        "made/electronic/*.wav",
    ),
    "train-drummer": Step(f"train drummer midi -o m/drummer {DRUMMER_FLAGS}{_LEARN}", "m/drummer/*.safetensors"),
    "generate-drummer": Step(
        "generate drummer songs/one/bass.wav --model m/drummer --mix --bits 32f -o made/drummer -d cpu",
        "made/drummer/*.wav",
    ),
    "generate-drummer-shipped": Step(
        "generate drummer songs/two/bass.wav --bpm 120 --bits 32f -o made/drummer-shipped -d cpu",
        "made/drummer-shipped/*.wav",
    ),
    "train-symphony": Step(f"train symphony scores -o m/symphony {SYMPHONY_FLAGS}{_LEARN}", "m/symphony/*.safetensors"),
    "generate-symphony": Step(
        "generate symphony m/symphony --prime scores/piece0.mid --prime-bars 2 --bars 2 --chords prime --wav --no-page "
        "-o made/symphony -d cpu",
        "made/symphony/*.wav",
    ),
    "evaluate-symbolic": Step(
        "evaluate symbolic scores --trained-on scores --real scores --model m/symphony -d cpu --json", ""
    ),
    "evaluate-loops": Step("evaluate loops made/loops --json", ""),
    "evaluate-loopgroups": Step("evaluate loopgroups midi made/shipped --json", ""),
    "evaluate-frechet": Step(
        "evaluate frechet songs/one songs/two --embedder rand-cnn -d cpu -o frechet", "frechet/report.json"
    ),
    "evaluate-musicnn": Step("evaluate frechet songs/one songs/two --no-infinity -d cpu --json", ""),
    "evaluate-coverage": Step(
        "evaluate coverage songs/one songs/two --embedder rand-cnn --neighbours 2 -d cpu --json", ""
    ),
    "evaluate-inception": Step("evaluate inception songs/one songs/two --brackets -d cpu --json", ""),
    "evaluate-treble": Step("evaluate treble songs/one songs/two --json", ""),
    "evaluate-rhythm": Step("evaluate rhythm songs songs --role drums --source-role bass --json", ""),
    "evaluate-stoi": Step("evaluate stoi norm songs --json", ""),
    "evaluate-mix": Step("evaluate mix made/automix songs --json", ""),
    "evaluate-novelty": Step("evaluate novelty made/caw riff.wav --small -o novelty", "novelty/report.json"),
    "evaluate-pitch": Step("evaluate pitch songs/one/bass.wav riff.wav --json -d cpu", ""),
    "evaluate-seams": Step("evaluate seams songs/one --patch-seconds 0.5 --json", ""),
    "evaluate-texture": Step(
        "evaluate texture songs --role drums --real tracks --brackets --with songs --source-role bass --json", ""
    ),
    "evaluate-neighbours": Step("evaluate neighbours songs/one songs/two tracks --json", ""),
    "evaluate-conditions": Step("evaluate conditions made/musika --json", ""),
    "evaluate-yin": Step("evaluate pitch songs/one/bass.wav --tracker yin --json -d cpu", ""),
}
#: What another CPU makes of the same operations differs by so much at most, relative and absolute. Measured with
#: ATen's plain and AVX2 code beside AVX512: 7e-4 and 1e-5, but for the steps below, 5e-2 and 4e-4. There Adam's first
#: steps turn the sign of a gradient near 0 into a whole step, a batch norm is measured anew, a threshold decides, or
#: two of few ranks change places.
TOLERANCE, LOOSE = (1e-2, 5e-5), (0.1, 1e-3)
LOOSE_STEPS = {"train-cyclegan", "generate-cyclegan", "train-style", "train-caw", "inpaint-caw-train"}
LOOSE_STEPS |= {"rank-caw", "evaluate-novelty", "evaluate-loopgroups", "evaluate-texture"}
LOOSE_STEPS |= {"generate-codec", "generate-musika", "evaluate-conditions"}
#: Fields that say when, where and with what, not how much.
_UNTOLD = {"seconds", "versions", "tool", "path", "weights_hash", "created", "inputs_sha256", "written"}


def write_inputs(folder: Path) -> None:
    """Write two songs of four stems, a mix, a riff, a band-limited take and short tracks."""
    for number, song in enumerate(("one", "two")):
        for role in ("bass", "drums", "vocals", "other"):
            (folder / "songs" / song).mkdir(parents=True, exist_ok=True)
            soundfile.write(folder / "songs" / song / f"{role}.wav", stem(role, 6.0, 22050, number), 22050)
    parts = [soundfile.read(path)[0] for path in sorted((folder / "songs/one").iterdir())]
    soundfile.write(folder / "mix.wav", 0.4 * np.sum(parts, axis=0), 22050)
    soundfile.write(folder / "riff.wav", tone(2.0, 4000), 4000)
    soundfile.write(folder / "song.wav", tone(2.0, 4000, hz=150.0, seed=1), 4000)
    soundfile.write(folder / "low.wav", tone(2.0, 2000, hz=90.0, seed=2), 2000)
    write_pieces(folder / "midi")
    write_loops(folder / "loops")
    write_scores(folder / "scores")
    (folder / "tracks").mkdir()
    for number, kind in enumerate(("drums", "bass", "other")):
        soundfile.write(folder / f"tracks/{kind}.wav", stem(kind, 3.0, 8000, number), 8000)


def run_step(folder: Path, step: Step) -> dict[str, Any]:
    """Run a command in `folder`; return the figures of its outputs, or of the record that it printed."""
    printed = ""
    if step.command:
        done = run_here(folder, *step.command.split())
        if done.returncode:
            raise AssertionError(f"{step.command}: exit {done.returncode}\n{done.stderr}")
        printed = done.stdout
    if not step.outputs:
        return _of_tree(json.loads(printed))
    found = sorted(path for path in folder.glob(step.outputs) if path.is_file() and "state" not in path.parts)
    if not found:
        raise AssertionError(f"{step.command}: no file like {step.outputs}")
    return {str(path.relative_to(folder)): figures(path) for path in found}


def figures(path: Path) -> Any:
    """Return what a file holds, as figures: those of an array carry a digest of its bits."""
    if path.suffix == ".wav":
        return _of_array(soundfile.read(path, dtype="float64", always_2d=True)[0])
    if path.suffix == ".safetensors":
        return _of_tensors(load_file(path).values())
    if path.suffix == ".json":
        return _of_tree(json.loads(path.read_text(encoding="utf-8")))
    return [_number(cell) for line in path.read_text(encoding="utf-8").splitlines() for cell in line.split(",")]


def _of_array(array: np.ndarray) -> dict[str, Any]:
    flat = np.asarray(array, np.float64).ravel()
    phase = np.arange(len(flat)) * 0.7
    shown = [flat.mean(), np.sqrt(np.mean(flat**2)), *(np.mean(flat * np.cos(phase * k)) for k in (1, 2, 3))]
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
    return {"shape": list(array.shape), "figures": [float(f"{value:.9g}") for value in shown], "digest": digest}


def _of_tensors(arrays: Iterable[np.ndarray]) -> dict[str, Any]:
    """Return the figures of a file of weights: without the names, which say nothing of the result."""
    told = [_of_array(array) for array in arrays]
    sizes = sorted([*one["shape"], one["figures"][1]] for one in told)
    return {"figures": sizes, "digest": " ".join(sorted(one["digest"][:8] for one in told))}


def _of_tree(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _of_tree(value) for key, value in tree.items() if key not in _UNTOLD}
    if isinstance(tree, list):
        return _of_array(np.array(tree)) if len(tree) > 8 and _all_numbers(tree) else [_of_tree(one) for one in tree]
    return tree


def _all_numbers(values: Iterable[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def machine() -> str:
    """Return what the last bits of a result depend on: the CPU and how it is used, and the libraries."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        facts = sorted({line.strip() for line in lines if line.startswith(("model name", "flags"))})
    told = [platform.system(), platform.machine(), torch.__version__, np.__version__, soundfile.__libsndfile_version__]
    told += [torch.backends.cpu.get_cpu_capability(), *facts]
    told += [f"{name}={os.environ.get(name)}" for name in ("OPENBLAS_CORETYPE", "ONEDNN_MAX_CPU_ISA")]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def differences(one: Any, two: Any, allowed: tuple[float, float] | None, place: str = "") -> list[str]:
    """Return where two results differ: in any bit, or by more than is allowed, a relative and an absolute deviation."""
    exact = allowed is None
    if isinstance(one, dict) and isinstance(two, Mapping):
        if one.keys() != two.keys():
            return [f"{place}: {sorted(one.keys() ^ two.keys())} is on one side alone"]
        shared = one.keys() - ({"digest"} if not exact else {"figures"} if "digest" in one else set())
        return [line for key in sorted(shared) for line in differences(one[key], two[key], allowed, f"{place}/{key}")]
    if isinstance(one, list) and isinstance(two, list):
        if len(one) != len(two):
            return [f"{place}: {len(one)} values, now {len(two)}"]
        scale = max([abs(v) for v in one if isinstance(v, float)], default=0.0) if _all_numbers(one) else 0.0
        pairs = enumerate(zip(one, two, strict=True))
        return [line for i, (a, b) in pairs for line in _differ(a, b, allowed, f"{place}/{i}", scale)]
    return _differ(one, two, allowed, place, 0.0)


def _differ(one: Any, two: Any, allowed: tuple[float, float] | None, place: str, scale: float) -> list[str]:
    if isinstance(one, dict | list):
        return differences(one, two, allowed, place)
    if allowed is not None and _all_numbers([one, two]):
        same = abs(one - two) <= allowed[0] * max(abs(one), scale) + allowed[1]
    else:
        same = one == two
    return [] if same else [f"{place}: {one!r}, now {two!r}"]


def _record(folder: Path) -> dict[str, Any]:
    write_inputs(folder)
    results = {}
    for name, step in STEPS.items():
        results[name] = run_step(folder, step)
        print(name, file=sys.stderr)
    return {"machine": machine(), "results": results}


def _as_text(record: dict[str, Any]) -> str:
    """Return the record as JSON with a line for each step."""
    lines = [f"{json.dumps(name)}: {json.dumps(result)}" for name, result in record["results"].items()]
    return f'{{"machine": "{record["machine"]}", "results": {{\n' + ",\n".join(lines) + "\n}}\n"


if __name__ == "__main__":
    import tempfile

    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as made:
        record = _record(Path(made))
    RECORD.write_text(_as_text(record), encoding="utf-8")
