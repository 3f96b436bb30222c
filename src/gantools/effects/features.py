"""Features file: the mean effects of each stem type, as numbers on a frequency grid that serves every sample rate."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from gantools.effects.grid import GRID_HZ, from_grid, to_grid
from gantools.effects.stemfeatures import Statistic, StemFeatures
from gantools.effects.sums import FeatureSums
from gantools.errors import InputError
from gantools.files.atomic import plain_json, write_text
from gantools.files.hashing import hash_json
from gantools.files.jsontext import parse_json, parse_object
from gantools.files.ownership import State
from gantools.options import did_you_mean

__all__ = [
    "COMPRESSORS",
    "GRID_HZ",
    "CompressorDefaults",
    "FeatureSums",
    "Features",
    "Statistic",
    "StemFeatures",
    "find_features",
    "from_grid",
    "merge",
    "read_features",
    "state_of_features",
    "to_grid",
    "write_features",
]

SCHEMA = "gantools.fxfeatures/1"
_NUMBERS = re.compile(r"\[[-+.\deE,\s]+\]")
#: Key of the hash of all other content.
_WRITTEN = "written"
_SHIPPED = Path(__file__).parent / "targets"


@dataclass(frozen=True)
class CompressorDefaults:
    """What the compressor of a stem type uses (the paper's program)."""

    attack_ms: float
    release_ms: float
    start_ratio: float


#: Types that are not here use those of `other`.
COMPRESSORS = {
    "vocals": CompressorDefaults(7.5, 400.0, 4.0),
    "drums": CompressorDefaults(10.0, 180.0, 6.0),
    "bass": CompressorDefaults(10.0, 500.0, 5.0),
    "other": CompressorDefaults(15.0, 666.0, 4.0),
}


@dataclass(frozen=True, eq=False)
class Features:
    """A features file.

    Attributes
    ----------
    name : str
    stems : dict of StemFeatures
        Features by stem type; any name is legal.
    settings : dict
        How the features were measured; processing depends on them. ``settings["drc"]`` may give attack, release and
        start ratio of a type.
    extra : dict
        All other keys of the file (``source``, ``created``, ``tool``, ``mode``, ``inputs_sha256`` ...), kept.
    """

    name: str
    stems: dict[str, StemFeatures]
    settings: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def for_stem(self, role: str, fallback: str = "") -> StemFeatures:
        """Return the features of a stem type, or of `fallback` where it is absent.

        Raises
        ------
        InputError
            Naming the types that there are.
        """
        for name in (role, fallback):
            if name in self.stems:
                return self.stems[name]
        raise InputError(
            f"features {self.name!r} have no stem type {role!r}, only {', '.join(sorted(self.stems))}"
            f"{did_you_mean(role, list(self.stems)) or '; name its type with --role, or another with --fallback'}"
        )

    def compressor(self, role: str) -> CompressorDefaults:
        """Return attack, release and start ratio of a stem type; those of ``other`` where it has none."""
        known = {name: vars(values) for name, values in COMPRESSORS.items()}
        for name, values in self.settings.get("drc", {}).items():
            given = {key: float(value) for key, value in values.items() if key in known["other"]}
            known[name] = {**known.get(name, known["other"]), **given}
        return CompressorDefaults(**known.get(role, known["other"]))

    @property
    def feature_id(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of stems and settings."""
        content = as_mapping(self)
        canonical = json.dumps(
            {key: content[key] for key in ("settings", "stems")}, sort_keys=True, separators=(",", ":"), allow_nan=False
        )
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def as_mapping(features: Features) -> dict[str, Any]:
    """Return the content of a features file as JSON values."""
    content = {
        "schema": SCHEMA,
        "name": features.name,
        **features.extra,
        "grid_hz": GRID_HZ.round(6).tolist(),
        "settings": features.settings,
        "stems": {role: stem.as_mapping() for role, stem in features.stems.items()},
    }
    result: dict[str, Any] = plain_json(content)
    return result


def write_features(path: str | Path, features: Features) -> None:
    """Write a features file (JSON, a curve on each line), atomically."""
    content = as_mapping(features)
    content.pop(_WRITTEN, None)
    # The hash of all other content tells a later fit that nobody has edited the file (`state_of_features`).
    text = json.dumps({**content, _WRITTEN: hash_json(content)}, indent=2, allow_nan=False)
    write_text(path, _NUMBERS.sub(lambda curve: f"[{' '.join(curve[0][1:-1].split())}]", text) + "\n")


def state_of_features(path: str | Path) -> State:
    """Return what a file at the place of a features file is to us.

    A features file stands anywhere, without a manifest beside it: it says itself that a fit wrote it, by the hash of
    all that is in it.
    """
    if not os.path.lexists(path):
        return "absent"
    try:
        content = parse_object(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "foreign"
    if str(content.get("schema")).partition("/")[0] != SCHEMA.partition("/")[0]:
        return "foreign"
    written = content.pop(_WRITTEN, "")
    return "ours" if written == hash_json(content) else "changed" if written else "foreign"


def read_features(path: str | Path) -> Features:
    """Read a features file; curves on another frequency grid are brought to `GRID_HZ`.

    Raises
    ------
    InputError
        If it is missing, not JSON, of another major schema, or a curve does not fit its grid.
    """
    try:
        content = parse_json(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError("no such file; make one with gantools fxnorm fit", path) from error
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); give another file", path) from error
    except ValueError as error:
        raise InputError(f"is not a features file ({error}); make one with gantools fxnorm fit", path) from error
    schema = content.get("schema") if isinstance(content, dict) else None
    if not isinstance(schema, str) or schema.partition("/")[0] != SCHEMA.partition("/")[0]:
        raise InputError("is not a features file; make one with gantools fxnorm fit", path)
    # A minor version (behind a dot) only adds keys, which are kept; another major one is refused.
    if schema.partition("/")[2].partition(".")[0] != SCHEMA.partition("/")[2]:
        raise InputError(f"has schema {schema}, this version reads {SCHEMA}; use a newer gantools", path)
    try:
        grid_hz = np.array(content.pop("grid_hz", GRID_HZ), float)
        if not (grid_hz.ndim == 1 and np.all(np.diff(grid_hz, prepend=0) > 0)):
            raise ValueError("the frequencies of grid_hz do not rise")
        stems = {role: StemFeatures.from_mapping(values, grid_hz) for role, values in content.pop("stems").items()}
        settings = dict(content.get("settings", {}))
        extra = {key: value for key, value in content.items() if key not in ("schema", "name", "settings")}
        found = Features(str(content.get("name", Path(path).stem)), stems, settings, extra)
        # Compressor settings that are no numbers show here, as a broken file, and not in the middle of a song.
        for role in stems:
            found.compressor(role)
        found.feature_id  # noqa: B018 (it has none where a value is no JSON)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"is a broken features file ({error}); make it again with gantools fxnorm fit", path) from None
    return found


def find_features(target: str | Path) -> Features:
    """Read the features that a target names: a file, or one that comes with gantools by its name (``musdb18``).

    Raises
    ------
    InputError
        There is no such target, naming those that come with gantools; or the file cannot be used.
    """
    shipped = {path.stem: path for path in sorted(_SHIPPED.glob("*.json"))}
    path = Path(target)
    # A bare word names a target that ships, unless a file of that name lies here.
    if path.name == str(target) and not path.suffix and not path.is_file():
        if path.name not in shipped:
            there = f"name a features file, or {', '.join(shipped)}, which ships"
            raise InputError(f"no target {path.name!r}; {there}{did_you_mean(path.name, list(shipped))}")
        path = shipped[path.name]
    return read_features(path)


def merge(first: Features, second: Features) -> Features:
    """Return the features of two fits as if one had seen all files; exact, through the sums.

    Raises
    ------
    InputError
        If the settings differ, or a type that both have lacks its sums.
    """
    if plain_json(first.settings) != plain_json(second.settings):
        differing = sorted(
            k for k in first.settings | second.settings if first.settings.get(k) != second.settings.get(k)
        )
        raise InputError(
            f"features {first.name!r} and {second.name!r} were measured differently ({', '.join(differing)}); "
            "fit both with the same settings"
        )
    # A type that only one side has needs no sums; it is taken over as it is.
    stems: Mapping[str, StemFeatures] = {**second.stems, **first.stems}
    merged = {}
    for role, stem in stems.items():
        if role in first.stems and role in second.stems:
            other = second.stems[role]
            if stem.sums is None or other.sums is None:
                raise InputError(f"stem type {role!r} has no sums (a preset?) and cannot be merged; fit it from files")
            average = str(first.settings.get("average", "linear"))
            stem = replace(StemFeatures.from_sums(stem.sums + other.sums, average), extra={**other.extra, **stem.extra})
        merged[role] = stem
    return replace(first, stems=merged)
