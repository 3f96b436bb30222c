"""Results that are chosen by how steady they are: seed after seed is drawn until as many are kept as were asked for.

Which seeds are kept depends on the model, the options and the first seed alone: those that pass, in the order of the
seeds, whatever other processes drew ahead. The manifest remembers what was heard of each, so that none is drawn again.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from gantools.chunks.item import Item
from gantools.cli.batch import require_out
from gantools.cli.flags import Run
from gantools.cli.generation import Generation
from gantools.cli.outcomes import outcomes
from gantools.cli.progress import Bar
from gantools.cli.records import say
from gantools.cli.tasks import Task, Work
from gantools.errors import ConfigError
from gantools.files.atomic import scratch_folder
from gantools.files.hashing import hash_json
from gantools.files.manifest import Manifest
from gantools.metrics.music.steady_config import SteadyConfig
from gantools.version import __version__

#: Field of an outcome that holds what was heard of it.
_HEARD = "_steadiness"


def make_steady(
    generation: Generation, config: SteadyConfig, candidates: Iterator[Item], count: int
) -> tuple[list[Task], int]:
    """Draw results one after the other, keep those that are steady until there are `count`, and write these.

    Parameters
    ----------
    generation : Generation
    config : SteadyConfig
        Its `attempts` for each result are drawn at most.
    candidates : iterator of Item
        As many as anybody may want, each with a seed.
    count : int

    Returns
    -------
    tasks : list of Task
        Those of the results that are kept.
    code : int
        Exit code: 1, after a line that says so, where fewer were kept than asked for.

    Raises
    ------
    ConfigError
        Results are shorter than two windows, or the work is to be split by ``--shard``.
    """
    run, most = generation.run, count * config.attempts
    if run.shard != (1, 1):
        raise ConfigError("shard: results are chosen one after the other; leave out --shard, -j draws side by side")
    if run.dry_run:
        say(run, f"would draw {most} at most and keep {count}")
        return [], 0
    with _folder(require_out(run)) as folder:
        choice = _Choice(generation, config, folder)
        tasks = choice.choose(itertools.islice(candidates, most), count)
        missing = count - len(tasks)
        say(run, choice.told(len(tasks), missing), error=missing > 0)
        code = generation.execute(tasks, partial(_kept, choice.known, generation.work)) if tasks else 0
    return tasks, code or int(missing > 0)


@contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """Give a hidden folder for what is drawn, and leave no output folder that is empty."""
    is_new = not out.exists()
    try:
        with scratch_folder(out, "drawn") as folder:
            yield folder
    finally:
        if is_new:
            with suppress(OSError):  # it holds something
                out.rmdir()


class _Choice:
    """What was drawn so far.

    Attributes
    ----------
    known : dict
        Key of an item -> the folder with what was drawn of it, None where that was in an earlier run, and what its
        record is to say.
    """

    def __init__(self, generation: Generation, config: SteadyConfig, folder: Path) -> None:
        self._generation, self._config, self._folder = generation, config, folder
        self._run: Run = generation.run
        self._digest = hash_json([generation.digest(), "steady", config.window_seconds])
        self._manifest = Manifest(require_out(self._run))
        self._drawn, self._wanting = 0, Counter[str]()
        self.known: dict[str, tuple[Path | None, dict[str, Any]]] = {}

    def choose(self, candidates: Iterator[Item], count: int) -> list[Task]:
        """Return the tasks of the first `count` candidates that pass, or of as many as there are."""
        from gantools.metrics.music.steadiness import wanting
        from gantools.runtime.device import available_cores

        kept: list[Task] = []
        jobs = self._run.jobs or available_cores()
        while ahead := list(itertools.islice(candidates, max(count - len(kept), jobs) if len(kept) < count else 0)):
            with closing(self._heard(self._generation.tasks(ahead))) as heard:
                for task, found in heard:
                    self._drawn += 1
                    # What could not be drawn is given to the batch as it is, which says so as of any other result.
                    if found is None:
                        return [*kept, task]
                    if why := wanting(found, self._config):
                        self._wanting[why] += 1
                        shutil.rmtree(self._folder / task.item.key, ignore_errors=True)
                        continue
                    kept.append(task)
                    if len(kept) == count:
                        break
        return kept

    def told(self, kept: int, missing: int) -> str:
        """Return how many were drawn and kept, and what the others lacked."""
        line = f"drawn {self._drawn}, kept {kept}{f' of {kept + missing}' if missing else ''}"
        if self._wanting:
            line += f"; {', '.join(f'{number} {why}' for why, number in self._wanting.most_common())}"
        return line + ("; draw more with --attempts, or ask for less" if missing else "")

    def _heard(self, tasks: Sequence[Task]) -> Generator[tuple[Task, Mapping[str, Any] | None]]:
        """Yield what is heard of each task, drawing those that nothing is known of; None where that fails."""
        run, known = self._run, {}
        for task in tasks if not run.force else ():
            if record := self._manifest.up_to_date(_key(task.item), {}, self._digest):
                known[task.item.key] = record["fields"]
        new = [task for task in tasks if task.item.key not in known]
        work = partial(_draw, self._generation.work, self._config.window_seconds)
        with Bar(run, len(new), "draw") as bar, closing(outcomes(run, require_out(run), new, work, bar)) as drawn:  # type: ignore[type-var]
            for task in tasks:
                key = task.item.key
                if key in known:
                    self.known[key] = None, known[key]
                    yield task, known[key]
                    continue
                attempt = next(drawn)
                if "error" in attempt.outcome:
                    yield task, None
                    return
                fields = {name: value for name, value in attempt.outcome.items() if not name.startswith("_")}
                heard = attempt.outcome[_HEARD]
                if "refused" in heard:
                    raise ConfigError(heard["refused"])
                self._take(key, attempt.staged, fields | heard)
                self._remember(task.item, heard)
                yield task, heard

    def _take(self, key: str, staged: Mapping[str, Path], fields: dict[str, Any]) -> None:
        own = self._folder / key
        own.mkdir(parents=True)
        for path in staged.values():
            if path.exists():
                os.replace(path, own / path.name)
        self.known[key] = own, fields

    def _remember(self, item: Item, heard: Mapping[str, Any]) -> None:
        self._manifest.append(
            {
                "key": _key(item),
                "verb": self._run.verb,
                "source": str(item.path),
                "config": self._digest,
                "inputs": {},
                "outputs": {},
                "seed": item.seed,
                "version": __version__,
                "fields": dict(heard),
            }
        )


def _key(item: Item) -> str:
    return f"drawn {item.key}"


def _draw(
    work: Work,
    window_seconds: float,
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
) -> dict[str, Any]:
    """Make a result and listen to it."""
    from gantools.metrics.music.steadiness import hear_steadiness

    fields = work(item, outputs, seed, tick)
    try:
        heard = hear_steadiness(outputs[0], window_seconds)
    except ConfigError as error:  # of all results, and not of this one: it ends the run
        heard = {"refused": error.message}
    return {**fields, _HEARD: heard}


def _kept(
    known: Mapping[str, tuple[Path | None, dict[str, Any]]],
    work: Work,
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
) -> dict[str, Any]:
    """Give what was drawn before; what an earlier run drew, and somebody deleted, is made anew."""
    own, fields = known.get(item.key, (None, {}))
    if own is None:
        return {**work(item, outputs, seed, tick), **fields}
    for path in outputs:
        if (own / path.name).exists():
            os.replace(own / path.name, path)
    return fields
