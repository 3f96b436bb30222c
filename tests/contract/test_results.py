"""Results stay: a rearrangement of the code changes no file, weight or figure (see tests/results.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from results import RECORD, STEPS, differences, machine, run_step, write_inputs


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
    exact = record["machine"] == machine()  # another CPU rounds otherwise: then to its last digits
    found = differences(record["results"][name], made[name], exact)
    assert not found, "\n".join(found[:10])


def test_the_comparison_sees_what_it_should() -> None:
    one = {"a": {"shape": [2], "figures": [1.0, 0.5], "digest": "x"}, "n": [1.0, "w"]}
    two = {"a": {"shape": [2], "figures": [1.01, 0.5], "digest": "y"}, "n": [1.01, "w"]}
    assert differences(one, one, exact=True) == differences(one, two, exact=False) == []
    assert len(differences(one, two, exact=True)) == 2
    far = {"a": {"shape": [2], "figures": [1.5, 0.5], "digest": "x"}, "n": [1.0, "v"]}
    assert len(differences(one, far, exact=False)) == 2
