"""The clips of a test as they sound: cut, of one bandwidth, of one loudness, encoded."""

from __future__ import annotations

import io
import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from gantools.audio.io import read_audio
from gantools.audio.loudness import measure_loudness
from gantools.audio.resample import resample
from gantools.audio.truepeak import true_peak
from gantools.errors import InputError
from gantools.report.clip import Clip
from gantools.report.listening.plan import Plan, Stimulus

#: One rate for all, so that a page tells nothing by it.
RATE_HZ = 44100
_CEILING_DBTP = -1.0
_FADE_S = 0.01
_BLOCK_S = 0.1
#: A place sounds where it is at most so much softer than the loudest one of the file.
_SOUNDING_DB = 40.0
#: Bands of a sixth of an octave, and how much less in them is heard as less treble.
_BANDS_HZ = 1000.0 * 2.0 ** (np.arange(27) / 6)
_LESS_DB = 15.0
_N_FFT = 4096


@dataclass(frozen=True)
class Sounds:
    """What a page carries.

    Attributes
    ----------
    encoded : dict of str to bytes
        Stimulus -> file.
    mime : str
    lufs : float
        The loudness that all have.
    band_limit_hz : float
        Where real clips end; 0 where they were left as they are.
    channels : int
    """

    encoded: dict[str, bytes]
    mime: str
    lufs: float
    band_limit_hz: float
    channels: int


Read = Callable[[Clip], np.ndarray]


def read_clip(clip: Clip) -> np.ndarray:
    """Return a file as float32 (channels, n) of at most two channels at the rate of the page.

    Raises
    ------
    InputError
        It cannot be read, or holds nothing.
    """
    wave, rate_hz = read_audio(clip.path)
    if not wave.shape[1]:
        raise InputError("holds no samples", clip.path)
    wave = wave.mean(axis=0, keepdims=True) if len(wave) > 2 else wave
    return np.ascontiguousarray(resample(wave, rate_hz, RATE_HZ), np.float32)


def make_sounds(
    plan: Plan,
    *,
    seconds: float,
    lufs: float,
    matched: bool,
    match_bandwidth: bool,
    band_limit_hz: float,
    encoding: str,
    tick: Callable[[int], None] = lambda done: None,
    read: Read = read_clip,
) -> Sounds:
    """Make all clips of a test.

    Parameters
    ----------
    plan : Plan
    seconds : float
        Length; 0 leaves files whole and their ends as they are.
    lufs : float
        Loudness of each clip; lower for all where one would come within 1 dB of full scale.
    matched : bool
        Real and generated clips are mixed with each other: all are mono where a set is.
    match_bandwidth : bool
        Real clips that are mixed with generated ones end where these do.
    band_limit_hz : float
        Where real clips end; with 0 as measured, see `bandwidth`.
    encoding : str
        ``mp3`` or ``flac``.
    tick : callable
        Called with the number of trials that are read.
    read : callable
        See `read_clip`.
    """
    waves = _cut(plan, seconds, tick, read)
    by_set = defaultdict(list)
    for one in plan.stimuli:
        by_set[one.set].append(waves[one.id])
    channels = min(max(len(wave) for wave in group) for group in by_set.values()) if matched else 2
    waves = {id: to_channels(wave, channels) for id, wave in waves.items()}
    limit = _limit(plan, waves, band_limit_hz) if matched and match_bandwidth else 0.0
    for one in plan.stimuli:
        hz = one.low_pass_hz or (limit if one.set == plan.real else 0.0)
        if hz:
            waves[one.id] = low_passed(waves[one.id], hz)
    if seconds:
        waves = {id: _faded(wave) for id, wave in waves.items()}
    gains, lufs = level(plan.stimuli, waves, lufs)
    kind = {"mp3": "MP3", "flac": "FLAC"}[encoding]
    encoded = {id: _encoded(wave * np.float32(gains[id]), kind) for id, wave in waves.items()}
    return Sounds(encoded, {"mp3": "audio/mpeg", "flac": "audio/flac"}[encoding], lufs, limit, channels)


def _cut(plan: Plan, seconds: float, tick: Callable[[int], None], read: Read) -> dict[str, np.ndarray]:
    """Return the waves of all stimuli; what is heard side by side is cut at one place."""
    waves: dict[str, np.ndarray] = {}
    for done, trial in enumerate(plan.trials, start=1):
        group = [*trial.stimuli, *trial.references]
        whole = {one.id: _sum([read(clip) for clip in one.clips]) for one in group}
        start = best_start(list(whole.values()), seconds) if seconds else 0
        count = round(seconds * RATE_HZ) if seconds else None
        for one in group:
            piece = whole[one.id][:, start : None if count is None else start + count]
            if not piece.shape[1]:
                raise InputError("is shorter than other versions of its song", one.clips[0].path)
            waves[one.id] = piece
        tick(done)
    return waves


def _sum(waves: Sequence[np.ndarray]) -> np.ndarray:
    total = np.zeros((max(map(len, waves)), max(wave.shape[1] for wave in waves)), np.float32)
    for wave in waves:
        total[:, : wave.shape[1]] += wave
    return total


def to_channels(wave: np.ndarray, channels: int) -> np.ndarray:
    """Return a wave (channels, n) with at most so many channels, their mean where they are too many."""
    return wave.mean(axis=0, keepdims=True) if len(wave) > channels else wave


def best_start(waves: Sequence[np.ndarray], seconds: float) -> int:
    """Return the first sample from which a clip of these waves sounds most of the time; of equal places the first."""
    block, room = round(_BLOCK_S * RATE_HZ), round(seconds / _BLOCK_S)
    shares = []
    for wave in waves:
        count = wave.shape[1] // block
        power = np.square(wave[:, : count * block]).mean(axis=0).reshape(count, block).mean(axis=1)
        shares.append(power > power.max(initial=0.0) * 10 ** (-_SOUNDING_DB / 10))
    count = min(len(share) for share in shares)
    if count <= room:
        return 0
    sums = np.concatenate([[0.0], np.cumsum(sum(share[:count].astype(float) for share in shares))])
    totals = sums[room:] - sums[:-room]
    # Of places that are about as good, the earliest is taken.
    return int(np.flatnonzero(totals >= totals.max() - 0.01 * room)[0]) * block


def _limit(plan: Plan, waves: Mapping[str, np.ndarray], asked: float) -> float:
    if not plan.real or asked:
        return asked if asked < RATE_HZ / 2 else 0.0
    by_set = defaultdict(list)
    for one in plan.stimuli:
        by_set[one.set].append(waves[one.id])
    real = by_set.pop(plan.real, [])
    # The set that ends lowest counts: real clips are then told from none by their treble.
    ends = [hz for group in by_set.values() if (hz := bandwidth(group, real))] if real else []
    return min(ends, default=0.0)


def bandwidth(waves: Sequence[np.ndarray], real: Sequence[np.ndarray]) -> float:
    """Return where waves end and real ones go on, in Hz; 0 where they reach as high as the real ones.

    The lowest edge of a band of a sixth of an octave, 1 to 20 kHz, from which on every band is 15 dB below that of the
    real ones. Spectra are those of all waves together, each at equal energy between 200 Hz and 1 kHz.
    """
    less = _bands(real) - _bands(waves) >= _LESS_DB
    if not less[-1]:
        return 0.0
    first = int(np.flatnonzero(~less)[-1]) + 1 if not less.all() else 0
    return float(_BANDS_HZ[first])


def _bands(waves: Sequence[np.ndarray]) -> np.ndarray:
    """Return the level of each band in dB, of all waves together."""
    bins_hz = np.arange(_N_FFT // 2 + 1) * RATE_HZ / _N_FFT
    total = np.zeros(len(bins_hz))
    for wave in waves:
        power = _power(wave.mean(axis=0))
        common = power[(bins_hz >= 200) & (bins_hz < 1000)].mean()
        if common > 0:
            total += power / common
    means = [total[(bins_hz >= low) & (bins_hz < high)].mean() for low, high in itertools.pairwise(_BANDS_HZ)]
    return 10 * np.log10(np.maximum(means, 1e-12))


def _power(wave: np.ndarray) -> np.ndarray:
    padded = np.pad(wave, (0, max(0, _N_FFT - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[:: _N_FFT // 2]
    return np.asarray(np.square(np.abs(np.fft.rfft(frames * np.hanning(_N_FFT)))).mean(axis=0))


def low_passed(wave: np.ndarray, hz: float) -> np.ndarray:
    """Return a wave without what lies above a frequency: brought to twice that rate and back, as long as before."""
    low_hz = max(round(2 * hz), 1)
    back = resample(resample(wave, RATE_HZ, low_hz), low_hz, RATE_HZ)
    count = wave.shape[1]
    return np.ascontiguousarray(np.pad(back, ((0, 0), (0, max(0, count - back.shape[1]))))[:, :count])


def _faded(wave: np.ndarray) -> np.ndarray:
    """Return a wave whose cut ends do not click."""
    count = min(round(_FADE_S * RATE_HZ), wave.shape[1] // 2)
    ramp = np.sin(np.linspace(0, np.pi / 2, count, endpoint=False, dtype=np.float32)) ** 2
    wave = wave.copy()
    wave[:, :count] *= ramp
    wave[:, wave.shape[1] - count :] *= ramp[::-1]
    return wave


def level(stimuli: Sequence[Stimulus], waves: Mapping[str, np.ndarray], lufs: float) -> tuple[dict[str, float], float]:
    """Return the gain of each wave and the loudness that all then have.

    Mono counts as it is played, by two loudspeakers. What is silent stays so. Where a clip would come within 1 dB of
    full scale, all are made softer.
    """
    gains = {}
    for one in stimuli:
        gains[one.id] = measure_loudness(waves[one.id], RATE_HZ, dual_mono=True).gain_to(lufs)
    for one in stimuli:
        if one.level_of:
            gains[one.id] = gains[one.level_of]
    peak = max(true_peak(waves[id], RATE_HZ) * gain for id, gain in gains.items())
    softer = min(1.0, 10 ** (_CEILING_DBTP / 20) / peak) if peak > 0 else 1.0
    return {id: gain * softer for id, gain in gains.items()}, lufs + 20 * math.log10(softer)


def _encoded(wave: np.ndarray, kind: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, wave.T, RATE_HZ, format=kind)
    return buffer.getvalue()
