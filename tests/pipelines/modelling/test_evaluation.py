import json
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from lead_conversion.contracts import model_output
from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.targets import Targets
from lead_conversion.lifecycle.champions import learned_until
from lead_conversion.lifecycle.gates import GateLimits
from lead_conversion.pipelines.modelling.evaluation import evaluate_models, predict_holdout, summarise_metrics
from lead_conversion.pipelines.modelling.leakage import audit_leakage
from lead_conversion.pipelines.modelling.parameters import (
    AcceptedFeature,
    EvaluationParameters,
    LeakageParameters,
    ModelParameters,
    SplitParameters,
)
from lead_conversion.pipelines.modelling.splits import assign_splits
from lead_conversion.pipelines.modelling.training import train_models

REPLAYED = {"moments": [], "landmarks": 500, "differing": {}}
THE_ONE_SIGNAL = AcceptedFeature(feature="crm_score", reason="invented as the one thing that tells")


@dataclass(frozen=True)
class Judged:
    trained: dict[str, Any]
    predictions: pd.DataFrame
    evaluation: dict[str, Any]

    @property
    def found(self) -> dict[str, Any]:
        return self.evaluation["targets"]["t1"]


Judge = Callable[..., Judged]


@pytest.fixture
def judge(
    target: Targets,
    features: list[Feature],
    as_of: dict[str, str],
    evaluation: EvaluationParameters,
    gate: GateLimits,
    leakage: LeakageParameters,
) -> Judge:
    def run(
        world: Any,
        model: ModelParameters,
        of: Targets = target,
        champions: Any = MappingProxyType({}),
        reads: list[Feature] = features,
    ) -> Judged:
        trained = train_models(world.examples, world.feature_leads, {}, of, model, seed=5, features=reads)
        predictions = predict_holdout(world.examples, world.feature_leads, trained, champions, {}, of, features)
        known = leakage.model_copy(update={"accepted": (THE_ONE_SIGNAL,)})
        audit = audit_leakage(world.examples, world.feature_leads, REPLAYED, of, model, known, features)
        judged_on = (predictions, world.examples, trained, audit, champions)
        found = evaluate_models(*judged_on, {}, as_of, of, evaluation, gate, seed=5, features=features)
        return Judged(trained, predictions, found)

    return run


@pytest.mark.parametrize("family", ["auto", "lightgbm", "logistic"])
def test_planted_signal_beats_the_baselines_and_passes_the_gate(
    family: str, make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    found = judge(make_world(4000), make_model(family)).found
    assert found["status"] == "evaluated"
    assert found["gate"]["passed"], [c for c in found["gate"]["conditions"] if not c["passed"]]
    chosen = found["models"][found["chosen_model"]]
    assert chosen["calibration_slope"]["ci_low"] < 1.1
    assert chosen["calibration_slope"]["ci_high"] > 0.9
    assert {comparison["baseline"] for comparison in found["comparisons"]} == {
        "rule",
        "contact_logistic",
        "campaign_rate",
    }
    assert all(comparison["difference"]["ci_low"] > 0 for comparison in found["comparisons"])


def test_feature_that_holds_the_outcome_keeps_a_model_from_passing_the_gate(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    world = make_world(3000)
    won = world.labels.set_index("lead_key")["state"].eq("positive")
    world.feature_leads["open_share"] = world.feature_leads["lead_key"].map(won).astype(float)
    found = judge(world, make_model("logistic")).found
    failed = {condition["name"]: condition for condition in found["gate"]["conditions"] if not condition["passed"]}
    assert (failed["leakage_audit"]["figure"], failed["leakage_audit"]["limit"]) == (1.0, 0.0)
    assert not found["gate"]["passed"]


@pytest.mark.parametrize("seed", range(8))
def test_shuffled_labels_never_pass_the_gate(
    seed: int, make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    found = judge(make_world(2500, seed=seed, shuffled=True, rate=0.3), make_model("auto")).found
    assert found["status"] == "evaluated"
    assert not found["gate"]["passed"]


@pytest.mark.parametrize("seed", range(4))
def test_knowing_the_landmark_alone_never_passes_the_gate(
    seed: int,
    make_clock_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    judge: Judge,
    late_target: Targets,
) -> None:
    found = judge(make_clock_world(seed=seed), make_model("lightgbm"), late_target).found
    chosen = found["models"][found["chosen_model"]]
    assert chosen["brier_skill"]["ci_low"] > 0
    assert chosen["lift_at_10"]["value"] > 1.2
    failed = {condition["name"] for condition in found["gate"]["conditions"] if not condition["passed"]}
    assert failed >= {"relative_pr_auc_gain", "pr_auc_difference_interval", "lift_at_10"}


def test_each_landmark_shows_the_chosen_model_beside_the_best_baseline(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    judged = judge(make_world(3000), make_model("logistic"))
    start, later = judged.found["by_landmark"]
    assert (start["landmark_hours"], later["landmark_hours"]) == (0.0, 24.0)
    best = max(
        ("rule", "contact_logistic", "campaign_rate"), key=lambda n: judged.found["models"][n]["pr_auc"]["value"]
    )
    rows = judged.predictions[judged.predictions["landmark_hours"] == 24]
    chosen, baseline = (rows[rows["model"] == name] for name in ("logistic", best))
    assert (later["n"], later["positives"]) == (len(chosen), chosen["label"].sum())
    assert later["base_rate"] == pytest.approx(chosen["label"].mean())
    assert later["mean_probability"] == pytest.approx(chosen["probability"].mean())
    for name, of_model in (("pr_auc", chosen), ("baseline_pr_auc", baseline)):
        assert later[name]["value"] == pytest.approx(
            average_precision_score(of_model["label"], of_model["probability"])
        )
        assert later[name]["ci_low"] < later[name]["value"] < later[name]["ci_high"]
    assert later["baseline"] == best


def test_each_campaign_and_source_shows_its_own_rows_and_few_leads_show_no_figures(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    world = make_world(3000)
    holdout = world.examples["split"] == "holdout"
    lonely = world.examples.loc[holdout, "lead_key"].unique()[:12]
    world.examples.loc[world.examples["lead_key"].isin(lonely), "campaign_id"] = 99
    judged = judge(world, make_model("logistic"))
    found = {(cell["dimension"], cell["segment"]): cell for cell in judged.found["by_segment"]}
    for dimension, column in (("campaign", "campaign_id"), ("source", "source")):
        rows = world.examples[holdout].groupby(world.examples[column].astype(str))["label"].agg(["size", "sum"])
        assert {segment for kind, segment in found if kind == dimension} == set(rows.index)
        for segment, (size, positives) in rows.iterrows():
            cell = found[dimension, str(segment)]
            assert (cell["n"], cell["positives"]) == (size, None if str(segment) == "99" else positives)


def test_landmark_with_few_positives_shows_no_figures(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    world = make_world(3000)
    late = (world.examples["split"] == "holdout") & (world.examples["landmark_hours"] == 24)
    world.examples.loc[late & (world.examples["label"] == 1).groupby(late).cumsum().gt(9), "label"] = 0
    start, later = judge(world, make_model("logistic")).found["by_landmark"]
    assert start["pr_auc"]["value"] > 0
    assert later["n"] == late.sum()
    assert {later[name] for name in ("positives", "base_rate", "mean_probability", "pr_auc", "baseline_pr_auc")} == {
        None
    }


def test_evaluation_is_json_and_names_run_split_and_version(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge, as_of: dict[str, str]
) -> None:
    judged = judge(make_world(2000), make_model("logistic"))
    stored = json.loads(json.dumps(judged.evaluation, allow_nan=False))
    assert (stored["as_of"], stored["snapshot_id"]) == (as_of["as_of"], as_of["snapshot_id"])
    split = stored["targets"]["t1"]["split"]
    assert split["embargo_days"] >= 7
    assert split["train"]["to"] < split["calibration"]["from"] < split["holdout"]["from"]
    holdout = stored["targets"]["t1"]["models"]["logistic"]
    assert holdout["n"] == split["holdout"]["rows"]
    assert split["holdout"]["positives"] < holdout["positives"]
    assert len(holdout["calibration_curve"]) == 5


def test_figures_are_those_of_the_predictions_handed_over(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    judged = judge(make_world(2000), make_model("logistic"))
    rows = judged.predictions[judged.predictions["model"] == "logistic"]
    brier = np.mean((rows["probability"] - rows["label"]) ** 2)
    assert judged.found["models"]["logistic"]["brier"]["value"] == pytest.approx(brier)


def test_predictions_cover_each_holdout_row_and_model_once(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    world = make_world(2000)
    judged = judge(world, make_model("logistic"))
    model_output.holdout_predictions.validate(judged.predictions)
    rows = (world.examples["split"] == "holdout").sum()
    assert (judged.predictions.groupby("model").size() == rows).all()


@pytest.mark.parametrize("rate", [0.04, 1e-9], ids=["one_conversion", "no_positive"])
def test_too_little_data_gives_a_complete_evaluation_without_figures(
    rate: float, make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    judged = judge(make_world(26, seed=0, rate=rate), make_model())
    found = judged.found
    model_output.holdout_predictions.validate(judged.predictions)
    assert judged.predictions.empty
    assert (found["status"], found["chosen_model"]) == ("not_enough_data", "base_rate")
    assert found["base_rate"]["ci_low"] <= found["base_rate"]["value"] <= found["base_rate"]["ci_high"]
    assert (found["models"], found["comparisons"], found["by_landmark"]) == ({}, [], [])
    assert not found["gate"]["passed"]
    figures = {condition["name"]: condition["figure"] for condition in found["gate"]["conditions"]}
    assert {name for name, figure in figures.items() if figure is not None} == {"positive_leads"}


def test_holdout_without_enough_positives_is_not_evaluated(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    world = make_world(2000)
    world.examples.loc[world.examples["split"] == "holdout", "label"] = 0
    judged = judge(world, make_model("logistic"))
    assert judged.trained["t1"]["status"] == "trained"
    assert judged.found["status"] == "not_enough_data"
    assert "Not enough data to evaluate" in judged.found["message"]
    assert not judged.found["gate"]["passed"]


def test_evaluation_is_the_same_for_any_order_of_its_inputs(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    judge: Judge,
    as_of: dict[str, str],
    target: Targets,
    evaluation: EvaluationParameters,
    gate: GateLimits,
) -> None:
    world = make_world(2000)
    judged = judge(world, make_model("logistic"))
    again = evaluate_models(
        judged.predictions.sample(frac=1, random_state=1),
        world.examples.sample(frac=1, random_state=2),
        judged.trained,
        {"targets": {"t1": judged.found["leakage"]}},
        {},
        {},
        as_of,
        target,
        evaluation,
        gate,
        seed=5,
    )
    assert json.dumps(again) == json.dumps(judged.evaluation)


def test_metrics_hold_finite_figures_only(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    judged = judge(make_world(2000), make_model("logistic"))
    judged.found["models"]["logistic"]["lift_at_10"]["value"] = None
    metrics = summarise_metrics(judged.evaluation)
    assert metrics["t1.pr_auc"] == {"value": judged.found["models"]["logistic"]["pr_auc"]["value"], "step": 0}
    assert metrics["t1.gate_passed"]["value"] in {0.0, 1.0}
    assert "t1.lift_at_10" not in metrics
    assert "t1.pr_auc_gain_on_rule" in metrics


def test_metrics_of_too_little_data_say_that_the_gate_did_not_pass(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    metrics = summarise_metrics(judge(make_world(26), make_model()).evaluation)
    assert metrics["t1.gate_passed"] == {"value": 0.0, "step": 0}
    assert "t1.pr_auc" not in metrics


def champion_of(judged: Judged, learned_until: pd.Timestamp, **changes: Any) -> dict[str, Any]:
    """The judged model as a champion that learned until a moment."""
    definition = {"outcome": "call_booked", "window_days": 7}
    made = {"target_definition": definition, "learned_until": learned_until.isoformat()}
    return {"t1": {"version": "3", "model": judged.trained["t1"], "lineage": made, "files": {}} | changes}


def holdout_begins(world: Any) -> pd.Timestamp:
    return world.examples.loc[world.examples["split"] == "holdout", "first_engaged_at"].min()


def verdict_on_champion(judged: Judged) -> dict[str, Any]:
    (found,) = [c for c in judged.found["gate"]["conditions"] if c["name"] == "no_worse_than_champion"]
    return found


def test_first_model_has_no_champion_to_be_worse_than(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    judged = judge(make_world(2000), make_model("logistic"))
    assert judged.found["champion"]["status"] == "none"
    assert verdict_on_champion(judged)["passed"]
    assert "champion" not in judged.found["models"]


def test_model_that_equals_the_champion_is_no_worse_on_the_whole_holdout(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    world = make_world(2000)
    first = judge(world, make_model("logistic"))
    judged = judge(world, make_model("logistic"), champions=champion_of(first, holdout_begins(world)))
    against = judged.found["champion"]
    assert (against["status"], against["version"]) == ("compared", "3")
    assert against["leads"] == against["holdout_leads"] == judged.found["split"]["holdout"]["leads"]
    assert against["relative"] == {"value": 0.0, "ci_low": 0.0, "ci_high": 0.0}
    assert verdict_on_champion(judged)["passed"]
    rows = judged.predictions[judged.predictions["model"] == "champion"]
    figures = judged.found["models"]["champion"]
    assert (figures["role"], figures["n"]) == ("champion", len(rows))
    assert figures["pr_auc"]["value"] == pytest.approx(average_precision_score(rows["label"], rows["probability"]))
    model_output.holdout_predictions.validate(judged.predictions)
    assert summarise_metrics(judged.evaluation)["t1.pr_auc_gain_on_champion"] == {"value": 0.0, "step": 0}


def test_model_that_is_worse_than_the_champion_fails(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    judge: Judge,
    features: list[Feature],
) -> None:
    world = make_world(3000)
    good = judge(world, make_model("logistic"))
    blind = [feature for feature in features if feature.name != "crm_score"]
    champions = champion_of(good, holdout_begins(world))
    found = judge(world, make_model("logistic"), champions=champions, reads=blind)
    assert found.found["champion"]["status"] == "compared"
    assert verdict_on_champion(found)["figure"] < -0.1
    assert not verdict_on_champion(found)["passed"]


def test_champion_that_has_seen_a_part_of_the_holdout_is_compared_on_the_rest(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    judge: Judge,
    features: list[Feature],
) -> None:
    world = make_world(3000)
    first = judge(world, make_model("logistic"), reads=features[:3])
    begins = holdout_begins(world)
    middle = begins + (world.examples["first_engaged_at"].max() - begins) / 2
    judged = judge(world, make_model("logistic"), champions=champion_of(first, middle))
    against = judged.found["champion"]
    unseen = world.examples[(world.examples["split"] == "holdout") & (world.examples["first_engaged_at"] >= middle)]
    assert against["leads"] == unseen["lead_key"].nunique() < against["holdout_leads"]
    assert against["positives"] == unseen.drop_duplicates("lead_key")["label"].sum()
    assert f"{against['leads']} of {against['holdout_leads']} holdout leads" in against["message"]
    rows = dict(list(judged.predictions.groupby("model")))
    assert set(rows["champion"]["lead_key"]) == set(unseen["lead_key"])
    mine = rows["logistic"][rows["logistic"]["lead_key"].isin(unseen["lead_key"])]
    theirs, own = (
        average_precision_score(of_model["label"], of_model["probability"]) for of_model in (rows["champion"], mine)
    )
    assert against["difference"]["value"] == pytest.approx(own - theirs)
    assert against["relative"]["value"] == pytest.approx(own / theirs - 1)
    assert against["relative"]["ci_low"] < against["relative"]["value"] < against["relative"]["ci_high"]
    # The other figures are those of the whole holdout, champion or not.
    alone = judge(world, make_model("logistic")).found
    assert judged.found["models"]["logistic"] == alone["models"]["logistic"]
    assert judged.found["comparisons"] == alone["comparisons"]


def test_champion_that_has_seen_the_answers_cannot_be_compared_yet_and_the_gate_fails(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    world = make_world(3000)
    first = judge(world, make_model("logistic"))
    assert first.found["gate"]["passed"]
    later = world.examples.loc[world.examples["split"] == "holdout", "first_engaged_at"].max()
    for moment in (later, later + pd.Timedelta(days=1)):
        judged = judge(world, make_model("logistic"), champions=champion_of(first, moment))
        assert judged.found["champion"]["status"] == "not_compared"
        assert "holdout leads" in judged.found["champion"]["message"]
        assert "looks from later" in verdict_on_champion(judged)["sentence"]
        assert not verdict_on_champion(judged)["passed"]
        assert not judged.found["gate"]["passed"]
        assert "champion" not in judged.found["models"]


def test_champion_that_this_code_cannot_score_with_is_not_compared_and_the_gate_fails(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], judge: Judge
) -> None:
    world = make_world(2000)
    first = judge(world, make_model("logistic"))
    champions = champion_of(first, holdout_begins(world))
    champions["t1"]["model"] = {**first.trained["t1"], "features": [{"name": "gone", "kind": "numeric", "unit": "h"}]}
    judged = judge(world, make_model("logistic"), champions=champions)
    assert "does not have: gone" in verdict_on_champion(judged)["sentence"]
    assert not judged.found["gate"]["passed"]
    silent = champion_of(first, holdout_begins(world))
    del silent["t1"]["lineage"]["learned_until"]
    assert (
        "until when it learned" in judge(world, make_model("logistic"), champions=silent).found["champion"]["message"]
    )


def test_model_retrained_a_week_later_is_compared_on_its_whole_holdout(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    judge: Judge,
    target: Targets,
    split: SplitParameters,
    as_of: dict[str, str],
) -> None:
    world = make_world(3000)
    before = {**as_of, "as_of": (pd.Timestamp(as_of["as_of"]) - pd.Timedelta(days=7)).isoformat()}
    earlier = assign_splits(world.labels, world.contacts, world.feature_leads, before, target, split)
    first = judge(type(world)(world.labels, world.contacts, world.feature_leads, earlier), make_model("logistic"))
    until = pd.Timestamp(learned_until(first.found["split"], window_days=7))
    assert until > pd.Timestamp("2026-05-01")
    judged = judge(world, make_model("logistic"), champions=champion_of(first, until))
    assert judged.found["champion"]["leads"] == judged.found["champion"]["holdout_leads"]
    assert judged.found["champion"]["status"] == "compared"
