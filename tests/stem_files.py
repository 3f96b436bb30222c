"""A song in one file, as musdb18 has it: five sound tracks of AAC in an MP4."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

#: The tracks in musdb18's order.
TRACKS = ("mixture", "drums", "bass", "other", "vocals")
TONES_HZ = {"drums": 220.0, "bass": 110.0, "other": 440.0, "vocals": 880.0}


def write_stem_file(
    path: Path, seconds: float = 3.0, rate_hz: int = 44100, tracks: int = 5, up: float = 1.0
) -> dict[str, np.ndarray]:
    """Write a song of one tone a part, `up` times as high as in `TONES_HZ`; return its waves (2, n) by their names."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    # Pulses, so that nothing counts as a steady noise or as silence.
    pulse = np.exp(-4 * (time % (0.5 * up)))
    tones_hz = {name: up * hz for name, hz in TONES_HZ.items()}
    waves = {
        name: (0.15 * pulse * np.stack([np.sin(2 * np.pi * hz * time), 0.7 * np.sin(2 * np.pi * hz * time)]))
        for name, hz in tones_hz.items()
    }
    waves["mixture"] = np.sum(list(waves.values()), axis=0)
    waves = {name: waves[name].astype(np.float32) for name in TRACKS}
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4") as container:
        streams = [container.add_stream("aac", rate=rate_hz, layout="stereo", bit_rate=192000) for _ in range(tracks)]
        for stream, name in zip(streams, TRACKS, strict=False):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(waves[name]), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return waves
