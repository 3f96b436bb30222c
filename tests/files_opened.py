"""How many files somebody has to open to follow one training step, and the making of one result.

Counted are the files of `src/gantools` of which at least one function is called, in any thread:

- `of_training_step`: of cyclegan's preset `small`, from the moment the caller's report of a step returns until that of
  the next step begins. So it is all that the loop does for one step: agreeing on what is due, the batch, the losses,
  the updates, the moving average, the report. It is a step in which nothing else is due: no line of the journal, no
  save, no validation. What the command line shows of it is not part of it.
- `of_generation`: of ``generate caw`` in its plain mode, from the call of the open model's `write` until it returns. It
  is the second result of a process: the first one also loads what the others only use. Writing the sound file is part
  of it; opening the model, the batch and the manifest are not.

Run it as a script, and it prints both lists.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from registry import SYSTEMS
from small_caw import small_model

from gantools.chunks.item import Item
from gantools.systems.caw.generate import load
from gantools.systems.caw.generate_config import CawGenerateConfig
from gantools.training.loop import train
from gantools.training.report import Progress

SOURCE = Path(__file__).resolve().parents[1] / "src" / "gantools"
MOST_OF_STEP, MOST_OF_GENERATION = 14, 16
_TRACED_STEP = 3


class Calls:
    """The files of `SOURCE` in which functions are called while `watching`."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.watching = False

    def note(self, frame: FrameType, event: str, argument: Any) -> None:
        """Take note of a call, as a profile function."""
        if self.watching and event == "call" and frame.f_code.co_filename.startswith(f"{SOURCE}/"):
            self.files.add(str(Path(frame.f_code.co_filename).relative_to(SOURCE)))


@contextmanager
def calls() -> Iterator[Calls]:
    """Watch the calls of this thread, and of those that are started meanwhile."""
    found = Calls()
    before = sys.getprofile()
    threading.setprofile(found.note)
    sys.setprofile(found.note)
    try:
        yield found
    finally:
        sys.setprofile(before)
        threading.setprofile(None)  # type: ignore[arg-type]


def of_training_step(folder: Path) -> set[str]:
    """Return the files of one training step of cyclegan."""
    tiny = SYSTEMS["cyclegan-small"]
    (folder / "data").mkdir()
    tiny.write(folder / "data")
    system = tiny.make(folder / "data", steps=_TRACED_STEP + 3, log_every=1000)
    # Nothing is measured of a validation, which inverts mels for seconds.
    system.validate = lambda networks, step: {}  # type: ignore[method-assign]
    system.sample = lambda networks, folder, step: None  # type: ignore[method-assign]
    with calls() as found:

        def report(progress: Progress) -> None:
            found.watching = progress.activity == "train" and progress.step == _TRACED_STEP

        train(system, folder / "m", report=report)
    return found.files


def of_generation(folder: Path) -> set[str]:
    """Return the files of one result of ``generate caw``."""
    small_model(folder / "m")
    model = load(folder / "m", CawGenerateConfig(seconds=1.0))
    with calls() as found:
        for number in range(2):
            found.watching = number == 1
            model.write(
                Item(folder / "m", "", f"draw{number}", "", ""), [folder / f"{number}.wav"], number, lambda share: None
            )
        found.watching = False
    return found.files


def main() -> None:
    """Print the files and their numbers."""
    with tempfile.TemporaryDirectory() as folder:
        step = of_training_step(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        result = of_generation(Path(folder))
    for what, files in (
        (f"one training step of cyclegan (at most {MOST_OF_STEP})", step),
        (f"one result of generate caw (at most {MOST_OF_GENERATION})", result),
    ):
        print(f"{what}: {len(files)} files")
        print("".join(f"  {name}\n" for name in sorted(files)), end="")


if __name__ == "__main__":
    main()
