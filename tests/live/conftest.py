"""After each test of a live widget all are closed."""

from collections.abc import Iterator

import pytest

from vanishing.live import Live


@pytest.fixture(autouse=True)
def _all_closed() -> Iterator[None]:
    yield
    for live in Live.alive():
        live.close()
