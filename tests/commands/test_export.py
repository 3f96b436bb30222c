"""`gantools generate SYSTEM MODEL --export FILE` and `gt.export`: what is written runs alone and makes the same."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from registry import SYSTEMS, no_inversion
from small_caw import RATES_HZ, small_model

import gantools as gt
from gantools.errors import ConfigError, ModelError
from gantools.models.export import Export, Port, examples
from gantools.models.export_writing import write_export
from gantools.models.folder import read_model, trained_with
from gantools.models.weights import open_network
from gantools.symbolic.roll import BAR_STEPS
from gantools.systems.caw.model import load_model
from gantools.systems.caw.stack import noise_block
from gantools.systems.codec.codec import Codec, open_codec
from gantools.systems.cyclegan.generate import _song_noise
from gantools.systems.cyclegan.generate import load as load_cyclegan
from gantools.systems.drummer.config import DrummerConfig
from gantools.systems.drummer.networks import build_network as build_drummer
from gantools.systems.loopgan.generate import GANSampler
from gantools.systems.looplm.generate import PriorSampler
from gantools.systems.loops.generate_config import LoopsGenerateConfig
from gantools.systems.looptransformer.generate import TransformerSampler
from gantools.systems.musika.generate import MusicMaker
from gantools.systems.musika.generate_config import MusikaGenerateConfig
from gantools.systems.pix2pix.generate import open_generator
from gantools.systems.symphony.config import SymphonyConfig
from gantools.systems.symphony.networks import HEADS
from gantools.systems.symphony.networks import build_network as build_symphony
from gantools.systems.translation.config import TranslateConfig
from gantools.systems.wavegan.generate import ClipMaker
from gantools.systems.wavegan.generate_config import WaveGANGenerateConfig
from gantools.training.loop import train

MOST = 1e-4
needs_onnx = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxscript", "onnxruntime")),
    reason="no onnx, onnxscript and onnxruntime here (extra onnx)",
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Make the folder of a small model once, by its name in the registry."""
    root = tmp_path_factory.mktemp("models")
    made: dict[str, Path] = {}

    def find(name: str) -> Path:
        if name not in made:
            made[name] = root / name
            if name == "caw":
                return small_model(made[name])
            data = root / f"{name}-data"
            data.mkdir()
            SYSTEMS[name].write(data)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("gantools.systems.translation.listening.invert_mel", no_inversion)
                train(SYSTEMS[name].make(data, steps=1), made[name])
        return made[name]

    return find


def exported(folder: Path, path: Path, part: str = "", **options: object) -> torch.jit.ScriptModule:
    """Export a network as TorchScript and load it, as a program without gantools does."""
    record = gt.export(folder, path, part, **options)
    assert record["difference"] <= MOST
    assert record["format"] == "torchscript"
    return torch.jit.load(str(path))


def largest(ours: torch.Tensor | np.ndarray, theirs: torch.Tensor) -> float:
    """Return the largest difference between arrays of one shape."""
    assert tuple(ours.shape) == tuple(theirs.shape)
    return float((torch.as_tensor(ours) - theirs).abs().max())


def normal(*shape: int) -> torch.Tensor:
    """Return normal numbers, always the same."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize("variant", ["baseline", "style", "transformer", "hybrid"])
def test_clips_of_wavegan(model, tmp_path: Path, variant: str) -> None:
    folder = model(f"wavegan-{variant}")
    options: dict[str, Any] = {"truncation": 0.7}
    network = exported(folder, tmp_path / "g.pt", **options)
    maker = ClipMaker(folder, WaveGANGenerateConfig(truncation=0.7, fixed_noise=True), "cpu")
    z = normal(5, maker.model.latent)
    noise = torch.stack([maker.noise(one) for one in z]) if variant == "style" else None
    with torch.no_grad():
        made = network(z) if noise is None else network(z, noise)
    assert largest(np.stack([maker.make(one) for one in z]), made) < MOST


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_mels_of_cyclegan(model, tmp_path: Path, direction: str) -> None:
    folder = model("cyclegan-small")
    network = exported(folder, tmp_path / "g.pt", direction=direction)
    song = load_cyclegan(folder, TranslateConfig(direction=direction, style="3"), "cpu")
    translator = song.translator
    # More frames than it was traced with; the noise is that of the song.
    windows = np.tanh(normal(3, 96, translator.params.n_mels).numpy())
    noise = torch.stack([_song_noise(7, start // 4, 24, 8) for start in (0, 64, 128)])
    with torch.no_grad():
        made = network(torch.from_numpy(windows).transpose(1, 2)[:, None], torch.full((3,), 3), noise)
    ours = translator.network(windows, [0, 64, 128], 7)
    assert largest(ours, made[:, 0].transpose(1, 2)) < MOST


def test_mels_of_pix2pix_with_its_dropout(model, tmp_path: Path) -> None:
    folder = model("pix2pix")
    network = exported(folder, tmp_path / "g.pt")
    _, generator, _, _ = open_generator(folder, TranslateConfig())
    kept: list[torch.Tensor] = []
    for module in generator.modules():
        if isinstance(module, torch.nn.Dropout):
            module.register_forward_hook(lambda _, given, made: kept.append((made[0] != 0).float()[None]))
    mel = torch.tanh(normal(1, 1, 64, 192))
    with torch.no_grad():
        ours = generator.train()(mel)
        # Levels drop from the innermost out, and are told from the outermost in.
        made = network(mel, *reversed(kept))
    assert kept
    assert largest(ours, made) < MOST


def test_latents_of_musika_at_any_place(model, tmp_path: Path) -> None:
    folder = model("musika-dense")
    network = exported(folder, tmp_path / "g.pt")
    maker = MusicMaker(folder, MusikaGenerateConfig(), "cpu").sound.maker
    piece = MusicMaker(folder, MusikaGenerateConfig(), "cpu").piece(5)
    length = maker.config.patch_latents
    with torch.no_grad():
        made = network(maker.coordinates(piece, 2 * length, 3 * length))
    assert largest(maker.latents(piece, 2, 3), made[0]) < MOST


@pytest.mark.parametrize("name", ["codec-staged", "codec-small"])
def test_the_decoder_is_a_stream(model, tmp_path: Path, name: str) -> None:
    folder = model(name)
    network = exported(folder, tmp_path / "d.pt")
    opened = open_codec(folder)
    # What is exported is float32, whatever is fastest here.
    codec = Codec(opened.config, opened.networks, precision="float32")
    latents = torch.tanh(normal(2, codec.channels, 61) / 2)
    with torch.no_grad():
        whole = network.whole(latents)
        parts, start = [], 0
        for size in (1, 7, 0, 16, 30, 7):
            parts.append(network(latents[..., start : start + size]))
            start += size
        parts.append(network.finish())
    # Sound comes long before the end, and each latent gives all its samples.
    assert sum(part.shape[1] for part in parts[:-1]) > 30 * codec.samples_per_latent
    assert whole.shape[1] == 61 * codec.samples_per_latent
    assert largest(whole, torch.cat(parts, 1)) < 1e-5
    if name == "codec-staged":  # with a head for phases
        assert largest(codec.decode(latents), whole) < MOST
    else:
        # The sound has the spectrum that was decoded, as far as what gantools makes of it has.
        wanted = codec.front.magnitudes(codec.levels(latents)[0])
        errors = [
            float((codec.front.analyse(wave, wanted.shape[2]).abs() - wanted).norm() / wanted.norm())
            for wave in (whole, codec.decode(latents))
        ]
        assert errors[0] < 1.25 * errors[1]


def test_musika_carries_its_decoder(model, tmp_path: Path) -> None:
    folder = model("musika-dense")
    network = exported(folder, tmp_path / "d.pt", "decoder")
    with torch.no_grad():
        assert network.whole(torch.zeros(2, 6, 5)).shape == (2, 5 * 128)
    magnitudes = exported(folder, tmp_path / "m.pt", "magnitudes")
    with torch.no_grad():
        assert magnitudes(torch.zeros(1, 6, 5)).shape == (1, 65, 20)


def test_all_scales_of_caw_and_one(model, tmp_path: Path) -> None:
    folder = model("caw")
    stack = load_model(folder).stack
    network = exported(folder, tmp_path / "g.pt")
    lengths = stack.lengths(3.3)
    noises = [
        torch.stack([noise_block(seed, rate, 0, length) for seed in (4, 5)])
        for rate, length in zip(RATES_HZ, lengths, strict=True)
    ]
    with torch.no_grad():
        assert largest(stack.draw([4, 5], 3.3), network(*noises)) < MOST
    scale = exported(folder, tmp_path / "s.pt", "1000hz")
    previous = normal(1, 1, 777)
    with torch.no_grad():
        ours = stack.scales[1].run(previous, noises[1][:1, :, :777] * stack.scales[1].amplitude)
        assert largest(ours, scale(previous, noises[1][:1, :, :777])) < MOST


def test_codes_and_loops(model, tmp_path: Path) -> None:
    folder = model("looplm")
    sampler = PriorSampler(folder, LoopsGenerateConfig(), "cpu")
    codes = (sampler.shape.codes * torch.rand(4, sampler.shape.steps)).long()
    prior, decoder = exported(folder, tmp_path / "p.pt"), exported(folder, tmp_path / "d.pt", "decoder")
    with torch.no_grad():
        logits = prior(codes)
        state = None
        for place in range(3):
            own, state = sampler.prior.step(codes, place, state)
            assert largest(own, logits[:, place]) < MOST
        assert largest(sampler.vae.decode_codes(codes), decoder(codes)) < MOST


def test_rolls(model, tmp_path: Path) -> None:
    options = LoopsGenerateConfig()
    gan = GANSampler(model("loopgan"), options, "cpu").generator
    transformer = TransformerSampler(model("looptransformer"), options, "cpu").network
    z, cells = normal(4, 18), (torch.rand(3, 58, 2 * BAR_STEPS) < 0.2).float()
    networks = [exported(model(name), tmp_path / f"{name}.pt") for name in ("loopgan", "looptransformer")]
    vae = exported(model("loopvae-cnnvae"), tmp_path / "v.pt")
    with torch.no_grad():
        assert largest(gan(z), networks[0](z)) < MOST
        assert largest(transformer(cells), networks[1](cells)) < MOST
        assert vae(normal(5, 8)).shape == (5, 58, 128)


def test_drums_over_a_stretch_and_step_by_step(model, tmp_path: Path) -> None:
    folder = model("drummer")
    config = trained_with(DrummerConfig, read_model(folder), folder)
    own = open_network(folder, "drummer", lambda: build_drummer(config)).eval()
    whole, hearing, step = (exported(folder, tmp_path / f"{part}.pt", part) for part in ("drummer", "hearing", "step"))
    bass, told, asked = torch.rand(2, 48, 3), torch.rand(2, 48, 131), torch.rand(2, 12)
    drums = (4 * torch.rand(2, 48, 9)).long()
    with torch.no_grad():
        ours = own(bass, told, asked, drums)
        assert largest(ours, whole(bass, told, asked, drums)) < MOST
        heard, memory = hearing(bass), torch.zeros(2, config.width)
        for place in range(48):
            logits, memory = step(heard[:, place], told[:, place], asked, drums[:, place], memory)
            assert largest(ours[:, place], logits) < MOST


@pytest.mark.parametrize("name", ["symphony-nested", "symphony-paper"])
def test_rows_of_symphony(model, tmp_path: Path, name: str) -> None:
    folder = model(name)
    network = exported(folder, tmp_path / "g.pt")
    config = trained_with(SymphonyConfig, read_model(folder), folder)
    own = open_network(folder, "decoder", lambda: build_symphony(config)).eval()
    ports = json.loads((tmp_path / "g.pt.json").read_text())["inputs"]
    rows, places = ((torch.rand(2, 150, len(p["below"])) * torch.tensor(p["below"])).long() for p in ports[:2])
    with torch.no_grad():
        ours, made = own(rows, places), network(rows[:, :-1], places[:, :-1], rows[:, 1:])
    for (_, column), logits in zip(HEADS, made, strict=True):
        assert largest(ours[column], logits) < MOST


@needs_onnx
@pytest.mark.parametrize(
    ("name", "part", "given"),
    [
        ("wavegan-baseline", "", {"z": normal(5, 8)}),
        ("musika-dense", "", {"coordinates": normal(1, 11, 56)}),
        ("codec-staged", "", {"latents": torch.tanh(normal(1, 6, 50) / 2)}),
    ],
)
def test_onnx_runs_without_torch(model, tmp_path: Path, name: str, part: str, given: dict[str, torch.Tensor]) -> None:
    import onnx
    import onnxruntime

    path, folder = tmp_path / "g.onnx", model(name)
    record = gt.export(folder, path, part)
    assert record["difference"] <= MOST
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (made,) = session.run(None, {key: tensor.numpy() for key, tensor in given.items()})
    network = exported(folder, tmp_path / "g.pt", part)
    with torch.no_grad():
        ours = network.whole(*given.values()) if name == "codec-staged" else network(*given.values())
    assert largest(ours, torch.from_numpy(made)) < MOST
    told = {entry.key: entry.value for entry in onnx.load(str(path)).metadata_props}
    assert json.loads(told["gantools"])["inputs"][0]["name"] == next(iter(given))


def test_what_is_told_of_a_network(gantools, model, tmp_path: Path) -> None:
    shutil.copytree(model("wavegan-style"), tmp_path / "m")
    (tmp_path / "m/card.json").write_text('{"purpose": "clips", "data": "three tones", "licence": "CC0"}')
    (tmp_path / "m/CREDITS.txt").write_text("Somebody.")
    done = gantools("generate", "wavegan", "m", "--export", "out/clips.pt", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["status"], record["path"], record["part"]) == ("ok", "out/clips.pt", "generator")
    told = json.loads((tmp_path / "out/clips.pt.json").read_text())
    assert [port["name"] for port in told["inputs"]] == ["z", "noise"]
    assert told["inputs"][0]["shape"] == ["batch", 8]
    assert told["outputs"][0]["shape"] == ["batch", 1, 1024]
    assert told["rate_hz"] == 8000
    assert (told["model"]["licence"], told["model"]["credits"]) == ("CC0", "Somebody.")
    assert told["parity"]["difference"] == record["difference"]
    assert told["parity"]["compared_shapes"][1][0] == [3, 8]
    # It goes with the network too, less what was measured afterwards.
    inside = {"gantools.json": ""}
    torch.jit.load(str(tmp_path / "out/clips.pt"), _extra_files=inside)
    assert json.loads(inside["gantools.json"]) == {name: value for name, value in told.items() if name != "parity"}
    # Once more: nothing is to do. A changed option is a change.
    again = gantools("generate", "wavegan", "m", "--export", "out/clips.pt", "--json")
    assert json.loads(again.stdout)["status"] == "skipped"
    other = gantools("generate", "wavegan", "m", "--export", "out/clips.pt", "--json", "--truncation", "0.5")
    assert json.loads(other.stdout)["status"] == "ok"


def test_a_file_of_the_users_stays(gantools, model, tmp_path: Path) -> None:
    (tmp_path / "g.pt").write_text("mine")
    done = gantools("generate", "wavegan", model("wavegan-baseline"), "--export", "g.pt")
    assert done.returncode == 1
    assert (tmp_path / "g.pt").read_text() == "mine"
    assert not (tmp_path / "g.pt.json").exists()
    assert gantools("generate", "wavegan", model("wavegan-baseline"), "--export", "g.pt", "-f").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("wavegan {m} --export g.zip", r"g\.zip: name a file that ends in \.pt \(TorchScript\) or \.onnx"),
        ("wavegan {m} --export .", "names a file, and this is a folder"),
        ("wavegan {m} --export g.pt -o out", "--export names the file to write; leave out -o"),
        ("wavegan {m} --export g.pt --export-part D", "no part 'D' to export; there are generator"),
        ("caw riff.wav --engine patch --export g.pt", "copies windows of the recording: it has no network"),
        ("codec codec --export d.onnx", r"found in a loop with a memory; write a \.pt, or --export-part magnitudes"),
        ("drummer --export d.onnx", "unrolls its memory to a fixed length; take --export-part hearing and step"),
        ("codec codec song.wav --export d.pt", "takes no inputs; leave them out"),
        ("automix {m} --export g.pt", "automix is not exported: its network hears stems after gantools fxnorm"),
        ("pix2pix {m} --export g.pt --direction backward", "pix2pix has one direction only"),
    ],
)
def test_what_is_refused_says_why(gantools, model, tmp_path: Path, monkeypatch, arguments: str, says: str) -> None:
    monkeypatch.setattr("gantools.models.export._ONNX_NEEDS", ())
    system = arguments.split()[0]
    folder = model("wavegan-baseline")
    if system in ("automix", "pix2pix"):
        folder = tmp_path / "m"
        folder.mkdir()
        described = json.loads((model("wavegan-baseline") / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**described, "system": system}))
    done = gantools("generate", *arguments.format(m=folder).split())
    assert done.returncode in (1, 2)
    assert len(done.stderr.splitlines()) <= 2
    assert re.search(says, done.stderr), done.stderr
    assert not list(tmp_path.glob("*.pt"))
    assert not list(tmp_path.glob("*.onnx"))


class Forgetful(torch.nn.Module):
    """A network that a trace cannot follow: it looks at a number of its input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x, or twice x."""
        return 2 * x if float(x.sum()) > 0 else x


def test_what_differs_is_not_written(tmp_path: Path) -> None:
    ports = Port("x", ("n",), "x."), Port("y", ("n",), "y.")
    export = Export("A test.", Forgetful(), ports[:1], ports[1:], {"n": (5, 6)})
    signs = {float(x.sum()) > 0 for which in (0, 1) for x in examples(ports[:1], export.sizes, which, 1 + which)}
    assert signs == {True, False}
    with pytest.raises(ModelError, match=r"differs from the module by .*, above 0\.0001"):
        write_export(export, tmp_path / "g.pt", tmp_path / "g.pt.json", {})
    assert not (tmp_path / "g.pt.json").exists()


def test_every_system_that_generates_says_what_it_exports() -> None:
    words = {name.split("-")[0] for name in SYSTEMS} - {"separator", "loopdetector"}  # which make no music
    assert {word for word in words if importlib.util.find_spec(f"gantools.systems.{word}.export") is None} == set()


def test_a_model_that_makes_nothing_is_refused(tmp_path: Path) -> None:
    for name, system in (("tiny", "separator"), ("loopdetector", "loopdetector")):
        with pytest.raises(ConfigError, match=f"a model of {system} has no network that makes music by itself"):
            gt.export(name, tmp_path / "g.pt")


def test_onnx_that_is_not_installed_is_said(gantools, model, monkeypatch) -> None:
    monkeypatch.setattr("gantools.models.export._ONNX_NEEDS", ("onnx", "no_such_package"))
    done = gantools("generate", "wavegan", model("wavegan-baseline"), "--export", "g.onnx")
    assert done.returncode == 2
    assert "pip install 'gantools[onnx]', or write a .pt" in done.stderr
