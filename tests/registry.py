"""The smallest instance of every system, for the contracts that all of them keep (tests/contract).

A new system joins with one entry in `SYSTEMS`: what it learns from, how it is made, its commands, and what it says of
broken data.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from small_caw import small_stack
from small_codec import STAGED, TINY_FLAGS, tiny_codec
from small_drummer import TINY_FLAGS as DRUMMER_FLAGS
from small_drummer import tiny_drummer
from small_known_loops import write_loops
from small_loop_models import tiny_gan, tiny_lm, tiny_transformer, tiny_vae, write_pieces, write_pieces_and_codes
from small_musika import TINY_FLAGS as MUSIKA_FLAGS
from small_musika import tiny_musika, write_codec
from small_songs import small_config, write_song
from small_symphony import PAPER, tiny_symphony
from small_symphony import TINY_FLAGS as SYMPHONY_FLAGS
from small_symphony import write_pieces as write_scores
from small_wavegan import tiny as tiny_wavegan
from small_wavegan import tiny_latents
from sounds import stem, tone

from gantools.audio.config import MelParams
from gantools.audio.writing import write_audio
from gantools.chunks.multitrack import find_multitracks
from gantools.chunks.shards import ChunkSet, write_dataset, write_index
from gantools.files.containers import write_tensors
from gantools.options import to_mapping
from gantools.systems.automix import config as automix_config
from gantools.systems.automix.objective import Automix
from gantools.systems.caw import config as caw_config
from gantools.systems.caw.clips import read_clip
from gantools.systems.caw.drafts import Drafts
from gantools.systems.caw.scale import CawScale
from gantools.systems.caw.scale_data import CoarserDraws, prepare
from gantools.systems.cyclegan import config as cyclegan_config
from gantools.systems.cyclegan.objective import CycleGAN
from gantools.systems.loopdetector import config as loopdetector_config
from gantools.systems.loopdetector.data import LoopMaterial
from gantools.systems.loopdetector.objective import LoopDetectorObjective
from gantools.systems.pix2pix import config as pix2pix_config
from gantools.systems.pix2pix.objective import Pix2Pix
from gantools.systems.separator.objective import SeparatorObjective
from gantools.systems.wavegan import config as wavegan_config
from gantools.systems.wavegan.data import SongClips
from gantools.systems.wavegan.objective import WaveGAN
from gantools.training.system import System

COMMON: dict[str, Any] = {"threads": 1, "epochs": 0, "precision": "float32", "validate_every": 1000, "log_every": 1}
FRAMES = 64
#: Stems that "normalised" songs of automix have lost level in.
LOST_DB = {"bass": 6.0, "drums": -3.0, "vocals": 9.0}
AUTOMIX_RATE_HZ = 16000


@dataclass(frozen=True)
class Commands:
    """The commands of a system, run where its data are in ``data``.

    Parameters
    ----------
    train : str
        What follows ``gantools train``, less ``-o``.
    generate : str
        What follows ``gantools``, less ``-o``; the model is in ``m``, and ``bass.wav`` is a bass line. Empty where a
        system makes nothing.
    steps : int
        Of a whole run of `train`, over all parts of the model; 0: `train` is not killed and launched twice.
    ranks : str
        What two ranks need besides.
    """

    train: str
    generate: str
    steps: int = 0
    ranks: str = ""


@dataclass(frozen=True)
class Tiny:
    """One system.

    Parameters
    ----------
    write : callable
        Writes what the system learns from into a folder, always the same.
    make : callable
        Makes the system from that folder, with changes to its configuration.
    files : str
        Pattern of the files in the folder; with all of them broken, training must fail.
    says : str
        Pattern that the error then has.
    one_for_two : bool
        Whether two ranks end with the bits of one process. They do not where a network counts its passes, as the power
        iteration of spectral norm does: two ranks make half as many each. They then only equal each other.
    commands : Commands, optional
        For one entry of each system.
    """

    write: Callable[[Path], None]
    make: Callable[..., System]
    files: str
    says: str
    one_for_two: bool = True
    commands: Commands | None = None


def no_inversion(mel: np.ndarray, params: Any, n_samples: int, **options: Any) -> np.ndarray:
    """Stand in for `listening.invert_mel`, the slow part of validations on mels."""
    return np.ones(n_samples, np.float32)


def _mel(role: str, n_mels: int, n_frames: int, random: np.random.Generator) -> np.ndarray:
    """Return (frames, n_mels) in codes: a few lines low down for bass, decaying broadband hits for drums."""
    codes = np.zeros((n_frames, n_mels))
    for start in range(0, n_frames, 16):
        decay = np.exp(-np.arange(16) / (12 if role == "bass" else 4))[:, None]
        bands = np.zeros(n_mels)
        if role == "bass":
            bands[random.integers(1, n_mels // 8) + np.arange(3) * 2] = 1
        else:
            bands[:] = np.linspace(1, 0.4, n_mels)
        codes[start : start + 16] += (220 * decay * bands)[: n_frames - start]
    return np.clip(codes + random.uniform(0, 20, codes.shape), 0, 255).astype(np.uint8)


def write_mel_chunks(folder: Path) -> None:
    """Write a chunk folder of mels: four songs with bass and drums, 64 bands, windows of 64 frames."""
    random = np.random.default_rng(4)
    params = MelParams(sample_rate_hz=22050, n_fft=1024, hop_samples=512, n_mels=64)
    shards: list[str] = []
    for song, split in (("a", "train"), ("b", "train"), ("c", "val"), ("d", "test")):
        for role in ("bass", "drums"):
            rows = [
                {"start": start, "frames": FRAMES, "level_db": -10.0, "active": 1.0, "source": f"{song}/{role}"}
                | {"song": song, "role": role, "split": split}
                for start in range(0, 192, 48)
            ]
            shards.append(f"shard-{len(shards):05d}.safetensors")
            mel = _mel(role, params.n_mels, 256, random)
            write_tensors(folder / shards[-1], {"mel": mel}, {"kind": "shard", "rows": rows})
    config = {"frames": FRAMES}
    write_dataset(folder, {"kind": "mel", "params": to_mapping(params), "db_range": [-50.0, 40.0], "config": config})
    write_index(folder, shards)


def write_wet_and_normalised(folder: Path, seconds: float = 6.0) -> None:
    """Write two songs of synthesised stems, wet and "normalised": gains are lost. The second has no vocals."""
    for number, song in enumerate(("one", "two")):
        for role in ("bass", "drums", "vocals")[: 3 - number]:
            wet = np.float32(0.2) * stem(role, seconds, AUTOMIX_RATE_HZ, number).T
            normalised = wet * np.float32(10 ** (-LOST_DB[role] / 20))
            for kind, wave in (("wet", wet), ("normalised", normalised)):
                write_audio(folder / kind / song / f"{role}.wav", wave, AUTOMIX_RATE_HZ, "32f")


def _write_stems(folder: Path) -> None:
    for seed, song in enumerate(("one", "two")):
        write_song(folder / song, seed, seconds=2.0)


def _write_tracks(folder: Path) -> None:
    for number, kind in enumerate(("drums", "bass", "other")):
        soundfile.write(folder / f"song{number}.wav", stem(kind, 3.0, 8000, number), 8000)


def _write_tracks_and_codec(folder: Path) -> None:
    _write_tracks(folder)
    write_codec(folder, folder / "codec")


def _write_riff(folder: Path) -> None:
    soundfile.write(folder / "riff.wav", tone(2.0, 4000), 4000)


_WIDTHS: dict[str, Any] = {"width": 8, "discriminator_width": 8}


def _cyclegan(folder: Path, preset: str, own: dict[str, Any], **changes: Any) -> System:
    config = dataclasses.replace(cyclegan_config.PRESETS[preset], **{**COMMON, **_WIDTHS, **own, **changes})
    return CycleGAN(config, ChunkSet(folder))


def _pix2pix(folder: Path, **changes: Any) -> System:
    config = dataclasses.replace(pix2pix_config.PRESETS["small"], **{**COMMON, **_WIDTHS, "depth": 6, **changes})
    return Pix2Pix(config, ChunkSet(folder))


def _separator(folder: Path, **changes: Any) -> System:
    return SeparatorObjective(small_config(**{**COMMON, **changes}), find_multitracks([folder]))


AUTOMIX_COMMON: dict[str, Any] = {
    **{"sample_rate_hz": AUTOMIX_RATE_HZ, "threads": 1, "precision": "float32", "validation_crops": 2},
}
_AUTOMIX_BANDS: dict[str, Any] = {
    **{"bottleneck": 16, "hidden": 16, "blocks": 2, "crop": 16384, "warmup_steps": 0, "bands": 20},
}
_AUTOMIX_PAPER: dict[str, Any] = {
    **{"filters": 8, "repeats": 1, "blocks": 2, "bottleneck": 8, "hidden": 8, "skip": 8, "lstm_layers": 1},
    **{"crop": 8192, "batch_size": 2},
    **{"optimizer": "amsgrad", "schedule": "stairs", "pretrain_share": 0.4},
}
AUTOMIX_BANDS = dataclasses.replace(automix_config.PRESETS["small"], **AUTOMIX_COMMON, **_AUTOMIX_BANDS)
AUTOMIX_PAPER = automix_config.AutomixConfig(**AUTOMIX_COMMON, **_AUTOMIX_PAPER)


def _automix(folder: Path, base: automix_config.AutomixConfig, **changes: Any) -> System:
    config = dataclasses.replace(base, **{**COMMON, **changes})
    return Automix(config, find_multitracks([folder / "normalised"]), find_multitracks([folder / "wet"]), {})


def _caw_scale(folder: Path, index: int, **changes: Any) -> System:
    """Return the coarsest scale, or the one above it on an untrained one."""
    small: dict[str, Any] = {
        "layers": 4,
        "width": 4,
        "coarse_width": 4,
        "crop": 1024,
        "pool": 2,
        "recalibrate": 0,
    }
    made = {
        **COMMON,
        "budget": "",
        "sample_rate_hz": 2000,
        "rates": "1000,2000",
        "least_energy": 0.0,
        **small,
        **changes,
    }
    config = dataclasses.replace(caw_config.PRESETS["small"], **made)
    clip = read_clip(folder / "riff.wav", config)
    below = small_stack((1000,), seconds=clip.seconds, equaliser=False) if index else None
    scale_data = prepare([clip.signal], clip.rate_hz, (1000, 2000)[index], below, config, torch.device("cpu"))
    drafts = Drafts([clip.wave], clip.rate_hz, (1000, 2000), 0.6) if config.start == "patches" else None
    draws = CoarserDraws(below, scale_data.rate_hz, 1, [clip.seconds], config, torch.device("cpu"), drafts)
    return CawScale(config, scale_data, draws, 4)


def _wavegan(folder: Path, variant: str, **changes: Any) -> System:
    config = tiny_wavegan(variant, **{**COMMON, **changes})
    return WaveGAN(config, SongClips([(path.stem, path) for path in sorted(folder.glob("*.wav"))], config))


def _wavegan_of_latents(folder: Path, **changes: Any) -> System:
    return tiny_latents(folder, **{**COMMON, **changes})


def _musika(folder: Path, own: dict[str, Any], **changes: Any) -> System:
    return tiny_musika(folder, **{**COMMON, **own, **changes})


def _codec(folder: Path, own: dict[str, Any], **changes: Any) -> System:
    return tiny_codec(folder, **{**COMMON, **own, **changes})


def _loopdetector(folder: Path, **changes: Any) -> System:
    few: dict[str, Any] = {"patterns": 6, "rendered": 2, "hear_midi": False, "batch_size": 4, "split": "60/40/0"}
    config = dataclasses.replace(loopdetector_config.PRESETS["small"], **{**COMMON, **few, **changes})
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return LoopDetectorObjective(config, LoopMaterial([(path.name, path) for path in files], config))


_MELS: dict[str, Any] = {"write": write_mel_chunks, "files": "shard-*", "says": r"shard-0000\d\.safetensors"}
_WETS: dict[str, Any] = {"write": write_wet_and_normalised, "files": "*/*/bass.wav", "says": r"bass\.wav"}
_RIFF: dict[str, Any] = {"write": _write_riff, "files": "riff.wav", "says": r"riff\.wav"}
_TRACKS: dict[str, Any] = {"write": _write_tracks, "files": "*.wav", "says": "none of these files can be used"}

_SONGS: dict[str, Any] = {"files": "*.wav", "says": "none of these files can be used"}

_COMMON_FLAGS = " --threads 1 --precision float32 --log-every 1 --validate-every 1000 -d cpu"
_CYCLEGAN = Commands(
    "cyclegan data --preset small --width 8 --body-width 8 --blocks 1 --discriminator-width 8 --texture-width 4 "
    "--batch-size 2 --micro-batch 1 --validation-windows 2 --steps 10 --save-every 4" + _COMMON_FLAGS,
    "generate cyclegan m bass.wav --effort draft",
    steps=10,
)
_PIX2PIX = Commands(
    "pix2pix data --preset small --width 8 --discriminator-width 8 --depth 6 --batch-size 2 --validation-windows 2 "
    "--steps 2" + _COMMON_FLAGS,
    "generate pix2pix m bass.wav --effort draft",
)
_SEPARATOR = Commands(
    "separator data --preset small --segment-frames 24 --width 4 --body-width 8 --blocks 1 --batch-size 2 "
    "--validation-seconds 1 --steps 2" + _COMMON_FLAGS,
    "separate bass.wav --model m",
)
_AUTOMIX = Commands(
    "automix data/normalised --mixes data/wet --target musdb18 --preset small --sample-rate 16000 --crop 16384 "
    "--warmup-steps 0 --bottleneck 8 --hidden 8 --blocks 2 --bands 12 --validation-crops 2 --steps 2" + _COMMON_FLAGS,
    "generate automix m data/wet",
)
_CAW = Commands(
    "caw data/riff.wav --preset small --budget= --steps 12 --sample-rate 4000 --rates 1000,2000,4000 --layers 4 "
    "--width 4 --coarse-width 4 --crop 1024 --pool 2 --recalibrate 1 --least-energy 0 --save-every 4 --start noise"
    + _COMMON_FLAGS,
    "generate caw m --seconds 1 --count 2",
    steps=36,
    ranks="--batch-size 2 --micro-batch 1",
)
_WAVEGAN = Commands(
    "wavegan data --preset small --samples 1024 --width 2 --latent 8 --variant baseline --batch-size 4 "
    "--validation-clips 16 --steps 10 --save-every 4" + _COMMON_FLAGS,
    "generate wavegan m --count 2",
    steps=10,
    ranks="--micro-batch 2",
)
_CODEC = Commands(
    f"codec data {TINY_FLAGS} --stages 1/1/1/1 --no-joint --phase head --adversarial-weight 1 --spectral-weight 4 "
    "--steps 10 --save-every 4" + _COMMON_FLAGS,
    "generate codec m bass.wav",
    steps=10,
    ranks="--micro-batch 2 --adversarial-weight 0",
)
_MUSIKA = Commands(
    f"musika data --codec data/codec {MUSIKA_FLAGS} --steps 10 --save-every 4" + _COMMON_FLAGS,
    "generate musika m --seconds 1 --count 2",
    steps=10,
    ranks="--micro-batch 2",
)
_LOOP_FLAGS = (
    " --preset small --batch-size 4 --validation-phrases 16 --no-only-loops --split 100/0/0 --val-songs piece2 "
    "--save-every 4" + _COMMON_FLAGS
)
_LOOPVAE = Commands(
    "loopvae data --variant cnnvae --width 8 --latent 8 --steps 10" + _LOOP_FLAGS,
    "generate loops m --count 2 --wav",
    steps=10,
    ranks="--micro-batch 2",
)
_LOOPLM = Commands(
    "looplm data --vae data/vae --hidden 8 --embedding 4 --validation-loops 64 --steps 10" + _LOOP_FLAGS,
    "generate loops m --count 2 --wav",
    steps=10,
    ranks="--micro-batch 2",
)
_MIDI: dict[str, Any] = {"files": "*.mid", "says": r"piece\d\.mid"}
_LOOPDETECTOR = Commands(
    "loopdetector data --preset small --patterns 6 --rendered 2 --no-hear-midi --batch-size 4 --split 60/40/0 "
    "--steps 10 --save-every 4" + _COMMON_FLAGS,
    "",
    steps=10,
    ranks="--micro-batch 2",
)
_LOOPGAN = Commands(
    "loopgan data --bars 2 --least-cells 4 --width 4 --latent 3 --discriminator-updates 2 --steps 10" + _LOOP_FLAGS,
    "generate loops m --count 2 --wav --binarise bernoulli",
    steps=10,
    ranks="--micro-batch 2",
)
_LOOPTRANSFORMER = Commands(
    "looptransformer data --bars 2 --least-cells 4 --width 8 --layers 1 --steps 10" + _LOOP_FLAGS,
    "generate loops m --count 2 --wav",
    steps=10,
    ranks="--micro-batch 2",
)
_DRUMMER = Commands(
    f"drummer data {DRUMMER_FLAGS} --steps 10 --save-every 4" + _COMMON_FLAGS,
    "generate drummer bass.wav --model m --count 2",
    steps=10,
    ranks="--micro-batch 2",
)
_SYMPHONY = Commands(
    f"symphony data {SYMPHONY_FLAGS} --steps 10 --save-every 4" + _COMMON_FLAGS,
    "generate symphony m --bars 2 --count 2 --wav",
    steps=10,
    ranks="--micro-batch 2",
)
_CAW_DRAFTS = dataclasses.replace(_CAW, train=_CAW.train + " --start patches --drafts 2")

SYSTEMS: dict[str, Tiny] = {
    "cyclegan-paper": Tiny(make=partial(_cyclegan, preset="paper", own={"blocks": 1}), **_MELS),
    "cyclegan-small": Tiny(
        make=partial(_cyclegan, preset="small", own={"body_width": 16, "pool_size": 4}), **_MELS, commands=_CYCLEGAN
    ),
    "pix2pix": Tiny(make=_pix2pix, **_MELS, commands=_PIX2PIX),
    "separator": Tiny(_write_stems, _separator, "*/*.wav", r"\.wav", commands=_SEPARATOR),
    "automix-bands": Tiny(make=partial(_automix, base=AUTOMIX_BANDS), **_WETS, commands=_AUTOMIX),
    "automix-paper": Tiny(make=partial(_automix, base=AUTOMIX_PAPER), **_WETS),
    "loopdetector": Tiny(write_loops, _loopdetector, "*.*", "too few loops to learn from", commands=_LOOPDETECTOR),
    "caw-coarsest": Tiny(make=partial(_caw_scale, index=0), **_RIFF, commands=_CAW),
    "caw-upper": Tiny(make=partial(_caw_scale, index=1), **_RIFF),
    "caw-drafts": Tiny(make=partial(_caw_scale, index=1, start="patches"), **_RIFF),
    **{
        f"wavegan-{variant}": Tiny(
            make=partial(_wavegan, variant=variant),
            **_TRACKS,
            one_for_two=variant in ("baseline", "style"),
            commands=_WAVEGAN if variant == "baseline" else None,
        )
        for variant in (*wavegan_config.VARIANTS, wavegan_config.HYBRID)
    },
    # Movement is matched over the clips of a rank.
    "wavegan-latent": Tiny(_write_tracks_and_codec, _wavegan_of_latents, **_SONGS, one_for_two=False),
    "codec-small": Tiny(make=partial(_codec, own={}), **_TRACKS, commands=_CODEC),
    # The discriminator has spectral norm.
    "codec-staged": Tiny(make=partial(_codec, own=STAGED), **_TRACKS, one_for_two=False),
    "musika-dense": Tiny(_write_tracks_and_codec, partial(_musika, own={}), **_SONGS, commands=_MUSIKA),
    "musika-adaptive": Tiny(
        make=partial(_musika, own={"adaptive_penalty": True, "loss": "hinge", "penalty_every": 1}), **_TRACKS
    ),
    "loopvae-vqvae": Tiny(write_pieces, tiny_vae, **_MIDI),
    "loopvae-cnnvae": Tiny(write_pieces, partial(tiny_vae, variant="cnnvae", latent=8), **_MIDI, commands=_LOOPVAE),
    "loopgan": Tiny(write_pieces, tiny_gan, **_MIDI, commands=_LOOPGAN),
    "looptransformer": Tiny(write_pieces, tiny_transformer, **_MIDI, commands=_LOOPTRANSFORMER),
    "looplm": Tiny(write_pieces_and_codes, tiny_lm, **_MIDI, commands=_LOOPLM),
    "drummer": Tiny(write_pieces, tiny_drummer, **_MIDI, commands=_DRUMMER),
    "symphony-nested": Tiny(write_scores, tiny_symphony, **_MIDI, commands=_SYMPHONY),
    "symphony-paper": Tiny(write_scores, partial(tiny_symphony, **PAPER), **_MIDI),
}
#: The commands of each system, by its name.
COMMANDS = {tiny.commands.train.split()[0]: tiny for tiny in SYSTEMS.values() if tiny.commands}
#: The same, and other ways to train and generate with some of them.
WAYS = COMMANDS | {"caw-drafts": dataclasses.replace(SYSTEMS["caw-drafts"], commands=_CAW_DRAFTS)}
