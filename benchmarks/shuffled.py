"""How many gates pass where nothing can be learnt: worlds whose labels were dealt anew among their leads.

Features are computed once a world; each shuffle deals the labels of a target's leads among them at random, whatever
their features, and trains, audits, evaluates and gates as a run does. A gate that passes takes luck for a model.

python benchmarks/shuffled.py                        # 20 shuffles of 4 worlds of 5,000 leads
python benchmarks/shuffled.py --shuffles 5 --worlds 1 --leads 20000
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from leakage import NOTHING_DIFFERS, run_world

from lead_conversion.cli.project import parameters_of
from lead_conversion.kernel.targets import Targets
from lead_conversion.lifecycle.gates import GateLimits
from lead_conversion.pipelines.modelling.evaluation import evaluate_models, predict_holdout
from lead_conversion.pipelines.modelling.leakage import audit_leakage
from lead_conversion.pipelines.modelling.parameters import EvaluationParameters, LeakageParameters, ModelParameters
from lead_conversion.pipelines.modelling.training import train_models
from lead_conversion.simulation import WorldSpec

AS_OF = {"as_of": "", "snapshot_id": ""}


def describe_world(seed: int, leads: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The examples and features of a demo world of this seed."""
    with tempfile.TemporaryDirectory() as name:
        data = run_world(WorldSpec(seed=seed, leads=leads), Path(name), "assign_splits")
        examples = pd.read_parquet(data / "05_model_input/examples.parquet").query("split != 'scoring'")
        return examples, pd.read_parquet(data / "04_feature/leads.parquet")


def shuffle_labels(examples: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The examples with each target's labels dealt anew among its leads; the landmarks of a lead share one."""
    rng = np.random.default_rng(seed)
    dealt = []
    for _target, rows in examples.groupby("target"):
        leads = rows.drop_duplicates("lead_key").set_index("lead_key")
        # When the outcome was goes with it, by the time since engagement.
        after = leads["outcome_at"] - leads["first_engaged_at"]
        drawn = rng.permutation(len(leads))
        label, after = (pd.Series(values.to_numpy()[drawn], index=leads.index) for values in (leads["label"], after))
        key = rows["lead_key"]
        outcome_at = rows["first_engaged_at"] + key.map(after)
        dealt.append(rows.assign(label=key.map(label).astype("Int64"), outcome_at=outcome_at))
    return pd.concat(dealt)


def gate(examples: pd.DataFrame, features: pd.DataFrame, seed: int) -> dict[str, Any]:
    """evaluation.json's targets of a run on these examples."""
    parameters = parameters_of(None)
    target = Targets.model_validate(parameters["target"])
    model = ModelParameters.model_validate(parameters["model"])
    leakage = LeakageParameters.model_validate(parameters["leakage"])
    evaluation = EvaluationParameters.model_validate(parameters["evaluation"])
    limits = GateLimits.model_validate(parameters["gate"])
    trained = train_models(examples, features, {}, target, model, seed)
    audited = audit_leakage(examples, features, NOTHING_DIFFERS, target, model, leakage)
    predicted = predict_holdout(examples, features, trained, {}, {}, target)
    found: dict[str, Any] = evaluate_models(
        predicted, examples, trained, audited, {}, {}, AS_OF, target, evaluation, limits, seed
    )["targets"]
    return found


def main() -> None:
    """Print one line a shuffle and target, and how often each condition of the gate held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shuffles", type=int, default=20)
    parser.add_argument("--worlds", type=int, default=4)
    parser.add_argument("--leads", type=int, default=5000)
    given = parser.parse_args()
    held: dict[str, Counter[str]] = {}
    for number in range(given.shuffles):
        if number % -(-given.shuffles // given.worlds) == 0:
            examples, features = describe_world(1000 + number, given.leads)
        for name, found in gate(shuffle_labels(examples, number), features, number).items():
            decided = found["gate"]
            kept = [condition["name"] for condition in decided["conditions"] if condition["passed"]]
            held.setdefault(name, Counter()).update(["gate", *kept] if decided["passed"] else kept)
            failed = [condition["name"] for condition in decided["conditions"] if not condition["passed"]]
            positives = found["split"]["holdout"]["positives"]
            print(
                f"shuffle {number}, {name}, {found['chosen_model']}, {positives} positive: fails {failed}", flush=True
            )
    for name, counted in held.items():
        conditions = ", ".join(
            f"{condition} {times}" for condition, times in sorted(counted.items()) if condition != "gate"
        )
        print(f"{name}: {counted['gate']} of {given.shuffles} gates passed; conditions held: {conditions}")


if __name__ == "__main__":
    main()
