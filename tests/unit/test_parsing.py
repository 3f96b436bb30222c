"""Lists, ranges, shares and durations: what is read, and what a refusal shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from gantools import parsing
from gantools.errors import ConfigError
from gantools.options import from_mapping, option, parsed, to_mapping

span = parsing.span(-120, 20)
wide = parsing.span(least=1.0, example="-50:40")
rates = parsing.word_or(("paper", "octaves"), parsing.rising_rates(100))
trim = parsing.word_or(("auto",), parsing.number(0, 600, "seconds"))


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parsing.names, " a, b ,,c", ["a", "b", "c"]),
        (parsing.names, "", []),
        (parsing.distinct_names, "vocals, bass", ["vocals", "bass"]),
        (parsing.shares, "80/10/10", (80.0, 10.0, 10.0)),
        (parsing.shares, "0/.5/0", (0.0, 0.5, 0.0)),
        (span, "-18:-6", (-18.0, -6.0)),
        (span, "-6:-6", (-6.0, -6.0)),
        (wide, "-50:-49", (-50.0, -49.0)),
        (parsing.stretches, "8-8.5, 3.2-3.95", [(3.2, 3.95), (8.0, 8.5)]),
        (parsing.stretches, "1-2,2-3", [(1.0, 2.0), (2.0, 3.0)]),
        (parsing.stretches, "", []),
        (parsing.seeds, "3, 7,20-22", [3, 7, 20, 21, 22]),
        (parsing.seeds, "5-5", [5]),
        (parsing.two_seeds, "7-3", (7, 3)),
        (rates, "paper", "paper"),
        (rates, "100,200", [100, 200]),
        (trim, "auto", "auto"),
        (trim, "0", 0.0),
        (trim, "600", 600.0),
        (parsing.duration, "1h30m", 5400.0),
        (parsing.duration, "0.5", 0.5),
    ],
)
def test_texts_are_read(parse: Callable[[str], Any], text: str, value: Any) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "shown"),
    [
        (parsing.distinct_names, "bass,bass", "different names"),
        (parsing.distinct_names, "bass,", "different names"),
        (parsing.shares, "80/20", "80/10/10"),
        (parsing.shares, "0/0/0", "not all zero"),
        (parsing.shares, "1/-1/1", "not be negative"),
        (parsing.shares, "inf/0/0", "not all zero"),
        (span, "-6:-18", "LO not above HI"),
        (span, "-121:0", "from -120 to 20"),
        (span, "-18", "-18:-6"),
        (wide, "0:0.5", "at least 1 above"),
        (wide, "nan:1", "LO:HI"),
        (wide, "-inf:1", "LO:HI"),
        (parsing.stretches, "2-1", "'2-1'"),
        (parsing.stretches, "1-inf", "START-END"),
        (parsing.stretches, "1-2,1.5-3", "overlap"),
        (parsing.seeds, "3-1", "'3-1'"),
        (parsing.seeds, "a", "3,7,20-25"),
        (parsing.seeds, "-1", "3,7,20-25"),
        (parsing.seeds, "1,1-2", "twice"),
        (parsing.two_seeds, "3", "3-7"),
        (parsing.two_seeds, "3-a", "3-7"),
        (rates, "octave", "or paper, octaves"),
        (rates, "200,100", "must rise"),
        (rates, "99,200", "from 100 Hz"),
        (trim, "601", "0 to 600 seconds; or auto"),
        (trim, "nan", "0 to 600 seconds"),
        (parsing.duration, "0s", "no duration"),
        (parsing.duration, "5 min", "no duration"),
    ],
)
def test_a_refusal_shows_what_to_write(parse: Callable[[str], Any], text: str, shown: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert shown in refused.value.message


def test_a_configuration_keeps_the_text_and_is_checked_when_it_is_given() -> None:
    @dataclass(frozen=True)
    class Options:
        budget: str = option("", "Time.", parse=parsing.duration)

    config = from_mapping(Options, {"budget": "5m"})
    assert to_mapping(config) == {"budget": "5m"}
    assert parsed(config, "budget") == 300
    assert from_mapping(Options, {"budget": ""}) == Options()  # unset
    with pytest.raises(ConfigError, match=r"^budget: 'soon' is no duration"):
        from_mapping(Options, {"budget": "soon"})
    with pytest.raises(ConfigError, match=r"^budget: 'soon'"):
        parsed(Options("soon"), "budget")
