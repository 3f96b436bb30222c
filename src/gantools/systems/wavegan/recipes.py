"""What unset fields of a configuration become: the paper's numbers, and ours."""

from __future__ import annotations

from typing import Any

_WGAN: dict[str, Any] = {
    "loss": "wgan-gp",
    "spectral_norm": False,
    "warmup_steps": 0,
    "final_lr_share": 1.0,
    "emphasis": 0.0,
    "lr": 1e-4,
    "discriminator_lr": 1e-4,
    "beta1": 0.5,
    "beta2": 0.9,
    "discriminator_updates": 5,
    "clip_norm": 0.0,
    "penalty_every": 1,
    "upsample": "nearest",
    "penalty_weight": 10.0,
    "begin": "any",
    "movement_weight": 0.0,
}
#: Section 3.1: "6 1-dimensional transposed convolution layers"; the program repeats the nearest sample.
_PAPER = {**_WGAN, "upsample": "transposed"}
_TUNED = {**_WGAN, "discriminator_updates": 3, "final_lr_share": 0.1, "emphasis": 0.9}
#: (recipe, variant) -> what its unset fields become.
RECIPES: dict[tuple[str, str], dict[str, Any]] = {
    # Sections 3 and 4 of the paper, with numbers that only its program gives (spec of each: docs/wavegan.md).
    ("paper", "baseline"): {**_PAPER, "loss": "bce", "discriminator_updates": 1, "lr": 1e-5, "discriminator_lr": 3e-5},
    ("paper", "improved"): {
        **_PAPER,
        "spectral_norm": True,
        "warmup_steps": 1000,
        "lr": 1e-5,
        "discriminator_lr": 1e-5,
    },
    ("paper", "style"): _PAPER,
    ("paper", "transformer"): {
        **_PAPER,
        "spectral_norm": True,
        "warmup_steps": 1000,
        "discriminator_updates": 4,
        "beta1": 0.0,
        "beta2": 0.99,
        "clip_norm": 5.0,
    },
    # Ours: WaveGAN's rates for its 64 channels, which `resolve` raises for narrower networks.
    ("tuned", "baseline"): {
        **_TUNED,
        "loss": "bce",
        "discriminator_updates": 1,
        "lr": 2.5e-5,
        "discriminator_lr": 2.5e-5,
    },
    ("tuned", "improved"): {
        **_TUNED,
        "spectral_norm": True,
        "warmup_steps": 100,
        "discriminator_updates": 2,
        "lr": 2.5e-5,
        "discriminator_lr": 2.5e-5,
        "emphasis": 0.0,
    },
    ("tuned", "style"): _TUNED,
    ("tuned", "transformer"): {
        **_TUNED,
        "spectral_norm": True,
        "warmup_steps": 100,
        "discriminator_updates": 2,
        "beta1": 0.0,
        "beta2": 0.99,
        "clip_norm": 5.0,
    },
}
# Section 3.4 puts the transformers into "my existing DCGAN architecture", and gives no numbers.
RECIPES |= {(recipe, "hybrid"): RECIPES[recipe, "improved"] for recipe in ("paper", "tuned")}

#: Of latents, whatever the variant: what `train musika` has.
LATENT_RECIPE: dict[str, Any] = {
    **_TUNED,
    "loss": "relativistic",
    "warmup_steps": 50,
    "emphasis": 0.0,
    "lr": 1e-3,
    "discriminator_lr": 5e-4,
    "beta1": 0.0,
    "beta2": 0.99,
    "discriminator_updates": 1,
    "penalty_every": 4,
    "penalty_weight": 0.2,
    "begin": "bar",
    "movement_weight": 1.0,
}
