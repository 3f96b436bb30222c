"""Files beside the outputs of a batch: rankings, pages, latents, reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from gantools.cli.flags import Run
from gantools.cli.records import say
from gantools.errors import InputError
from gantools.files.failures import explain
from gantools.files.manifest import Manifest
from gantools.version import __version__


def publish_extra(
    run: Run,
    manifest: Manifest,
    names: Sequence[str],
    source: str,
    write: Callable[[Path], object],
    *,
    force: bool = False,
    config: str = "",
) -> int:
    """Write files that belong together into the output folder, where nothing of the user's is in the way.

    Parameters
    ----------
    run : Run
    manifest : Manifest
        The manifest of the output folder.
    names : sequence of str
        What they may be called; the first is their key in the manifest.
    source : str
        What they are about, for the manifest.
    write : callable
        Writes them into the folder that it is given.
    force : bool
        Overwrite what is there, also without ``--force``.
    config : str
        Hash of all that they depend on, for who asks whether they are up to date.

    Returns
    -------
    int
        Exit code: 1, after a line that says why, where they could not be written.
    """
    record = {
        "key": names[0],
        "verb": run.verb,
        "source": source,
        "config": config,
        "inputs": {},
        "version": __version__,
    }
    try:
        with manifest.publishing(record, names, force=run.force or force) as folder:
            write(folder)
    except (InputError, OSError) as error:
        say(run, explain(error) if isinstance(error, OSError) else str(error), error=True)
        return 1
    return 0
