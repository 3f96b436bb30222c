"""Published systems, one folder each.

A system has ``config.py`` (its dataclass and ``PRESETS``; imports no torch), ``networks.py``, ``objective.py`` (a
`gantools.training.system.System`) and ``generate.py``.
"""

#: Name on the command line -> what it does, for ``--help``.
SYSTEMS = {
    "cyclegan": "Unpaired translation between two roles, such as bass to drums (Automatic Music Production with GANs).",
    "automix": "Mixing stems: what effect normalisation took away is given back (FxNorm-Automix).",
    "separator": "Songs into stems: a mask network on frequency bands; the model `tiny` is one.",
    "pix2pix": "Paired translation between two roles: the baseline of the same paper.",
}
