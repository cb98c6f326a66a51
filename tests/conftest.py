"""What all tests share."""

import signal

import hypothesis
import matplotlib
import pytest

# No windows, whatever the user's own Matplotlib settings say.
matplotlib.use("agg")

# Where a shell starts the tests in the background they would ignore Ctrl-C, which some send.
signal.signal(signal.SIGINT, signal.default_int_handler)

# On a busy machine one example may take long without anything being wrong.
hypothesis.settings.register_profile("patient", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium or Chrome; skip the test where there is none."""
    # Without Playwright's own package there is no browser to drive.
    found = pytest.importorskip("lab", exc_type=ImportError).find_browser()
    if found is None:
        pytest.skip("no Chromium or Chrome was found, so the pages were not tried in a browser")
    return found
