"""Two songs of synthesised stems, wet and "normalised": gains are lost."""

from __future__ import annotations

import pytest

from gantools.chunks.multitrack import Multitrack, find_multitracks

Songs = tuple[list[Multitrack], list[Multitrack]]


@pytest.fixture(scope="session")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Songs:
    """Normalised and wet songs; the second song has no vocals."""
    from registry import write_wet_and_normalised

    folder = tmp_path_factory.mktemp("automix")
    write_wet_and_normalised(folder)
    return find_multitracks([folder / "normalised"]), find_multitracks([folder / "wet"])
