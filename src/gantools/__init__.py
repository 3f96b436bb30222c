"""gantools: music from generative adversarial networks, as Unix verbs over one library.

From Python::

    import gantools as gt

    mel = gt.melify("song.wav")
    audio, rate_hz = gt.invert(mel)

    model = gt.train("caw", "riff.wav", out="models/riff", preset="small", budget="10m")
    audio, rate_hz = model.generate(seconds=30)

What stands here is imported when it is first used: ``import gantools`` alone loads neither numpy nor torch. Its
functions are those of `gantools.door`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gantools.version import __version__ as __version__

if TYPE_CHECKING:
    from gantools.door import Mel as Mel
    from gantools.door import Model as Model
    from gantools.door import Result as Result
    from gantools.door import evaluate as evaluate
    from gantools.door import fxnorm as fxnorm
    from gantools.door import invert as invert
    from gantools.door import load as load
    from gantools.door import melify as melify
    from gantools.door import run as run
    from gantools.door import separate as separate
    from gantools.door import train as train

_DOOR = ("Mel", "Model", "Result", "evaluate", "fxnorm", "invert", "load", "melify", "run", "separate", "train")


def __getattr__(name: str) -> Any:
    if name not in _DOOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gantools import door

    return getattr(door, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_DOOR})
