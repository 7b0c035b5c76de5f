"""`lead-conversion experiment`: ways of making models, compared on leads of the past without a look at the holdout."""

import json
import logging
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np
import pandas as pd
from pydantic import BaseModel, ValidationError

from lead_conversion import __version__
from lead_conversion.cli import find_refusal
from lead_conversion.cli.project import catalog_of, configuration_of, publish
from lead_conversion.configuration import HydraConfigLoader, Job, split_jobs
from lead_conversion.datasets.staging import read_log
from lead_conversion.hooks.identity import git_state
from lead_conversion.kernel.errors import ConfigurationError, DataError
from lead_conversion.kernel.targets import Target, Targets
from lead_conversion.lifecycle.registry import ExperimentRuns
from lead_conversion.pipelines.modelling.backtest import (
    Measured,
    Procedure,
    backtest_target,
    compare_measured,
    measure_backtest,
)
from lead_conversion.pipelines.modelling.parameters import (
    EvaluationParameters,
    ModelParameters,
    SplitParameters,
    TuningParameters,
)
from lead_conversion.pipelines.modelling.resampling import Estimate
from lead_conversion.pipelines.modelling.splits import assign_splits
from lead_conversion.reports.experiment_page import (
    comparison_frame,
    comparison_table,
    render_comparison,
    render_figure,
    say_comparison,
    say_failures,
    seed_table,
    text_table,
)
from lead_conversion.reports.formats import decimal, estimate, plural

DATA = Path("data")
FOLDER = DATA / "experiments"
INPUT_FILES = ("03_primary/labels.parquet", "03_primary/contacts.parquet", "04_feature/leads.parquet")
INPUTS = ("primary_labels@pandas", "primary_contacts@pandas", "feature_leads@pandas", "primary_as_of", "label_summary")
# What an experiment may vary; where the holdout begins is not in it.
VARIED = ("model", "tuning", "target", "seed", "split.calibration_share")
COMMON = "evaluation"
DATA_GROUPS = ("source", "clean", "privacy", "quality", "features", "demo_world", "target")
# What the group of the nearly equal name does.
TESTS_ON_LEADS = ("analyse", "end", "list", "register", "show")
ID_DIGITS = 8
A_BUG = 1
TITLE = "Experiment: ways of making models, compared"

Result = dict[str, Any]
Typed = TypeVar("Typed", bound=BaseModel)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trial:
    """A job with its values typed."""

    job: Job
    procedure: Procedure
    targets: Targets

    @classmethod
    def of(cls, job: Job) -> "Trial":
        """The trial of a job.

        Raises:
            ConfigurationError: a value that is none, or one that is out of its range.
        """
        seed = job.parameters["seed"]
        if not isinstance(seed, int):
            raise ConfigurationError(f"'seed': expected a whole number, found '{seed}'.")
        procedure = Procedure(
            _typed(ModelParameters, job, "model"),
            _typed(TuningParameters, job, "tuning"),
            _typed(SplitParameters, job, "split"),
            seed,
        )
        return cls(job, procedure, _typed(Targets, job, "target"))

    @property
    def what_counts(self) -> dict[str, Any]:
        """The parameters that its models depend on."""
        return {name: self.job.parameters[name] for name in ("model", "tuning", "split", "target", "seed")}

    @property
    def names(self) -> dict[str, str]:
        """What the comparison calls it: what is swept but for the target, and the same without the seed."""
        swept = [word for word in self.job.swept if not word.startswith("target=")]
        return {
            "configuration": " ".join(swept),
            "without_seed": " ".join(word for word in swept if not word.startswith("seed=")),
        }


@dataclass(frozen=True)
class Published:
    """What the features' pipeline published: the same for every job."""

    examples: pd.DataFrame
    feature_leads: pd.DataFrame
    label_summary: dict[str, Any]
    as_of: dict[str, str]
    hashes: dict[str, str]


@dataclass
class Comparison:
    """Judges one trial after the other on the same leads; the first one of a target is the reference."""

    published: Published
    evaluation: EvaluationParameters
    origins: int
    seed: int
    references: dict[str, Measured] = field(default_factory=dict)

    def judge(self, trial: Trial) -> list[Result]:
        """A result for each target of the trial."""
        return [self._judge_target(trial, target) for target in trial.targets.items()]

    def _judge_target(self, trial: Trial, target: tuple[str, Target]) -> Result:
        made = self.published
        backtest = backtest_target(
            made.examples, made.feature_leads, made.label_summary, target, trial.procedure, self.origins
        )
        measured = measure_backtest(backtest, self.evaluation, self.seed)
        described = {
            "target": target[0],
            "origins": len(backtest.chosen),
            "chosen": ", ".join(dict.fromkeys(backtest.chosen)),
            "rows": len(measured.judged),
            "leads": int(measured.judged["lead_key"].nunique()),
            "positives": int(measured.judged["label"].sum()),
        }
        if not measured.figures:
            why = backtest.messages[-1] if backtest.messages else "No lead's window was over before any origin."
            return {**described, "status": "not_enough_data", "message": f"Not enough data to judge. {why}"}
        reference = self.references.setdefault(target[0], measured)
        ahead = compare_measured(measured, reference)
        return {
            **described,
            "status": "compared",
            "is_reference": reference is measured,
            **{name: self._with_interval(estimate) for name, estimate in measured.figures.items()},
            **{f"{name}_ahead": self._with_interval(estimate) for name, estimate in ahead.items()},
            "message": " ".join(dict.fromkeys(backtest.messages)),
        }

    def _with_interval(self, estimate: Estimate) -> dict[str, float | None]:
        figures = (estimate.value, *estimate.interval(self.evaluation.confidence_level))
        return {
            name: float(figure) if np.isfinite(figure) else None
            for name, figure in zip(("value", "ci_low", "ci_high"), figures, strict=True)
        }


@click.command()
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE[,VALUE...]]...")
@click.option("-m", "--multirun", is_flag=True, help="As in Hydra, where commas need it. Here they always sweep.")
@click.option("--env", help="The environment whose configuration and published features are used.")
@click.option(
    "--origins",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Moments of the past from which each configuration is trained anew and judged. More: steadier, slower.",
)
def experiment(overrides: tuple[str, ...], env: str | None, origins: int, multirun: bool) -> None:  # noqa: ARG001 - multirun is Hydra's word, and the only way here
    """Compare ways of making models, one job for each combination of values.

    KEY=VALUE are Hydra's overrides: an option of a configuration group (the folders of
    conf/base/parameters) or a single value. Several values make several jobs: every combination
    is trained and judged. What can vary: model, tuning, target, seed, split.calibration_share and
    every value under model and tuning.

    Data and features are taken as they were published, and made once where there are none yet.
    Each job is trained at several moments of the past and judged on the leads that came next, all
    of them before the holdout's embargo. The holdout is not looked at, nothing published changes
    and no model is registered.

    Tests on leads are something else: `lead-conversion experiments`, with an s.

    The first job of a target is the one that the others are compared with. What comes out stands
    in data/experiments/ and, as a parent run with a child for each job, in MLflow.

    \b
    Examples:
      lead-conversion experiment -m model=logistic,lightgbm,blend target=t1
      lead-conversion experiment -m model=lightgbm,logistic target=t1,t2,t3 seed=1,2,3
      lead-conversion experiment -m model=lightgbm model.lightgbm.num_leaves=7,15,31
      lead-conversion experiment -m model=lightgbm target=t1 tuning=off,small
      lead-conversion experiment -m 'model=glob(*)' 'seed=range(1,6)' --origins 5
    """  # noqa: D301 - click wants the control character itself
    if overrides[:1] and overrides[0] in TESTS_ON_LEADS:
        raise ConfigurationError(
            f"'{overrides[0]}' belongs to tests on leads: did you mean `lead-conversion experiments {overrides[0]}`, "
            "with an s? `experiment` compares ways of making models."
        )
    loader = configuration_of(env)
    trials = [Trial.of(job) for job in split_jobs(loader, overrides, _require_allowed)]
    evaluation = _typed(EvaluationParameters, trials[0].job, "evaluation")
    defaults = loader.compose()
    published = _load_published(env, _targets_of(trials), SplitParameters.model_validate(defaults["split"]))
    facts = {
        "snapshot_id": published.as_of["snapshot_id"],
        "as_of": published.as_of["as_of"],
        "inputs": published.hashes,
        "origins": origins,
        "evaluation": evaluation.model_dump(mode="json"),
        "resampling_seed": defaults["seed"],
        "jobs": [{"overrides": list(trial.job.overrides), "parameters": trial.what_counts} for trial in trials],
    }
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    name = f"{published.as_of['snapshot_id']}-{sha256(canonical.encode()).hexdigest()[:ID_DIGITS]}"
    folder = FOLDER / name
    click.echo(f"Experiment {name}: {plural(len(trials), 'job')}, {plural(origins, 'origin')}")
    comparison = Comparison(published, evaluation, origins, defaults["seed"])
    with _tracked(loader, name, {"overrides": " ".join(overrides), "folder": str(folder)}) as runs:
        results, exit_code = _run_all(trials, comparison, runs)
        _write(folder, {**facts, "code": {"version": __version__, **git_state(Path.cwd())}}, results)
        runs.end("FAILED" if exit_code else "FINISHED", folder)
    _show(folder, results)
    sys.exit(exit_code)


def _require_allowed(key: str, is_swept: bool) -> None:
    """Refuse what an experiment does not vary, and say why."""
    group = key.partition(".")[0]
    if key in VARIED or group in {"model", "tuning"} or (group == COMMON and not is_swept):
        return
    if group == COMMON:
        raise ConfigurationError(f"'{key}': expected one value for all jobs, or figures could not be compared.")
    if group == "split":
        raise ConfigurationError(
            f"'{key}': where the holdout begins cannot vary, or a job would be judged on another one's holdout. Of the "
            "split only split.calibration_share can."
        )
    if group in DATA_GROUPS:
        raise ConfigurationError(
            f"'{key}' changes the data, the labels or the features, which an experiment takes as they were published. "
            f"Publish them first, with `kedro run --pipelines=data_engineering,feature_engineering --params {key}=…` "
            "or in an environment of their own, then ask for the experiment there. What can vary: "
            f"{', '.join(VARIED)}."
        )
    raise ConfigurationError(f"'{key}' changes nothing in an experiment. What can vary: {', '.join(VARIED)}.")


def _typed(kind: type[Typed], job: Job, name: str) -> Typed:
    try:
        return kind.model_validate(job.parameters[name])
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in (name, *first["loc"]))
        raise ConfigurationError(f"Job '{' '.join(job.overrides)}': {where}: {first['msg']}.") from error


def _targets_of(trials: Sequence[Trial]) -> Targets:
    return Targets.model_validate({name: spec for trial in trials for name, spec in trial.targets.items()})


def _load_published(env: str | None, targets: Targets, split: SplitParameters) -> Published:
    """What was published, made first where nothing is there yet; of the examples only those before the embargo.

    Raises:
        DataError: labels or features were published for other targets than these.
    """
    catalog = catalog_of(env, *INPUTS)
    if not all(catalog.exists(name) for name in INPUTS):
        click.echo("Nothing is published here yet: reading the data and making the features, once for all jobs.")
        publish(env, "data_engineering", "feature_engineering")
    labels, contacts, features, as_of, summary = (catalog.load(name) for name in INPUTS)
    for name, spec in targets.items():
        _require_published(name, spec, labels[labels["target"] == name], features)
    examples = assign_splits(labels, contacts, features, as_of, targets, split)
    return Published(
        examples[examples["split"].isin(["train", "calibration"])],
        features,
        summary,
        as_of,
        {name: read_log(DATA)["files"][name] for name in INPUT_FILES},
    )


def _require_published(name: str, spec: Target, labels: pd.DataFrame, features: pd.DataFrame) -> None:
    again = "Run `kedro run --pipeline=feature_engineering` with this configuration, then ask again."
    if labels.empty:
        raise DataError(f"Target '{name}' has no published labels. {again}")
    windows = (labels["window_end_at"] - labels["first_engaged_at"]).dropna().unique()
    if list(windows) != [pd.Timedelta(days=spec.window_days)]:
        raise DataError(
            f"Labels of '{name}' were published for another window than the configuration's {spec.window_days} days. "
            f"{again}"
        )
    there = set(features.loc[~features["is_scoring_row"].astype(bool), "landmark_hours"])
    missing = [f"{hours:g}" for hours in spec.landmarks_hours if hours not in there]
    if missing:
        raise DataError(f"Features of '{name}' were published without the landmark of {missing[0]} hours. {again}")


@contextmanager
def _tracked(loader: HydraConfigLoader, name: str, tags: Mapping[str, str]) -> Iterator[ExperimentRuns]:
    """The experiment's runs in MLflow, ended whatever happens."""
    mlflow = loader["mlflow"]
    runs = ExperimentRuns(
        mlflow["server"]["mlflow_tracking_uri"], mlflow["tracking"]["experiment"]["name"], f"experiment {name}", tags
    )
    try:
        yield runs
    except BaseException:
        runs.end("KILLED")
        raise


def _run_all(trials: Sequence[Trial], comparison: Comparison, runs: ExperimentRuns) -> tuple[list[Result], int]:
    """The results of all trials, and the exit code of the first one that failed."""
    results: list[Result] = []
    exit_code = 0
    for number, trial in enumerate(trials, start=1):
        click.echo(f"[{number:2d}/{len(trials)}] {' '.join(trial.job.overrides) or 'as configured'} …")
        started = time.monotonic()
        named = {"job": number, **trial.names}
        run_id = runs.start_job(" ".join(trial.job.swept) or "as configured", trial.what_counts, {"job": str(number)})
        failure = None
        try:
            made = [{**named, **result} for result in comparison.judge(trial)]
        except Exception as error:  # noqa: BLE001 - whatever stops one job, the others go on; the exit code tells
            refusal = find_refusal(error)
            failure = str(refusal) if refusal else _say_bug(error)
            exit_code = exit_code or (refusal.exit_code if refusal else A_BUG)
            made = [{**named, "target": name, "status": "failed", "message": failure} for name in trial.targets.names]
        runs.end_job(run_id, _figures_of(made), failure)
        results += made
        click.echo(f"        {time.monotonic() - started:5.1f} s → {'; '.join(map(_in_a_line, made))}")
    return results, exit_code


def _say_bug(error: Exception) -> str:
    """What kind of error it was and where, without its text, which can hold values."""
    log.error("A job broke off", exc_info=error)
    at = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(at.filename).name}, line {at.lineno}; the log has the rest"


def _in_a_line(result: Result) -> str:
    if result["status"] != "compared":
        return f"{result['target']} {result['status'].replace('_', ' ')}: {result['message']}"
    return f"{result['target']} PR-AUC {estimate(result['pr_auc'], decimal)}"


def _figures_of(results: Sequence[Result]) -> dict[str, float]:
    return {
        f"{result['target']}.{name}": figure["value"]
        for result in results
        for name, figure in result.items()
        if isinstance(figure, Mapping) and figure["value"] is not None
    }


def _write(folder: Path, facts: Mapping[str, Any], results: Sequence[Result]) -> None:
    """The experiment's folder, whole or not at all; the same experiment writes the same folder again."""
    about = [f"Snapshot {facts['snapshot_id']}, as of {facts['as_of']} UTC, {plural(facts['origins'], 'origin')}."]
    manifest = json.dumps({**facts, "results": results}, indent=1, sort_keys=True) + "\n"
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / "manifest.json").write_text(manifest, encoding="utf-8")
    comparison_frame(results).to_csv(partial / "comparison.csv", index=False)
    (partial / "comparison.md").write_text(render_comparison(TITLE, about, results), encoding="utf-8")
    (partial / "comparison.html").write_text(render_figure(TITLE, about, results), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)


def _show(folder: Path, results: Sequence[Result]) -> None:
    click.echo(f"\n{text_table(comparison_table(results))}\n")
    seeds = seed_table(results)
    if seeds is not None:
        click.echo(f"{text_table(seeds)}\n")
    for sentence in say_comparison(results):
        click.echo(sentence)
    for words in say_failures(results):
        click.secho(words, fg="red", err=True)
    click.echo(f"Open {folder / 'comparison.html'}; the same in comparison.md, comparison.csv and manifest.json.")
