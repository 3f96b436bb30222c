"""The objective of the loop detector in two stages: an autoencoder, then One-Class Deep SVDD (equation 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gantools.runtime.seeds import item_seed
from gantools.structure.loops.detector import NETWORK, one_sigma
from gantools.systems.loopdetector.config import LoopDetectorConfig
from gantools.systems.loopdetector.data import LoopMaterial
from gantools.systems.loopdetector.networks import LoopEncoder, make_decoder
from gantools.training.schedule import Schedule, cosine
from gantools.training.system import Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]
#: Added to the scores of the first stage, so that no network of it is ever better than one of the second.
_UNFINISHED = 1000.0
# A network that has collapsed gives all phrases one score.
_LEAST_DISTINCT, _LEAST_RANGE = 0.95, 10.0


class LoopDetectorObjective(System):
    """Networks f_w for each domain and length of which there are loops, trained side by side.

    In the first stage each is trained with a decoder to return its input. Then its centre c is set to the mean of what
    it makes of all loops of the training, and in the second stage it takes them near c.

    Parameters
    ----------
    config : LoopDetectorConfig
    material : LoopMaterial
    device : torch.device
    """

    name = "loopdetector"
    config: LoopDetectorConfig

    def __init__(self, config: LoopDetectorConfig, material: LoopMaterial, device: torch.device | str = "cpu") -> None:
        self.config, self.material, self.device = config, material, torch.device(device)
        self.data = material.describe()
        self.songs, self.notes, self.left_out = material.split, material.notes, material.left_out
        self.bars = {name: int(name.rpartition("_")[2]) for name in material.learnt}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(item_seed(config.seed, "weights"))
            encoders = {name: self._encoder(name) for name in self.bars}
            decoders: dict[str, nn.Module] = {name: make_decoder(bars) for name, bars in self.bars.items()}
        self.networks = {
            NETWORK: nn.ModuleDict(encoders).to(self.device),
            "decoder": nn.ModuleDict(decoders).to(self.device),
        }
        optimizer = adam(config.lr, weight_decay=config.weight_decay)
        share = config.autoencoder_share
        first, second = (_stage(*ends, config.final_lr_share) for ends in ((0.0, share), (share, 1.0)))
        self.phases = (
            Phase("autoencoder", (NETWORK, "decoder"), optimizer, first, when=lambda *at: not self._in_second(*at)),
            Phase("svdd", (NETWORK,), optimizer, second, when=self._in_second),
        )

    def _encoder(self, name: str) -> LoopEncoder:
        known = self.material.known[name]
        encoder = LoopEncoder(self.bars[name], {domain: len(loops) for domain, loops in known.items()})
        for domain, loops in known.items():
            encoder.get_buffer(f"{domain}_loops").copy_(torch.from_numpy(loops))
        return encoder

    def _in_second(self, step: int, total: int) -> bool:
        """Return whether a step is of the second stage, SVDD's: when the autoencoder's share is done."""
        # A run with a budget learns how long it is while it runs: once the centre is set there is no way back.
        return self._second_stage() or step >= self.config.autoencoder_share * total

    def _second_stage(self) -> bool:
        return all(net.has_centre for net in self._encoders(self.networks).values())

    def _encoders(self, networks: Mapping[str, nn.Module]) -> dict[str, LoopEncoder]:
        found = networks[NETWORK]
        assert isinstance(found, nn.ModuleDict)
        return {name: net for name, net in found.items() if isinstance(net, LoopEncoder)}

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return a loop of each network for each item: of any piece with equal chance, or generated."""
        made: dict[str, list[np.ndarray]] = {name: [] for name in self.bars}
        for item in items:
            random = np.random.default_rng(item_seed(self.config.seed, "data", step, item))
            chances = random.random((len(made), 3))
            for rows, name, (kind, place, row) in zip(made.values(), self.bars, chances, strict=True):
                generated, pieces = self.material.generated[name], self.material.learnt[name]
                loops = pieces[int(place * len(pieces))]
                if kind < self.config.pattern_share and len(generated):
                    loops = generated
                rows.append(loops[int(row * len(loops))])
        return {name: torch.from_numpy(np.stack(rows)) for name, rows in made.items()}

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the mean squared error of the autoencoder, or the mean loop score; the sum over the networks."""
        encoders = self._encoders(self.networks)
        if phase == "autoencoder":
            decoders = self.networks["decoder"]
            assert isinstance(decoders, nn.ModuleDict)
            errors = [(decoders[n](net(batch[n])) - batch[n]).square().mean() for n, net in encoders.items()]
            return torch.stack(errors).sum(), {}
        if not self._second_stage():
            self._set_centres(encoders)
        return torch.stack([net.scores(batch[name]).mean() for name, net in encoders.items()]).sum(), {}

    @torch.no_grad()
    def _set_centres(self, encoders: Mapping[str, LoopEncoder]) -> None:
        """Set all centres, from all loops of the training in the shares in which they are drawn."""
        for name, net in encoders.items():
            pieces, generated = self.material.learnt[name], self.material.generated[name]
            share = self.config.pattern_share if len(generated) else 0.0
            size = max(map(len, pieces))
            # Each piece counts as much as another, whatever number of loops it has.
            rows = [piece[np.arange(size) % len(piece)] for piece in pieces]
            embedded = torch.from_numpy(np.concatenate(rows)).to(self.device)
            if share:
                drawn = round(len(embedded) * share / (1 - share)) if share < 1 else len(generated)
                more = torch.from_numpy(generated[np.arange(drawn) % len(generated)]).to(self.device)
                embedded = torch.cat([embedded, more]) if share < 1 else more
            net.set_centre(embedded)

    @torch.no_grad()
    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return how near the centre held-out loops are, as a share of what bars without any likeness have.

        ``score`` is the mean over the networks, and much more in the first stage. ``auc`` tells how often a held-out
        loop scores lower than shuffled bars, a change of section or bars from all over a piece, on average, and
        ``worst`` of the network and kind that are told apart least; ``accepted`` how many lie below the threshold.
        """
        encoders = self._encoders(networks)
        if not self._second_stage():
            decoders = networks["decoder"]
            assert isinstance(decoders, nn.ModuleDict)
            held = {name: self._tensor(self.material.held_out[name]) for name in encoders}
            errors = [float((decoders[n](net(held[n])) - held[n]).square().mean()) for n, net in encoders.items()]
            return {"score": _UNFINISHED + float(np.mean(errors)), "error": float(np.mean(errors))}
        near, areas, accepted = [], [], []
        for name, net in encoders.items():
            held_out = self._scores(net, self.material.held_out[name])
            near.append(float(held_out.mean()) / float(net.centre.square().mean()))
            areas += [area(held_out, self._scores(net, rows)) for rows in self.material.contrasts[name].values()]
            known = self.material.known[name].get(name.partition("_")[0])
            if known is not None:
                accepted.append(float(np.mean(held_out <= one_sigma(self._scores(net, known)))))
        figures = {"score": float(np.mean(near))}
        if areas:
            figures |= {"auc": float(np.mean(areas)), "worst": min(areas)}
        return figures | ({"accepted": float(np.mean(accepted))} if accepted else {})

    def _tensor(self, rows: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(rows).to(self.device)

    def _scores(self, net: LoopEncoder, rows: np.ndarray) -> np.ndarray:
        return net.scores(self._tensor(rows)).cpu().numpy()

    @torch.no_grad()
    def symptoms(self, networks: dict[str, nn.Module], step: int) -> dict[str, str]:
        """Return whether a network gives all phrases about the same score (hypersphere collapse)."""
        if not self._second_stage():
            return {}
        found = {}
        for name, net in self._encoders(networks).items():
            rows = np.concatenate([self.material.held_out[name], *self.material.contrasts[name].values()])
            rows = np.unique(rows, axis=0)
            scores = self._scores(net, rows).astype(np.float64)
            low, high = np.percentile(scores, [5, 95])
            share = len(np.unique(scores)) / len(scores)
            if len(rows) >= 20 and (share < _LEAST_DISTINCT or high < _LEAST_RANGE * low):
                times = high / max(low, 1e-12)
                found[name] = f"{share:.0%} of its scores differ, and high ones are {times:.3g} times the low ones"
        return found

    def facts(self) -> dict[str, Any]:
        """Return how many different loops each network learns from, and how many generated ones."""
        learnt = {name: sum(map(len, loops)) for name, loops in self.material.learnt.items()}
        return {"loops": learnt, "generated": {name: len(rows) for name, rows in self.material.generated.items()}}

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write nothing: a detector makes nothing that could be looked at."""


def _stage(begin: float, end: float, final: float) -> Schedule:
    """Return half a cosine from 1 to `final` over a part of the run."""
    whole = cosine(final)

    def factor(step: int, total: int) -> float:
        length = max(1, round((end - begin) * total))
        return whole(min(length, max(0, step - round(begin * total))), length)

    return factor


def area(loops: np.ndarray, others: np.ndarray) -> float:
    """Return how often a loop scores lower than something else, ties counting half (the area under the ROC curve)."""
    if not len(loops) or not len(others):
        return float("nan")
    ordered = np.sort(loops)
    below = np.searchsorted(ordered, others, "left") + np.searchsorted(ordered, others, "right")
    return float(below.mean() / 2 / len(loops))
