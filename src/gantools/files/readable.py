"""Names of files as text that can be shown: they need not be valid UTF-8."""

from __future__ import annotations


def readable(text: str) -> str:
    """Return a text that pages and plots can write: bytes of a name that are no UTF-8 become replacement characters."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
