"""A first guess of the phase from the magnitude alone: phase-gradient heap integration.

Prusa, Balazs and Sondergaard, "A noniterative method for reconstruction of phase from STFT magnitude" (2017).
"""

from __future__ import annotations

import numpy as np

from gantools.audio.compiled import BlockMap, compiled

#: A Hann window of n samples is nearest to the Gaussian exp(-pi t^2 / gamma) with gamma = 0.25645 n^2 (their Table 1).
_GAMMA_PER_SQUARE = 0.25645
#: Frames that one queue covers. Queues are independent, so this bounds the work of a thread and is not a thread count.
_QUEUE_FRAMES = 512
#: Below the loudest bin by more than this, phases stay random.
_RANGE_DB = 80.0
#: Queues sort by level to this precision.
_STEP_DB = 0.5
_NEPER_DB = 20 / np.log(10)


@compiled
def _levels(log_magnitude: np.ndarray, steps_per_neper: float, n_levels: int, levels: np.ndarray) -> None:
    loudest = log_magnitude[0]
    for i in range(log_magnitude.size):
        loudest = max(loudest, log_magnitude[i])
    for i in range(log_magnitude.size):
        level = int(min((loudest - log_magnitude[i]) * steps_per_neper, np.float32(n_levels)))
        # As an integer, because NaN and infinity cannot be told from numbers here and must not become an index.
        levels[i] = min(max(level, 0), n_levels)


@compiled
def _sorted_by_level(levels: np.ndarray, n_levels: int) -> np.ndarray:
    """Return the indices with a level below n_levels, loudest first (counting sort)."""
    starts = np.zeros(n_levels + 2, np.int64)
    for level in levels:
        starts[level + 1] += 1
    # starts[l] becomes the number of louder bins: where the run of level l begins in the order.
    for level in range(n_levels + 1):
        starts[level + 1] += starts[level]
    order = np.empty(starts[n_levels], np.int32)
    for i in range(levels.size):
        if levels[i] < n_levels:
            order[starts[levels[i]]] = i
            starts[levels[i]] += 1
    return order


@compiled
def _integrate(
    log_mag: np.ndarray,
    n_bins: int,
    levels: np.ndarray,
    order: np.ndarray,
    n_levels: int,
    known: int,
    hop_phase: np.float32,
    time_factor: np.float32,
    bin_factor: np.float32,
    phase: np.ndarray,
) -> None:
    """Spread phases from loud bins to their neighbours, loudest first.

    All arrays but `order` are flat (frames * bins). Every bin is queued once, in a stack per level; the bins of the
    first `known` frames already have their phase.
    """
    size = log_mag.size
    n_frames = size // n_bins
    done = np.zeros(size, np.bool_)
    # A stack per level, linked through `below`: pushing and popping cost the same however many bins wait.
    below = np.empty(size, np.int32)  # next in the same stack
    top = np.full(n_levels, -1, np.int32)
    level = n_levels
    done[: known * n_bins] = True
    # Only the last known frame has neighbours without a phase; those before it need no place in a stack.
    for i in range(max(0, (known - 1) * n_bins), known * n_bins):
        if levels[i] < n_levels:
            below[i] = top[levels[i]]
            top[levels[i]] = i
            level = min(level, levels[i])
    seed = 0
    two_pi = np.float32(2 * np.pi)
    while True:
        # No stack louder than `level` holds a bin: it moves on over empty ones, and a louder push brings it back.
        while level < n_levels and top[level] < 0:
            level += 1
        if level == n_levels:
            # Nothing left to spread: the loudest bin not reached yet starts an island with its random phase.
            while seed < order.size and done[order[seed]]:
                seed += 1
            if seed == order.size:
                break
            i = order[seed]
            done[i] = True
            level = levels[i]
            below[i] = top[level]
            top[level] = i
        i = top[level]
        top[level] = below[i]
        frame = i // n_bins
        k = i - frame * n_bins
        for direction in range(4):
            if direction < 2:
                step = n_bins if direction == 0 else -n_bins
                if (direction == 0 and frame == n_frames - 1) or (direction == 1 and frame == 0):
                    continue
            else:
                step = 1 if direction == 2 else -1
                if (direction == 2 and k == n_bins - 1) or (direction == 3 and k == 0):
                    continue
            j = i + step
            if done[j]:
                continue
            done[j] = True
            if direction < 2:
                # Along time: the turn of the bin's own frequency over a hop, plus ds/dk as the mean of both frames.
                up = 1 if k < n_bins - 1 else 0
                down = 1 if k > 0 else 0
                slope = log_mag[i + up] - log_mag[i - down] + log_mag[j + up] - log_mag[j - down]
                change = hop_phase * k + time_factor * slope
                # Whole turns go: a high bin makes hundreds in a hop, and their sum would cost float32 the rest.
                change -= two_pi * np.floor(change / two_pi)
            else:
                # Along frequency: ds/dn as the mean of both bins; the factor holds the minus of the equation.
                later = n_bins if frame < n_frames - 1 else 0
                earlier = n_bins if frame > 0 else 0
                slope = log_mag[i + later] - log_mag[i - earlier] + log_mag[j + later] - log_mag[j - earlier]
                change = bin_factor * slope
            phase[j] = phase[i] + change if step > 0 else phase[i] - change
            # A bin below the range takes its phase from here but is not queued: it spreads none.
            below[j] = top[levels[j]] if levels[j] < n_levels else -1
            if levels[j] < n_levels:
                top[levels[j]] = j
                level = min(level, levels[j])


@compiled
def _to_spectra(magnitude: np.ndarray, phase: np.ndarray, spectra: np.ndarray) -> None:
    for i in range(magnitude.shape[0]):
        for k in range(magnitude.shape[1]):
            # Phases were integrated as if counted from the middle of the window: half a turn per bin.
            sign = 1 - 2 * (k & 1)
            spectra[i, 2 * k] = sign * magnitude[i, k] * np.cos(phase[i, k])
            spectra[i, 2 * k + 1] = sign * magnitude[i, k] * np.sin(phase[i, k])


def random_phases(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Return float32 phases, uniform in [0, 2 pi)."""
    return np.random.default_rng(seed).random(shape, np.float32) * np.float32(2 * np.pi)


def spectra_of(magnitude: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Return complex64 spectra from magnitudes and window-centred phases, both float32 (frames, bins)."""
    spectra = np.empty(magnitude.shape, np.complex64)
    _to_spectra(magnitude, phase, spectra.view(np.float32))
    return spectra


def heap_phases(
    magnitude: np.ndarray,
    n_fft: int,
    hop_samples: int,
    seed: int,
    run_blocks: BlockMap,
    known: np.ndarray | None = None,
) -> np.ndarray:
    """Return phases integrated from the gradient of the log-magnitude.

    With s = log |S| over frames n and bins k, and the phase counted from the middle of the window (eqs. 16-17 of the
    paper, for a Gaussian window of width gamma)::

        d phase / d n = 2 pi hop k / n_fft + (hop n_fft / gamma) ds/dk
        d phase / d k = -(gamma / (hop n_fft)) ds/dn

    integrated by the trapezoid rule from the loudest bin outwards. The paper keeps the border in a heap; here it lies
    in stacks of 0.5 dB each, which gives the same order to that precision in a fraction of the time.

    Parameters
    ----------
    magnitude : float32 array (frames, bins)
        At least 0.
    n_fft, hop_samples : int
        Window and hop of the STFT, which must use a Hann window.
    seed : int
        Seed of the phases of bins more than 80 dB below the loudest, and of the first bin of every island above.
    run_blocks : BlockMap
        See `block_threads`.
    known : complex64 array (k, bins), optional
        Spectra of the first k frames; their phases are kept and spread.

    Returns
    -------
    float32 array (frames, bins)
        Window-centred phases; `spectra_of` turns them into spectra counted from the first sample.
    """
    n_frames, n_bins = magnitude.shape
    # A floor for empty bins: -inf would make slopes NaN, which the fast arithmetic of `compiled` does not survive.
    log_mag = np.log(np.maximum(magnitude, np.float32(1e-20)))
    phase = random_phases(magnitude.shape, seed)
    n_known = 0 if known is None else len(known)
    if known is not None:
        # Spectra count phases from the first sample of a frame, the equations from its middle: half a turn per bin.
        phase[:n_known] = np.angle(known * (1 - 2 * (np.arange(n_bins) % 2)))
    gamma = _GAMMA_PER_SQUARE * n_fft**2
    # Halved once for the central difference and once for the trapezoid.
    time_factor, bin_factor = 0.25 * hop_samples * n_fft / gamma, -0.25 * gamma / (hop_samples * n_fft)
    n_levels = int(_RANGE_DB / _STEP_DB)

    # Each queue starts from its own loudest bin, whichever thread runs it; the known frames lie in the first.
    def task(block: int) -> None:
        rows = slice(block * _QUEUE_FRAMES, (block + 1) * _QUEUE_FRAMES)
        flat = log_mag[rows].reshape(-1)
        levels = np.empty(flat.size, np.int32)
        _levels(flat, _NEPER_DB / _STEP_DB, n_levels, levels)
        _integrate(
            flat,
            n_bins,
            levels,
            _sorted_by_level(levels, n_levels),
            n_levels,
            n_known if block == 0 else 0,
            np.float32(2 * np.pi * hop_samples / n_fft),
            np.float32(time_factor),
            np.float32(bin_factor),
            phase[rows].reshape(-1),
        )

    run_blocks(task, -(-n_frames // _QUEUE_FRAMES))
    return phase
