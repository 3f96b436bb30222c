"""Whether sound is music or noise of its shape: held partials, attacks, a pulse, bars that are alike."""
