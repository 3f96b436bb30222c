"""The prior over the codes of loops, and the decoder of the codes, for other programs."""

from __future__ import annotations

from pathlib import Path

from gantools.models.export import Export, Parts, Port
from gantools.systems.looplm.generate import PriorSampler
from gantools.systems.loops.generate_config import LoopsGenerateConfig
from gantools.systems.loopvae.export import decoder_export


def exports(folder: Path, config: LoopsGenerateConfig) -> Parts:
    """Return the prior and the decoder of its codes."""
    return {
        "prior": lambda: _prior(PriorSampler(folder, config, "cpu")),
        "decoder": lambda: _decoder(PriorSampler(folder, config, "cpu")),
    }


def _prior(sampler: PriorSampler) -> Export:
    shape, best = sampler.shape, sampler.options.top_k
    return Export(
        "Which code comes next in a loop, given those before it.",
        sampler.prior,
        (
            Port(
                "codes",
                ("batch", shape.steps),
                f"Codes, {shape.per_bar} to a bar; those from the place that is asked for on may be anything.",
                "int64",
                below=(shape.codes,),
            ),
        ),
        (Port("logits", ("batch", shape.steps, shape.codes), "Of each code, given those before it alone."),),
        {"batch": (2, 3)},
        seeds="gantools draws code after code, by numbers of the seed; see --temperature, --top-k and --top-p.",
        notes=(f"gantools divides logits by {sampler.temperature:g} and draws from the {best} best.",),
    )


def _decoder(sampler: PriorSampler) -> Export:
    return decoder_export(sampler.vae, sampler.coded, sampler.prior.thresholds)
