"""Published systems, one folder each.

A system has ``config.py`` (its dataclass and ``PRESETS``; imports no torch), ``networks.py``, ``objective.py`` (a
`gantools.training.system.System`) and ``generate.py``.
"""
