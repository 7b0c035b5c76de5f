"""What a campaign would do instead: a list of changes at its decision points, and what they are worth at once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lead_conversion.pipelines.recommendation.candidates import alternative_of
from lead_conversion.pipelines.recommendation.effects.contrasts import Inquiry
from lead_conversion.pipelines.recommendation.effects.intervals import jackknife_variance, reach_of
from lead_conversion.pipelines.recommendation.effects.values import Array, Positions
from lead_conversion.pipelines.recommendation.exposure.sequence_variants import OWN_VARIANT
from lead_conversion.pipelines.recommendation.parameters import EffectParameters

# Of leads, each left out once.
GROUPS = 40
# Within a step: the wait before it is chosen first, then whether it is sent, then what it says.
DECISIONS = ("wait", "step", "prompt")
SKIP = "skip"


@dataclass(frozen=True)
class Change:
    """One decision point of a campaign and what the proposal does there.

    Attributes:
        decision: wait, step or prompt.
        step_id: of the decision point.
        comparison: the name of the comparison that tells of it.
        arm: what every lead gets there.
        gain: posterior mean of the change in the chance to book, among leads who come there, against the present mix.
        label: the element that goes, for a person.
    """

    decision: str
    step_id: int
    comparison: str
    arm: str
    gain: float
    label: str


@dataclass(frozen=True)
class PolicyValue:
    """Change of the chance to book of a lead that comes into the campaign; absolute.

    Attributes:
        effect, error: of all changes at once, and its standard error.
        sum_of_parts, error_of_parts: of the changes one by one, added.
        leads: how many it is told from.
        effective_leads: how many leads of equal weight, that lived the whole proposal, would know as much.
    """

    effect: float
    error: float
    sum_of_parts: float
    error_of_parts: float
    leads: int
    effective_leads: float

    def tell(self, level: float) -> dict[str, Any]:
        """With intervals."""
        reach = reach_of(level)
        return {
            "effect": self.effect,
            "ci_low": self.effect - reach * self.error,
            "ci_high": self.effect + reach * self.error,
            "sum_of_parts": {
                "effect": self.sum_of_parts,
                "ci_low": self.sum_of_parts - reach * self.error_of_parts,
                "ci_high": self.sum_of_parts + reach * self.error_of_parts,
            },
            "leads": self.leads,
            "effective_leads": self.effective_leads,
        }


def propose_changes(effects: pd.DataFrame, campaign_id: int, knobs: EffectParameters) -> list[Change]:
    """The best arm by posterior mean at each decision point, where it gains more than the margin and harms nobody more.

    At most one change a decision point, none about a step that is left out, and never the last step left out too.

    Args:
        effects: of all campaigns.
        campaign_id: whose decision points are gone through.
        knobs: the margin.
    """
    own = effects.loc[(effects["campaign_id"] == campaign_id) & (effects["exposed_leads_month"] > 0)]
    worse = own.loc[(own["posterior"] < -knobs.margin) & (own["guardrails_better"] == "")]
    skipped = worse.loc[worse["element_type"] == "step"].sort_values(["posterior", "element_id"])
    skipped = skipped.head(max(own["step_id"].nunique() - 1, 0))
    changes = [_change(row, SKIP) for row in skipped.to_dict("records")]
    kept = ~own["step_id"].isin(skipped["step_id"])
    waits = worse.loc[(worse["element_type"] == "wait") & kept].sort_values(["posterior", "contrast"])
    changes += [_change(row, alternative_of(row)) for row in waits.drop_duplicates("step_id").to_dict("records")]
    prompts = own.loc[(own["element_type"] == "prompt") & kept & (own["guardrails_worse"] == "")]
    best = prompts.sort_values(["posterior", "element_id"]).drop_duplicates("step_id", keep="last")
    changes += [_change(row, str(row["element_id"])) for row in best.sort_values("step_id").to_dict("records")]
    return [change for change in changes if change.gain > knobs.margin]


def value_policy(
    changes: list[Change], inquiries: Mapping[str, Inquiry], mature: pd.DataFrame, campaign_id: int, since: pd.Timestamp
) -> PolicyValue | None:
    """What the changes do together to the leads of the campaign's own order, and one by one.

    The gain of a policy is the sum over its decision points of what its arm has over the present mix, among the leads
    that the policy itself would bring there (performance difference, Kakade and Langford 2002). What the arm has is
    told by AIPW scores; who comes there, by how likely each lead's past was under the policy, given the state in
    which it comes: its value and its engagement (doubly robust, Jiang and Li 2016; marginalised, Xie, Ma and Wang
    2019). Without the state, weights of eight changes leave a handful of leads. One by one, the same without weights.
    Noise: a jackknife over groups of leads, and one of the values that outcomes hang on.

    Args:
        changes: at decision points of the campaign, in any order.
        inquiries: by name of comparison.
        mature: the risk set's mature rows.
        campaign_id: of the campaign.
        since: from when on leads got each of the arms; those enrolled before are left out.

    Returns:
        None where too few leads lived any of it.
    """
    among = mature.loc[
        (mature["campaign_id"] == campaign_id)
        & (mature["sequence_variant"] == OWN_VARIANT)
        & (mature["enrolled_at"] >= since)
    ]
    leads = pd.Index(among["lead_key"].unique())
    if leads.empty:
        return None
    place = among.groupby("step_id")["steps_met"].median()
    ordered = sorted(
        changes, key=lambda change: (place.get(change.step_id, math.inf), DECISIONS.index(change.decision))
    )
    accounts = [_Decision.of(change, inquiries[change.comparison], among, leads) for change in ordered]
    every = np.ones(len(leads), dtype=bool)
    whole, parts, weight = _live(accounts, every)
    group = np.arange(len(leads)) % GROUPS
    without = np.array([[gain[0] for gain in _live(accounts, group != number)[:2]] for number in range(GROUPS)])
    # Of the leads, and of the values that outcomes hang on, by the folds that they were learned without.
    errors = [
        math.sqrt(of_leads + jackknife_variance(gain[1:]))
        for of_leads, gain in zip(jackknife_variance(without), (whole, parts), strict=True)
    ]
    alike = float(weight.sum() ** 2 / (weight**2).sum()) if weight.any() else 0.0
    return PolicyValue(float(whole[0]), errors[0], float(parts[0]), errors[1], len(leads), alike)


@dataclass(frozen=True)
class _Decision:
    """What a change does to each lead that comes to its decision point.

    Attributes:
        leads: positions of the leads.
        weight: how much more likely each lead's lot is under the change; 0 where it got something else.
        state: leads x columns, in which each lead comes there.
        gains: first as all models have it, then as models that each left a fold out; x leads.
    """

    leads: Positions
    weight: Array
    state: Array
    gains: Array

    @classmethod
    def of(cls, change: Change, inquiry: Inquiry, among: pd.DataFrame, leads: pd.Index) -> "_Decision":
        residuals = np.vstack([inquiry.bookings.residual[None, :], inquiry.bookings.residuals_without])
        is_among = inquiry.index.isin(among.index)
        state = _describe_state(inquiry)
        found: list[tuple[Positions, Array, Array, Array]] = []
        for period in inquiry.periods:
            here = period.among(is_among)
            if change.arm not in period.arms or not len(here.rows):
                continue
            arm = period.arms.index(change.arm)
            # Told by all leads of the period, of which those of the campaign's own order are some.
            scores = np.array([period.scores(each[period.rows])[:, arm] for each in residuals])
            gains = scores[:, is_among[period.rows]] - residuals[:, here.rows]
            weight = (here.taken == arm) / here.propensity[:, arm]
            keys = pd.Index(among["lead_key"].reindex(inquiry.index[here.rows]))
            found.append((leads.get_indexer(keys), weight, state[here.rows], gains.T))
        if not found:
            return cls(np.array([], dtype=np.int64), np.array([]), state[:0], np.zeros((len(residuals), 0)))
        at, weight, states, gains = (np.concatenate(each) for each in zip(*found, strict=True))
        return cls(at, weight / max(float(weight.mean()), np.finfo(np.float64).tiny), states, gains.T)


def _describe_state(inquiry: Inquiry) -> Array:
    """Rows x columns: a constant, what the lead is worth, and what it did last where that was known by then."""
    engagement = pd.get_dummies(pd.Series(inquiry.segments.get("engagement", []), dtype=object), dtype=float)
    columns = [np.ones(len(inquiry.index)), inquiry.bookings.value, *engagement.to_numpy().T]
    return np.column_stack(columns)


def _live(accounts: Sequence[_Decision], is_in: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """What the leads that are in gain from all changes at once and one by one, by each model; and their weights."""
    weight = is_in.astype(np.float64)
    whole, parts = (np.zeros(len(accounts[0].gains)) for _ in range(2))
    for account in accounts:
        here = is_in[account.leads]
        leads, gains = account.leads[here], account.gains[:, here]
        if not len(leads):
            continue
        weight *= is_in.sum() / weight.sum()
        likely = _by_state(account.state[here], weight[leads])
        parts += gains.sum(axis=1)
        whole += gains @ likely
        weight[leads] = likely * account.weight[here]
    return whole / is_in.sum(), parts / is_in.sum(), weight


def _by_state(state: Array, weight: Array) -> Array:
    """How likely leads in each one's state are to come there under the policy; a linear regression of their weights."""
    told = np.maximum(state @ np.linalg.lstsq(state, weight, rcond=None)[0], 0.0)
    return np.asarray(told * (weight.sum() / told.sum())) if told.any() else weight


def _change(row: Mapping[Any, Any], arm: str) -> Change:
    """From the element that goes, or of prompts from the version that stays; what the mix has of the arm is no gain."""
    decision, step_id = str(row["element_type"]), int(row["step_id"])
    # a hypothesis begins with the comparison that told it
    name = str(row["hypothesis"]).partition(":")[0]
    stays = decision == "prompt"
    others = row["n_control" if stays else "n_treated"] / (row["n_treated"] + row["n_control"])
    gain = float(row["posterior"] if stays else -row["posterior"]) * float(others)
    return Change(decision, step_id, name, arm, gain, str(row["label"]))
