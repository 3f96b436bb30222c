"""Networks that separate one segment: Demucs' and our own, behind one interface."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Protocol

import torch

from gantools.errors import ConfigError, ModelError
from gantools.separation.demucs_models import StemModel


class Network(Protocol):
    """What the overlap-add needs to know of a network.

    Attributes
    ----------
    segment_samples : int
        Length that it hears at a time.
    normalised : bool
        Whether it expects songs of zero mean and unit variance (of the mean of both channels).
    """

    segment_samples: int
    normalised: bool

    def heard_samples(self, n: int, segment_samples: int) -> int:
        """Return how many samples to give for `n` that are wanted; the surplus lies evenly on both sides."""

    def __call__(self, wave: torch.Tensor) -> torch.Tensor:
        """Return (batch, sources, 2, n) for a float32 wave (batch, 2, n), on the device of the network."""


class DemucsNetwork:
    """One network of a Demucs bag.

    Parameters
    ----------
    net : torch.nn.Module
        ``Demucs``, ``HDemucs`` or ``HTDemucs``.
    segment_s : float
        Length to use; 0: that of the network.

    Raises
    ------
    ConfigError
        A transformer is asked for a segment longer than it was trained on.
    """

    normalised = True

    def __init__(self, net: Any, segment_s: float = 0.0) -> None:
        self._net = net.eval()
        self._rate_hz = int(net.samplerate)
        # HTDemucs fills shorter input with zeros up to this length, which costs as much as the whole.
        self._fixed = bool(getattr(net, "use_train_segment", False))
        trained = int(self._rate_hz * net.segment)
        self.segment_samples = int(self._rate_hz * segment_s) if segment_s else trained
        if self._fixed and self.segment_samples > trained:
            raise ConfigError(
                f"--segment-seconds {segment_s:g}: this network hears at most {float(net.segment):g} s at a time"
            )
        self._trained = trained

    def heard_samples(self, n: int, segment_samples: int) -> int:
        """See `Network`."""
        if self._fixed:
            return segment_samples
        return int(self._net.valid_length(n)) if hasattr(self._net, "valid_length") else n

    def __call__(self, wave: torch.Tensor) -> torch.Tensor:
        """See `Network`."""
        if self._fixed:
            # A shorter segment that the user asked for is not filled up to the trained length, which would cost as
            # much.
            self._net.use_train_segment = wave.shape[-1] == self._trained
        made: torch.Tensor = self._net(wave)
        return made


class OwnNetwork:
    """A model of `train separator`; its stems sum to the mix.

    Parameters
    ----------
    model : object
        From `gantools.systems.separator.generate.load`.
    segment_s : float
        Length to use; 0: that of the network.
    """

    normalised = False

    def __init__(self, model: Any, segment_s: float = 0.0) -> None:
        self._model = model
        self.segment_samples = int(model.rate_hz * segment_s) if segment_s else int(model.segment_samples)

    def heard_samples(self, n: int, segment_samples: int) -> int:
        """See `Network`; a short last segment is heard with the music before it."""
        return segment_samples

    def __call__(self, wave: torch.Tensor) -> torch.Tensor:
        """See `Network`."""
        made: torch.Tensor = self._model.separate(wave)
        return made


def load_networks(model: StemModel, device: torch.device, segment_s: float = 0.0) -> list[Network]:
    """Load all networks of a model.

    Raises
    ------
    ModelError
        The weights do not fit the network that they name.
    """
    if model.kind == "own":
        from gantools.systems.separator.generate import load

        return [OwnNetwork(load(model.files[0].parent, device), segment_s)]
    return [DemucsNetwork(_read(path, model.segment_s).to(device), segment_s) for path in model.files]


def _read(path: Path, bag_segment_s: float) -> Any:
    from demucs.hf import load_safetensors_model

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # arguments that this version of Demucs no longer has
            net = load_safetensors_model(path)
    except Exception as error:  # whatever a foreign constructor raises
        raise ModelError(f"does not fit the network that it names ({error})", path) from error
    # A bag may prescribe a length, but a transformer cannot hear more than in its training.
    if bag_segment_s and (not getattr(net, "use_train_segment", False) or bag_segment_s <= net.segment):
        net.segment = bag_segment_s
    return net
