"""Many files through one function: what is done, skipped, foreseen, said and counted."""

from __future__ import annotations

import dataclasses
import errno
import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gantools.chunks.item import Item
from gantools.cli import workers
from gantools.cli.batch import require_out, run_batch, stopped
from gantools.cli.flags import Run
from gantools.cli.outcomes import Outcome, outcomes
from gantools.cli.progress import Bar
from gantools.cli.records import emit, in_words, say
from gantools.cli.tasks import Task
from gantools.errors import ConfigError, InputError, StoppedError
from gantools.files import hashing
from gantools.files.atomic import host_name
from gantools.files.failures import explain
from gantools.files.manifest import Manifest
from gantools.runtime.seeds import item_seed

Tick = Callable[[float], None]


def copy(item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
    """Write the input's text to each output, or fail as the text says."""
    tick(0.5)
    text = item.path.read_text()
    if text == "bad":
        raise InputError("is bad;\nmend it", item.path)
    if text == "full":
        raise OSError(28, "No space left on device", str(outputs[0]))
    if text == "memory":
        raise MemoryError
    if text == "bug":
        raise ZeroDivisionError("by zero")
    if text == "stop":
        raise KeyboardInterrupt
    for path in outputs:
        path.write_text(text)
    return {"seed": seed, "where": [str(path) for path in outputs], "deep": {"path": str(outputs[0]), "size": 3}}


#: The name of what a process that was killed left: nobody holds its lock.
STALE = f".x.{host_name()}.4194300-01234567.tmp"


class Folder:
    """A folder with inputs `a.txt`, `b.txt`, ..., and what a run on them says."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.capsys = root, capsys
        self.run = Run(verb="try", out=root / "out", json=True)

    def tasks(self, *texts: str, **options: Any) -> list[Task]:
        made = []
        for name, text in zip("abcdefgh", texts, strict=False):
            path = self.root / f"{name}.txt"
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
            made.append(Task(Item(path, "r", name, "mix", "s"), (f"{name}.out",), **options))
        return made

    def __call__(self, tasks: Sequence[Task], work: Any = copy, config: Any = 1, run: Any = (), **options: Any) -> int:
        code = run_batch(dataclasses.replace(self.run, **dict(run)), tasks, config, work, **options)
        said = self.capsys.readouterr()
        self.lines = said.err.replace(f"{self.root}/", "").splitlines()
        self.out = said.out.replace(f"{self.root}/", "")
        self.records = [json.loads(line) for line in self.out.splitlines()] if self.out.startswith("{") else []
        return code

    @property
    def statuses(self) -> list[str]:
        return [record["status"] for record in self.records]


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Folder:
    return Folder(tmp_path, capsys)


def test_the_first_run_makes_and_the_second_keeps(folder: Folder) -> None:
    tasks = folder.tasks("1", "2")
    assert folder(tasks, describe="of two") == 0
    seed = item_seed(0, "r/a")
    where = {"seed": seed, "where": ["out/a.out"], "deep": {"path": "out/a.out", "size": 3}}
    seconds = folder.records[0].pop("seconds")
    assert 0 <= seconds < 60
    common = {"action": "try", "source": "a.txt", "rel": "r", "role": "mix", "song": "s"}
    assert folder.records[0] == {**common, "status": "ok", "path": "out/a.out", **where}
    assert folder.lines == ["gantools try: 2 done of two"]
    first = json.loads((folder.root / "out/manifest.jsonl").read_text().splitlines()[0])
    assert (first["beside"], first["role"], first["item"], first["seed"]) == ([], "mix", "r/a", 0)
    assert folder(tasks, describe="of two") == 0
    assert folder.records[0] == {**common, "status": "skipped", "path": "out/a.out", "seconds": seconds, **where}
    assert folder.lines == ["gantools try: nothing to do: 2 up to date"]


@pytest.mark.parametrize("changed", [{"config": 2}, {"run": {"seed": 1}}, {"run": {"force": True}}, {"role": "bass"}])
def test_what_depends_on_something_new_is_made_again(folder: Folder, changed: dict[str, Any]) -> None:
    tasks = folder.tasks("1")
    folder(tasks)
    role = changed.pop("role", "mix")
    folder([dataclasses.replace(tasks[0], item=dataclasses.replace(tasks[0].item, role=role))], **changed)
    assert folder.statuses == ["ok"]


def test_a_damaged_output_of_equal_size_and_time_is_seen_with_check(folder: Folder) -> None:
    tasks = folder.tasks("1")
    folder(tasks)
    path = folder.root / "out/a.out"
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_text("7")
    os.utime(path, ns=times)
    folder(tasks)
    assert folder.statuses == ["skipped"]
    folder(tasks, run={"check": True})
    assert (folder.statuses, path.read_text()) == (["ok"], "1")


def test_one_bad_file_costs_that_file(folder: Folder) -> None:
    assert folder(folder.tasks("1", "bad", "full", "memory", "bug", "6")) == 1
    assert folder.statuses == ["ok", "error", "error", "error", "error", "ok"]
    assert folder.lines == [
        "gantools try: b.txt: is bad; mend it",
        *(line for line in folder.lines if "c.txt" in line),
        "gantools try: d.txt: out of memory; use fewer --jobs",
        "gantools try: e.txt: internal error: ZeroDivisionError: by zero; run with --debug and report it",
        "gantools try: 2 done, 4 failed",
    ]
    failed = folder.records[1]
    assert (failed["error"].replace(f"{folder.root}/", ""), "trace" in failed) == ("b.txt: is bad;\nmend it", False)
    assert sorted(path.name for path in (folder.root / "out").iterdir()) == ["a.out", "f.out", "manifest.jsonl"]
    # The next run does what is missing, and stops where it is told to.
    assert folder(folder.tasks("1", "2", "bad", "4"), run={"on_error": "stop", "quiet": True}) == 1
    assert folder.statuses == ["skipped", "ok", "error"]
    assert folder.lines == ["gantools try: c.txt: is bad; mend it", "gantools try: 1 done, 1 up to date, 1 failed"]


def test_tracebacks_only_with_debug(folder: Folder) -> None:
    assert folder(folder.tasks("bug"), run={"debug": True}) == 1
    assert any("ZeroDivisionError" in line and "internal" not in line for line in folder.lines)
    assert any(line.startswith("Traceback") for line in folder.lines)
    folder(folder.tasks("bug"))
    assert len(folder.lines) == 2


def test_an_input_that_is_gone_or_cannot_be_read_costs_itself(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = folder.tasks("1", "2", "3", "4")
    (folder.root / "a.txt").unlink()
    (folder.root / "b.txt").unlink()
    (folder.root / "b.txt").mkdir()
    real = hashing.hash_file

    def broken(path: Path) -> str:
        if path.name == "c.txt":
            raise OSError(5, "Input/output error")  # as reading says it, without a name
        return real(path)

    monkeypatch.setattr("gantools.files.manifest.hash_file", broken)
    assert folder(tasks) == 1
    assert folder.statuses == ["error", "error", "error", "ok"]
    assert folder.lines[:2] == [
        "gantools try: a.txt: cannot be read (No such file or directory)",
        "gantools try: b.txt: is a folder; give a file",
    ]
    assert folder.lines[2].startswith("gantools try: c.txt: ")
    assert folder.lines[2] != "gantools try: c.txt: Input/output error"  # with what to do


def test_a_new_role_is_written_down_where_the_bytes_are_the_same(folder: Folder) -> None:
    (task,) = folder.tasks("1")
    folder([task])
    bass = dataclasses.replace(task, item=dataclasses.replace(task.item, role="bass"))
    folder([bass])
    assert folder.statuses == ["ok"]
    folder([bass])
    assert folder.statuses == ["skipped"]


def test_a_file_that_is_not_ours_is_kept_unless_forced(folder: Folder) -> None:
    tasks = folder.tasks("1")
    (folder.root / "out").mkdir()
    (folder.root / "out/a.out").write_text("mine")
    assert folder(tasks, run={"dry_run": True}) == 0
    assert (folder.statuses, "kept" in folder.records[0]) == (["planned"], True)
    assert folder(tasks) == 1
    assert (folder.statuses, (folder.root / "out/a.out").read_text()) == (["error"], "mine")
    assert folder(tasks, run={"dry_run": True, "force": True}) == 0
    assert "kept" not in folder.records[0]
    assert folder(tasks, run={"force": True}) == 0
    assert (folder.root / "out/a.out").read_text() == "1"


def test_a_dry_run_writes_nothing_and_says_what_it_would_do(folder: Folder) -> None:
    folder(folder.tasks("1"))
    tasks = folder.tasks("1", "2", "bad")

    def plan(item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        assert list(outputs) == []
        return {**copy(item, [folder.root / "seen"], seed, tick), "facts": {"size": {"x": 1}, "y": 2}}

    assert folder(tasks, run={"dry_run": True}) == 0
    assert folder.statuses == ["skipped", "planned", "planned"]
    assert folder.lines == ["gantools try: would do 2; 1 up to date"]
    assert folder(tasks, run={"dry_run": True}, plan=plan) == 1
    assert folder.statuses == ["skipped", "planned", "error"]
    assert {"_source", "seconds"}.isdisjoint(folder.records[1])
    assert folder.lines == [
        "gantools try: b.txt: size: x 1; y: 2",
        "gantools try: c.txt: is bad; mend it",
        "gantools try: would do 1; 1 up to date; 1 would fail",
    ]
    assert sorted(path.name for path in (folder.root / "out").iterdir()) == ["a.out", "manifest.jsonl"]
    folder(tasks[:2], run={"dry_run": True, "quiet": True}, plan=plan)
    assert folder.lines == []


def test_several_results_have_a_record_each(folder: Folder) -> None:
    (task,) = folder.tasks("1")
    task = dataclasses.replace(task, outputs=("d/x.out", "y.out"), key="d/x.out", roles=("bass", "drums"))
    folder([task])
    found = [(r["path"], r["rel"], r["role"], r["status"]) for r in folder.records]
    assert found == [("out/d/x.out", "d", "bass", "ok"), ("out/y.out", "", "drums", "ok")]
    manifest = json.loads((folder.root / "out/manifest.jsonl").read_text())
    assert (manifest["beside"], sorted(manifest["outputs"])) == ([], ["d/x.out", "y.out"])
    folder([dataclasses.replace(task, roles=())], run={"force": True})
    assert len(folder.records) == 1
    assert json.loads((folder.root / "out/manifest.jsonl").read_text().splitlines()[-1])["beside"] == ["y.out"]
    (folder.root / "a.txt").write_text("bad")
    folder([task])
    assert folder.statuses == ["error"]


def test_kinds_are_named_where_there_are_several(folder: Folder) -> None:
    tasks = folder.tasks("1", "2", "3")
    for number, name in ((1, "b.MP3"), (2, "c")):
        path = tasks[number].item.path.rename(folder.root / name)
        tasks[number] = dataclasses.replace(tasks[number], item=dataclasses.replace(tasks[number].item, path=path))
    folder(tasks)
    assert folder.lines == ["gantools try: 3 done (1 without ending, 1 mp3, 1 txt)"]


def test_warnings_and_lines_of_files(folder: Folder) -> None:
    def warn(*arguments: Any) -> dict[str, Any]:
        return {**copy(*arguments), "warning": "is odd"}

    folder(folder.tasks("1"), warn, run={"verbose": True})
    assert folder.lines == [
        "gantools try: a.txt: warning: is odd",
        "gantools try: a.txt -> out/a.out",
        "gantools try: 1 done",
    ]
    folder(folder.tasks("2"), warn, run={"quiet": True})
    assert folder.lines == []


def test_work_in_place_is_told_the_final_folder(folder: Folder) -> None:
    def fill(item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        assert outputs == [folder.root / "out/model"]
        for name in ("config.json", "sub/w.safetensors", "sub/other.txt", "state/x.safetensors"):
            (outputs[0] / name).parent.mkdir(parents=True, exist_ok=True)
            (outputs[0] / name).write_text(item.path.read_text())
        return {}

    task = dataclasses.replace(folder.tasks("1")[0], outputs=("model",), key="model", in_place=True)
    assert folder([task], fill) == 0
    record = json.loads((folder.root / "out/manifest.jsonl").read_text())
    assert sorted(record["outputs"]) == ["model/config.json", "model/sub/w.safetensors"]
    assert folder([task], fill) == 0
    assert folder.statuses == ["skipped"]
    # The work itself knows what may be replaced there.
    folder.tasks("2")
    assert folder([task], fill) == 0
    folder.tasks("3")
    folder([task], fill, run={"dry_run": True})
    assert "kept" not in folder.records[0]


def test_an_interrupted_run_says_what_is_kept(folder: Folder) -> None:
    with pytest.raises(StoppedError, match="the result of 1 file is kept: run it again"):
        folder(folder.tasks("1", "stop"))
    assert (folder.root / "out/a.out").read_text() == "1"
    with pytest.raises(KeyboardInterrupt):
        folder(folder.tasks("1", "stop"))
    with pytest.raises(StoppedError, match="the results of 2 files are kept"):
        stopped(2)


def test_what_another_run_made_meanwhile_is_taken(folder: Folder) -> None:
    tasks = folder.tasks("1", "2")

    def during(item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        if item.stem == "a":
            run_batch(dataclasses.replace(folder.run, verb="other"), tasks[1:], 1, copy)
        return copy(item, outputs, seed, tick)

    assert folder(tasks, during) == 0
    mine = [(record["source"], record["status"]) for record in folder.records if record["action"] == "try"]
    assert mine == [("a.txt", "ok"), ("b.txt", "skipped")]
    assert folder.lines[-1] == "gantools try: 1 done, 1 up to date"


def test_work_is_told_of_the_next_input_ahead(folder: Folder) -> None:
    told: list[str] = []

    def noted(*arguments: Any) -> dict[str, Any]:
        told.append(f"work {arguments[0].stem}")
        return copy(*arguments)

    folder(folder.tasks("1", "2", "3"), noted, ahead=lambda item: told.append(item.stem))
    assert told == ["a", "b", "work a", "b", "c", "work b", "c", "work c"]


def test_the_bar_moves_within_a_file_and_never_leaves_it(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[float] = []
    monkeypatch.setattr(Bar, "update", lambda self, done, *more: places.append(done))

    def ticking(item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        for share in (-1.0, 0.25, 7.0):
            tick(share)
        return copy(item, outputs, seed, lambda share: None)

    folder(folder.tasks("1", "bad"), ticking)
    assert places == [0, 0.25, 1, 1, 1, 1.25, 2, 2]


def test_the_bar_counts_what_waits_and_not_what_was_there(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(folder.tasks("1", "2")[:1])
    places: list[float] = []
    tasks = folder.tasks("1", "2", "3", "4")

    def meanwhile(item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        if item.stem == "b":
            run_batch(dataclasses.replace(folder.run, verb="other"), tasks[2:3], 1, copy)
            monkeypatch.setattr(Bar, "update", lambda self, done, *more: places.append(done))
        return copy(item, outputs, seed, lambda share: None)

    folder(tasks, meanwhile)
    assert places == [1, 2, 3]


def test_scratch_folders_lie_beside_the_output_and_go(folder: Folder) -> None:
    (task,) = folder.tasks("1")
    task = dataclasses.replace(task, outputs=("new/deep/x", "new/deep/y", "z"), key="k")
    seen: list[Path] = []

    def leave(item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> Outcome:
        seen.extend(outputs)
        outputs[2].write_text("z")
        return {}

    out = folder.root / "out"
    with Bar(folder.run, 1, "try") as bar:
        for attempt in outcomes(folder.run, out, [task], leave, bar):
            assert "error" not in attempt.outcome
            assert [path.name for path in seen] == ["x", "y", "z"]
            assert [path.parent.parent for path in seen] == [out / "new/deep", out / "new/deep", out]
            assert seen[0].parent == seen[1].parent
            assert attempt.staged == dict(zip(task.outputs, seen, strict=True))
    # Nothing was published: nothing stays, not even the way to it.
    assert not out.exists()


def test_where_no_output_folder_can_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name one with -o"):
        require_out(Run())
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="the output folder is a file"):
        require_out(Run(out=tmp_path / "file"))
    assert require_out(Run(out=tmp_path)) == tmp_path
    assert require_out(Run(out=tmp_path / "new")) == tmp_path / "new"


def test_records_as_paths_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    for run in (Run(verb="v"), Run(verb="v", null=True), Run(verb="v", json=True)):
        for record in ({"status": "ok", "path": "p"}, {"status": "error", "path": "q"}, {"status": "ok", "path": None}):
            emit(run, {**record, "x": float("nan")})
    lines = "".join(
        f'{{"status": "{status}", "path": {path}, "x": null}}\n'
        for status, path in (("ok", '"p"'), ("error", '"q"'), ("ok", "null"))
    )
    assert capsys.readouterr().out == f"p\np\0{lines}"
    for quiet in (False, True):
        say(Run(verb="v", quiet=quiet), f"{quiet}")
        say(Run(verb="v", quiet=quiet), f"error {quiet}", error=True)
    assert capsys.readouterr().err == "gantools v: False\ngantools v: error False\ngantools v: error True\n"
    assert (in_words({"a": 1, "b": "c"}), in_words(2)) == ("a 1, b c", "2")


def test_results_and_losses_of_processes(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What processes hand back: a dict, that one of them was lost, or an error that no work should raise."""
    asked: list[int] = []
    broken = RuntimeError("odd")
    broken.add_note("where it was")

    def in_order(calls: Any, jobs: int) -> Any:
        asked.append(jobs)
        answers = iter([None, workers.WorkerLostError("was killed"), broken])
        for function, arguments in calls:
            yield next(answers) or function(*arguments)

    monkeypatch.setattr(workers, "in_order", in_order)
    monkeypatch.setattr("gantools.runtime.device.available_cores", lambda: 2)
    assert folder(folder.tasks("1", "2", "3"), run={"jobs": 0, "debug": True}) == 1
    assert folder.lines == [
        "gantools try: b.txt: was killed",
        "gantools try: c.txt: internal error: RuntimeError: odd; run with --debug and report it",
        "where it was",
        "gantools try: 1 done, 2 failed",
    ]
    folder(folder.tasks("1", "2", "3"), run={"jobs": 7, "force": True})
    folder(folder.tasks("1", "2", "3"), run={"jobs": 1, "force": True})
    assert asked == [2, 3]


def test_errors_of_the_system_name_their_file(folder: Folder) -> None:
    def fail(item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        place = {"a": str(item.path), "b": None, "c": str(outputs[0])}[item.stem]
        raise OSError(errno.EACCES, "Permission denied", place)

    folder(folder.tasks("1", "2", "3"), fail)
    reading = explain(OSError(errno.EACCES, "Permission denied"), reading=True)
    other = explain(OSError(errno.EACCES, "Permission denied"))
    assert reading != other
    assert folder.lines[:3] == [
        f"gantools try: a.txt: {reading}",
        f"gantools try: b.txt: {other}",
        f"gantools try: c.txt: out/c.out: {other}",  # by its final name
    ]


def test_an_output_that_cannot_be_published_costs_that_file(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    publish = Manifest.publish

    def full(self: Manifest, record: dict[str, Any], *more: Any, **options: Any) -> None:
        if record["key"] == "a.out":
            raise OSError(errno.ENOSPC, "No space left on device")
        publish(self, record, *more, **options)

    def meanwhile(item: Item, outputs: Sequence[Path], *more: Any) -> dict[str, Any]:
        if item.stem == "b":
            (folder.root / "out/b.out").write_text("of somebody else")
        return copy(item, outputs, *more)

    monkeypatch.setattr(Manifest, "publish", full)
    assert folder(folder.tasks("1", "2", "3"), meanwhile) == 1
    assert folder.statuses == ["error", "error", "ok"]
    assert folder.lines[0].startswith("gantools try: a.txt: out/a.out: ")
    assert folder.lines[1].startswith("gantools try: b.txt: out/b.out is there ")
    assert (folder.root / "out/b.out").read_text() == "of somebody else"


def test_what_a_killed_run_left_goes_with_the_next_one(folder: Folder) -> None:
    folder(folder.tasks("1"))
    stale = folder.root / "out" / STALE
    stale.touch()
    folder(folder.tasks("1"), run={"dry_run": True})
    assert stale.exists()
    folder(folder.tasks("1"))
    assert not stale.exists()


def test_a_worker_leaves_nothing_behind(folder: Folder) -> None:
    """What work leaves beside its outputs as if it was killed goes at the end."""

    def litter(item: Item, outputs: Sequence[Path], *more: Any) -> dict[str, Any]:
        (folder.root / "out" / STALE).touch()
        return copy(item, outputs, *more)

    folder(folder.tasks("1"), litter)
    assert sorted(path.name for path in (folder.root / "out").iterdir()) == ["a.out", "manifest.jsonl"]


def test_a_folder_that_was_there_stays_though_it_is_empty(folder: Folder) -> None:
    (folder.root / "out/old").mkdir(parents=True)
    (task,) = folder.tasks("bad")
    folder([dataclasses.replace(task, outputs=("old/new/x",), key="old/new/x")])
    assert [str(path.relative_to(folder.root)) for path in (folder.root / "out").rglob("*")] == ["out/old"]


def test_folders_of_outputs_that_cannot_be_made_cost_that_file(folder: Folder) -> None:
    first, second = folder.tasks("1", "2")
    (folder.root / "out").mkdir()
    (folder.root / "out/file").write_text("in the way")
    assert folder([dataclasses.replace(first, outputs=("file/x",), key="file/x"), second]) == 1
    assert folder.statuses == ["error", "ok"]


def test_a_key_is_the_first_output_unless_there_is_another(tmp_path: Path) -> None:
    item = Item(tmp_path, "", "x", "mix", "x")
    assert (Task(item, ("a", "b")).key, Task(item, ("a", "b"), "k").key) == ("a", "k")


def test_an_interruption_between_two_files_leaves_no_scratch(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Bar, done: float, *more: Any) -> None:
        if done == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Bar, "update", interrupted)
    with pytest.raises(StoppedError) as raised:
        folder(folder.tasks("1", "2"))
    assert sorted(path.name for path in (folder.root / "out").iterdir()) == ["a.out", "manifest.jsonl"]
    assert raised.value is not None  # it holds all frames, and with them what they have begun


@pytest.mark.parametrize("as_json", [False, True])
def test_a_record_reaches_its_reader_at_once(as_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(pipe))
    emit(Run(json=as_json), {"status": "ok", "path": "p"})
    assert pipe.getvalue().endswith(b"\n")
