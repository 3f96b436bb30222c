"""Speed of SymphonyNet: rows made, notes encoded, training beside softmax attention, memory over a long piece.

    python benchmarks/bench_symphony.py MIDI [MODEL]

MIDI is a folder of files; without MODEL the network of the preset ``small`` with random weights. All in seconds of CPU
on one thread, so that other work on the machine does not count.
"""

from __future__ import annotations

import dataclasses
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch

from gantools.symbolic.midi import read_midi
from gantools.symbolic.mmr.grammar import Rules
from gantools.symbolic.mmr.rows import encode
from gantools.symbolic.mmr.score import on_grid
from gantools.symbolic.mmr.vocabulary import BOS
from gantools.systems.symphony.config import PRESETS, SymphonyConfig
from gantools.systems.symphony.networks import SymphonyNet, build_network
from gantools.systems.symphony.objective import cross_entropies
from gantools.systems.symphony.recall import COLUMNS
from gantools.systems.symphony.sampling import MOST_BAR_ROWS, Composer, Draft, Request

SMALL = PRESETS["small"]


def network_of(config: SymphonyConfig) -> SymphonyNet:
    """Return a network with random weights, always the same."""
    torch.manual_seed(0)
    return build_network(config)


def encoding(folder: Path) -> None:
    """Print how many notes a second become rows, reading left out."""
    network = network_of(SMALL)
    scores = [on_grid(read_midi(path), 24) for path in sorted(folder.rglob("*.mid"))]
    start = time.process_time()
    for score in scores:
        encode(score, network.vocabulary, network.merges)
    notes = sum(len(score.notes) for score in scores)
    print(f"encoding       {notes / (time.process_time() - start):12,.0f} notes a second")


def generating(model: Path | None) -> None:
    """Print rows a second of one piece and of four, and the memory over 2,000 bars."""
    network = network_of(SMALL)
    if model is not None:
        from gantools.models.weights import load_weights

        load_weights(model, "decoder", network)
    composer = Composer(network)
    rows = np.zeros((1, 5), np.uint16)
    rows[0, 0] = BOS
    for count, bars in ((1, 200), (4, 200), (1, 2000)):
        rules = Rules(bars, bars, bar_rows=MOST_BAR_ROWS)
        peaks: list[tuple[int, int]] = []

        def watch(drafts: list[Draft], peaks: list[tuple[int, int]] = peaks) -> None:
            peaks.append((sum(d.grammar.bars for d in drafts), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))

        start = time.process_time()
        drafts = composer.compose([Request(seed, rows, rules) for seed in range(count)], watch)
        seconds = time.process_time() - start
        made = sum(len(draft.rows) for draft in drafts)
        grown = (peaks[-1][1] - next(peak for done, peak in peaks if done >= peaks[-1][0] // 10)) / 1024
        told = f"{made / seconds:12,.0f} rows a second; {made:,} rows, memory grows by {grown:.1f} MB after a tenth"
        print(f"{count} pieces, {count * bars:4} bars {told}")


def training() -> None:
    """Print seconds of a forward and backward pass of linear and of softmax attention."""
    for context in (1024, 4096):
        for attention in ("linear", "softmax"):
            config = dataclasses.replace(SMALL, context=context, attention=attention, dropout=0.0)
            network = network_of(config)
            rows = torch.randint(4, 130, (1, context + 1, 5))
            rows[..., 1:] = 1
            places = torch.ones(1, context + 1, 2 + COLUMNS, dtype=torch.int64)
            times = []
            for _ in range(3):
                start = time.process_time()
                terms = cross_entropies(network(rows, places), rows, places, config)
                torch.stack([sums for sums, _ in terms.values()]).sum().backward()
                times.append(time.process_time() - start)
            print(f"training       {context} rows, {attention:8} {min(times):6.2f} s")


def main() -> None:
    """Print all of it."""
    torch.set_num_threads(1)
    encoding(Path(sys.argv[1]))
    generating(Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    training()


if __name__ == "__main__":
    main()
