"""A trained model that is open for generating: what every system's ``generate.load`` returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gantools.chunks.item import Item
from gantools.errors import InputError

#: Progress callback, called with the completed fraction, 0 to 1.
Tick = Callable[[float], None]


class LoadedModel(ABC):
    """A trained model with its options, ready to write results.

    ``systems/<name>/generate.py`` has a function ``load(folder, config, device)`` that returns one; `config` is that
    of ``generate <name>``. The command line (`gantools.cli.generation`) and the Python door use nothing else.

    Attributes
    ----------
    description : mapping
        Contents of the model's ``config.json``; empty where there is no trained model.
    files : sequence of Path
        All files that results depend on beside the input: the description, the weights, recordings named by options.
    facts : sequence
        Further JSON values that results depend on.
    roles : tuple of str
        Role of each file that `write` makes of one input, the main result first; ``("",)`` where results have none.
    extension : str
        Ending of the main result: ``wav``.
    beside : sequence of str
        Names of the files that `write_beside` writes beside the results of a batch, if any.
    remedy : str
        What to do where results are noise, silent or clipped, as the end of a sentence: ``train longer``. Empty where
        the input decides how they sound; nobody listens to them then.
    """

    description: Mapping[str, Any] = {}
    files: Sequence[Path] = ()
    facts: Sequence[Any] = ()
    roles: tuple[str, ...] = ("",)
    extension: str = "wav"
    beside: Sequence[str] = ()
    remedy: str = ""

    @property
    def remarks(self) -> Sequence[str]:
        """Sentences that a user has to know before anything is made; they are asked for once, not in each process."""
        return ()

    @abstractmethod
    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write the results for one input and return the fields of its record.

        Parameters
        ----------
        item : Item
            The input, with what was found beside it in ``item.given``.
        outputs : sequence of Path
            Where to write, one path for each of `roles`; the endings choose the formats.
        seed : int
            Equal seeds give equal results, whatever else is made.
        tick : callable
            Progress callback, called with the completed fraction, 0 to 1.

        Raises
        ------
        InputError
            The input cannot be used; others may be.
        """

    def untrained_sample(self, path: Path) -> None:
        """Write what training would write to ``samples/`` before its first step: with the weights that it begins with.

        Raises
        ------
        InputError
            Models of this system do not make sound of seeds alone, or wrote no samples.
        """
        raise InputError("models of this system do not make sound of seeds alone")

    def write_beside(self, items: Sequence[Item], folder: Path) -> None:
        """Write the files named in `beside`, about all items of a batch, into `folder`."""
