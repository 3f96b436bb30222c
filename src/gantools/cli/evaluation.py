"""One evaluation from the command line: inputs, what is up to date, the table, the record, the report."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools.chunks.finding import BESIDE, Passed
from gantools.cli.batch import require_out, stopped
from gantools.cli.flags import Run
from gantools.cli.inputs import KINDS, gather_sets, kind_of
from gantools.cli.progress import Bar
from gantools.cli.records import emit, say
from gantools.cli.terminal import write_message
from gantools.cli.untrained import untrained_sample
from gantools.errors import ConfigError, GantoolsError, InputError, Notice
from gantools.files.atomic import sweep_temporaries
from gantools.files.failures import explain
from gantools.files.hashing import hash_file, hash_json
from gantools.files.members import holder
from gantools.metrics.metric import Conditions, Inputs, Metric
from gantools.metrics.pairing import ClipSets, Groups
from gantools.metrics.texture.verdict import verdict
from gantools.options import to_mapping
from gantools.report.clip import Clip
from gantools.report.table import Table
from gantools.version import __version__

if TYPE_CHECKING:
    from gantools.files.manifest import Manifest
    from gantools.files.partial import Partial
    from gantools.report.folder import Report


def evaluate(metric: Metric[Any], places: Mapping[str, str | Sequence[str]], run: Run, config: Any) -> int:
    """Run a metric on what the command line names; return the exit code.

    Parameters
    ----------
    metric : Metric
    places : mapping of str to str or sequence of str
        Name of each of the metric's arguments -> what was given for it.
    run : Run
    config : dataclass
        Options of the metric.
    """
    places = numbered(places)
    inputs = metric.inputs(places, config)
    sets = gather_clips(inputs, metric, run)
    groups = metric.pair(sets, config)
    # Only metrics that compute with a network have the option.
    device: Any = "cpu"
    if "device" in metric.uses:
        from gantools.runtime.device import resolve_device

        device = resolve_device(run.device)
    # A metric of one set has no reference; the others have one.
    generated, *others = places.values()
    facts = {"generated": generated, "reference": ", ".join(filter(None, others))}
    return Evaluation(run, metric, config, sets, facts, device).execute(groups)


def numbered(places: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """Return what was given for each set of files; the sets of an argument of several are numbered from 1."""
    sets: dict[str, str] = {}
    for name, given in places.items():
        sets |= {name: given} if isinstance(given, str) else {f"{name} {n}": one for n, one in enumerate(given, 1)}
    return sets


def gather_clips(inputs: Inputs, metric: Metric[Any], run: Run) -> ClipSets:
    """Return the files of each place, or of a list on standard input (``-``), as clips.

    What gantools put beside its own results is left out: the manifest of a folder names it.

    Raises
    ------
    ConfigError
        A file is of a kind that the metric does not read.
    """
    passed, places = Passed(), inputs.places
    suffixes = [ending for kind in metric.reads for ending in KINDS[kind]]
    found = gather_sets([[place] for place in places.values()], suffixes, run, passed=passed, results_only=True)
    for item in (item for items in found for item in items):
        if (kind := kind_of(item.path)) not in (*metric.reads, ""):
            raise ConfigError(f"is {kind}, and evaluate {metric.name} reads {' and '.join(metric.reads)}", item.path)
    clips = {
        name: [Clip(item.path, item.key, item.role, item.song, item.named.part) for item in items]
        for name, items in zip(places, found, strict=True)
    }
    sets = ClipSets(clips, inputs.files, places)
    if beside := passed.counts.get(BESIDE):
        sets.left_out[BESIDE[len(beside) > 1]] = len(beside)
    return sets


class Evaluation:
    """A metric on sets of files.

    Parameters
    ----------
    run : Run
    metric : Metric
    config : dataclass
        Options of the metric.
    sets : ClipSets
        ``generated``, and what it is compared with, paired.
    facts : dict of str to str
        What the record and the report say of the inputs: ``generated``, ``reference``.
    device : torch.device or str
    """

    def __init__(
        self,
        run: Run,
        metric: Metric[Any],
        config: Any,
        sets: ClipSets,
        facts: dict[str, str],
        device: Any = "cpu",
    ) -> None:
        self.run, self.metric, self.config, self.sets, self.device = run, metric, config, sets, device
        self.facts = facts | _made_by(facts["generated"])
        self.inputs = {f"{name}:{clip.path}": clip.path for name, clips in sets.items() for clip in clips} | sets.files
        self.digest = hash_json([metric.name, to_mapping(config), run.seed])
        self.failures: list[str] = []
        out = None if run.out is None else str(require_out(run) / "report.html")
        source = facts["generated"]
        self.record = {"action": "evaluate", "path": out, "source": source, "rel": "", "metric": metric.name}

    def execute(self, groups: Groups) -> int:
        """Measure, print and write what is not up to date; return the exit code.

        Parameters
        ----------
        groups : sequence of sequences of (label, Clip)
            Files to show side by side in the report.
        """
        if self.run.dry_run:
            say(self.run, f"would compare {', '.join(f'{len(clips)} {name}' for name, clips in self.sets.items())}")
            return self._emit("planned", {})
        if "made_by" in self.facts:
            say(self.run, f"{self.facts['generated']}: made by a model of {self.facts['made_by']}")
        known = self._known()
        if known is not None:
            say(self.run, "nothing to do: the report is up to date")
            self._say_heard(known)
            return self._emit("skipped", known)
        # A report of the user's own in the way is found before the measuring, not after it.
        if self.run.out is not None:
            if why := self._manifest().kept(self._names(), self.run.force):
                raise ConfigError(why)
            if self.run.out.is_dir():
                sweep_temporaries(self.run.out)
        start, partial = time.perf_counter(), self._partial()
        with Bar(self.run, sum(map(len, self.sets.values())), f"evaluate {self.metric.name}") as bar:
            try:
                report = self._measured(bar, partial)
                fields = self._fields(report) | {"seconds": round(time.perf_counter() - start, 3)}
                fields["failed"] = self.failures
                if self.run.out is not None:
                    self._publish(report, self.metric.shown(groups, self.sets, report.result), fields)
                partial.sweep()
            # The results of single files are kept, so the message may promise that another run goes on with them.
            except KeyboardInterrupt:
                stopped(partial.count)
            except (InputError, OSError) as error:
                text = explain(error) if isinstance(error, OSError) else str(error)
                bar.say(f"gantools evaluate: {text}")
                return self._emit("error", {"error": text, "failed": self.failures}, code=1)
        self._print(report.table)
        self._say_heard(fields)
        return self._emit("ok", fields, code=1 if self.failures else 0)

    def _measured(self, bar: Bar, partial: Partial) -> Report:
        """Run the metric, moving the bar and noting the files that fail."""
        from gantools.report.folder import complete

        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            bar.update(done)

        def failed(path: Path, error: GantoolsError) -> None:
            # A notice is told, but the file counts: the exit code stays 0.
            if isinstance(error, Notice):
                return bar.remark(f"gantools evaluate: {path}: warning: {error.message}")
            text = str(error) if error.path else f"{path}: {error}"
            self.failures.append(text)
            bar.say(f"gantools evaluate: {' '.join(text.splitlines())}")

        untrained = functools.partial(untrained_sample, device=self.device)
        conditions = Conditions(failed, tick, partial.keep, self.run.seed, self.device, untrained)
        result = self.metric.compare(self.sets, self.config, conditions)
        facts = {**self.facts, "seed": self.run.seed, "failed": self.failures, "left_out": self.sets.left_out}
        return self.metric.report(complete(result, metric=self.metric.name, **facts))

    def _partial(self) -> Partial:
        """Return where the results of files are kept until the report stands; nowhere without ``--out``."""
        from gantools.files.partial import Partial

        whole = None if self.run.out is None else self.run.out / self.metric.name
        # Clips are part of the name of each result; files of the options count for all of them.
        files = [hash_file(path) for path in self.sets.files.values() if holder(path).is_file()]
        return Partial(whole, hash_json([self.digest, self.run.device, __version__, files]))

    def _fields(self, report: Report) -> dict[str, Any]:
        from gantools.report.folder import summary

        return summary(report.result, self.metric.bulky)

    def _manifest(self) -> Manifest:
        from gantools.files.manifest import Manifest

        assert self.run.out is not None
        return Manifest(self.run.out)

    def _names(self) -> list[str]:
        from gantools.report.folder import report_names

        return report_names(self.metric.plot_name, self.metric.model_name)

    def _publish(self, report: Report, groups: Groups, fields: dict[str, Any]) -> None:
        from gantools.files.manifest import fingerprint
        from gantools.report.folder import write_report

        record = {
            "key": self.metric.name,
            "verb": "evaluate",
            "source": self.facts["generated"],
            # Without the files that failed the report is not what was asked for: it is made again next time.
            "config": "" if fields["failed"] else self.digest,
            "inputs": {name: fingerprint(path) for name, path in self.inputs.items() if holder(path).exists()},
            "seed": self.run.seed,
            "version": __version__,
            "fields": fields,
        }
        with self._manifest().publishing(record, self._names(), force=self.run.force) as folder:
            write_report(folder, report, groups)

    def _print(self, table: Table) -> None:
        """Print the table: it is the result where nothing else is asked for, and a message otherwise."""
        asked = self.run.json or self.run.out is not None
        if not (asked and self.run.quiet):
            if asked:
                write_message(table.as_text())
            else:
                print(table.as_text(), flush=True)

    def _known(self) -> dict[str, Any] | None:
        if self.run.out is None or self.run.force:
            return None
        record = self._manifest().up_to_date(self.metric.name, self.inputs, self.digest, check=self.run.check)
        return None if record is None else dict(record["fields"])

    def _say_heard(self, fields: Mapping[str, Any]) -> None:
        if heard := fields.get("heard"):
            say(self.run, f"{self.facts['generated']}: heard: {heard}; train longer, or take another engine")

    def _emit(self, status: str, fields: dict[str, Any], code: int = 0) -> int:
        emit(self.run, {**self.record, "status": status, **fields})
        return code


def _made_by(generated: str) -> dict[str, str]:
    """Return what the page and the table say of generated clips, by the manifest beside them.

    ``made_by`` where the model was hardly trained; ``heard`` where the clips were heard as noise, silent or clipped.
    """
    from gantools.files.manifest import Manifest
    from gantools.models.maturity import of_records

    if not Path(generated).is_dir():
        return {}
    try:
        fields = [record.get("fields") for record in Manifest(generated).records.values()]
    except ConfigError:
        return {}  # of another program: it tells nothing, and is nobody's concern here
    records = [one for one in fields if isinstance(one, dict)]
    heard = verdict(str(record["heard"] or "") for record in records if "heard" in record)
    facts = {"made_by": of_records(records).words, "heard": heard}
    return {name: words for name, words in facts.items() if words}
