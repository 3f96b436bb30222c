"""gantools: music from generative adversarial networks, as Unix verbs over one library.

From Python::

    import gantools as gt

    mel = gt.melify("song.wav")
    audio, rate_hz = gt.invert(mel)

    model = gt.train("caw", "riff.wav", out="models/riff", preset="small", budget="10m")
    audio, rate_hz = model.generate(seconds=30)

What stands here is imported when it is first used: ``import gantools`` alone loads neither numpy nor torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gantools.door import Mel, Model, Result, evaluate, fxnorm, invert, load, melify, run, separate, train

__version__ = "0.2.0"

__all__ = ["Mel", "Model", "Result", "evaluate", "fxnorm", "invert", "load", "melify", "run", "separate", "train"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gantools import door

    return getattr(door, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
