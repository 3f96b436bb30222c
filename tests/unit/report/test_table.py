"""Tables as text, and the numbers in them."""

from __future__ import annotations

import math

from gantools.report.table import Table, fact_rows, number


def test_numbers() -> None:
    shown = [number(value) for value in (0.0, 0.00012, 0.1234, -5.5555, 47.06, 123456.0, math.nan, None)]
    assert shown == ["0.000", "0.00012", "0.123", "-5.556", "47.1", "1.2e+05", "-", "-"]


def test_text_has_rows_files_and_a_footnote() -> None:
    table = Table(
        [("pitch", "98.2 Hz", "geometric mean"), ("files", "2", "")],
        [["file", "Hz"], ["a", "98.20"], ["longer", "-"]],
        "of two files",
    )
    assert table.as_text() == (
        "pitch  98.2 Hz  geometric mean\nfiles        2\n\nfile       Hz\na       98.20\nlonger      -\n\nof two files"
    )


def test_what_any_result_says_of_its_files() -> None:
    assert fact_rows({"left_out": {"files without a source": 2}, "made_by": "3 of 9 steps: expect noise"}) == [
        ("left out", "2", "files without a source"),
        ("the model's training", "3 of 9 steps", "expect noise"),
    ]
    assert fact_rows({}) == []
