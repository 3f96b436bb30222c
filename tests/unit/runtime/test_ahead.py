"""Pieces made ahead: the same in the same order, errors where they are used, no thread that outlives its reader."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from gantools.runtime.ahead import read_ahead


def test_the_same_pieces_come_in_order() -> None:
    assert list(read_ahead(range(100))) == list(range(100))
    assert list(read_ahead([])) == []


def test_an_error_is_raised_after_the_pieces_before_it() -> None:
    def pieces() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    found = read_ahead(pieces())
    assert next(found) == 1
    with pytest.raises(ValueError, match="broken"):
        next(found)


def test_the_thread_ends_with_its_reader() -> None:
    before = threading.active_count()

    def endless() -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    found = read_ahead(endless())
    assert next(found) == 0
    assert threading.active_count() == before + 1
    found.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
