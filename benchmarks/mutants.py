"""How many small faults do the tests see? Break one place of a module, run the tests of that module, count.

  python benchmarks/mutants.py                     # 100 mutants of all modules
  python benchmarks/mutants.py --count 5 --seed 3 files # 5 of each module whose name holds "files"

A mutant is a module with one comparison, operator, constant, condition, return, statement or argument changed. It is
killed when a test fails or takes too long, and survives when all pass: then a test is missing, or the change changes
nothing (`EQUAL` names those that were read and why). Each mutant is run by a fork of a process that has imported torch
and its neighbours but nothing of gantools, in a copy of the checkout.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: What each module is tested by, the quickest first; below src/gantools and tests.
MODULES = {
    "cli/inputs.py": "unit/cli/test_inputs.py",
    "cli/lists.py": "unit/cli/test_lists.py",
    "cli/distinct.py": "unit/cli/test_distinct.py",
    "cli/naming.py": "unit/cli/test_naming.py",
    "cli/outcomes.py": "unit/cli/test_batch.py",
    "cli/batch.py": "unit/cli/test_batch.py",
    "cli/flags.py": "unit/cli/test_flags.py",
    "cli/records.py": "unit/cli/test_batch.py",
    "cli/training.py": "unit/cli/test_training.py",
    "cli/survey.py": "unit/cli/test_survey.py",
    "options.py": "unit/cli unit/test_options.py commands/test_melify.py",
    "files/atomic.py": "unit/files/test_atomic.py unit/files commands/test_melify.py",
    "files/manifest.py": "unit/files/test_manifest.py unit/files commands/test_melify.py commands/test_chunk.py",
    "files/containers.py": "unit/files/test_containers.py unit/chunks commands/test_melify.py",
    "files/ownership.py": "unit/files/test_ownership.py unit/files commands/test_melify.py commands/test_chunk.py",
    "files/partial.py": "unit/files/test_partial.py commands/test_melify.py",
    "chunks/cutting.py": "unit/chunks/test_plan.py unit/chunks commands/test_chunk.py",
    "chunks/plan.py": "unit/chunks/test_plan.py unit/chunks commands/test_chunk.py",
    "chunks/shards.py": "unit/chunks commands/test_chunk.py contract/test_bad_audio.py",
    "chunks/splits.py": "unit/chunks/test_roles_and_splits.py unit/chunks commands/test_chunk.py",
    "chunks/roles.py": "unit/chunks/test_roles_and_splits.py commands/test_chunk.py",
    "chunks/finding.py": "unit/chunks/test_finding.py commands/test_chunk.py",
    "chunks/multitrack.py": "unit/chunks/test_multitrack.py",
    "audio/writing.py": "unit/audio/test_writing.py",
    "audio/decoding.py": "unit/audio/test_decoding.py unit/audio/test_reading.py cases/test_reading.py",
    "training/budget.py": "unit/training/test_budget.py",
    "training/update.py": "unit/training/test_update.py",
    "training/patience.py": "unit/training/test_patience.py",
    "training/schedule.py": "unit/training/test_parts.py unit/training/test_budget.py unit/training/test_loop.py",
    "metrics/frechet/distance.py": "unit/metrics/frechet",
    "metrics/coverage/balls.py": "unit/metrics/coverage/test_balls.py",
    "effects/equalisation.py": "unit/effects/test_equalisation.py",
    "systems/wavegan/penalty.py": "unit/systems/wavegan/test_penalty.py",
    "systems/caw/rates.py": "unit/systems/caw/test_rates.py",
}

#: Changes that change nothing: module, before, after, and why.
EQUAL = {
    ("chunks/splits.py", "position < shares[0]", "position <= shares[0]"): "no hash meets a share to the last bit",
    (
        "chunks/splits.py",
        "position < shares[0] + shares[1]",
        "position <= shares[0] + shares[1]",
    ): "no hash meets a share to the last bit",
    (
        "files/atomic.py",
        "json.dumps(plain_json(value), indent=2, allow_nan=False)",
        "json.dumps(plain_json(value), indent=2)",
    ): "plain_json has left none",
    (
        "files/atomic.py",
        'temporary.write_text(text, encoding="utf-8", errors="surrogateescape")',
        "temporary.write_text(text, errors='surrogateescape')",
    ): "UTF-8 is what the tests begin with",
    (
        "effects/equalisation.py",
        "power > power.max() * 10 ** (_EMPTY_DB / 10)",
        "power >= power.max() * 10 ** (_EMPTY_DB / 10)",
    ): "no band is there to the last bit",
    (
        "effects/equalisation.py",
        "levels > levels.max() + _EMPTY_DB",
        "levels >= levels.max() + _EMPTY_DB",
    ): "no level is there to the last bit",
    (
        "effects/equalisation.py",
        "levels > level + _EMPTY_DB",
        "levels >= level + _EMPTY_DB",
    ): "no level is there to the last bit",
    (
        "effects/equalisation.py",
        "axis >= _ALIGN_HZ[0]",
        "axis > _ALIGN_HZ[0]",
    ): "no point of the axis is at 80 Hz",
    (
        "effects/equalisation.py",
        "centres <= _MEASURED_HZ[1] * 1.01",
        "centres < _MEASURED_HZ[1] * 1.01",
    ): "no centre is there",
    ("files/manifest.py", "file.flush()", "pass"): "seeking writes what is buffered",
    ("chunks/roles.py", 'runs[first - 1].text if first else ""', "(runs[first - 1].text)"): "no space before the first",
    (
        "metrics/frechet/distance.py",
        "f if len(f) <= f.shape[1] else np.linalg.qr(f)[1]",
        "(f)",
    ): "the triangle has the same singular values",
    (
        "metrics/frechet/distance.py",
        "f if len(f) <= f.shape[1] else np.linalg.qr(f)[1]",
        "(np.linalg.qr(f)[1])",
    ): "the triangle has the same singular values",
    (
        "metrics/frechet/distance.py",
        "len(f) <= f.shape[1]",
        "len(f) < f.shape[1]",
    ): "the triangle has the same singular values",
    (
        "systems/caw/rates.py",
        "np.square(signal[0], dtype=np.float64)",
        "np.square(signal[0])",
    ): "sums in pairs agree to six digits",
    ("audio/decoding.py", "file.frames < 1 << 62", "file.frames <= 1 << 62"): "what is unknown is twice that",
    ("effects/equalisation.py", "1.01", "2.02"): "the last centre is at 16.1 kHz",
    ("chunks/multitrack.py", "18", "19"): "the size of a block",
    ("training/update.py", "norm > limit", "norm >= limit"): "then the factor is one",
    (
        "cli/flags.py",
        'typer.Option("--preset", help=text, show_default=False)',
        "typer.Option('--preset', help=text)",
    ): "its default is None, which is not shown",
    (
        "cli/flags.py",
        'typer.Option(declared, help=" ".join(words), show_default=False)',
        "typer.Option(declared, help=' '.join(words))",
    ): "its default is None, which is not shown",
    (
        "cli/records.py",
        "json.dumps(plain_json(record), allow_nan=False)",
        "json.dumps(plain_json(record))",
    ): "plain_json leaves no NaN",
    ("systems/wavegan/penalty.py", "1e-12", "2e-12"): "both are far below what float32 tells beside one",
    ("metrics/coverage/balls.py", "1024", "1025"): "the size of a block",
    (
        "metrics/coverage/balls.py",
        "np.maximum(values, 0.0, out=values)",
        "np.maximum(values, 0.0)",
    ): "only a copy less",
    ("chunks/cutting.py", "1e-12", "2e-12"): "both are far below the level of silence",
    ("chunks/cutting.py", "1e-9", "2e-09"): "both are less than one frame",
    (
        "chunks/cutting.py",
        "np.square(clip, dtype=np.float64)",
        "np.square(clip)",
    ): "sums in pairs agree to the hundredth of a decibel",
    (
        "files/ownership.py",
        'hash_file(path) if same else ""',
        "(hash_file(path))",
    ): "it is compared with the same alone",
}

#: Arguments that change nothing that is right: a text, and the check of `zip` that what we pair is of one length.
_NO_BEHAVIOUR = ("help", "strict")
_IMPORTED = "torch torch._dynamo scipy.signal scipy.stats numba soundfile soxr typer matplotlib.figure joblib pytest"
_COMPARE = {"Lt": "LtE", "LtE": "Lt", "Gt": "GtE", "GtE": "Gt", "Eq": "NotEq", "NotEq": "Eq", "In": "NotIn"}
_COMPARE |= {"NotIn": "In", "Is": "IsNot", "IsNot": "Is"}
_BINARY = {"Add": "Sub", "Sub": "Add", "Mult": "Div", "Div": "Mult", "FloorDiv": "Div", "Mod": "Mult", "Pow": "Mult"}
_BINARY |= {"BitAnd": "BitOr", "BitOr": "BitAnd"}


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    module: str
    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {' '.join(self.before.split())}  ->  {' '.join(self.after.split())}"


def changes(node: ast.AST) -> Iterator[str]:
    """Yield what a node may become."""
    copy = deepcopy(node)
    if isinstance(copy, ast.Compare) and len(copy.ops) == 1:
        copy.ops = [getattr(ast, _COMPARE[type(copy.ops[0]).__name__])()]
        yield ast.unparse(copy)
    elif isinstance(copy, ast.BinOp) and type(copy.op).__name__ in _BINARY:
        copy.op = getattr(ast, _BINARY[type(copy.op).__name__])()
        yield f"({ast.unparse(copy)})"
    elif isinstance(copy, ast.BoolOp):
        copy.op = ast.Or() if isinstance(copy.op, ast.And) else ast.And()
        yield f"({ast.unparse(copy)})"
    elif isinstance(copy, ast.UnaryOp) and isinstance(copy.op, ast.Not | ast.USub):
        yield f"({ast.unparse(copy.operand)})"
    elif isinstance(copy, ast.Constant) and isinstance(copy.value, bool):
        yield str(not copy.value)
    elif isinstance(copy, ast.Constant) and isinstance(copy.value, int | float):
        yield repr(copy.value + 1 if isinstance(copy.value, int) else copy.value * 2 or 1.0)
    elif isinstance(copy, ast.IfExp):
        yield f"({ast.unparse(copy.body)})"
        yield f"({ast.unparse(copy.orelse)})"
    elif isinstance(copy, ast.Call):
        for keyword in copy.keywords:
            if keyword.arg in _NO_BEHAVIOUR:
                continue
            rest = [k for k in copy.keywords if k is not keyword]
            yield ast.unparse(ast.Call(copy.func, copy.args, rest))
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield "return None"
    elif isinstance(node, ast.Raise | ast.AugAssign | ast.Continue | ast.Break) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield "pass"


def mutated(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes worth a change: no annotations, decorators, texts of errors or helps."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return
    yield node
    if isinstance(node, ast.Raise | ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "slice") and not isinstance(node, ast.Subscript):
            continue
        if isinstance(node, ast.keyword) and node.arg in _NO_BEHAVIOUR:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from mutated(child)


def mutants(module: str, root: Path) -> list[Mutant]:
    """Return all mutants of a module."""
    source = (root / "src/gantools" / module).read_text()
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    data, found = source.encode(), []
    for node in mutated(ast.parse(source)):
        if (
            not isinstance(node, ast.stmt | ast.expr | ast.keyword)
            or node.end_lineno is None
            or node.end_col_offset is None
        ):
            continue
        start, stop = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        before = data[start:stop].decode()
        for after in changes(node):
            changed = (data[:start] + after.encode() + data[stop:]).decode()
            with contextlib.suppress(SyntaxError):
                ast.parse(changed)
                found.append(Mutant(module, node.lineno, before, after, changed))
    return [m for m in found if (m.module, m.before, m.after) not in EQUAL]


def passes(tests: list[str], checkout: Path, seconds: float) -> bool:
    """Run tests in a fork of this process; return whether all passed in time."""
    child = os.fork()
    if child == 0:
        os.setsid()
        with open(checkout / "said.txt", "w") as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
        os.chdir(checkout)
        import pytest

        options = ["-x", "-p", "no:randomly", "-p", "no:xdist", "--basetemp", str(checkout / "made")]
        os._exit(int(pytest.main([*options, *tests])))
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _end(child)
            return status == 0
        time.sleep(0.02)
    _end(child)
    os.waitpid(child, 0)
    return False


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def run(module: str, count: int, seed: int, checkout: Path) -> tuple[int, list[Mutant]]:
    """Return how many mutants of a module were tried, and those that survived."""
    tests = [f"tests/{name}" for name in MODULES[module].split() if (checkout / "tests" / name).exists()]
    began = time.monotonic()
    if not passes(tests, checkout, 600):
        print(f"{module}: its tests fail as it is:\n{(checkout / 'said.txt').read_text()[-2000:]}", flush=True)
        return 0, []
    limit = 4 * (time.monotonic() - began) + 10
    everything = mutants(module, checkout)
    chosen = random.Random(f"{seed} {module}").sample(everything, min(count, len(everything)))
    path, survivors = checkout / "src/gantools" / module, []
    source = path.read_text()
    for mutant in chosen:
        path.write_text(mutant.source)
        if passes(tests, checkout, limit):
            survivors.append(mutant)
            print(f"survived  {mutant}", flush=True)
    path.write_text(source)
    return len(chosen), survivors


def main() -> None:
    """Print each survivor, and a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="parts of module names; all by default")
    parser.add_argument("--count", type=int, help="mutants of each module; by default 100 in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout")
    options = parser.parse_args()
    modules = [m for m in MODULES if not options.names or any(name in m for name in options.names)]
    count = options.count or -(-100 // len(modules))
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1")
    sys.dont_write_bytecode = True
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background begins with Ctrl-C ignored
    for name in _IMPORTED.split():
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder, "gantools")
        ignored = shutil.ignore_patterns(".git", ".venv", "*.egg-info")
        shutil.copytree(options.root.resolve(), checkout, ignore=ignored, symlinks=True)
        for path in (checkout / "src").rglob("*.pyc"):
            path.unlink()  # what is compiled from a source of equal size and second would be taken for it
        os.environ["PYTHONPATH"] = str(checkout / "src")
        sys.path[:0] = [str(checkout / "src")]
        sys.meta_path[:] = [f for f in sys.meta_path if "gantools" not in getattr(f, "__module__", "")]
        (checkout / "src/gantools/commands").symlink_to(checkout / "commands")
        table = {}
        for module in modules:
            tried, survivors = table[module] = run(module, count, options.seed, checkout)
            print(f"{module:32} {tried - len(survivors):3} of {tried:3} killed", flush=True)
    tried, left = sum(n for n, _ in table.values()), sum(len(s) for _, s in table.values())
    print(f"{tried - left} of {tried} killed, {left} survived ({left / max(tried, 1):.0%})")


if __name__ == "__main__":
    main()
