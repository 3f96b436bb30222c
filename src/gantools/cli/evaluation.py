"""One evaluation from the command line: inputs, what is up to date, the table, the record, the report."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools import __version__
from gantools.cli.batch import require_out, stopped
from gantools.cli.flags import Run
from gantools.cli.inputs import gather
from gantools.cli.progress import Bar
from gantools.cli.records import emit, say
from gantools.cli.terminal import write_message
from gantools.errors import GantoolsError, InputError, Notice
from gantools.files.hashing import hash_file, hash_json
from gantools.options import to_mapping

if TYPE_CHECKING:
    from gantools.files.partial import Partial
    from gantools.metrics.pairing import Clip

Failed = Callable[[Path, GantoolsError], None]
Measure = Callable[..., dict[str, Any]]
Groups = Sequence[Sequence[tuple[str, "Clip"]]]


def gather_clips(folder: str, suffixes: Sequence[str], run: Run) -> list[Clip]:
    """Return the files of a folder, or of a list on standard input (``-``), as clips."""
    from gantools.metrics.pairing import Clip

    return [Clip(item.path, item.key, item.role, item.song) for item in gather([folder], suffixes, run)]


class Evaluation:
    """A metric on sets of files.

    Parameters
    ----------
    run : Run
    metric : str
    config : dataclass
    sets : dict of str to list of Clip
        ``generated``, and what it is compared with.
    facts : dict of str to str
        What the record and the report say of the inputs: ``generated``, ``reference``.
    files : dict of str to Path, optional
        Other files that the result depends on.
    """

    def __init__(
        self,
        run: Run,
        metric: str,
        config: Any,
        sets: dict[str, list[Clip]],
        facts: dict[str, str],
        files: dict[str, Path] | None = None,
    ) -> None:
        self.run, self.metric, self.sets, self.facts = run, metric, sets, facts
        self.inputs = {f"{name}:{clip.path}": clip.path for name, clips in sets.items() for clip in clips}
        self.files = files or {}
        self.inputs |= self.files
        self.digest = hash_json([metric, to_mapping(config), run.seed])
        out = None if run.out is None else str(require_out(run) / "report.html")
        self.record = {"action": "evaluate", "path": out, "source": facts["generated"], "rel": "", "metric": metric}

    def execute(self, measure: Measure, groups: Groups) -> int:
        """Measure, print and write what is not up to date; return the exit code.

        Parameters
        ----------
        measure : callable
            (failed=, tick=, keep=) -> result. Tells `failed` each file that fails, calls `tick` after each file, and
            gives `keep` what makes the result of a file.
        groups : sequence of sequences of (label, Clip)
            Files to show side by side in the report.
        """
        counts = ", ".join(f"{len(clips)} {name}" for name, clips in self.sets.items())
        if self.run.dry_run:
            say(self.run, f"would compare {counts}")
            return self._emit("planned", {})
        known = self._known()
        if known is not None:
            say(self.run, "nothing to do: the report is up to date")
            return self._emit("skipped", known)
        start, failures = time.perf_counter(), list[str]()
        partial = self._partial()
        with Bar(self.run, sum(map(len, self.sets.values())), f"evaluate {self.metric}") as bar:
            done = 0

            def tick() -> None:
                nonlocal done
                done += 1
                bar.update(done)

            def failed(path: Path, error: GantoolsError) -> None:
                if isinstance(error, Notice):
                    return bar.say(f"gantools evaluate: {path}: warning: {error.message}")
                text = str(error) if error.path else f"{path}: {error}"
                failures.append(text)
                bar.say(f"gantools evaluate: {' '.join(text.splitlines())}")

            try:
                result = self._complete(measure(failed=failed, tick=tick, keep=partial.keep), failures)
                paths = self._write(result, groups)
                partial.sweep()
            except KeyboardInterrupt:
                stopped(partial.count)
            except (InputError, OSError) as error:
                text = str(error)
                if isinstance(error, OSError):
                    full = error.errno == errno.ENOSPC
                    text = "no space left on the output disk; free some and run again" if full else text
                bar.say(f"gantools evaluate: {text}")
                return self._emit("error", {"error": text, "failed": failures}, code=1)
        fields = self._fields(result) | {"seconds": round(time.perf_counter() - start, 3), "failed": failures}
        if paths and not failures:
            self._remember(fields, paths)
        self._table(result)
        return self._emit("ok", fields, code=1 if failures else 0)

    def _partial(self) -> Partial:
        """Return where the results of files are kept until the report stands; nowhere without ``--out``."""
        from gantools.files.partial import Partial

        whole = None if self.run.out is None else self.run.out / self.metric
        files = [hash_file(path) for path in self.files.values() if path.is_file()]
        return Partial(whole, hash_json([self.digest, self.run.device, __version__, files]))

    def _complete(self, result: dict[str, Any], failures: list[str]) -> dict[str, Any]:
        from gantools.metrics.report import complete

        return complete(result, metric=self.metric, **self.facts, seed=self.run.seed, failed=failures)

    def _fields(self, result: dict[str, Any]) -> dict[str, Any]:
        from gantools.metrics.report import summary

        return summary(result)

    def _write(self, result: dict[str, Any], groups: Groups) -> list[Path]:
        from gantools.metrics.report import write_report

        return [] if self.run.out is None else write_report(self.run.out, result, groups)

    def _table(self, result: dict[str, Any]) -> None:
        """Print the table: it is the result where nothing else is asked for, and a message otherwise."""
        from gantools.metrics.table import as_text

        asked = self.run.json or self.run.out is not None
        if not (asked and self.run.quiet):
            if asked:
                write_message(as_text(result))
            else:
                print(as_text(result), flush=True)

    def _known(self) -> dict[str, Any] | None:
        from gantools.files.manifest import Manifest

        if self.run.out is None or self.run.force:
            return None
        record = Manifest(self.run.out).up_to_date(self.metric, self.inputs, self.digest)
        return None if record is None else dict(record["fields"])

    def _remember(self, fields: dict[str, Any], paths: Sequence[Path]) -> None:
        from gantools.files.manifest import Manifest, fingerprint

        assert self.run.out is not None
        manifest = Manifest(self.run.out)
        manifest.forget(set(manifest.records))  # another metric's report stood here
        manifest.append(
            {
                "key": self.metric,
                "source": self.facts["generated"],
                "config": self.digest,
                "inputs": {name: fingerprint(path) for name, path in self.inputs.items()},
                "outputs": {path.name: os.stat(path).st_size for path in paths},
                "seed": self.run.seed,
                "version": __version__,
                "fields": fields,
            }
        )

    def _emit(self, status: str, fields: dict[str, Any], code: int = 0) -> int:
        emit(self.run, {**self.record, "status": status, **fields})
        return code
