"""The command line: the only package, with `gantools.commands`, that knows typer and rich."""
