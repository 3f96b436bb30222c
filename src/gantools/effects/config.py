"""Options of the effect normalisation (`gantools fxnorm`)."""

from __future__ import annotations

from dataclasses import dataclass, fields

from gantools.errors import ConfigError
from gantools.options import did_you_mean, option, parsed
from gantools.parsing import names, span

METER_HELP = "What reads the integrated loudness: our own meter, or pyloudnorm (the paper's), an extra to install."
METERS = ("own", "pyloudnorm")
#: Options that would change what ``paper`` stands for.
_NOT_THE_PAPERS = (
    *("amount", "eq_max_db", "eq_smooth", "eq_phase", "eq_compat"),
    *("pan_side", "pan_max_db", "pan_smooth_ms", "pan_k"),
)
#: In the order of the paper's program: what is named first is normalised first.
EFFECTS = ("reverb", "eq", "drc", "pan", "loudness")


@dataclass(frozen=True)
class ChainConfig:
    """How stems are brought to the features of a dataset. Fields are named after their stage."""

    effects: str = option(
        "eq,drc,pan,loudness", "Stages to run, separated by commas: eq, drc, pan, loudness and reverb.", parse=names
    )
    amount: float = option(
        1.0, "Share of the way to the target, for every stage. With 0 nothing changes.", low=0.0, high=1.0
    )
    lufs: float | None = option(
        None, "Integrated loudness of the result. By default that of the target.", unit="LUFS", low=-70.0, high=0.0
    )
    true_peak_db: float = option(
        -1.0, "Ceiling of the true peak. A result that would pass it is lowered.", unit="dBTP", low=-60.0, high=20.0
    )
    eq_max_db: float = option(
        24.0, "Largest cut or boost of the equaliser.", unit="dB", low=0.0, high=60.0, group="Equaliser"
    )
    eq_smooth: float = option(
        0.1667, "Width of the smoothing of spectra.", unit="octaves", low=0.01, high=2.0, group="Equaliser"
    )
    eq_phase: str = option(
        "zero",
        "Phase of the equaliser. With minimum there is no pre-echo.",
        choices=("zero", "minimum"),
        group="Equaliser",
    )
    eq_compat: bool = option(
        False,
        "Equalise as the paper's program does, for comparison: unbounded, with 1001 taps, each channel apart.",
        group="The paper",
    )
    paper: bool = option(
        False,
        "Do what the text of the paper says: its EQ, panning and meter (pyloudnorm), unbounded and uncorrected.",
        group="The paper",
    )
    drc_stat: str = option(
        "peak",
        "What compression brings to the target: the peaks of onsets (the paper's), or their spread.",
        choices=("peak", "spread", "off"),
        group="Compressor",
    )
    drc_max_db: float = option(
        12.0, "Largest gain reduction of the compressor.", unit="dB", low=0.0, high=60.0, group="Compressor"
    )
    expander: bool = option(
        True,
        "Lift what is quiet, and bands that hold only noise, no more than the loud parts.",
        group="Expander",
    )
    pan_side: str = option(
        "bin",
        "Which side a bin is panned to: its own, or that of the whole stem, as in the paper's program (global).",
        choices=("bin", "global"),
        group="Panning",
    )
    pan_max_db: float = option(12.0, "Largest gain of one bin.", unit="dB", low=0.0, high=60.0, group="Panning")
    pan_smooth_ms: float = option(
        0.0, "Smoothing of the panning gains over time.", unit="ms", low=0.0, high=2000.0, group="Panning"
    )
    pan_k: float = option(
        1.0,
        "Factor of the target's similarity of left and right. The paper's program has 0.9.",
        low=0.1,
        high=1.0,
        group="Panning",
    )
    reverb: str = option(
        "off", "Reverberation to add: send for training data, pre for dry stems.", choices=("off", "send", "pre")
    )
    reverb_ir: str = option(
        "synth", "Impulse responses: synth makes them, or a folder holds recordings.", group="Reverberation"
    )
    reverb_wet_db: str = option(
        "-18:-6",
        "Range of the level of the reverberation against the dry sound, as LO:HI.",
        unit="dB",
        parse=span(-120.0, 20.0),
        group="Reverberation",
    )
    fallback: str = option("", "Role whose features serve the roles that the target lacks.", group="Input files")
    nan: str = option(
        "error",
        "What to do with samples that are NaN or infinite: refuse the file, or put zeros there.",
        choices=("error", "zero"),
        group="Input files",
    )
    dual_mono: bool = option(False, "Count mono as two equal channels, which is 3.01 LU more.", group="Input files")
    meter: str = option("own", METER_HELP, choices=METERS, group="Input files")

    def __post_init__(self) -> None:
        defaults = {f.name: f.default for f in fields(ChainConfig)}
        for name in _NOT_THE_PAPERS if self.paper else ():
            if getattr(self, name) != defaults[name]:
                raise ConfigError(f"paper: its text has no {name}; leave one of them out")
        for name in self.stages():
            if name not in EFFECTS:
                raise ConfigError(
                    f"effects: no stage {name!r}; there are {', '.join(EFFECTS)}{did_you_mean(name, EFFECTS)}"
                )

    def stages(self) -> tuple[str, ...]:
        """Return the stages to run, in order; reverberation where `effects` names it or `reverb` asks for it."""
        named = set(parsed(self, "effects"))
        if self.reverb != "off":
            named.add("reverb")
        return (*(name for name in EFFECTS if name in named), *sorted(named - set(EFFECTS)))

    def expands(self) -> bool:
        """Tell whether an expander follows the stages that lift what is quiet; the paper's program has none."""
        lifts = bool({"eq", "drc"} & set(self.stages())) and self.amount > 0
        return self.expander and lifts and not self.eq_compat and not self.paper

    def reads_with(self) -> str:
        """Return the meter of the integrated loudness; the paper's is pyloudnorm."""
        return "pyloudnorm" if self.paper else self.meter

    def reverb_kind(self) -> str:
        """Return ``send`` or ``pre``, for when reverberation is to run."""
        return self.reverb if self.reverb != "off" else "send"


@dataclass(frozen=True)
class ApplyConfig(ChainConfig):
    """Options of ``fxnorm apply``."""

    role: str = option("", "Role of every stem, such as bass. By default its name tells.")
    group: bool = option(
        False,
        "Give all stems of a song one gain, so that the balance inside it stays. All effects are worked out twice.",
    )
    dither: str = option(
        "tpdf", "Dither where the file has 24 bits or fewer.", choices=("tpdf", "none"), group="Output files"
    )
    report: bool = option(
        False, "Write report.json, and a picture of spectrum and panning for each stem.", group="Output files"
    )
    table: bool = option(True, "Print a table of each stem, before and after.", group="Output files")


@dataclass(frozen=True)
class FitConfig:
    """Options of ``fxnorm fit``."""

    measure: str = option(
        "sequential",
        "Whether each effect is measured after the ones before it are normalised (sequential, as in the "
        "paper's program), or all at once (raw), which is faster.",
        choices=("sequential", "raw"),
    )
    average: str = option(
        "linear", "Mean of the spectra: of magnitudes (the paper's), or of dB.", choices=("linear", "db")
    )
    title: str = option("", "Name of the dataset, kept in the file.")
    role: str = option("", "Role of every stem, such as bass. By default its name tells.")
    merge: str = option("", "Features file whose files are counted too.")
    min_active_seconds: float = option(3.0, "Least time that a stem must sound to be counted.", unit="s", low=0.0)
    skip_clipped: bool = option(False, "Leave out stems that are clipped.", group="Input files")
    meter: str = option("own", METER_HELP, choices=METERS)
    nan: str = option(
        "error",
        "What to do with samples that are NaN or infinite: refuse the file, or put zeros there.",
        choices=("error", "zero"),
    )

    paper: bool = option(
        False,
        "Measure as the text of the paper says, for apply --paper: all frames, mean magnitudes, pyloudnorm.",
    )

    def reads_with(self) -> str:
        """Return the meter of the integrated loudness; the paper's is pyloudnorm."""
        return "pyloudnorm" if self.paper else self.meter


@dataclass(frozen=True)
class MeasureConfig:
    """Options of ``fxnorm measure``."""

    role: str = option("", "Role of every stem, such as bass. By default its name tells.")
    fallback: str = option("", "Role whose features serve the roles that the target lacks.")
    dual_mono: bool = option(False, "Count mono as two equal channels, which is 3.01 LU more.")
    meter: str = option("own", METER_HELP, choices=METERS)
    nan: str = option(
        "error",
        "What to do with samples that are NaN or infinite: refuse the file, or put zeros there.",
        choices=("error", "zero"),
    )


@dataclass(frozen=True)
class CheckConfig(ChainConfig):
    """Options of ``fxnorm check``: those with which the stems were made."""

    both_meters: bool = option(
        False, "Read the loudness by the other meter too, which must agree within 0.2 LU.", group="Input files"
    )
    role: str = option("", "Role of every stem, such as bass. By default its name tells.")
