"""One segment of a mel-spectrogram, solved on the CPU.

Linear power by Kullback-Leibler updates (`melinverse`), a first phase by heap integration (`phase`), the low band by
relaxed reflections at a fraction of the rate, then the full band by fast Griffin-Lim that keeps the mel-spectrogram and
not a fixed magnitude (`griffinlim`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gantools.audio.compiled import BlockMap
from gantools.audio.config import AMIN
from gantools.audio.effort import Effort
from gantools.audio.griffinlim import MelTarget, Recovery
from gantools.audio.lowband import solve_low_band
from gantools.audio.mel import MelParams
from gantools.audio.melinverse import bank_table, gradient_power, kl_power, least_squares_power
from gantools.audio.phase import heap_phases, random_phases, spectra_of
from gantools.audio.stft import Stft
from gantools.errors import InputError


@dataclass(frozen=True)
class Segment:
    """One piece of a mel-spectrogram, ready to be solved.

    Attributes
    ----------
    mel_power : float32 array (frames, n_mels)
    params : MelParams
    effort : Effort
    seed : int
    reflect_start : bool
        The sound begins here.
    n_sound : int or None
        Samples up to the end of the sound, if it ends here.
    known : complex64 array (k, bins) or None
        Spectra of the first k frames, from the segment before.
    """

    mel_power: np.ndarray
    params: MelParams
    effort: Effort
    seed: int
    reflect_start: bool = False
    n_sound: int | None = None
    known: np.ndarray | None = None


def mel_power(mel_db: np.ndarray) -> np.ndarray:
    """Return mel power from dB, float32; the floor of `mel_db`, -100 dB, is silence and gives 0.

    Raises
    ------
    InputError
        On NaN, infinity or levels above 200 dB.
    """
    if not np.isfinite(mel_db).all() or mel_db.max(initial=0.0) > 200:
        raise InputError("holds NaN, infinite or absurd levels; make the mel-spectrogram again")
    power = np.power(np.float32(10), mel_db.astype(np.float32) * np.float32(0.1))
    # The floor stands for all that is below it; taken for sound, silence would come back as noise at -100 dB.
    power[power <= np.float32(AMIN * 1.001)] = 0
    return power


def solve_segment(segment: Segment, run_blocks: BlockMap) -> np.ndarray:
    """Return the padded wave of one segment, float32; see `Stft` for the padding."""
    params, effort = segment.params, segment.effort
    n_fft, hop = params.n_fft, params.hop_samples
    if effort.kl_iterations:
        power = kl_power(segment.mel_power, params, effort.kl_iterations, run_blocks)
    elif effort.gradient_iterations:
        power = gradient_power(segment.mel_power, params, effort.gradient_iterations)
    else:
        power = least_squares_power(segment.mel_power, params)
    magnitude = np.sqrt(power, out=power)
    if effort.heap:
        phase = heap_phases(magnitude, n_fft, hop, segment.seed, run_blocks, segment.known)
    else:
        phase = random_phases(magnitude.shape, segment.seed)
    spectra = spectra_of(magnitude, phase)
    # The heap kept the phases of the known frames; their magnitudes are known too, and better than from the mel.
    if segment.known is not None:
        spectra[: len(segment.known)] = segment.known
    table = bank_table(params)
    if effort.kl_iterations:
        # Only now, after the first spectra took the level of their neighbours: no magnitude is wanted of these bins.
        magnitude[:, table.free] = -1
    # First the low band, whose phases the full band then starts from: by itself it would not find them.
    solve_low_band(
        spectra,
        magnitude,
        params,
        effort.low_reflections,
        effort.low_iterations,
        run_blocks,
        segment.reflect_start,
        segment.known,
    )
    stft = Stft(n_fft, hop, len(magnitude), run_blocks, segment.reflect_start, segment.n_sound)
    target = MelTarget(segment.mel_power, table) if effort.fit_every else None
    recovery = Recovery(stft, magnitude, spectra, target, segment.known)
    # The period must not be 0 even where there is no target that it would count for.
    recovery.fast_griffin_lim(effort.iterations, effort.momentum, max(1, effort.fit_every))
    return recovery.wave
