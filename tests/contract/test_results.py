"""Results stay: a rearrangement of the code changes no file, weight or figure (see tests/results.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from results import LOOSE, LOOSE_STEPS, RECORD, STEPS, TOLERANCE, differences, machine, run_step, write_inputs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the session, whose commands build on each other."""
    folder = tmp_path_factory.mktemp("results")
    write_inputs(folder)
    return folder


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    """What was recorded."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made(folder: Path) -> dict[str, Any]:
    """What this checkout makes: figures by step, or why it failed."""

    def result(name: str) -> Any:
        try:
            return json.loads(json.dumps(run_step(folder, STEPS[name])))
        except AssertionError as error:
            return str(error)

    return {name: result(name) for name in STEPS}


@pytest.mark.parametrize("name", STEPS)
def test_a_result_is_what_it_was(name: str, made: dict[str, Any], record: dict[str, Any]) -> None:
    assert not isinstance(made[name], str), made[name]
    # Another CPU rounds otherwise.
    allowed = None if record["machine"] == machine() else LOOSE if name in LOOSE_STEPS else TOLERANCE
    found = differences(record["results"][name], made[name], allowed)
    assert not found, "\n".join(found[:10])


def test_the_comparison_sees_what_it_should() -> None:
    one = {"a": {"shape": [2], "figures": [1.0, 0.5], "digest": "x"}, "n": [1.0, "w"]}
    two = {"a": {"shape": [2], "figures": [1.001, 0.5], "digest": "y"}, "n": [1.001, "w"]}
    assert differences(one, one, None) == differences(one, two, TOLERANCE) == []
    assert len(differences(one, two, None)) == 2
    far = {"a": {"shape": [2], "figures": [1.05, 0.5], "digest": "x"}, "n": [1.0, "v"]}
    assert len(differences(one, far, TOLERANCE)) == 2
    assert len(differences(one, far, LOOSE)) == 1
    small, twice = {"figures": [1e-3, 0.0]}, {"figures": [2e-3, 0.0]}
    assert len(differences(small, twice, TOLERANCE)) == 1
