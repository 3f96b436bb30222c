"""What ships of a codec: its coders alone, half as large, and it decodes as before."""

from __future__ import annotations

import json
from pathlib import Path

import soundfile
import torch
from small_codec import STAGED, tiny_codec
from sounds import stem

from gantools.audio.io import read_audio
from gantools.models.shipped import shipped_folder
from gantools.systems.codec import losses
from gantools.systems.codec.codec import open_codec
from gantools.systems.codec.frontend import hearing_bands
from gantools.systems.codec.networks import CODERS
from gantools.systems.codec.shipping import ship
from gantools.training.loop import train

LOOP = Path(__file__).parents[4] / "examples/audio/loops/loop_breakbeat.ogg"


def test_the_one_that_ships_gives_drums_back() -> None:
    codec = open_codec(shipped_folder("codec"))
    assert (codec.rate_hz, codec.samples_per_latent, codec.channels) == (44100, 4096, 64)
    wave = torch.from_numpy(read_audio(LOOP)[0])[:, :66150]
    made = codec.decode(codec.encode(wave), linked=True)[:, : wave.shape[1]]
    found, true = (codec.front.levels(codec.front.transform(sound)) for sound in (made, wave))
    bands = torch.from_numpy(hearing_bands(codec.front.bins)[0])
    # Silence in its place is 30 dB wrong, the principal components alone 4.
    assert float(losses.band_error(found, true, bands, codec.front)) * codec.front.range_db < 3.5


def test_the_folder_stands_alone_and_is_small(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    for number, kind in enumerate(("drums", "bass")):
        soundfile.write(tmp_path / f"songs/{kind}.wav", stem(kind, 3.0, 8000, number), 8000)
    train(tiny_codec(tmp_path / "songs", **{**STAGED, "steps": 6, "width": 64}), tmp_path / "m")
    ship(tmp_path / "m", tmp_path / "out", "CREDITS", "two songs")
    names = [f"{name}.safetensors" for name in CODERS]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"config.json", "card.json", "CREDITS.txt", *names}
    assert json.loads((tmp_path / "out/card.json").read_text())["data"] == "two songs"
    sizes = [sum((tmp_path / folder / name).stat().st_size for name in names) for folder in ("m", "out")]
    assert sizes[1] < 0.6 * sizes[0]
    latents = torch.rand(1, 6, 30, generator=torch.Generator().manual_seed(0)) - 0.5
    made = [open_codec(tmp_path / folder).levels(latents)[0] for folder in ("m", "out")]
    # Half precision is .05 % of each weight.
    assert float((made[0] - made[1]).abs().max()) < 0.02
