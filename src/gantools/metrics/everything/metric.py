"""``evaluate all``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gantools.metrics.everything.config import AllConfig
from gantools.metrics.metric import GENERATED, Argument, Conditions, Inputs, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups
from gantools.report.table import FileGrid, TableRow


class Everything(Metric[AllConfig]):
    """Measure all that fits what is there, in one report: sounds or MIDI, with real music or without.

    Each metric with its defaults; evaluate METRIC has the others. Of a model folder the samples of its last step are
    measured, and with --brackets stands beside them what the same networks make with the weights that they began with.

    \b
      gantools evaluate all night/ techno/ -o report/
      gantools evaluate all models/night techno/ --brackets --json
      gantools evaluate all scores/ --json
    """

    name = "all"
    title = "All measures"
    source = "None of its own: the metrics of this page that fit"
    reference = "each metric by itself: tests/commands/test_set_metrics.py"
    config = AllConfig
    arguments = (GENERATED, Argument("real", "Real music of the same kind.", required=False))
    uses = ("map", "seed", "device")
    reads = ("audio", "MIDI")
    bulky = ("details",)

    def inputs(self, places: Mapping[str, str], config: AllConfig) -> Inputs:
        """Return the sets; of a model folder its samples, and with brackets what its networks are."""
        from gantools.metrics.everything.running import MODEL, samples_of

        generated = places["generated"]
        samples = samples_of(generated)
        found = super().inputs({**places, "generated": samples}, config)
        if samples != generated and config.brackets and places.get("real"):
            return replace(found, files={MODEL: Path(generated) / "config.json"})
        return found

    def pair(self, sets: ClipSets, config: AllConfig) -> Groups:
        """Keep the last of the samples of a training."""
        from gantools.metrics.everything.running import latest_samples

        sets.narrow("generated", latest_samples(sets["generated"]), "samples that are not of the last step")
        return super().pair(sets, config)

    def compare(self, sets: ClipSets, config: AllConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.everything.running.run_all`."""
        from gantools.metrics.everything.running import run_all

        return run_all(sets, config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return the rows of each metric, under its name."""
        from gantools.metrics.registry import load

        rows: list[TableRow] = []
        for name, found in result["details"].items():
            own = load(name).rows({**found, "generated": result["generated"]})
            rows += [(f"{name}: {what}", value, note) for what, value, note in own]
        return rows + [(f"{name}: not measured", "-", why) for name, why in result["refused"].items()]

    def grids(self, result: Result) -> list[tuple[str, FileGrid]]:
        """Return the tables of each metric, under its title."""
        from gantools.metrics.registry import load

        tables = []
        for name, found in result["details"].items():
            metric, whole = load(name), {**found, "generated": result["generated"]}
            if grid := metric.grid(whole):
                tables.append((metric.title, grid))
            tables += [(f"{metric.title}: {title}", grid) for title, grid in metric.grids(whole)]
        return tables

    def footnote(self, result: Result) -> str:
        """Return what each metric must say."""
        from gantools.metrics.registry import load

        return " ".join(filter(None, (load(name).footnote(found) for name, found in result["details"].items())))
