"""One evaluation from the command line: inputs, what is up to date, the table, the record, the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools import __version__
from gantools.chunks.finding import BESIDE, Passed
from gantools.cli.batch import require_out, stopped
from gantools.cli.flags import Run
from gantools.cli.inputs import gather_sets
from gantools.cli.progress import Bar
from gantools.cli.records import emit, say
from gantools.cli.terminal import write_message
from gantools.errors import ConfigError, GantoolsError, InputError, Notice
from gantools.files.atomic import sweep_temporaries
from gantools.files.failures import explain
from gantools.files.hashing import hash_file, hash_json
from gantools.options import to_mapping

if TYPE_CHECKING:
    from gantools.files.manifest import Manifest
    from gantools.files.partial import Partial
    from gantools.report.clip import Clip

Failed = Callable[[Path, GantoolsError], None]
Measure = Callable[..., dict[str, Any]]
Groups = Sequence[Sequence[tuple[str, "Clip"]]]


class ClipSets(dict[str, "list[Clip]"]):
    """The files of an evaluation by what they are: ``generated``, ``real``, ``source``.

    Attributes
    ----------
    left_out : dict of str to int
        Why files that were given are not measured -> how many.
    """

    def __init__(self, sets: Mapping[str, list[Clip]]) -> None:
        super().__init__(sets)
        self.left_out: dict[str, int] = {}

    def narrow(self, name: str, clips: list[Clip], why: str) -> None:
        """Keep some files of a set, and count the others."""
        if len(clips) < len(self[name]):
            self.left_out[f"{name} {why}"] = len(self[name]) - len(clips)
        self[name] = clips

    def keep_role(self, name: str, role: str) -> None:
        """Keep the files of a role, where one is asked for."""
        from gantools.metrics.pairing import of_role

        if role:
            self.narrow(name, of_role(self[name], role), f"files that are not {role}, as their names say")

    def keep_roles(self, role: str, real_role: str = "") -> None:
        """Keep the generated files of a role and the real ones of another, or of the same where their names say one."""
        self.keep_role("generated", role)
        if real_role or any(clip.role == role for clip in self.get("real", ())):
            self.keep_role("real", real_role or role)


def gather_clips(folders: Mapping[str, str], suffixes: Sequence[str], run: Run) -> ClipSets:
    """Return the files of each folder, or of a list on standard input (``-``), as clips.

    What gantools put beside its own results is left out: the manifest of a folder names it.
    """
    from gantools.report.clip import Clip

    passed = Passed()
    found = gather_sets([[folder] for folder in folders.values()], suffixes, run, passed=passed, results_only=True)
    sets = ClipSets(
        {
            name: [Clip(item.path, item.key, item.role, item.song, item.named.part) for item in items]
            for name, items in zip(folders, found, strict=True)
        }
    )
    if beside := passed.counts.get(BESIDE):
        sets.left_out[BESIDE[len(beside) > 1]] = len(beside)
    return sets


class Evaluation:
    """A metric on sets of files.

    Parameters
    ----------
    run : Run
    metric : str
    config : dataclass
    sets : ClipSets
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
        sets: ClipSets,
        facts: dict[str, str],
        files: dict[str, Path] | None = None,
    ) -> None:
        self.run, self.metric, self.sets, self.facts = run, metric, sets, facts | _made_by(facts["generated"])
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
        if "made_by" in self.facts:
            say(self.run, f"{self.facts['generated']}: made by a model of {self.facts['made_by']}")
        known = self._known()
        if known is not None:
            say(self.run, "nothing to do: the report is up to date")
            return self._emit("skipped", known)
        if self.run.out is not None and (why := self._manifest().kept(self._names(), self.run.force)):
            raise ConfigError(why)
        if self.run.out is not None and self.run.out.is_dir():
            sweep_temporaries(self.run.out)
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
                    return bar.remark(f"gantools evaluate: {path}: warning: {error.message}")
                text = str(error) if error.path else f"{path}: {error}"
                failures.append(text)
                bar.say(f"gantools evaluate: {' '.join(text.splitlines())}")

            try:
                result = self._complete(measure(failed=failed, tick=tick, keep=partial.keep), failures)
                fields = self._fields(result) | {"seconds": round(time.perf_counter() - start, 3), "failed": failures}
                if self.run.out is not None:
                    self._publish(result, groups, fields)
                partial.sweep()
            except KeyboardInterrupt:
                stopped(partial.count)
            except (InputError, OSError) as error:
                text = explain(error) if isinstance(error, OSError) else str(error)
                bar.say(f"gantools evaluate: {text}")
                return self._emit("error", {"error": text, "failed": failures}, code=1)
        self._table(result)
        return self._emit("ok", fields, code=1 if failures else 0)

    def _partial(self) -> Partial:
        """Return where the results of files are kept until the report stands; nowhere without ``--out``."""
        from gantools.files.partial import Partial

        whole = None if self.run.out is None else self.run.out / self.metric
        files = [hash_file(path) for path in self.files.values() if path.is_file()]
        return Partial(whole, hash_json([self.digest, self.run.device, __version__, files]))

    def _complete(self, result: dict[str, Any], failures: list[str]) -> dict[str, Any]:
        from gantools.metrics.report_folder import complete

        facts = {**self.facts, "seed": self.run.seed, "failed": failures, "left_out": self.sets.left_out}
        return complete(result, metric=self.metric, **facts)

    def _fields(self, result: dict[str, Any]) -> dict[str, Any]:
        from gantools.metrics.report_folder import summary

        return summary(result)

    def _manifest(self) -> Manifest:
        from gantools.files.manifest import Manifest

        assert self.run.out is not None
        return Manifest(self.run.out)

    def _names(self) -> list[str]:
        from gantools.metrics.report_folder import report_names

        return report_names(self.metric)

    def _publish(self, result: dict[str, Any], groups: Groups, fields: dict[str, Any]) -> None:
        from gantools.files.manifest import fingerprint
        from gantools.metrics.report_folder import write_report

        record = {
            "key": self.metric,
            "verb": "evaluate",
            "source": self.facts["generated"],
            # Without the files that failed the report is not what was asked for: it is made again next time.
            "config": "" if fields["failed"] else self.digest,
            "inputs": {name: fingerprint(path) for name, path in self.inputs.items() if path.exists()},
            "seed": self.run.seed,
            "version": __version__,
            "fields": fields,
        }
        with self._manifest().publishing(record, self._names(), force=self.run.force) as folder:
            write_report(folder, result, groups)

    def _table(self, result: dict[str, Any]) -> None:
        """Print the table: it is the result where nothing else is asked for, and a message otherwise."""
        from gantools.metrics.report_table import as_text

        asked = self.run.json or self.run.out is not None
        if not (asked and self.run.quiet):
            if asked:
                write_message(as_text(result))
            else:
                print(as_text(result), flush=True)

    def _known(self) -> dict[str, Any] | None:
        if self.run.out is None or self.run.force:
            return None
        record = self._manifest().up_to_date(self.metric, self.inputs, self.digest, check=self.run.check)
        return None if record is None else dict(record["fields"])

    def _emit(self, status: str, fields: dict[str, Any], code: int = 0) -> int:
        emit(self.run, {**self.record, "status": status, **fields})
        return code


def _made_by(generated: str) -> dict[str, str]:
    """Return what the page and the table say of clips that a hardly trained model made, by the manifest beside them."""
    from gantools.files.manifest import Manifest
    from gantools.models.maturity import of_records

    if not Path(generated).is_dir():
        return {}
    try:
        fields = [record.get("fields") for record in Manifest(generated).records.values()]
    except ConfigError:
        return {}  # of another program: it tells nothing, and is nobody's concern here
    words = of_records([one for one in fields if isinstance(one, dict)]).words
    return {"made_by": words} if words else {}
