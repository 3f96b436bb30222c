"""Small seeded Demucs networks, saved as Demucs 4.1 publishes its weights."""

from __future__ import annotations

import json
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

SOURCES = ["drums", "bass", "other", "vocals"]
SMALL: dict[str, dict[str, Any]] = {
    "HTDemucs": {
        "channels": 8,
        "dconv_comp": 4,
        "nfft": 1024,
        "bottom_channels": 16,
        "t_layers": 1,
        "t_heads": 2,
        "t_hidden_scale": 1.0,
        "segment": Fraction(3, 2),
    },
    "HDemucs": {
        "channels": 8,
        "dconv_comp": 4,
        "nfft": 1024,
        "depth": 4,
        "dconv_attn": 9,
        "dconv_lstm": 9,
        "segment": 2,
    },
    "Demucs": {"channels": 4, "depth": 3, "segment": 2, "dconv_attn": 9, "dconv_lstm": 9, "lstm_layers": 0},
}


def small_net(kind: str = "HTDemucs", seed: int = 0) -> Any:
    """Return a small network of Demucs with random weights."""
    from demucs import demucs, hdemucs, htdemucs

    modules = {"HTDemucs": htdemucs, "HDemucs": hdemucs, "Demucs": demucs}
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(modules[kind], kind)(sources=SOURCES, **SMALL[kind]).eval()


def save(path: Path, kind: str = "HTDemucs", seed: int = 0, **metadata: str) -> Path:
    """Save a small network as one safetensors file."""

    def plain(value: Any) -> Any:
        if isinstance(value, Fraction):
            return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
        return value

    arguments = {name: plain(value) for name, value in {"sources": SOURCES, **SMALL[kind]}.items()}
    said = {"klass": f"demucs.{kind.lower()}.{kind}", "args": "[]", "kwargs": json.dumps(arguments), **metadata}
    state = {name: tensor.contiguous() for name, tensor in small_net(kind, seed).state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, path, said)
    return path
