"""What lies between the products of a decoder on a CPU: one compiled pass over memory where torch takes several.

Arrays are float32, or bfloat16 as its 16 bits (numpy knows no bfloat16); sums are float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numba import types
from numba.extending import overload

from gantools.audio.compiled import compiled

_LOG2_E = np.float32(1.4426950408889634)
#: Taylor's coefficients of 2^x for |x| <= 1/2, and of sin(pi x) / x; from the last one on.
_P6, _P5, _P4, _P3, _P2, _P1 = (
    np.float32(c) for c in (1.5403530e-4, 1.3333558e-3, 9.6181291e-3, 5.5504109e-2, 0.24022651, 0.69314718)
)
_S11, _S9, _S7, _S5, _S3, _S1 = (
    np.float32(c) for c in (-7.3704309e-3, 8.2145887e-2, -0.59926453, 2.5501640, -5.1677128, 3.1415927)
)


def array(x: torch.Tensor) -> np.ndarray:
    """Return a contiguous tensor as an array of the same memory."""
    x = x.contiguous()
    made: np.ndarray = x.view(torch.uint16).numpy() if x.dtype == torch.bfloat16 else x.numpy()
    return made


def _value(x: Any) -> Any:
    """Return an element of an array as a number."""


def _stored(number: Any, like: Any) -> Any:
    """Return a number as an element of the array that `like` is of, rounded to nearest even."""


@overload(_value, strict=False)
def _overload_value(x: Any) -> Callable[..., Any]:
    if isinstance(x, types.Integer):
        return lambda x: np.uint32(np.uint32(x) << np.uint32(16)).view(np.float32)  # type: ignore[no-any-return]
    return lambda x: x  # type: ignore[no-any-return]


@overload(_stored, strict=False)
def _overload_stored(number: Any, like: Any) -> Callable[..., Any]:
    def rounded(number: Any, like: Any) -> Any:
        bits = np.float32(number).view(np.uint32)
        half = np.uint32(0x7FFF) + np.uint32(np.uint32(bits >> np.uint32(16)) & np.uint32(1))
        return np.uint16(np.uint32(bits + half) >> np.uint32(16))

    if isinstance(like, types.Integer):
        return rounded
    return lambda number, like: np.float32(number)


@compiled
def _power(x: Any) -> Any:
    """Return 2^x, and for x beyond +-126 that of +-126."""
    x = min(max(x, np.float32(-126.0)), np.float32(126.0))
    whole = np.floor(x + np.float32(0.5))
    part = x - whole
    made = ((_P6 * part + _P5) * part + _P4) * part + _P3
    made = ((made * part + _P2) * part + _P1) * part + np.float32(1.0)
    return np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32) * made


@compiled
def _silu(x: Any) -> Any:
    return x / (np.float32(1.0) + _power(-_LOG2_E * x))


@compiled
def _sine(x: Any) -> Any:
    """Return sin(pi x) of x from -1/2 to 1/2."""
    square = x * x
    made = ((_S11 * square + _S9) * square + _S7) * square + _S5
    return x * ((made * square + _S3) * square + _S1)


@compiled
def tiles(x: np.ndarray, start: int, step: int, out: np.ndarray) -> None:
    """Write what the four products of `products` take of each tile of x (batch, time, channel).

    Tile t begins at step ``start + 3 step t`` of x and is four steps, `step` apart; outside of x there are zeros.
    `out` is (4, batch, tile, channel).
    """
    batch, time, channels = x.shape
    nothing = np.zeros(channels, x.dtype)
    for b in range(batch):
        for tile in range(out.shape[2]):
            place = start + 3 * step * tile
            d0 = x[b, place] if 0 <= place < time else nothing
            d1 = x[b, place + step] if 0 <= place + step < time else nothing
            d2 = x[b, place + 2 * step] if 0 <= place + 2 * step < time else nothing
            d3 = x[b, place + 3 * step] if 0 <= place + 3 * step < time else nothing
            for n in range(4):
                a, c = (d0, d2) if n == 0 else (d1, d2) if n == 1 else (d2, d1) if n == 2 else (d3, d1)
                _combined(a, c, np.float32(1.0 if n == 1 else -1.0), out[n, b, tile])


@compiled
def _combined(a: np.ndarray, b: np.ndarray, sign: Any, out: np.ndarray) -> None:
    for c in range(len(out)):
        out[c] = _stored(_value(a[c]) + sign * _value(b[c]), out[c])


@compiled
def outputs(
    p0: np.ndarray, p1: np.ndarray, p2: np.ndarray, p3: np.ndarray, odd: np.ndarray, silu: bool, out: np.ndarray
) -> None:
    """Write the outputs of tiles (batch, time, channel) of their four products (batch, tile, channel), up to `time`.

    `odd` (batch, time, channel) is added; it may be empty. Then comes SiLU, if it is asked for.
    """
    batch, time, channels = out.shape
    row = np.zeros(channels, np.float32)
    for b in range(batch):
        for t in range(time):
            tile, place = t // 3, t % 3
            a, s = p1[b, tile], p2[b, tile]
            if place == 0:
                _sum(a, s, p0[b, tile], row)
            elif place == 1:
                _difference(a, s, row)
            else:
                _sum(a, s, p3[b, tile], row)
            if odd.shape[1]:
                _added(odd[b, t], row)
            if silu:
                _bent(row, out[b, t])
            else:
                _written(row, out[b, t])


# Each loop over channels reads few arrays: whether any of them overlaps what is written is checked before it, and with
# too many checks LLVM leaves it as it is, one channel at a time.
@compiled
def _sum(a: np.ndarray, b: np.ndarray, c: np.ndarray, row: np.ndarray) -> None:
    for n in range(len(row)):
        row[n] = _value(a[n]) + _value(b[n]) + _value(c[n])


@compiled
def _difference(a: np.ndarray, b: np.ndarray, row: np.ndarray) -> None:
    for n in range(len(row)):
        row[n] = _value(a[n]) - _value(b[n])


@compiled
def _added(x: np.ndarray, row: np.ndarray) -> None:
    for n in range(len(row)):
        row[n] += _value(x[n])


@compiled
def _bent(row: np.ndarray, out: np.ndarray) -> None:
    for n in range(len(row)):
        out[n] = _stored(_silu(row[n]), out[n])


@compiled
def _written(row: np.ndarray, out: np.ndarray) -> None:
    for n in range(len(row)):
        out[n] = _stored(row[n], out[n])


@compiled
def spectra(
    levels: np.ndarray, turns: np.ndarray, slope: float, offset: float, floor: float, least: float, out: np.ndarray
) -> None:
    """Write spectra, complex64 (frame, bin), of levels and of phases in half turns.

    A magnitude is the root of ``2^(slope s + offset) - floor``, which is at least `least`.
    """
    frames, bins = levels.shape
    size, cosine, sine = np.zeros(bins, np.float32), np.zeros(bins, np.float32), np.zeros(bins, np.float32)
    for t in range(frames):
        _sizes(levels[t], np.float32(slope), np.float32(offset), np.float32(floor), np.float32(least), size)
        _circle(turns[t], size, cosine, sine)
        for n in range(bins):
            out[t, n] = complex(cosine[n], sine[n])


@compiled
def _sizes(levels: np.ndarray, slope: Any, offset: Any, floor: Any, least: Any, out: np.ndarray) -> None:
    for n in range(len(out)):
        out[n] = np.sqrt(max(_power(_value(levels[n]) * slope + offset) - floor, least))


@compiled
def _circle(turns: np.ndarray, size: np.ndarray, cosine: np.ndarray, sine: np.ndarray) -> None:
    half, one, two = np.float32(0.5), np.float32(1.0), np.float32(2.0)
    for n in range(len(size)):
        turn = _value(turns[n])
        turn = turn - two * np.floor(turn * half + half)
        side = abs(turn)
        cosine[n] = size[n] * _sine(half - side)
        # The sine of what lies beyond a quarter of the circle is that of what is left to a half.
        within = min(side, one - side)
        sine[n] = size[n] * _sine(within if turn > np.float32(0.0) else -within)


@compiled
def overlap(pieces: np.ndarray, hop: int, out: np.ndarray) -> None:
    """Add pieces (batch, frame, n) to out (batch, sample), each `hop` samples behind the one before it.

    The last come first: that is the order of sums in which whole arrays are added hop by hop.
    """
    batch, frames, _ = pieces.shape
    for b in range(batch):
        for t in range(frames - 1, -1, -1):
            _joined(pieces[b, t], out[b, t * hop :])


@compiled
def _joined(piece: np.ndarray, out: np.ndarray) -> None:
    for n in range(len(piece)):
        out[n] += piece[n]
