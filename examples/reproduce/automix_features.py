#!/usr/bin/env python3
"""Print what stems are like, dry and normalised, and write features.json: automix_features.py FOLDER.

FOLDER has ``dry.jsonl`` and ``normalised.jsonl`` of `gantools fxnorm measure`. features.json also has the similarity of
noise that is panned by known gains (equation 4).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from gantools.effects.similarity import PanMeter

FEATURES = {
    "lufs": "loudness, LUFS (eq. 1)",
    "eq_distance_db": "spectrum, dB from the target (eq. 2, 3)",
    "pan_distance": "panning, psi from the target (eq. 4 to 6)",
    "onset_peak_db": "onset peaks, dB",
}
STATES = ("dry", "normalised")
PANNED = (0.3, 0.1)
RATE_HZ, SECONDS = 44100, 4


def main() -> None:
    """Print a row for each feature and type of stem; write the means."""
    folder = Path(sys.argv[1])
    records = {state: read(folder / f"{state}.jsonl") for state in STATES}
    roles = sorted({record["role"] for record in records["dry"]})
    features: dict[str, Any] = {role: {} for role in roles}
    print("Features of stems, means over songs\n")
    print("| feature | stem | dry | normalised |\n|---|---|---|---|")
    for name, title in FEATURES.items():
        for role in roles:
            for state in STATES:
                values = [r[name] for r in records[state] if r["role"] == role and r.get(name) is not None]
                features[role].setdefault(state, {})[name] = float(np.mean(values)) if values else None
            pair = [features[role][state][name] for state in STATES]
            print(f"| {title} | {role} | " + " | ".join("-" if v is None else f"{v:.2f}" for v in pair) + " |")
    features["psi"] = {f"{alpha:g}".replace(".", "_"): similarity(alpha) for alpha in PANNED}
    (folder / "features.json").write_text(json.dumps(features, indent=1), encoding="utf-8")
    print()


def read(path: Path) -> list[dict[str, Any]]:
    """Return the records of stems that are not silent."""
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [record for record in records if record["status"] == "ok" and not record["silent"]]


def similarity(alpha: float) -> float:
    """Return the mean psi of white noise with the gains 1 - alpha and alpha."""
    noise = np.random.default_rng(0).standard_normal(RATE_HZ * SECONDS).astype(np.float32) * np.float32(0.1)
    meter = PanMeter(RATE_HZ)
    meter.push(np.stack([noise * np.float32(1 - alpha), noise * np.float32(alpha)]))
    return float(meter.result().psi.mean())


if __name__ == "__main__":
    main()
