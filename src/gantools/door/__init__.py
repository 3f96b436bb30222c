"""gantools from Python: ``import gantools as gt``. Arrays where a sound fits in memory, and the verbs themselves.

`melify` and `invert` compute on arrays what the verbs write to files. `train`, `separate`, `fxnorm`, `loopscore` and
`evaluate` are the verbs, run in this process: their arguments are inputs, their options are keywords (``--sample-rate``
is ``sample_rate_hz`` where the configuration calls it so; each is also known by its flag, ``sample_rate``), and what
``--json`` would print is returned. `load` opens a model whose results come back as arrays.

All errors are `gantools.errors.GantoolsError`.
"""
