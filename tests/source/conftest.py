import signal

import pytest


@pytest.fixture(autouse=True)
def ctrl_c_is_heard():
    """A process that was started in the background ignores SIGINT; these tests send it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
