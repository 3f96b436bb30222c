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

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gantools.version import __version__ as __version__

if TYPE_CHECKING:
    from gantools.door.exporting import export as export
    from gantools.door.models import Model as Model
    from gantools.door.models import Result as Result
    from gantools.door.models import load as load
    from gantools.door.models import train as train
    from gantools.door.sounds import Mel as Mel
    from gantools.door.sounds import invert as invert
    from gantools.door.sounds import melify as melify
    from gantools.door.verbs import evaluate as evaluate
    from gantools.door.verbs import fxnorm as fxnorm
    from gantools.door.verbs import loopscore as loopscore
    from gantools.door.verbs import run as run
    from gantools.door.verbs import separate as separate

#: Name -> module below `gantools.door`.
_DOOR = {
    **dict.fromkeys(("Mel", "invert", "melify"), "sounds"),
    "export": "exporting",
    **dict.fromkeys(("Model", "Result", "load", "train"), "models"),
    **dict.fromkeys(("evaluate", "fxnorm", "loopscore", "run", "separate"), "verbs"),
}


def __getattr__(name: str) -> Any:
    if name not in _DOOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"gantools.door.{_DOOR[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_DOOR})
