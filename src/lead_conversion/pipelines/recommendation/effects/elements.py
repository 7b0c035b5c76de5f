"""Who is compared with whom: for each element, the arms of the risk set and when each was live."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pandas as pd

from lead_conversion.pipelines.recommendation.exposure.sequence_variants import (
    OWN_VARIANT,
    has_own_wait,
    is_believable_wait,
)
from lead_conversion.pipelines.recommendation.exposure.traffic import first_of_journeys

# later than any as-of; the largest pandas time does not fit in microseconds
NEVER = pd.Timestamp("2262-01-01")
Span = tuple[pd.Timestamp, pd.Timestamp]


@dataclass(frozen=True)
class Element:
    """One thing that could be changed, seen as one arm against others."""

    element_type: str
    element_id: str
    campaign_id: int | None
    step_id: int | None
    contrast: str
    label: str
    arm: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Arms among leads at risk, with the half-open span in which each was live.

    `rows` holds one row a lead of the risk set, with the column `arm` beside.
    """

    name: str
    rows: pd.DataFrame
    spans: dict[str, Span]
    elements: tuple[Element, ...]

    @property
    def element_type(self) -> str:
        """Of all its elements."""
        return self.elements[0].element_type


@dataclass(frozen=True)
class StepName:
    """What a person calls a step, and the campaign it belongs to."""

    campaign_id: int
    label: str


def list_comparisons(risk_set: pd.DataFrame, campaign_steps: pd.DataFrame, least: int) -> list[Comparison]:
    """Every comparison that the risk set holds: prompts, steps, waits that `least` leads got, orders, campaigns."""
    campaign_steps = campaign_steps.loc[campaign_steps["campaign_id"].notna()]
    return [
        *_compare_within_steps(risk_set, campaign_steps, least),
        *_compare_journeys(risk_set, campaign_steps),
    ]


def name_campaigns(campaign_steps: pd.DataFrame) -> dict[int, str]:
    """Each campaign's readable name, on one line."""
    campaigns = campaign_steps.dropna(subset="campaign_id").drop_duplicates("campaign_id")
    names = {
        int(key): " ".join(name.split()) or f"campaign {int(key)}"
        for key, name in zip(campaigns["campaign_id"], campaigns["campaign_name"], strict=True)
    }
    return _tell_apart(names)


def name_steps(campaign_steps: pd.DataFrame) -> dict[int, StepName]:
    """Each step's readable name: campaign, place and channel."""
    campaigns = name_campaigns(campaign_steps)
    steps = campaign_steps.drop_duplicates("step_id").to_dict("records")
    labels = {
        int(step["step_id"]): f"{campaigns[int(step['campaign_id'])]} · step {step['step_order']} ({step['channel']})"
        for step in steps
    }
    told_apart = _tell_apart(labels)
    return {
        int(step["step_id"]): StepName(int(step["campaign_id"]), told_apart[int(step["step_id"])]) for step in steps
    }


def _tell_apart(names: dict[int, str]) -> dict[int, str]:
    """The names, with its id behind each one that several have."""
    bearers = Counter(names.values())
    return {key: f"{name} (id {key})" if bearers[name] > 1 else name for key, name in names.items()}


def prompt_spans(campaign_steps: pd.DataFrame) -> dict[str, Span]:
    """When each prompt version was live; one that is not retired is live without end.

    A version of which nobody knows when it began is absent: nobody knows what ran beside it.
    """
    prompts = campaign_steps.loc[campaign_steps["prompt_id"].notna() & campaign_steps["prompt_created_at"].notna()]
    retired = prompts["prompt_retired_at"].astype("datetime64[us]").fillna(NEVER)
    created = prompts["prompt_created_at"].astype("datetime64[us]")
    keys = prompts["prompt_id"].astype("Int64").astype("str")
    return {
        key: (pd.Timestamp(start), pd.Timestamp(end)) for key, start, end in zip(keys, created, retired, strict=True)
    }


def each_group(rows: pd.DataFrame, column: str) -> Iterator[tuple[int, pd.DataFrame]]:
    """The rows of each id in the column, by ascending id."""
    for key, group in rows.groupby(column, sort=True):
        yield cast("int", key), group


def _compare_within_steps(risk_set: pd.DataFrame, campaign_steps: pd.DataFrame, least: int) -> Iterator[Comparison]:
    names, spans = name_steps(campaign_steps), prompt_spans(campaign_steps)
    prompts = campaign_steps.loc[campaign_steps["prompt_id"].notna()].to_dict("records")
    version_of = {str(int(p["prompt_id"])): _name_version(p["prompt_version"], p["prompt_id"]) for p in prompts}
    for step_id, rows in each_group(risk_set, "step_id"):
        step = names[step_id]
        sent = rows.loc[~rows["is_skipped"]]
        yield from _compare_prompts(step_id, step, sent, spans, version_of)
        yield from _compare_keeping(step_id, step, rows.loc[rows["is_reachable"]])
        yield from _compare_waits(step_id, step, sent, least)


def _name_version(version: float | None, prompt_id: float) -> str:
    """Its number within the step; of a version without one the prompt's own id."""
    return f"of prompt {int(prompt_id)}" if version is None or pd.isna(version) else f"{version:g}"


def _compare_prompts(
    step_id: int,
    step: StepName,
    sent: pd.DataFrame,
    spans: dict[str, Span],
    version_of: dict[str, str],
) -> Iterator[Comparison]:
    """Each version against the mean of the others that were live beside it."""
    rows = sent.assign(arm=sent["prompt_id"].astype("str"))
    rows = rows.loc[rows["arm"].isin(spans)]
    arms = sorted(rows["arm"].unique(), key=int)
    if len(arms) > 1:
        elements = tuple(
            Element(
                element_type="prompt",
                element_id=arm,
                campaign_id=step.campaign_id,
                step_id=step_id,
                contrast=f"version {version_of[arm]} - mean of the other live versions",
                label=f"{step.label} · version {version_of[arm]}",
                arm=arm,
                others=tuple(other for other in arms if other != arm),
            )
            for arm in arms
        )
        yield Comparison(f"prompt {step_id}", rows, {a: spans[a] for a in arms}, elements)


def _compare_keeping(step_id: int, step: StepName, reachable: pd.DataFrame) -> Iterator[Comparison]:
    """Keeping the step against skipping it."""
    arm = reachable["is_skipped"].map({True: "skip", False: "keep"})
    element = Element(
        element_type="step",
        element_id=str(step_id),
        campaign_id=step.campaign_id,
        step_id=step_id,
        contrast="keep - skip",
        label=step.label,
        arm="keep",
        others=("skip",),
    )
    yield from _pair(f"step {step_id}", reachable.assign(arm=arm), element)


def _compare_waits(step_id: int, step: StepName, sent: pd.DataFrame, least: int) -> Iterator[Comparison]:
    """The step's own wait against each other wait that `least` leads got in the campaign's own order."""
    tried = sent.loc[(sent["sequence_variant"] == OWN_VARIANT) & is_believable_wait(sent["planned_wait_hours"])]
    is_own = has_own_wait(tried)
    arm = tried["planned_wait_hours"].map("{:g} h".format).where(~is_own, "own wait")
    own_hours = tried["variant_wait_hours"].min()
    sizes = arm.value_counts()
    for other in sorted(set(sizes.index[sizes >= least]) - {"own wait"}):
        element = Element(
            element_type="wait",
            element_id=str(step_id),
            campaign_id=step.campaign_id,
            step_id=step_id,
            contrast=f"{own_hours:g} h - {other}",
            label=f"{step.label} · wait {own_hours:g} h",
            arm="own wait",
            others=(other,),
        )
        rows = tried.assign(arm=arm)
        yield from _pair(f"wait {step_id} {other}", rows, element)


def _compare_journeys(risk_set: pd.DataFrame, campaign_steps: pd.DataFrame) -> Iterator[Comparison]:
    """Orders and campaigns: one row a lead, at the first step it met."""
    names = name_campaigns(campaign_steps)
    journeys = first_of_journeys(risk_set)
    for campaign_id, rows in each_group(journeys, "campaign_id"):
        yield from _compare_orders(campaign_id, names[campaign_id], rows)
    yield from _compare_campaigns(names, journeys.drop_duplicates("lead_key"))


def _compare_orders(campaign_id: int, name: str, rows: pd.DataFrame) -> Iterator[Comparison]:
    rows = rows.assign(arm=rows["sequence_variant"])
    for other in sorted(set(rows["arm"]) - {OWN_VARIANT}):
        element = Element(
            element_type="order",
            element_id=str(campaign_id),
            campaign_id=campaign_id,
            step_id=None,
            contrast=f"{OWN_VARIANT} - {other}",
            label=f"{name} · order {OWN_VARIANT}",
            arm=OWN_VARIANT,
            others=(other,),
        )
        yield from _pair(f"order {campaign_id} {other}", rows, element)


def _compare_campaigns(names: dict[int, str], rows: pd.DataFrame) -> Iterator[Comparison]:
    rows = rows.assign(arm=rows["campaign_id"].astype("str"))
    arms = sorted(rows["arm"].unique(), key=int)
    if len(arms) > 1:
        elements = tuple(
            Element(
                element_type="campaign",
                element_id=arm,
                campaign_id=int(arm),
                step_id=None,
                contrast="this campaign - mean of the other live campaigns",
                label=names[int(arm)],
                arm=arm,
                others=tuple(other for other in arms if other != arm),
            )
            for arm in arms
        )
        yield Comparison("campaign", rows, observed_spans(rows), elements)


def _pair(name: str, rows: pd.DataFrame, element: Element) -> Iterator[Comparison]:
    """Two arms in the time in which both were in use; nothing where one of them never was."""
    pair = rows.loc[rows["arm"].isin([element.arm, *element.others])]
    if set(pair["arm"]) > {element.arm}:
        yield Comparison(name, pair, observed_spans(pair), (element,))


def observed_spans(rows: pd.DataFrame) -> dict[str, Span]:
    """From the first to just after the last time that each arm was met."""
    seen = rows.groupby("arm")["met_at"].agg(["min", "max"])
    just_after = pd.Timedelta(microseconds=1)
    return {str(arm): (row["min"], row["max"] + just_after) for arm, row in seen.iterrows()}
