"""Networks written as TorchScript and ONNX, and compared with what they were made of."""

from __future__ import annotations

import importlib.util
import inspect
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gantools.errors import ModelError
from gantools.files.atomic import write_json
from gantools.models.export import Export, check_format, describe_export, examples

#: Largest difference from the network, over the larger of 1 and the largest value that it makes.
MOST_DIFFERENCE = 1e-4
#: And largest difference between a stream and the whole.
MOST_STREAM_DIFFERENCE = 1e-5
#: Name of the description within a TorchScript archive, and its key in an ONNX file.
INSIDE = "gantools.json"
_ONNX_METADATA = "gantools"


def write_export(export: Export, path: Path, beside: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write a network and its description, after its results were compared with those of the module.

    Parameters
    ----------
    export : Export
    path : Path
        Its ending chooses the format.
    beside : Path
        Where the description goes, as JSON.
    facts : mapping
        What is known of the model: see `of_model`.

    Returns
    -------
    dict
        ``format``, ``rate_hz`` where there is sound, ``difference`` (largest, at two lengths and two seeds; None where
        nothing can run the file), ``stream_difference`` for a stream.

    Raises
    ------
    ConfigError, DependencyError
        It cannot be written in this format.
    ModelError
        What would be written makes something else than the module.
    """
    kind = check_format(export, path)
    described = describe_export(export, kind, facts)
    with torch.no_grad(), _quiet():
        found = _torchscript(export, path, described) if kind == "torchscript" else _onnx(export, path, described)
    for name, most in (("difference", MOST_DIFFERENCE), ("stream_difference", MOST_STREAM_DIFFERENCE)):
        value = found.get(name)
        if value is not None and not value <= most:
            raise ModelError(
                f"the exported network differs from the module by {value:.3g}, above {most:g}; write the other format",
                facts.get("folder"),
            )
    write_json(beside, {**described, "parity": found})
    return {"format": kind, **({"rate_hz": export.rate_hz} if export.rate_hz else {}), **found}


def _torchscript(export: Export, path: Path, described: Mapping[str, Any]) -> dict[str, Any]:
    first = examples(export.inputs, export.sizes, 0, 0)
    made: Any
    if export.stream is None:
        made = torch.jit.trace(export.module, tuple(first), check_trace=False)
        found = _compared(export, made)
    else:
        made = torch.jit.script(export.stream())
        found = _compared(export, made.whole) | {"stream_difference": _in_blocks(export, made)}
        made.reset()
    torch.jit.save(made, str(path), _extra_files={INSIDE: json.dumps(described)})
    return found


def _onnx(export: Export, path: Path, described: Mapping[str, Any]) -> dict[str, Any]:
    import onnx

    free = {name: re.sub(r"\W+", "_", name) for name in export.sizes}
    axes = tuple(
        {place: free[size] for place, size in enumerate(port.shape) if isinstance(size, str)} for port in export.inputs
    )
    try:
        torch.onnx.export(
            export.module,
            tuple(examples(export.inputs, export.sizes, 0, 0)),
            str(path),
            dynamo=True,
            external_data=False,
            dynamic_shapes=_nested(export.module, axes),
            input_names=[port.name for port in export.inputs],
            output_names=[port.name for port in export.outputs],
            verbose=False,
        )
    except (torch.onnx.OnnxExporterError, RuntimeError) as error:
        raise ModelError(f"torch {torch.__version__} cannot write it as ONNX ({_first(error)}); write a .pt") from error
    model = onnx.load(str(path))
    entry = model.metadata_props.add()
    entry.key, entry.value = _ONNX_METADATA, json.dumps(described)
    onnx.save(model, str(path))
    if importlib.util.find_spec("onnxruntime") is None:
        return {"difference": None}
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is raised
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        named = {port.name: tensor.numpy() for port, tensor in zip(export.inputs, tensors, strict=True)}
        try:
            return tuple(torch.from_numpy(array) for array in session.run(None, named))
        except Exception as error:  # its errors have no common type
            raise ModelError(f"onnxruntime cannot run what was made ({_first(error)}); write a .pt") from error

    return _compared(export, run)


def _first(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]


def _nested(module: nn.Module, axes: tuple[dict[int, str], ...]) -> tuple[Any, ...]:
    """Return the free axes of inputs as a module takes them: those behind a star are one."""
    kinds = [parameter.kind for parameter in inspect.signature(module.forward).parameters.values()]
    star = inspect.Parameter.VAR_POSITIONAL
    return (*axes[: kinds.index(star)], axes[kinds.index(star) :]) if star in kinds else axes


def _compared(export: Export, made: Callable[..., Any]) -> dict[str, Any]:
    """Return the largest difference between the module and what was made of it, at both lengths."""
    found, shapes = 0.0, []
    for which in (0, 1):
        tensors = examples(export.inputs, export.sizes, which, 1 + which)
        shapes.append([list(tensor.shape) for tensor in tensors])
        for ours, theirs in zip(_all(export.module(*tensors)), _all(made(*tensors)), strict=True):
            found = max(found, difference(ours, theirs))
    return {"difference": found, "compared_shapes": shapes}


def _in_blocks(export: Export, made: Any) -> float:
    """Return the largest difference between a stream that comes in blocks and the whole."""
    (tensor,) = examples(export.inputs, export.sizes, 1, 3)
    whole, parts, start = made.whole(tensor), [], 0
    for size in (1, 3, 2, tensor.shape[-1]):
        parts.append(made(tensor[..., start : start + size]))
        start += size
    return difference(whole, torch.cat([*parts, made.finish()], -1))


def difference(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return the largest difference over the larger of 1 and the largest value; infinite for other shapes or NaN."""
    if ours.shape != theirs.shape:
        return float("inf")
    if not ours.numel():
        return 0.0
    found = float((ours.double() - theirs.double()).abs().max()) / max(1.0, float(ours.double().abs().max()))
    return found if found == found else float("inf")


def _all(made: Any) -> tuple[torch.Tensor, ...]:
    return tuple(made) if isinstance(made, tuple | list) else (made,)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what exporters have to say of themselves to themselves: what is wrong shows in the comparison."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
