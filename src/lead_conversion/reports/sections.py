"""The report's sections: each a function from a run's results to the tables and figures that its template shows.

A new section is a function here, a template of the same id under templates/sections/ and a line in SECTIONS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from lead_conversion.contracts.features import FEATURES, TERMS
from lead_conversion.kernel.targets import Targets
from lead_conversion.reports import figures
from lead_conversion.reports.drift_tables import drift_table
from lead_conversion.reports.experiment_result import say_running
from lead_conversion.reports.formats import count, estimate, in_words, plural, short_key, signed
from lead_conversion.reports.leakage_table import audited_words, replayed_words, suspect_table
from lead_conversion.reports.quality_tables import (
    completeness_table,
    gate_place_table,
    idle_rule_table,
    met_rules,
    rule_table,
    waterfall_table,
)
from lead_conversion.reports.sequence_tables import sequence_views
from lead_conversion.reports.tables import (
    HEADLINE_METRICS,
    METRICS,
    backtest_table,
    difference_table,
    effect_table,
    exclusion_table,
    experiment_table,
    family_table,
    feature_table,
    file_table,
    gate_table,
    identity_table,
    in_order,
    landmark_table,
    lead_table,
    metric_table,
    question_table,
    ranking_table,
    relative_lead,
    running_table,
    segment_table,
    split_table,
    state_table,
)

GRADES: Mapping[str, str] = {
    "A": "randomised: chance decided who got which, as far as everything recorded can tell",
    "B": "adjusted: like compared with like, with overlap, and a bound on what hidden causes could do",
    "C": "association only: the figures move together, and the reason may be another one; test first",
}
# how an assumption reads after "if" where nothing has shown that it holds
CONDITIONS: Mapping[str, str] = {"the association is the cause": "the association were the cause"}
FEATURE_WORDS: Mapping[str, str] = {feature.name: feature.sentence for feature in FEATURES}
FEATURE_UNITS: Mapping[str, str] = {feature.name: feature.unit for feature in FEATURES}
View = Mapping[str, Any]


@dataclass(frozen=True)
class RunResults:
    """Everything a report tells about one run, as the catalog holds it; the three numbers cut long lists."""

    as_of: str
    snapshot_id: str
    targets: Targets
    evaluation: Mapping[str, Any]
    holdout_predictions: pd.DataFrame
    backtest: Mapping[str, Any]
    scored_leads: pd.DataFrame
    feature_attribution: pd.DataFrame
    feature_dependence: pd.DataFrame
    leakage_audit: Mapping[str, Any]
    effects: pd.DataFrame
    recommendations: Mapping[str, Any]
    experiment_plan: Mapping[str, Any]
    data_quality: Mapping[str, Any]
    label_summary: Mapping[str, Any]
    raw_manifest: Mapping[str, Any]
    run_identity: Mapping[str, Any]
    drift: Mapping[str, Any]
    leads_shown: int
    features_shown: int
    effects_shown: int

    def results(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Name, sentence and evaluation of each target."""
        return [(name, target.sentence, self.evaluation["targets"][name]) for name, target in self.targets.items()]


@dataclass(frozen=True)
class Picture:
    """A figure with the id of its element, what it shows (for who cannot see it), and how to read it."""

    id: str
    figure: go.Figure
    alt: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A section of the report: its id names the anchor and the template."""

    id: str
    title: str
    view: Callable[[RunResults], View]


def summarise(run: RunResults) -> View:
    """The verdicts first, and how much was read to reach them."""
    entities = in_order(run.data_quality["entities"])
    verdicts = [verdict(*result, run.scored_leads) for result in run.results()]
    best = next(iter(run.recommendations["recommendations"]), None)
    question = next(iter(parted_experiments(run.experiment_plan)[1]), None)
    infeasible = [test["id"] for test in run.experiment_plan["experiments"] if not test["feasible"]]
    return {
        "verdicts": verdicts,
        "trials": [item["target"] for item in verdicts if item["is_trial"]],
        "reading": ", ".join(
            f"{count(entity['rows_clean'])} {in_words(name)}" for name, entity in entities if entity["rows_read"]
        ),
        "rows_read": sum(entity["rows_read"] for _, entity in entities),
        "active_leads": run.scored_leads["lead_key"].nunique(),
        "flagged": int(run.effects["flagged"].sum()),
        "compared": len(run.effects),
        "best": best,
        "is_best_testable": best is None or best["experiment_id"] not in infeasible,
        "question": question,
    }


def verdict(name: str, sentence: str, result: Mapping[str, Any], scored_leads: pd.DataFrame) -> View:
    """What one target's evaluation comes to: status, the margin over the best baseline, the conditions that failed."""
    scores = scores_of(scored_leads, name)
    common = {"target": name, "sentence": sentence, "result": result, "is_trial": is_trial(scores, result)}
    if result["status"] != "evaluated":
        return {**common, "status": result["status"], "is_evaluated": False}
    conditions = result["gate"]["conditions"]
    return {
        **common,
        "is_evaluated": True,
        "status": "passed" if result["gate"]["passed"] else "failed",
        "chosen": result["models"][result["chosen_model"]],
        "comparison": _closest(result.get("comparisons", [])),
        "conditions": len(conditions),
        "failed": [condition for condition in conditions if not condition["passed"]],
    }


def compare_models(run: RunResults) -> View:
    """Per target: the chosen model beside what a team would have without it, its calibration, and the gate."""
    targets = []
    campaigns = {str(each["campaign_id"]): each["name"] for each in run.recommendations["sequences"]}
    for name, sentence, result in run.results():
        shown: dict[str, Any] = {"verdict": verdict(name, sentence, result, run.scored_leads), "pictures": []}
        if result["status"] == "evaluated":
            predictions = figures.holdout_of(run.holdout_predictions, name)
            shown |= {
                "split": split_table(result["split"]),
                "metrics": metric_table(result, HEADLINE_METRICS),
                "all_metrics": metric_table(result, tuple(METRICS)),
                "differences": difference_table(result.get("comparisons", [])),
                "gate": gate_table(result["gate"]),
                "by_landmark": landmark_table(result["by_landmark"]),
                "by_segment": segment_table(result["by_segment"], campaigns),
                "backtest": backtest_table(run.backtest[name]["origins"]),
                "pictures": _evaluation_pictures(name, result, predictions),
                "has_curves": figures.has_both_labels(predictions),
            }
        targets.append(shown)
    evaluated = figures.evaluated_targets(run.evaluation).values()
    return {
        "targets": targets,
        "any_evaluated": bool(evaluated),
        "has_comparator": any(
            model["role"] == "comparator" for result in evaluated for model in result["models"].values()
        ),
    }


def rank_leads(run: RunResults) -> View:
    """The first leads of each target's ranking, and how the probabilities are spread."""
    targets, pictures = [], []
    for name, sentence, result in run.results():
        scores = scores_of(run.scored_leads, name)
        shown: dict[str, Any] = {
            "name": name,
            "sentence": sentence,
            "leads": len(scores),
            "is_ranked": is_ranked(scores, result),
            "is_trial": is_trial(scores, result),
            "probability": scores["probability"].max(),
            "message": result["message"] if result["status"] == "not_recorded" else None,
        }
        if shown["is_ranked"]:
            top = scores.sort_values(["rank", "lead_key"]).head(run.leads_shown)
            shown |= {
                "model": short_key(str(scores["model_version"].iloc[0])),
                "top": lead_table(top),
            }
            pictures.append(
                Picture(
                    f"{name}-scores",
                    figures.score_distribution(scores["probability"]),
                    f"Histogram of the probabilities of {plural(len(scores), 'active lead')} for {name.upper()}",
                    f"{name.upper()}: how the probabilities of {plural(len(scores), 'active lead')} are spread.",
                )
            )
        targets.append(shown)
    return {"targets": targets, "pictures": pictures}


def explain_predictions(run: RunResults) -> View:
    """What moves the predictions, per target, strongest feature first."""
    targets = []
    for name, sentence, _ in run.results():
        attribution = run.feature_attribution
        rows = attribution[attribution["target"] == name].sort_values(["rank", "feature"])
        # What the source does not hold never varies, and so moves nothing.
        moving = rows[rows["mean_abs_contribution"] > 0]
        shown: dict[str, Any] = {"name": name, "sentence": sentence, "features": len(moving)}
        if len(moving):
            top = moving.head(run.features_shown)
            shown |= {
                "families": family_table(moving),
                "ranking": ranking_table(top, FEATURE_WORDS),
                "dependence": _dependence_pictures(name, run.feature_dependence),
                "picture": Picture(
                    f"{name}-attribution",
                    figures.attribution_bars(top, FEATURE_WORDS),
                    f"Bars: the {len(top)} features that move the predictions most, by family",
                    f"The {len(top)} strongest of {plural(len(rows), 'feature')}.",
                ),
            }
        targets.append(shown)
    return {"targets": targets, "dictionary": feature_table(), "terms": TERMS}


def audit_features(run: RunResults) -> View:
    """The features that may hold the outcome itself, per target, and what was looked at."""
    targets = [
        {
            "name": name,
            "sentence": sentence,
            "open_suspects": audit["open_suspects"],
            "suspects": suspect_table(audit),
            "looked_at": audited_words(audit),
        }
        for name, sentence, _ in run.results()
        for audit in [run.leakage_audit["targets"][name]]
    ]
    return {"targets": targets, "replayed": replayed_words(run.leakage_audit["replay"])}


def show_changes(run: RunResults) -> View:
    """Effects of the campaigns' elements, and the changes they suggest with what each is worth."""
    shown = most_telling(run.effects, run.effects_shown)
    return {
        "effects": run.effects,
        "shown": len(shown),
        "flagged": int(run.effects["flagged"].sum()),
        "picture": Picture(
            "effects-forest",
            figures.effects_forest(shown),
            f"Forest plot: effects of {plural(len(shown), 'element')} with 95 % intervals",
            "Each mark is one element against its alternative, the line its 95 % interval. Left of zero: worse than the"
            " alternative. Circle: grade A. Square: grade B. Diamond: grade C.",
        ),
        "effect_rows": effect_table(shown),
        "is_wording_counted": bool(run.effects["text_doubt"].notna().any()),
        "control": control_words(run.effects),
        "grades": [(grade, words) for grade, words in GRADES.items() if grade in set(run.effects["evidence_grade"])],
        "status": run.recommendations["status"],
        "message": run.recommendations["message"],
        "portfolio": run.recommendations["portfolio"]["sentence"],
        "recommendations": recommendation_views(run.recommendations, run.experiment_plan),
        "sequences": sequence_views(run.recommendations["sequences"], run.experiment_plan),
    }


def control_words(effects: pd.DataFrame) -> str:
    """What the negative control says; nothing where nothing could be controlled."""
    controlled, apart = int(effects["bounce_q"].count()), int(effects["bounces_differ"].sum())
    if not controlled:
        return ""
    return (
        "Negative control: no wording and no wait decides whether an address works. The arms differ beyond chance in "
        f"what bounced in {count(apart) if apart else 'none'} of {plural(controlled, 'comparison')}"
        f"{', graded C' if apart else ''}."
    )


def recommendation_views(recommendations: Mapping[str, Any], experiment_plan: Mapping[str, Any]) -> list[View]:
    """Each recommendation by rank, with its experiment, as planned or as it runs, and what its grade means."""
    experiments = {experiment["id"]: experiment for experiment in experiment_plan["experiments"]}
    running = {test["id"]: say_running(test, experiment_plan["as_of"]) for test in experiment_plan["running"]}
    return [
        {
            "item": item,
            "experiment": experiments.get(item["experiment_id"]),
            "running": running.get(item["experiment_id"]),
            "grade_words": GRADES[item["evidence"]["grade"]],
        }
        for item in sorted(recommendations["recommendations"], key=lambda item: item["rank"])
    ]


def condition(impact: Mapping[str, Any]) -> str:
    """What must hold for an expected impact to come true, to stand right behind its number: ", if ..."."""
    assumes = impact.get("assumes")
    for assumption, as_read in CONDITIONS.items():
        assumes = assumes and assumes.replace(assumption, as_read)
    return f", if {assumes}" if assumes else ""


def parted_experiments(experiment_plan: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """The planned tests of changes, one by one and of whole sequences, and those of what nobody can tell yet."""
    experiments = experiment_plan["experiments"]
    return [each for each in experiments if not each["so_far"]], [each for each in experiments if each["so_far"]]


def plan_experiments(run: RunResults) -> View:
    """The tests that would prove the changes, and those of what nobody can tell: size, feasibility, schedule."""
    experiments = run.experiment_plan["experiments"]
    running = run.experiment_plan["running"]
    proofs, questions = parted_experiments(run.experiment_plan)
    feasible = [experiment for experiment in experiments if experiment["feasible"]]
    return {
        "experiments": experiments,
        "schedule": run.experiment_plan["schedule"],
        "running": running_table(running, run.experiment_plan["as_of"]) if running else None,
        "proofs": proofs,
        "table": experiment_table(proofs),
        "questions": questions,
        "open_questions": run.experiment_plan["open_questions"],
        "question_table": question_table(questions),
        "picture": Picture(
            "experiment-durations",
            figures.experiment_durations(feasible),
            f"Bars: weeks that {plural(len(feasible), 'experiment')} would take",
            "Weeks from the start of the first test: enrolling leads, then waiting until the last label is known. "
            "Tests that take in the same leads run one after the other.",
        )
        if feasible
        else None,
    }


def watch_models(run: RunResults) -> View:
    """Whether the scored leads are still those that each model was made for, and its promises kept."""
    targets = []
    for name, sentence, _ in run.results():
        watched = run.drift["targets"].get(name)
        shown: dict[str, Any] = {"name": name, "sentence": sentence, "watched": watched}
        if watched and watched["checks"]:
            closest = watched["checks"][: run.features_shown]
            shown |= {
                "table": drift_table(closest),
                "left_out": len(watched["checks"]) - len(closest),
                "picture": Picture(
                    f"{name}-drift",
                    figures.drift_bars(closest),
                    f"Bars: the {plural(len(closest), 'check')} that came closest to their limits",
                    f"{name.upper()}: how much of its limit each change takes up, for the {len(closest)} that take up "
                    "most. Beyond the line a change is larger than chance explains and than matters.",
                ),
            }
        targets.append(shown)
    return {"verdict": run.drift["verdict"], "targets": targets}


def judge_quality(run: RunResults) -> View:
    """What became of the rows that were read, rule by rule, and whether they are complete."""
    quality = run.data_quality
    met = met_rules(quality["rules"])
    idle = idle_rule_table(quality["rules"])
    verdicts = [gate["passed"] for gate in quality["gates"]]
    return {
        "waterfall": waterfall_table(quality["entities"]),
        "rows_rejected": sum(entity["rows_rejected"] for entity in quality["entities"].values()),
        "rules": rule_table(met),
        "idle_rules": idle,
        "compared_with": quality["compared_with"],
        "passed": verdicts.count(True),
        "failed": verdicts.count(False),
        "gates": completeness_table(quality["gates"]),
        "places": gate_place_table(quality["gates"]),
    }


def account_for_labels(run: RunResults) -> View:
    """Which leads could be labelled, and why others could not."""
    sentences = {name: target.sentence for name, target in run.targets.items()}
    states = {
        f"{name.upper()}: {sentences.get(name, name)}": summary["states"] for name, summary in run.label_summary.items()
    }
    return {
        "states": state_table(run.label_summary),
        "exclusions": exclusion_table(run.label_summary),
        "picture": Picture(
            "cohort-states",
            figures.cohort_states(states),
            "Bars: leads by label state for each target",
            "Immature: the label window is not over, so it is not yet known; such a lead neither trains nor judges.",
        )
        if any(sum(counts.values()) for counts in states.values())
        else None,
    }


def trace_run(run: RunResults) -> View:
    """From what exactly this report was made."""
    versions = sorted(set(run.scored_leads["model_version"].dropna()))
    metrics = [(metric.title, metric.sentence) for metric in METRICS.values()]
    return {
        "metrics": metrics,
        "identity": identity_table(run.snapshot_id, run.run_identity, versions),
        "files": file_table(run.raw_manifest),
    }


SECTIONS: tuple[Section, ...] = (
    Section("summary", "In short", summarise),
    Section("models", "Who will convert", compare_models),
    Section("ranking", "Whom to contact first", rank_leads),
    Section("drivers", "Why", explain_predictions),
    Section("leakage", "Whether the future leaks in", audit_features),
    Section("drift", "Is it still right", watch_models),
    Section("changes", "What to change", show_changes),
    Section("experiments", "How to prove it", plan_experiments),
    Section("quality", "Data quality", judge_quality),
    Section("data", "What the figures rest on", account_for_labels),
    Section("reading", "How to read this, and how to repeat it", trace_run),
)


def scores_of(scored_leads: pd.DataFrame, target: str) -> pd.DataFrame:
    """The scored leads of one target."""
    return scored_leads[scored_leads["target"] == target]


def is_ranked(scores: pd.DataFrame, result: Mapping[str, Any]) -> bool:
    """Whether a model tells one target's leads apart; without one, all carry the base rate and their order is void."""
    differ = bool(scores["probability"].min() < scores["probability"].max())
    return differ or (result["status"] == "evaluated" and len(scores) > 0)


def is_trial(scores: pd.DataFrame, result: Mapping[str, Any]) -> bool:
    """Whether one target's leads are ranked by a model that nobody has approved."""
    return is_ranked(scores, result) and bool(scores["is_trial"].any())


def most_telling(effects: pd.DataFrame, limit: int) -> pd.DataFrame:
    """The most certain effects, ordered by kind of element and size; flagged ones take up to two thirds of the places.

    What does worse is to be changed, but what does better shows by what: neither may crowd out the other.
    """
    by_certainty = effects.sort_values(["q_value", "element_type", "element_id", "contrast"])
    flagged, others = (by_certainty[by_certainty["flagged"] == is_flagged] for is_flagged in (True, False))
    places = max(2 * limit // 3, limit - len(others))
    shown = pd.concat([flagged.head(places), others.head(limit - min(places, len(flagged)))])
    return shown.sort_values(["element_type", "effect", "element_id", "contrast"]).reset_index(drop=True)


def _evaluation_pictures(name: str, result: Mapping[str, Any], predictions: pd.DataFrame) -> list[Picture]:
    chosen = result["chosen_model"]
    pictures = [
        Picture(
            f"{name}-models",
            figures.model_comparison(result["models"], chosen),
            "PR-AUC of each model with 95 % intervals",
            "PR-AUC with its 95 % interval: the further right, the better the ranking.",
        ),
        Picture(
            f"{name}-calibration",
            figures.calibration_curve(result["models"][chosen]["calibration_curve"]),
            "Calibration curve of the chosen model",
            "Of the leads given a probability, how many converted. On the dotted line, “10 %” means ten in a hundred.",
        ),
    ]
    if figures.has_both_labels(predictions):
        pictures += [
            Picture(
                f"{name}-gain",
                figures.gain_curve(predictions, chosen),
                "Share of converters reached by share of leads contacted, for each model",
                "Contact the best-ranked leads first: how many of all converters are among them.",
            ),
            Picture(
                f"{name}-precision-recall",
                figures.precision_recall_curve(predictions, chosen),
                "Precision against recall for each model",
                "The price of reaching more converters: the share of contacted leads who convert falls.",
            ),
        ]
    return pictures


def _dependence_pictures(target: str, feature_dependence: pd.DataFrame) -> list[Picture]:
    """A picture for each feature whose dependence was followed, strongest first."""
    pictures = []
    of_target = feature_dependence[feature_dependence["target"] == target]
    for feature in of_target.sort_values("rank")["feature"].unique():
        rows = of_target[of_target["feature"] == feature]
        words = FEATURE_WORDS.get(feature, in_words(feature))
        figure = figures.dependence_curve(rows, FEATURE_UNITS.get(feature, ""))
        pictures.append(Picture(f"{target}-{feature}", figure, f"What the values of “{words}” do to the odds", words))
    return pictures


def _closest(comparisons: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The comparison with the baseline that comes closest in PR-AUC."""
    ahead = [item for item in comparisons if item["metric"] == "pr_auc" and item["difference"].get("value") is not None]
    if not ahead:
        return None
    closest = min(ahead, key=lambda item: item["difference"]["value"])
    difference = estimate(closest["difference"], lambda value: signed(value, 3))
    return {**closest, "difference_words": difference, "relative_words": relative_lead(closest)}
