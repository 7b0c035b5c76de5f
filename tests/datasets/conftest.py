import pytest

from lead_conversion.datasets.staged import Staged


@pytest.fixture(autouse=True)
def _nothing_staged_stays():
    """What one test staged is not published by the next one."""
    yield
    Staged.waiting.clear()
