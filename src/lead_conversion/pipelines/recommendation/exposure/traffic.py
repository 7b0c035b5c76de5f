"""How many leads meet what, from the last weeks of real traffic."""

from datetime import datetime

import pandas as pd

from lead_conversion.pipelines.recommendation.exposure.sequence_variants import (
    OWN_VARIANT,
    has_own_wait,
)

DAYS_A_WEEK = 7
DAYS_A_MONTH = 30


def recent_rows(risk_set: pd.DataFrame, as_of: datetime, weeks: int) -> pd.DataFrame:
    """The rows met in the last `weeks` weeks before the as-of."""
    start = pd.Timestamp(as_of) - pd.Timedelta(weeks=weeks)
    return risk_set.loc[(risk_set["met_at"] >= start) & (risk_set["met_at"] < as_of)]


def first_of_journeys(risk_set: pd.DataFrame) -> pd.DataFrame:
    """One row a lead and campaign: the first step that the lead met there."""
    ordered = risk_set.sort_values(["met_at", "lead_key", "step_id"])
    return ordered.drop_duplicates(["lead_key", "campaign_id"])


def step_before(rows: pd.DataFrame, column: str) -> pd.Series:
    """What a column says of the step that the lead met before in the campaign; missing at its first."""
    ordered = rows.sort_values(["lead_key", "campaign_id", "met_at", "step_id"])
    return ordered.groupby(["lead_key", "campaign_id"])[column].shift().reindex(rows.index)


def count_exposed_leads(
    risk_set: pd.DataFrame, campaign_steps: pd.DataFrame, as_of: datetime, weeks: int
) -> dict[tuple[str, str], float]:
    """Leads a month (30 days) that meet each element as it stands, by (element_type, element_id).

    Campaigns that do not run or have no active step, inactive steps and retired prompts meet nobody any more and are
    absent.
    """
    risk_set = risk_set.loc[risk_set["campaign_id"].isin(_running_campaigns(campaign_steps))]
    sent = recent_rows(risk_set, as_of, weeks)
    sent = sent.loc[~sent["is_skipped"] & sent["step_id"].isin(_active_steps(campaign_steps))]
    own = sent.loc[sent["sequence_variant"] == OWN_VARIANT]
    # the journey's beginning is looked up before the window is cut, or old leads would count as new
    begun = recent_rows(first_of_journeys(risk_set), as_of, weeks)
    counted = {
        "prompt": sent.loc[sent["prompt_id"].isin(_live_prompts(campaign_steps, as_of)), "prompt_id"],
        "step": sent["step_id"],
        "wait": own.loc[has_own_wait(own), "step_id"],
        "order": begun.loc[begun["sequence_variant"] == OWN_VARIANT, "campaign_id"],
        "campaign": begun["campaign_id"],
    }
    months = weeks * DAYS_A_WEEK / DAYS_A_MONTH
    return {
        (element_type, str(int(key))): size / months
        for element_type, keys in counted.items()
        for key, size in keys.value_counts(sort=False).items()
    }


def _running_campaigns(campaign_steps: pd.DataFrame) -> list[int]:
    is_running = campaign_steps["campaign_status"].str.strip().str.lower() == "active"
    return campaign_steps.loc[is_running & campaign_steps["is_active"].astype("bool"), "campaign_id"].unique().tolist()


def _active_steps(campaign_steps: pd.DataFrame) -> list[int]:
    return campaign_steps.loc[campaign_steps["is_active"].astype("bool"), "step_id"].drop_duplicates().tolist()


def _live_prompts(campaign_steps: pd.DataFrame, as_of: datetime) -> list[int]:
    prompts = campaign_steps.loc[campaign_steps["prompt_id"].notna()]
    is_live = prompts["prompt_retired_at"].isna() | (prompts["prompt_retired_at"] > as_of)
    return prompts.loc[is_live, "prompt_id"].astype("int64").tolist()
