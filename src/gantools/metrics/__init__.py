"""The metrics, one file each, their embedders and the report."""
