"""`lead-conversion experiments`: tests on leads, from the plan to the verdict."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pandas as pd

from lead_conversion.cli.permission import record_access, require_permission
from lead_conversion.cli.project import access_log_of, catalog_of, parameters_of, publish, read_configuration
from lead_conversion.guard.roles import Permission, current_user
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError, ExperimentAlert, suggest
from lead_conversion.kernel.targets import Targets
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.lifecycle.experiment_log import (
    ANALYSE,
    ANCHOR_PURPOSE,
    END,
    REGISTER,
    ExperimentLog,
    TestStanding,
    read_trusted_standings,
)
from lead_conversion.lifecycle.experiments import (
    BAD_RATIO,
    EVEN,
    FINAL,
    GUARDRAIL,
    Arm,
    RegisteredTest,
    parse_arm,
    planned_arms,
    register_planned,
)
from lead_conversion.pipelines.recommendation.experiments.analysis import analyse_experiment
from lead_conversion.pipelines.recommendation.experiments.questions import CHANGE_SEQUENCE
from lead_conversion.pipelines.recommendation.experiments.schedule import SAME_LEADS, Place, reason_for_conflict
from lead_conversion.pipelines.recommendation.exposure.risk_sets import build_risk_sets
from lead_conversion.pipelines.recommendation.exposure.sequence_variants import OWN_VARIANT, parse_variant_orders
from lead_conversion.pipelines.recommendation.parameters import RecommendationParameters
from lead_conversion.pipelines.recommendation.prompts.wording import PromptText
from lead_conversion.reports.experiment_result import VERDICTS, say_planned, say_prospect, say_result
from lead_conversion.reports.formats import count, day, plural, points

PERMISSION: Permission = "experiment.register"
ENTITIES = ("engagement_logs", "outcomes", "campaign_steps", "contacts", "labels")
LABELLED = ("data_engineering", "feature_engineering"), ("label_conversions",)

env_option = click.option("--env", help="The environment whose plan, data and log are meant.")
by_option = click.option("--by", required=True, help="The name of the person who decides. It is recorded.")


@click.group()
def experiments() -> None:
    """Tests on leads, from plan to verdict.

    A run plans a randomised test for each change that it recommends, in
    data/07_model_output/experiment_plan.json. A person registers it before it begins; the
    campaign tool deals the leads to the arms, for this project never writes to the database.
    `analyse` reads the result.

    \b
    From plan to verdict:
      lead-conversion experiments list                              what is planned and what runs
      lead-conversion experiments show test-prompt-17               hypothesis, leads, looks, schedule
      lead-conversion experiments register test-prompt-17 --by "Ada L." --start 2026-10-01
                                                                    finds the new wording by its text
      lead-conversion experiments analyse --fresh                   every day: stop, go on, or wait
      lead-conversion experiments end test-prompt-17 --by "Ada L." --reason "Campaign closed"

    Every step is a line in data/audit/experiments.jsonl. `lead-conversion experiment` (without s)
    is something else: it compares ways of making models, and no lead notices.
    """  # noqa: D301 - click wants the control character itself


@experiments.command(name="list")
@env_option
def list_experiments(env: str | None) -> None:
    """Every planned and registered test. Says too whether the log can be trusted."""
    standings = _standings(env)
    plan = _plan_of(env)
    planned = {each["id"]: each for each in plan["experiments"]} if plan else {}
    if not planned and not standings:
        click.echo("No test is planned and none is registered. A run of 'full' or 'recommendation' plans them.")
    for name, standing in standings.items():
        click.echo(f"{name:<22} {_state(standing)}")
    for name, experiment in planned.items():
        if _is_open_to_register(plan, standings.get(name)):
            click.echo(f"{name:<22} planned: {say_prospect(experiment)}")
    if plan and planned:
        click.echo(plan["schedule"])
    lines = len(_log_of(env).lines())
    click.echo(f"Experiment log {_log_of(env).path}: {plural(lines, 'line')}, as they were written.")


@experiments.command()
@click.argument("name", metavar="TEST")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@env_option
def show(name: str, as_json: bool, env: str | None) -> None:
    """One test: arms, leads, weeks, looks. If it is registered, what happened since.

    \b
    Examples:
      lead-conversion experiments show test-prompt-17
      lead-conversion experiments show test-prompt-17 --json
    """  # noqa: D301 - click wants the control character itself
    standing = _standings(env).get(name)
    plan = _plan_of(env)
    planned = next((each for each in plan["experiments"] if each["id"] == name), None) if plan else None
    if standing is None and planned is None:
        raise _unknown(name, env)
    if as_json:
        registered = None
        if standing:
            registered = {"line": standing.entry, "analyses": standing.analyses, "ended": standing.ended}
        click.echo(json.dumps({"plan": planned, "registered": registered}, indent=1, sort_keys=True))
        return
    if standing is not None:
        _say_registered(standing)
    if planned is not None and _is_open_to_register(plan, standing):
        click.echo("\n".join(say_planned(planned)))


@experiments.command()
@click.argument("name", metavar="TEST")
@by_option
@click.option("--start", required=True, help="From when on leads are dealt to the arms, such as 2026-10-01; UTC.")
@click.option("--treatment", help="How arm B is told in the database: prompt=31, wait=48, skipped=yes, variant=B.")
@click.option("--control", help="The same of arm A. By default what the plan says of how things are.")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=EVEN,
    show_default=True,
    help="Chance of a lead to get arm B. Another one than a half needs more leads.",
)
@click.option("--seed", help="The seed of the allocation, where the campaign tool has one. It is recorded.")
@env_option
def register(
    name: str,
    by: str,
    start: str,
    treatment: str | None,
    control: str | None,
    share: float,
    seed: str | None,
    env: str | None,
) -> None:
    """Fix a planned test before it begins.

    Its start, its arms and, copied from the plan, its size, looks and limits stand from then on,
    whatever later runs plan. Refused while another test takes in the same leads.

    How the arms are told is known from the plan: versions that run already, a wait, a skipped step,
    an order. A new wording is found by its text: write it into the database as a prompt of the same
    step, run `kedro run --pipeline=data_engineering`, then register. Say --treatment only where the
    text differs from the proposed one, and of a whole sequence, by the variant that it was set up as.

    \b
    Examples:
      lead-conversion experiments register test-wait-4-48h --by "Ada L." --start 2026-10-01T06:00
      lead-conversion experiments register test-step-9 --by "Ada L." --start 2026-10-01 --seed 2026-10
      lead-conversion experiments register test-prompt-17 --by "Ada L." --start 2026-10-01
      lead-conversion experiments register test-prompt-17 --by "Ada L." --start 2026-10-01 --treatment prompt=31
    """  # noqa: D301 - click wants the control character itself
    _require_words("--by", by)
    require_permission(env, PERMISSION)
    plan = _plan_of(env)
    experiment = next((each for each in plan["experiments"] if each["id"] == name), None) if plan else None
    if plan is None or experiment is None:
        # What runs is not planned again.
        _require_not_running(name, _standings(env))
        raise _unknown(name, env)
    arms = _arms_of(env, experiment, control, treatment)
    test = register_planned(experiment, arms, _moment("--start", start), plan, share, seed)
    _require_known_arms(env, test)
    with _held(env) as (log, standings):
        counted = {each["id"] for each in (*plan["experiments"], *plan["running"])}
        _require_free_leads(test, experiment, counted, standings)
        event = {"action": REGISTER, "experiment": name, "by": by.strip(), "person": current_user()}
        _record(env, log, event | {"test": test.model_dump(mode="json")})
    click.echo(f"Registered {name}: A is {test.control}, B is {test.treatment}, from {day(start)} on.")
    if not experiment["feasible"]:
        click.secho(f"The plan calls it infeasible. {experiment['reason']}", fg="yellow", err=True)
    if test.is_registered_late:
        click.secho(
            f"The published data, as of {day(plan['as_of'])}, already hold leads from after that start: analyses will "
            "say that it was registered late.",
            fg="yellow",
            err=True,
        )
    click.echo(
        f"Have the campaign tool deal leads at random, {100 * share:g} % of them to B. "
        f"Next: lead-conversion experiments analyse {name} --fresh"
    )


@experiments.command()
@click.argument("names", metavar="[TEST]...", nargs=-1)
@click.option("--fresh", is_flag=True, help="Read the database first, as a run of data_engineering does.")
@click.option("--last", "is_last", is_flag=True, help="No more leads will come: make this the last look.")
@click.option("--json", "as_json", is_flag=True, help="The analyses as JSON.")
@env_option
def analyse(names: tuple[str, ...], fresh: bool, is_last: bool, as_json: bool, env: str | None) -> None:
    """Say of tests: stop, go on, or wait. Without names, of all that run.

    First whether chance explains how leads fell to the arms; where p is below 0.001 it does not, the
    test stops and no effect is told. Then the guardrails, opt-outs and negative replies, which may be
    looked at as often as one likes. Then, if a planned look is due, the difference in booked calls
    among leads whose outcome is mature, each by the arm it was first dealt, with the boundary of that
    look and an interval that holds at all looks together; once a test has ended, corrected for the
    looks too, for one that stops early shows rather too much. Each look is recorded; twice at the
    same data is one look.

    The data are those that were published last. Ends with exit code 80 where the sample ratio or a
    guardrail stops a test, so that a scheduler notices.

    \b
    Examples:
      lead-conversion experiments analyse --fresh
      lead-conversion experiments analyse test-prompt-17 --json
      lead-conversion experiments analyse test-prompt-17 --last
    """  # noqa: D301 - click wants the control character itself
    if is_last and not names:
        raise ConfigurationError("--last: expected the names of the tests that take in no more leads.")
    with _held(env) as (_, standings):
        chosen = _chosen(names, standings)
    if not chosen:
        nothing = "No registered test is running. `lead-conversion experiments list` says what is planned."
        click.echo("[]" if as_json else nothing)
        return
    if fresh:
        pipelines, to_nodes = LABELLED
        publish(env, *pipelines, to_nodes=to_nodes)
    entities = _Entities.load(env)
    with _held(env) as (log, standings):
        analysed = [
            (standings[name], _analyse(env, log, standings[name], entities, is_last=is_last)) for name in chosen
        ]
    if as_json:
        click.echo(json.dumps([result for _, result in analysed], indent=1, sort_keys=True))
    else:
        for standing, result in analysed:
            plain = standing.test.model_dump(mode="json")
            click.echo("\n".join(say_result(plain, result, is_late=standing.test.is_registered_late)))
            if standing.decided:
                click.echo(f"  decided     on {day(standing.decided['at'])}; this is what was on record then")
    stopped = [result["experiment_id"] for _, result in analysed if result["verdict"] in (BAD_RATIO, GUARDRAIL)]
    if stopped:
        raise ExperimentAlert(f"To be stopped now: {', '.join(stopped)}.")


@experiments.command()
@click.argument("name", metavar="TEST")
@by_option
@click.option("--reason", required=True, help="Why, in that person's words. It is recorded.")
@env_option
def end(name: str, by: str, reason: str, env: str | None) -> None:
    """End a test that has no verdict yet.

    It is not analysed any more, and its leads are free for others.

    \b
    Examples:
      lead-conversion experiments end test-prompt-17 --by "Ada L." --reason "Arms were dealt by hand"
    """  # noqa: D301 - click wants the control character itself
    _require_words("--by", by)
    _require_words("--reason", reason)
    require_permission(env, PERMISSION)
    with _held(env) as (log, standings):
        standing = standings.get(name)
        if standing is None:
            raise _unregistered(name, standings)
        if not standing.is_running:
            raise DataError(f"{name} does not run any more: {_state(standing)}.")
        event = {"action": END, "experiment": name, "by": by.strip(), "person": current_user()}
        _record(env, log, event | {"reason": reason.strip()})
    click.echo(f"Ended {name}.")


class _Entities:
    """The published entities that a risk set is made of, as of one moment."""

    def __init__(self, frames: Mapping[str, pd.DataFrame], as_of: dict[str, str], env: str | None) -> None:
        configured = parameters_of(env)
        self._frames = frames
        self._targets = Targets.model_validate(configured["target"])
        self._parameters = RecommendationParameters.model_validate(configured["recommendation"])
        self._risk_sets: dict[int, pd.DataFrame] = {}
        self.published = as_of
        self.as_of = parse_moment(as_of["as_of"])

    @classmethod
    def load(cls, env: str | None) -> "_Entities":
        """What was published last.

        Raises:
            DataError: nothing was.
        """
        names = [f"primary_{entity}@pandas" for entity in ENTITIES]
        catalog = catalog_of(env, *names, "primary_as_of")
        missing = [name for name in (*names, "primary_as_of") if not catalog.exists(name)]
        if missing:
            raise DataError(f"No data are published here: {missing[0]} is missing. Say --fresh to read the database.")
        frames = {entity: catalog.load(name) for entity, name in zip(ENTITIES, names, strict=True)}
        return cls(frames, catalog.load("primary_as_of"), env)

    def risk_set(self, horizon_days: int) -> pd.DataFrame:
        """The risk set with the horizon that a test was registered with."""
        if horizon_days not in self._risk_sets:
            self._risk_sets[horizon_days] = build_risk_sets(
                **{f"primary_{entity}": frame for entity, frame in self._frames.items()},
                primary_as_of=self.published,
                target=self._targets,
                parameters=self._parameters.model_copy(update={"horizon_days": horizon_days}),
            )
        return self._risk_sets[horizon_days]


def _analyse(
    env: str | None, log: ExperimentLog, standing: TestStanding, entities: _Entities, *, is_last: bool
) -> dict[str, Any]:
    """The analysis of a test at the published data, recorded if it looked; of a decided test the one on record."""
    test = standing.test
    if standing.decided:
        return dict(standing.decided["result"])
    if standing.last_as_of and entities.as_of < standing.last_as_of:
        raise DataError(
            f"{test.experiment_id} was analysed with data as of {standing.last_as_of}, but those published now are as "
            f"of {entities.as_of}. Say --fresh to read the database."
        )
    earlier = standing.looks_before(entities.as_of)
    result = analyse_experiment(entities.risk_set(test.horizon_days), test, earlier, entities.as_of, is_last=is_last)
    waiting = sum(result["leads"][arm] - mature for arm, mature in result.get("mature_leads", {}).items())
    if is_last and waiting:
        raise ConfigurationError(
            f"--last: expected every lead of {test.experiment_id} to be mature, found {count(waiting)} whose "
            f"{test.horizon_days} days are not over. Stop dealing leads, and ask again when they are."
        )
    if result["look"] or result["verdict"] in (*FINAL, BAD_RATIO):
        event = {"action": ANALYSE, "experiment": test.experiment_id, "person": current_user()}
        judged = {"is_final": result["verdict"] in FINAL, "snapshot_id": entities.published["snapshot_id"]}
        if not _is_on_record(standing, result):
            _record(env, log, event | judged | {"result": result})
    return result


def _is_on_record(standing: TestStanding, result: Mapping[str, Any]) -> bool:
    return bool(standing.analyses) and standing.analyses[-1]["result"] == json.loads(json.dumps(result))


def _arms_of(
    env: str | None, experiment: Mapping[str, Any], control: str | None, treatment: str | None
) -> tuple[Arm, Arm]:
    known = planned_arms(experiment)
    a = parse_arm("--control", control) if control else known[0]
    b = parse_arm("--treatment", treatment) if treatment else known[1]
    if experiment["change"] == CHANGE_SEQUENCE and b is None:
        raise ConfigurationError(
            f"--treatment: {experiment['id']} tests a sequence that nobody has been sent yet. Set it up as another "
            "variant of the campaign, run `kedro run --pipeline=data_engineering`, then say --treatment "
            "variant=<its name>."
        )
    b = b or _find_wording(env, experiment)
    if a is None or b is None:
        raise ConfigurationError(
            f"--treatment: {experiment['id']} tests a new wording, and the published data have no prompt of step "
            f"{experiment['step_id']} with that text. Write it to the database as a prompt of that step, run "
            "`kedro run --pipeline=data_engineering` and ask again. Where its text differs from the proposed one, say "
            "--treatment prompt=<its prompt_id>."
        )
    return a, b


def _find_wording(env: str | None, experiment: Mapping[str, Any]) -> Arm | None:
    """The prompts of the step that hold the proposed text, whatever its line breaks."""
    steps: pd.DataFrame = catalog_of(env, "primary_campaign_steps@pandas").load("primary_campaign_steps@pandas")
    proposed = (experiment["wording"] or "").split()
    prompts = steps.loc[(steps["step_id"] == experiment["step_id"]) & steps["prompt_id"].notna()].to_dict("records")
    found = [int(prompt["prompt_id"]) for prompt in prompts if PromptText.of(prompt).whole().split() == proposed]
    return Arm(mark="prompt", told_as=tuple(map(str, sorted(found)))) if found and proposed else None


def _require_known_arms(env: str | None, test: RegisteredTest) -> None:
    """Refuse prompts and variants that the published steps do not have."""
    if test.control.mark not in {"prompt", "variant"}:
        return
    steps: pd.DataFrame = catalog_of(env, "primary_campaign_steps@pandas").load("primary_campaign_steps@pandas")
    if test.control.mark == "prompt":
        of_step = steps.loc[(steps["step_id"] == test.step_id) & steps["prompt_id"].notna(), "prompt_id"]
        known = {str(int(prompt)) for prompt in of_step}
    else:
        orders = steps.loc[steps["campaign_id"] == test.campaign_id, "variant_orders"]
        known = {OWN_VARIANT, *(variant for text in orders for variant, _, _ in parse_variant_orders(text))}
    unknown = sorted({*test.control.told_as, *test.treatment.told_as} - known)
    if unknown:
        raise ConfigurationError(
            f"{test.control.mark}: the published data have no {', '.join(unknown)} where {test.experiment_id} takes "
            f"leads in; they have {', '.join(sorted(known)) or 'none'}. If it was written to the database since, run "
            "`kedro run --pipeline=data_engineering` and ask again."
        )


def _require_free_leads(
    test: RegisteredTest,
    experiment: Mapping[str, Any],
    counted: Collection[str],
    standings: Mapping[str, TestStanding],
) -> None:
    """Refuse a test that would take in leads of one that runs.

    Of a test that today's plan does not know nobody has counted the leads that both would take in: of the same campaign
    they are taken to be many.
    """
    _require_not_running(test.experiment_id, standings)
    in_the_way = {conflict["with"]: conflict["reason"] for conflict in experiment["conflicts"]}
    place = Place(test.campaign_id, test.step_id, pd.Index([]))
    for name, standing in standings.items():
        if not standing.is_running:
            continue
        other = Place(standing.test.campaign_id, standing.test.step_id, pd.Index([]))
        is_uncounted = name not in counted and test.campaign_id == standing.test.campaign_id
        reason = in_the_way.get(name) or reason_for_conflict(place, other) or (SAME_LEADS if is_uncounted else "")
        if reason:
            raise AccessError(
                f"{test.experiment_id} cannot begin while {name} runs: {reason}. A lead would be in two tests, and "
                f"neither could be told from the other. Wait for the verdict of {name}, or `end` it."
            )


def _require_not_running(name: str, standings: Mapping[str, TestStanding]) -> None:
    if name in standings and standings[name].is_running:
        raise AccessError(f"{name} is registered already and runs. `experiments analyse` or `end` it first.")


def _chosen(names: Sequence[str], standings: Mapping[str, TestStanding]) -> list[str]:
    for name in names:
        if name not in standings:
            raise _unregistered(name, standings)
        ended = standings[name].ended
        if ended:
            raise DataError(f"{name} was ended on {day(ended['at'])}: {ended['reason']}")
    return list(dict.fromkeys(names)) or [name for name, standing in standings.items() if standing.is_running]


def _plan_of(env: str | None) -> dict[str, Any] | None:
    """The published plan, if there is one."""
    catalog = catalog_of(env, "experiment_plan")
    plan: dict[str, Any] | None = catalog.load("experiment_plan") if catalog.exists("experiment_plan") else None
    if plan and "running" not in plan:
        raise DataError("The published plan was made by an earlier version. Run `kedro run --pipeline=recommendation`.")
    return plan


def _is_open_to_register(plan: Mapping[str, Any] | None, standing: TestStanding | None) -> bool:
    """Whether a planned test is none that was registered before: a later plan may ask again under the same name."""
    if standing is None or plan is None:
        return standing is None
    test = standing.test
    ran_then = {each["id"] for each in plan["running"]}
    is_later = plan["snapshot_id"] != test.plan_snapshot_id and test.experiment_id not in ran_then
    return is_later and not standing.is_running


def _log_of(env: str | None) -> ExperimentLog:
    return ExperimentLog(Path(read_configuration(env, "globals")["experiment_log"]))


def _standings(env: str | None) -> dict[str, TestStanding]:
    """How registered tests stand, by a log that is as it was written.

    Raises:
        DataError: it is not.
    """
    return read_trusted_standings(_log_of(env), access_log_of(env).path)


@contextmanager
def _held(env: str | None) -> Iterator[tuple[ExperimentLog, dict[str, TestStanding]]]:
    log = _log_of(env)
    with log.locked():
        yield log, _standings(env)


def _record(env: str | None, log: ExperimentLog, event: Mapping[str, Any]) -> None:
    """Append a line, and have the access log keep its hash."""
    record_access(env, "experiment_log", ANCHOR_PURPOSE, "anchored", reason=str(log.append(event)))


def _state(standing: TestStanding) -> str:
    if standing.ended:
        return f"ended on {day(standing.ended['at'])} by {standing.ended['by']}: {standing.ended['reason']}"
    if standing.decided:
        return f"{VERDICTS[standing.decided['result']['verdict']]} (decided {day(standing.decided['at'])})"
    looks = sum(1 for entry in standing.analyses if entry["result"]["look"])
    last = f"; last: {VERDICTS[standing.analyses[-1]['result']['verdict']]}" if standing.analyses else ""
    return f"runs since {day(str(standing.test.start))}, {plural(looks, 'look')} of {len(standing.test.looks)}{last}"


def _say_registered(standing: TestStanding) -> None:
    test, entry = standing.test, standing.entry
    click.echo(f"{test.experiment_id}: {_state(standing)}")
    click.echo(f"  {test.hypothesis}")
    click.echo(f"  arms        A is {test.control}, B is {test.treatment}; {test.share_treatment:.0%} get B")
    click.echo(f"  registered  {entry['at']} by {entry['by']} ({entry['person']})")
    click.echo(
        f"  planned     {count(test.sample_size_per_arm)} leads an arm to detect "
        f"{points(test.minimal_detectable_effect)} over {test.base_rate:.1%}; {test.power:.0%} power, {test.alpha:.0%} "
        "false alarms over all looks"
    )
    if test.seed:
        click.echo(f"  seed        {test.seed}")
    for analysis in standing.analyses:
        result = analysis["result"]
        look = f"look {result['look']['number']}" if result["look"] else "no look"
        click.echo(f"  {look:<12}{analysis['at']} by {analysis['person']}: {VERDICTS[result['verdict']]}")


def _moment(option: str, text: str) -> Any:
    try:
        return parse_moment(text)
    except ValueError:
        raise ConfigurationError(f"{option}: expected a day or moment, such as 2026-10-01, found '{text}'.") from None


def _require_words(option: str, given: str) -> None:
    if not any(letter.isalnum() for letter in given):
        raise ConfigurationError(f"{option}: expected words, found none. They are recorded.")


def _unknown(name: str, env: str | None) -> ConfigurationError:
    plan = _plan_of(env)
    there = [each["id"] for each in plan["experiments"]] if plan else []
    return ConfigurationError(
        f"The published plan has no test '{name}'; it has {', '.join(there) or 'none'}.{suggest(name, there)}"
        + ("" if there else " A run of 'full' or 'recommendation' plans them.")
    )


def _unregistered(name: str, standings: Mapping[str, TestStanding]) -> ConfigurationError:
    there = ", ".join(standings) or "none"
    return ConfigurationError(
        f"No test '{name}' is registered; there are {there}. `lead-conversion experiments register` registers one."
    )
