"""Parameters of the mel-spectrogram, said once for every verb, file and system."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.errors import ConfigError
from gantools.options import option

#: Rates of sounds that are read and written, in Hz.
LEAST_RATE_HZ, MOST_RATE_HZ = 1000, 768_000
#: What is said of MIDI where sound is wanted.
MIDI_INSTEAD = "MIDI, which is notes and not sound; loopscore, train loopvae and generate loops --in read it"

#: Floor of mel power before the logarithm: -100 dB.
AMIN = 1e-10


#: Choices of an option of bits where there is a source, and its help.
BITS = ("source", "16", "24", "32f")
BITS_HELP = "Bits per sample of WAV and FLAC. With source they are those of the input, or 24 where that is lossy."


@dataclass(frozen=True)
class AudioFileConfig:
    """How results are written as audio files."""

    format: str = option(
        "wav", "Audio format of the results.", choices=("wav", "flac", "ogg", "mp3"), group="Output files"
    )
    bits: str = option("source", BITS_HELP, choices=BITS, group="Output files")


@dataclass(frozen=True)
class MelParams:
    """How a mel-spectrogram is made. The defaults are the paper's (section 3.2).

    Power spectrogram (exponent 2) with a periodic Hann window of `n_fft` samples, frames centred by reflection, as
    torchaudio's defaults are, which the paper used.
    """

    sample_rate_hz: int = option(
        22050, "Rate that the sound is brought to.", unit="Hz", flag="sample-rate", low=1000, high=MOST_RATE_HZ
    )
    n_fft: int = option(2048, "Length of the analysis window and of its Fourier transform.", unit="samples", low=16)
    hop_samples: int = option(
        512, "Distance between frames. Fewer samples give finer time and larger files.", unit="samples", low=1
    )
    n_mels: int = option(256, "Mel bands.", low=1)
    fmin_hz: float = option(0.0, "Lowest frequency.", unit="Hz", low=0, group="Mel bands")
    fmax_hz: float = option(0.0, "Highest frequency; 0 is half the rate.", unit="Hz", low=0, group="Mel bands")
    mel_scale: str = option("htk", "Formula of the mel scale.", choices=("htk", "slaney"), group="Mel bands")
    norm: str = option(
        "none", "Normalisation of the bands by their area.", choices=("none", "slaney"), group="Mel bands"
    )

    def __post_init__(self) -> None:
        if self.n_fft % 2:
            raise ConfigError(f"n_fft: {self.n_fft} must be even")
        if self.hop_samples > self.n_fft // 2:
            raise ConfigError(f"hop_samples: {self.hop_samples} must be at most half of n_fft, {self.n_fft // 2}")
        if self.fmax_hz > self.sample_rate_hz / 2:
            raise ConfigError(f"fmax_hz: {self.fmax_hz:g} is above half the rate, {self.sample_rate_hz / 2:g}")
        if self.fmin_hz >= self.top_hz:
            raise ConfigError(f"fmin_hz: {self.fmin_hz:g} must be below fmax_hz, {self.top_hz:g}")

    @property
    def top_hz(self) -> float:
        """Upper edge of the highest band, in Hz."""
        return self.fmax_hz or self.sample_rate_hz / 2

    @property
    def frames_per_second(self) -> float:
        """Frame rate."""
        return self.sample_rate_hz / self.hop_samples
