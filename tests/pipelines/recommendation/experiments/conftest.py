"""A registered test, as the experiment log has it."""

import pytest

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.lifecycle.experiments import Arm, Guardrails, RegisteredTest

START = parse_moment("2026-06-01")


@pytest.fixture
def test_of():
    """A test of prompt 1 against prompt 2 at step 10, of 400 leads an arm, changed as asked."""

    def make(control="1", treatment="2", mark="prompt", **changes):
        values = {
            "experiment_id": "test-prompt-1", "hypothesis": "h", "plan_snapshot_id": "s0", "campaign_id": 1,
            "step_id": 10, "start": START, "data_as_of": START, "share_treatment": 0.5, "seed": None,
            "horizon_days": 30, "base_rate": 0.1, "minimal_detectable_effect": 0.05, "alpha": 0.05, "power": 0.8,
            "sample_size_per_arm": 400, "looks": (0.5, 1.0), "guardrails": Guardrails(days=7, limit_ratio=1.25),
            "sample_ratio_p": 0.001,
            "control": Arm(mark=mark, told_as=(control,)), "treatment": Arm(mark=mark, told_as=(treatment,)),
        }  # fmt: skip
        return RegisteredTest(**{**values, **changes})

    return make
