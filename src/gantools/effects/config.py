"""Options of the effect normalisation (`gantools fxnorm`)."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.errors import ConfigError
from gantools.options import did_you_mean, option

#: In the order of the paper (section 3.1): what is named first is normalised first.
EFFECTS = ("reverb", "eq", "drc", "pan", "loudness")


@dataclass(frozen=True)
class ChainConfig:
    """How stems are brought to the features of a dataset. Fields are named after their stage."""

    effects: str = option("eq,drc,pan,loudness", "Stages to run, from eq, drc, pan, loudness and reverb.")
    amount: float = option(1.0, "Share of the way to the target, for every stage.", low=0.0, high=1.0)
    lufs: float | None = option(None, "Loudness instead of that of the features.", unit="LUFS", low=-70.0, high=0.0)
    true_peak_db: float = option(-1.0, "Ceiling; the gain is reduced to keep it.", unit="dBTP", low=-60.0, high=20.0)
    eq_max_db: float = option(24.0, "Largest cut or boost of the EQ.", unit="dB", low=0.0, high=60.0)
    eq_smooth: float = option(0.1667, "Width of the smoothing of spectra.", unit="octaves", low=0.01, high=2.0)
    eq_phase: str = option("zero", "Phase of the EQ; minimum has no pre-echo.", choices=("zero", "minimum"))
    eq_compat: bool = option(False, "EQ as in the paper's program, for comparison: unbounded, 1001 taps, per channel.")
    drc_stat: str = option(
        "peak",
        "What compression brings to the target: onset peaks (the paper), or their spread.",
        choices=("peak", "spread", "off"),
    )
    drc_max_db: float = option(12.0, "Largest gain reduction.", unit="dB", low=0.0, high=60.0)
    pan_side: str = option(
        "bin",
        "Which side a bin is panned to: its own, or that of the whole stem (the paper's program).",
        choices=("bin", "global"),
    )
    pan_max_db: float = option(12.0, "Largest gain of one bin.", unit="dB", low=0.0, high=60.0)
    pan_smooth_ms: float = option(0.0, "Smoothing of the panning gains over time.", unit="ms", low=0.0, high=2000.0)
    pan_k: float = option(1.0, "Factor on the reference similarity; the paper's program has 0.9.", low=0.1, high=1.0)
    reverb: str = option(
        "off",
        "Reverberation to add: send for training data, pre for dry stems.",
        choices=("off", "send", "pre"),
    )
    reverb_ir: str = option("synth", "Impulse responses: synth, or a folder of recordings.")
    reverb_wet_db: str = option("-18:-6", "Range of the wet level against the dry one, low:high.", unit="dB")
    fallback: str = option("", "Stem type whose features serve types that the features lack.")
    nan: str = option("error", "What to do with samples that are NaN or infinite.", choices=("error", "zero"))
    dual_mono: bool = option(False, "Count mono as two equal channels: 3.01 LU more.")

    def __post_init__(self) -> None:
        for name in self.stages():
            if name not in EFFECTS:
                raise ConfigError(
                    f"effects: no stage {name!r}; there are {', '.join(EFFECTS)}{did_you_mean(name, EFFECTS)}"
                )
        self.wet_range_db()

    def stages(self) -> tuple[str, ...]:
        """Return the stages to run, in order; reverberation where `effects` names it or `reverb` asks for it."""
        named = {name for name in (word.strip() for word in self.effects.split(",")) if name}
        if self.reverb != "off":
            named.add("reverb")
        return (*(name for name in EFFECTS if name in named), *sorted(named - set(EFFECTS)))

    def reverb_kind(self) -> str:
        """Return ``send`` or ``pre``, for when reverberation is to run."""
        return self.reverb if self.reverb != "off" else "send"

    def wet_range_db(self) -> tuple[float, float]:
        """Return the range of the wet level in dB."""
        try:
            low, high = (float(part) for part in self.reverb_wet_db.split(":"))
        except ValueError:
            raise ConfigError(f"reverb_wet_db: {self.reverb_wet_db!r}; write low:high, such as -18:-6") from None
        if not -120.0 <= low <= high <= 20.0:
            raise ConfigError(f"reverb_wet_db: {self.reverb_wet_db!r}; write low:high between -120 and 20")
        return low, high


@dataclass(frozen=True)
class ApplyConfig(ChainConfig):
    """Options of ``fxnorm apply``."""

    role: str = option("", "Type of every stem; else its name tells.")
    group: bool = option(
        False,
        "One gain for all stems of a song, so that the balance inside it stays; all effects are worked out twice.",
    )
    dither: str = option("tpdf", "Dither where the file has 24 bits or fewer.", choices=("tpdf", "none"))
    report: bool = option(False, "Write report.json, and a picture of spectrum and panning for each stem.")
    table: bool = option(True, "Print a table of each stem, before and after.")


@dataclass(frozen=True)
class FitConfig:
    """Options of ``fxnorm fit``."""

    measure: str = option(
        "sequential",
        "Measure each effect after the ones before it are normalised (the paper's program), or all at once.",
        choices=("sequential", "raw"),
    )
    average: str = option(
        "linear", "Mean of the spectra: of magnitudes (the paper) or of dB.", choices=("linear", "db")
    )
    title: str = option("", "Name of the dataset, kept in the file.")
    role: str = option("", "Type of every stem; else its name tells.")
    merge: str = option("", "Features file whose files are counted too.")
    min_active_seconds: float = option(3.0, "Leave out stems that sound for a shorter time.", unit="s", low=0.0)
    skip_clipped: bool = option(False, "Leave out stems that are clipped.")
    nan: str = option("error", "What to do with samples that are NaN or infinite.", choices=("error", "zero"))


@dataclass(frozen=True)
class MeasureConfig:
    """Options of ``fxnorm measure``."""

    role: str = option("", "Type of every stem; else its name tells.")
    fallback: str = option("", "Stem type whose features serve types that the features lack.")
    dual_mono: bool = option(False, "Count mono as two equal channels: 3.01 LU more.")
    nan: str = option("error", "What to do with samples that are NaN or infinite.", choices=("error", "zero"))


@dataclass(frozen=True)
class CheckConfig(ChainConfig):
    """Options of ``fxnorm check``: those with which the stems were made."""

    role: str = option("", "Type of every stem; else its name tells.")
