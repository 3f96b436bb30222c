"""Pieces from an untrained network: valid at the first try, and what rules ask; a row at a time as all at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from small_symphony import PAPER, small_score, tiny_config

from gantools.models.folder import read_model, trained_with
from gantools.models.shipped import shipped_folder
from gantools.models.weights import open_network
from gantools.symbolic.chords import chord_tone_share, parse_chords
from gantools.symbolic.mmr.grammar import Rules, first_fault
from gantools.symbolic.mmr.merges import Merges
from gantools.symbolic.mmr.rows import decode, encode
from gantools.symbolic.mmr.vocabulary import BOS, DURATION, EVENT, FIELDS, INSTRUMENT, TRACK, VELOCITY
from gantools.systems.symphony.choosing import Draw, choose, leaning
from gantools.systems.symphony.config import SymphonyConfig
from gantools.systems.symphony.filling import pick_filling
from gantools.systems.symphony.networks import SymphonyNet, build_network
from gantools.systems.symphony.recurrence import Recurrence
from gantools.systems.symphony.sampling import Composer, Draft, Request
from gantools.systems.symphony.windows import places_of

MERGES = Merges([(60, 64), (67, 128), (48, 55)])
KINDS: dict[str, dict[str, Any]] = {"default": {}, "paper": {**PAPER, "attention": "linear"}, "softmax": PAPER}


def network_of(**changes: Any) -> SymphonyNet:
    torch.manual_seed(1)
    return build_network(tiny_config(**changes), MERGES).eval()


def start() -> np.ndarray:
    rows = np.zeros((1, len(FIELDS)), np.uint16)
    rows[0, EVENT] = BOS
    return rows


def with_instruments(draft: Draft) -> np.ndarray:
    rows = np.array(draft.rows)
    rows[rows[:, TRACK] > 0, INSTRUMENT] = 41
    return rows


def test_two_hundred_pieces_are_valid_without_a_second_try() -> None:
    composer = Composer(network_of())
    for first in range(0, 200, 4):
        rules = Rules(least_bars=1, most_bars=2, bar_rows=40)
        for draft in composer.compose([Request(seed, start(), rules) for seed in range(first, first + 4)]):
            rows = with_instruments(draft)
            assert first_fault(rows, composer.words) == -1
            score = decode(rows, composer.vocabulary, MERGES)
            assert 1 <= score.bars <= 2
            assert len(score.notes)
            assert (score.notes[:, 0] < score.edges[-1]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_at_a_time_is_all_at_once(kind: str) -> None:
    network = network_of(**KINDS[kind])
    grid = network.vocabulary.grid
    score = small_score(1)
    if grid == 8:
        score = small_score(1, bars=4)
        score = type(score)(
            8, score.edges // 3, score.meters, score.tempi, score.programs, score.names,
            score.notes // np.array([3, 1, 1, 3, 1]),
        )  # fmt: skip
    rows = encode(score, network.vocabulary, MERGES).astype(np.int64)[:90]
    places = places_of(rows[None], network.words(), network.config.recall)
    with torch.no_grad():
        logits = network(torch.from_numpy(rows)[None], torch.from_numpy(places))
    recurrence = Recurrence(network, Composer(network).size)
    place = recurrence.pieces - 1
    after = recurrence.begin(place, rows[:20])
    for index in range(20, len(rows)):
        following = {EVENT: int(rows[index, EVENT]), DURATION: int(rows[index, DURATION])}
        for field, told in ((EVENT, {}), (DURATION, {EVENT: following[EVENT]}), (TRACK, following)):
            found = recurrence.of_field(after, field, told)
            assert np.abs(found - logits[field][0, index - 1].numpy()).max() < 1e-5
        step = np.zeros((recurrence.pieces, 6), np.int64)
        step[place] = [*rows[index, [EVENT, DURATION, TRACK, VELOCITY]], *places[0, index, :2]]
        after = recurrence.step(step)[place]


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_looks_back_alone_and_never_at_instruments(kind: str) -> None:
    network = network_of(**KINDS[kind])
    rows = torch.zeros(1, 40, 5, dtype=torch.int64)
    rows[0, :, EVENT] = torch.arange(40) + 4
    other = rows.clone()
    other[0, :, INSTRUMENT] = 7
    other[0, 30:, EVENT] += 3
    with torch.no_grad():
        one, two = (
            network.hidden(told, torch.from_numpy(places_of(told.numpy(), network.words(), network.config.recall)))[0]
            for told in (rows, other)
        )
    assert torch.allclose(one[0, :30], two[0, :30], atol=1e-5)
    assert not torch.allclose(one[0, 30:], two[0, 30:], atol=1e-3)


def test_what_else_is_made_changes_nothing_and_long_pieces_stay_valid() -> None:
    """These bars are several windows of 48 rows, so that the network begins anew within the piece."""
    composer, rules = Composer(network_of()), Rules(120, 120, bar_rows=20)
    two = composer.compose([Request(seed, start(), rules) for seed in (5, 6)])
    (one,) = composer.compose([Request(6, start(), rules)], places=[1])
    assert one.rows == two[1].rows
    assert len(one.rows) > 3 * composer.network.config.context
    assert first_fault(with_instruments(one), composer.words) == -1


def test_chords_and_meters_are_obeyed() -> None:
    composer = Composer(network_of())
    vocabulary = composer.vocabulary
    waltz = vocabulary.bar_words(np.array([72] * 5), np.tile([3, 4], (5, 1))).tolist()
    wanted = parse_chords("C Am F")
    rules = Rules(5, 5, wanted, meters=waltz, bar_rows=60)
    (draft,) = composer.compose([Request(3, start(), rules)])
    event = np.array(draft.rows)[:, EVENT]
    told = event[(event >= vocabulary.chord) & (event < vocabulary.bar)] - vocabulary.chord
    assert told.tolist() == [wanted[bar % 3] for bar in range(5)]
    score = decode(with_instruments(draft), vocabulary, MERGES)
    assert score.meters.tolist() == [[3, 4]] * 5


def test_most_of_what_sounds_belongs_to_the_chords_that_are_asked_for() -> None:
    """With the model that ships."""
    wanted, shares = parse_chords("C Am F G"), []
    folder = shipped_folder("symphony")
    config = trained_with(SymphonyConfig, read_model(folder, "symphony"), folder)
    network = open_network(folder, "decoder", lambda: build_network(config))
    for chords in ([], wanted):
        composer, found = Composer(network), []
        for draft in composer.compose([Request(seed, start(), Rules(3, 3, chords, bar_rows=200)) for seed in range(4)]):
            score = decode(with_instruments(draft), composer.vocabulary, network.merges)
            onset, _, pitch, length, _ = score.pitched.T
            found.append(chord_tone_share(onset, length, pitch, score.edges, np.resize(wanted, score.bars)))
        shares.append(float(np.mean(found)))
    assert shares[1] > max(0.6, shares[0] + 0.1)


def test_logits_lean_as_far_as_they_have_to() -> None:
    logits, words = np.log([0.1, 0.3, 0.2, 0.4]), np.array([True, True, False, True])
    leant = np.exp(leaning(logits, words, np.array([True, False, True, False]), 0.5))
    assert np.allclose(leant, [0.4, 0.4 * 3 / 7, 0.2, 0.4 * 4 / 7])
    for wanted, share in (([True, True, False, False], 0.5), ([False, False, True, False], 0.9)):
        assert leaning(logits, words, np.array(wanted), share) is logits  # reached, or out of reach


def test_the_nucleus_is_what_it_says() -> None:
    logits, allowed = np.log([0.5, 0.25, 0.125, 0.0625, 0.0625]), np.ones(5, bool)
    drawn = {choose(logits, allowed, Draw(top_p=0.7), uniform) for uniform in np.linspace(0, 0.999, 50)}
    assert drawn == {0, 1}  # the first two cross 0.7
    assert {choose(logits, allowed, Draw(), uniform) for uniform in np.linspace(0, 0.999, 50)} == set(range(5))
    assert choose(logits, np.array([False, False, True, True, True]), Draw(temperature=0), 0.9) == 2
    shares = np.bincount([choose(logits, allowed, Draw(), u) for u in (np.arange(1600) + 0.5) / 1600]) / 1600
    assert np.allclose(shares, np.exp(logits), atol=1e-3)


@pytest.mark.parametrize("top_p", [0.0, 0.3, 0.9, 0.999])
def test_the_nucleus_is_that_of_all_words_in_their_order(top_p: float) -> None:
    random = np.random.default_rng(3)
    for scale in (0.0, 1.0, 5.0):
        logits = scale * random.standard_normal(300)
        order = np.argsort(-logits, kind="stable")
        sums = np.exp(logits[order] - logits.max()).cumsum()
        sums = sums[: int((sums < top_p * sums[-1] * (1 - 1e-12)).sum()) + 1]
        for uniform in random.random(100):
            wanted = order[np.searchsorted(sums, uniform * sums[-1], side="right")]
            assert choose(logits, np.ones(300, bool), Draw(top_p=top_p), uniform) == wanted


def test_a_filling_is_picked_by_the_probability_of_what_comes_behind() -> None:
    told = [-700.0 + float(np.log(0.25)), -700.0 + float(np.log(0.75))]
    assert [pick_filling(told, uniform) for uniform in (0.2, 0.3, 0.999)] == [0, 1, 1]
