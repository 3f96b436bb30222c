"""The two networks over rolls that the loop paper compares its own with."""

from __future__ import annotations

import typer

from gantools.cli.flags import Run, verb
from gantools.cli.systems.loops import Midi, _phrases
from gantools.cli.systems.options import TRAIN, Base, Resume
from gantools.cli.training import run_training
from gantools.systems.loopgan import config as loopgan_config
from gantools.systems.looptransformer import config as transformer_config


def add_train(app: typer.Typer) -> None:
    """Add ``train loopgan`` and ``train looptransformer``."""

    @verb(app, "loopgan", loopgan_config.LoopGANConfig, presets=loopgan_config.PRESETS, **TRAIN)
    def loopgan(
        data: Midi = None, base: Base = None, resume: Resume = True, *, run: Run, config: loopgan_config.LoopGANConfig
    ) -> int:
        """Learn to make loops of drums and bass with a GAN (MuseGAN), from MIDI files.

        A generator and a discriminator for the drums, and one of each for the bass. A watchdog looks for collapse at
        each validation; samples/ has what is made as pictures and MIDI. A step is one update of the discriminators.

        \b
          gantools train loopgan midi/ -o models/gan --preset small
          gantools generate loops models/gan --count 20 -o loops/ --wav
          gantools train loopgan midi/ -o models/gan --budget 1h
        """
        from gantools.systems.loopgan.objective import LoopGAN

        return run_training(
            run,
            config,
            lambda chosen, device: LoopGAN(chosen, _phrases(data, run, chosen), device),
            base=base,
            resume=resume,
            sources=data or ["-"],
            role="loop",
        )

    presets = transformer_config.PRESETS

    @verb(app, "looptransformer", transformer_config.LoopTransformerConfig, presets=presets, **TRAIN)
    def looptransformer(
        data: Midi = None,
        base: Base = None,
        resume: Resume = True,
        *,
        run: Run,
        config: transformer_config.LoopTransformerConfig,
    ) -> int:
        """Learn to make loops of drums and bass a sixteenth at a time (Music Transformer), from MIDI files.

        \b
          gantools train looptransformer midi/ -o models/transformer --preset small
          gantools generate loops models/transformer --count 20 --temperature .9 -o loops/ --wav
          gantools train looptransformer midi/ -o models/transformer --budget 1h
        """
        from gantools.systems.looptransformer.objective import LoopTransformer

        return run_training(
            run,
            config,
            lambda chosen, device: LoopTransformer(chosen, _phrases(data, run, chosen), device),
            base=base,
            resume=resume,
            sources=data or ["-"],
            role="loop",
        )
