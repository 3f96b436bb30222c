"""The commands of each system: ``train NAME`` and ``generate NAME``, one module for each family."""
