"""The agency's campaigns: steps, waits, orders, prompts, and what each of them really does.

All effects live on the log-odds of a booking at a step; what they are worth in points of booking
probability is worked out in `truth`, never from the numbers here.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.simulation.draws import happens
from lead_conversion.simulation.prompts import (
    EMAIL,
    SMS,
    THEMES,
    VOICE,
    Prompt,
    Theme,
    Tone,
    compose_prompt,
)
from lead_conversion.simulation.spec import HORIZON_HOURS, WorldSpec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ORG_ID = 1
SOURCES = (
    "paid_search",
    "organic",
    "referral",
    "webinar",
    "content_download",
    "event",
    "cold_list",
    "partner",
)
INDUSTRIES = (
    "higher_education",
    "k12",
    "edtech",
    "healthcare",
    "software",
    "financial_services",
    "manufacturing",
    "nonprofit",
)
COLD_LIST = SOURCES.index("cold_list")

SLOTS = 3
LAST_RESPONSE_HOURS = 160.0
LONGEST_PAUSE_FOR_THE_NIGHT = 12.0
RESPONSE_SHARE_OF_WAIT = 0.95

_CHANNEL_PATTERNS = (
    (SMS, EMAIL, VOICE, EMAIL, SMS, EMAIL, VOICE, EMAIL),
    (EMAIL, SMS, EMAIL, VOICE, EMAIL, SMS, EMAIL, SMS),
    (EMAIL, VOICE, SMS, EMAIL, EMAIL, VOICE, SMS, EMAIL),
)
_WAITS = (0.5, 22.0, 26.0, 34.0, 42.0, 50.0, 58.0, 62.0)

# What the versions of one step do, early in the sequence (where a booking is likely and an effect
# is worth most points) and late.
_EARLY_PATTERNS = ("clearly_bad", "decoy", "good", "clearly_bad")
_LATE_PATTERNS = ("bad", "flat", "mixed", "decoy")
_PROMPT_EFFECTS = {
    "clearly_bad": (-1.2, 0.0, 0.0),
    "bad": (-0.7, 0.0, 0.0),
    "good": (0.45, 0.0, 0.0),
    "mixed": (-0.75, 0.35, 0.0),
    "decoy": (0.0, 0.0, 0.0),
    "flat": (0.0, 0.0, 0.0),
}
_CLEARLY_BAD = -0.95
_STEPS_TO_REORDER = 5
_WAIT_KINDS = ("bad", "decoy", "good", "null")
_ALTERNATIVE_WAIT_EFFECTS = {"bad": 0.55, "decoy": 0.0, "good": -0.6, "null": 0.0}
_CAMPAIGN_APPEAL = (0.0, 0.15, -0.35, 0.45, 0.0, -0.1)
_CAMPAIGN_START = (0.0, 0.0, 0.0, 0.0, 0.3, 0.5)
_COLD_CAMPAIGN = 3  # gets the cold leads, and is the best
_DECOY_CAMPAIGN = 4
_ORDER_EFFECTS = {0: 0.3, 2: 0.0, 4: -0.2}  # on variant B, by campaign


@dataclass(frozen=True)
class Agency:
    """The campaigns as arrays. Axes: C campaigns, V two orders, K positions, S steps, P slots.

    A slot is the place of a prompt version among the at most three versions of its step. Times
    are hours since the start of the history.
    """

    spec: WorldSpec
    themes: tuple[Theme, ...]
    appeal: Floats  # C
    starts_at: Floats  # C
    pauses_at: Floats  # C
    source_pull: Floats  # C x source
    industry_pull: Floats  # C x industry
    trend_pull: Floats  # C
    has_variant: Bools  # C
    variant_tilt: Floats  # C
    order_effect: Floats  # C x V
    order: Ints  # C x V x K: the step at a position
    wait: Floats  # C x V x K: its wait
    window: Floats  # C x V x K: how long an answer to the step at a position may take
    step_ids: Ints  # S
    campaign_of_step: Ints  # S
    channel: Ints  # S
    step_kind: NDArray[np.str_]  # S
    hazard: Floats  # S
    irritation: Floats  # S
    skip_base: Floats  # S
    skip_tilt: Floats  # S
    wait_axis: Ints  # S: which of the campaign's two waits on trial; -1 for none
    wait_kind: NDArray[np.str_]  # S
    wait_ratio: Floats  # S: the alternative wait over the own wait
    wait_effect: Floats  # S: of the alternative
    wait_tilt: Floats  # S
    edited_at: Floats  # S: when the wait was edited in place; never is -inf
    wait_before_edit: Floats  # S: ratio of the wait before the edit
    prompt_ids: Ints  # S x P; -1 where there is no version
    live_from: Floats  # S x P
    live_until: Floats  # S x P
    prompt_kind: NDArray[np.str_]  # S x P
    effect: Floats  # S x P
    pressure: Floats  # S x P
    taste: Floats  # S x P: preference for promising leads
    engaged_taste: Floats  # S x P: preference for leads who answered the last message
    trend_taste: Floats  # S x P
    hidden_taste: Floats  # S x P
    tones: tuple[tuple[Tone, ...], ...]  # S x P
    prompts: tuple[tuple[Prompt, ...], ...]  # S x P

    @property
    def matters(self) -> float:
        """One, or zero in a world where nothing that the agency does changes a booking."""
        return 0.0 if self.spec.null_world else 1.0

    @property
    def campaign_ids(self) -> Ints:
        """The campaigns' ids."""
        return np.arange(1, len(self.appeal) + 1)

    def theme_name(self, campaign: int) -> str:
        """The campaign's name; a theme that comes round again is its next intake."""
        intake = campaign // len(THEMES)
        return self.themes[campaign].name + (f" (intake {intake + 1})" if intake else "")

    def live(self, step: Ints, hours: Floats) -> Bools:
        """Which slots of a step were live at a time; a trailing axis of slots is added.

        Before the campaign began the versions that it began with stand in: the counterfactual
        "had this lead come into that campaign" needs them.
        """
        begun = np.maximum(hours, self.starts_at[self.campaign_of_step[step]])[..., None]
        return (self.live_from[step] <= begun) & (begun < self.live_until[step])


def _versions(pattern: str, rng: np.random.Generator) -> int:
    return SLOTS if pattern == "mixed" else int(rng.choice((2, 3), p=(0.6, 0.4)))


def _tone(effect: float, channel: int, rng: np.random.Generator) -> Tone:
    """The text that goes with an effect: what hurts is mostly pressure, vagueness and length."""
    if effect <= _CLEARLY_BAD:
        weak = happens(rng, 0.6)
        return Tone(has_pressure=True, has_clear_ask=not weak, is_long=channel != VOICE and not weak)
    if effect < 0:
        return Tone(has_pressure=happens(rng, 0.5), has_clear_ask=False)
    if effect > 0:
        return Tone(is_personal=True)
    return Tone()


def _patterns(campaign: int, steps: int, rng: np.random.Generator) -> list[str]:
    early = -(-steps // 2)
    first = [_EARLY_PATTERNS[i % 4] for i in range(early)]
    late = [_LATE_PATTERNS[(i + campaign) % 4] for i in range(steps - early)]
    return [*rng.permutation(first).tolist(), *rng.permutation(late).tolist()]


def _draw_prompts(
    channel: int,
    pattern: str,
    place: tuple[int, int],
    draft: tuple[WorldSpec, Theme, float, set[str]],
    rng: np.random.Generator,
) -> dict[str, Any]:
    spec, theme, starts_at, seen = draft
    count = _versions(pattern, rng)
    slots = rng.permutation(count)  # the odd version out is not always the first
    effects = np.zeros(SLOTS)
    effects[slots] = np.array(_PROMPT_EFFECTS[pattern])[:count] * rng.uniform(0.85, 1.15, count)
    odd = int(slots[0])
    taste = rng.normal(0.0, 0.3, SLOTS)
    engaged = rng.normal(0.0, 0.3, SLOTS)
    trend = rng.normal(0.0, 0.3, SLOTS)
    kinds = np.full(SLOTS, "null", dtype="<U8")
    kinds[effects < 0], kinds[effects > 0] = "bad", "good"
    if pattern == "decoy":
        kinds[odd], taste[odd], engaged[odd] = "decoy", -1.1, -1.0
    elif pattern == "good":  # the good version gets the cold leads, and hides behind them
        taste[odd], engaged[odd] = -0.5, -0.3

    span = spec.hours - starts_at
    live_from, live_until = np.full(SLOTS, starts_at), np.full(SLOTS, np.inf)
    for slot in range(1, count):
        if happens(rng, 0.4):
            live_from[slot] += span * rng.uniform(0.08, 0.35)
    if count == SLOTS and happens(rng, 0.5):
        live_until[0] = starts_at + span * rng.uniform(0.6, 0.85)
    live_from[count:], live_until[count:] = np.inf, -np.inf

    tones, prompts = [], []
    for slot in range(count):
        tone = _tone(float(effects[slot]), channel, rng)
        prompt = compose_prompt(theme, channel, place, tone, rng)
        while prompt.body in seen:
            prompt = compose_prompt(theme, channel, place, tone, rng)
        seen.add(prompt.body)
        tones.append(tone)
        prompts.append(prompt)
    return {
        "live_from": live_from,
        "live_until": live_until,
        "prompt_kind": kinds,
        "effect": effects,
        "pressure": np.array([float(t.has_pressure) for t in tones] + [0.0] * (SLOTS - count)),
        "taste": taste,
        "engaged_taste": engaged,
        "trend_taste": trend,
        "hidden_taste": rng.choice((-1.0, 1.0), SLOTS),
        "tones": tuple(tones),
        "prompts": tuple(prompts),
    }


def _draw_step(
    campaign: int, position: int, special: int, trials: dict[int, int], rng: np.random.Generator
) -> dict[str, Any]:
    channel = _CHANNEL_PATTERNS[campaign % len(_CHANNEL_PATTERNS)][position]
    kind = "good"
    hazard = rng.normal(0.0, 0.15) - 0.12 * position
    irritation, skip_tilt = 0.0, float(rng.normal(0.0, 0.25))
    if position == special:
        kind = ("bad", "decoy", "bad", "decoy", "bad", "null")[campaign % 6]
        hazard -= 3.2 if kind == "bad" else 3.8
        irritation = (3.8, 1.2, 3.4, 1.2, 3.0, 1.2)[campaign % 6]
        skip_tilt = 1.3 if kind == "decoy" else skip_tilt
    wait_axis = trials.get(position, -1)
    wait_kind = _WAIT_KINDS[(2 * campaign + wait_axis) % 4] if wait_axis >= 0 else "null"
    return {
        "campaign_of_step": campaign,
        "channel": channel,
        "step_kind": kind,
        "hazard": float(hazard),
        "irritation": irritation,
        "skip_base": (-2.0, -2.2, -1.2)[channel],
        "skip_tilt": skip_tilt,
        "wait_axis": wait_axis,
        "wait_kind": wait_kind,
        "wait_ratio": float(rng.choice((0.6, 1.6))) if wait_axis >= 0 else 1.0,
        "wait_effect": _ALTERNATIVE_WAIT_EFFECTS[wait_kind] if wait_axis >= 0 else 0.0,
        "wait_tilt": {"bad": 0.3, "decoy": -1.2, "good": -0.4, "null": 0.3}[wait_kind],
    }


def _response_windows(order: Ints, wait: Floats, wait_ratio: Floats, wait_before_edit: Floats) -> Floats:
    """How long an answer may take: always less than the shortest wait before the next step."""
    shortest = wait * np.minimum(np.minimum(wait_ratio, wait_before_edit)[order], 1.0)
    window = np.full(wait.shape, LAST_RESPONSE_HOURS)
    window[..., :-1] = RESPONSE_SHARE_OF_WAIT * shortest[..., 1:]
    return window


def _sequences(count: int, steps: int, rng: np.random.Generator) -> tuple[Ints, Floats, Bools]:
    """Order and waits of both variants; a campaign without variant B has A in its place."""
    order = np.zeros((count, 2, steps), dtype=np.int64)
    wait = np.zeros((count, 2, steps))
    has_variant = np.array([c % 6 in _ORDER_EFFECTS and steps >= _STEPS_TO_REORDER for c in range(count)])
    for c in range(count):
        waits = np.round(np.array(_WAITS[:steps]) * rng.uniform(0.9, 1.1, steps))
        waits[0] = 0.5
        order[c] = np.arange(steps) + c * steps
        wait[c] = waits
        if has_variant[c]:  # the first and the last message stay where they make sense
            moved = np.r_[0, 1 + np.roll(np.arange(steps - 2), -2), steps - 1]
            order[c, 1] = order[c, 0, moved]
            wait[c, 1, 1:] = rng.permutation(waits[1:])
    return order, wait, has_variant


def _edit_steps(world_size: tuple[int, int], wait_axis: Ints, spec: WorldSpec) -> tuple[Floats, Floats]:
    """When the wait of a step was edited in place (one step in every second campaign), and from what."""
    count, steps = world_size
    edited_at, before = np.full(count * steps, -np.inf), np.ones(count * steps)
    if spec.fault_rate > 0:
        for c in range(0, count, 2):
            plain = [s for s in range(c * steps + 1, (c + 1) * steps) if wait_axis[s] < 0]
            if plain:
                edited_at[plain[-1]], before[plain[-1]] = 0.45 * spec.hours, 0.75
    return edited_at, before


def _check_horizon(agency: Agency) -> None:
    longest = agency.wait * np.maximum(agency.wait_ratio, agency.wait_before_edit)[agency.order]
    nights = LONGEST_PAUSE_FOR_THE_NIGHT * agency.order.shape[-1]
    total = longest[..., 1:].sum(axis=-1).max() + nights + LAST_RESPONSE_HOURS
    if total > HORIZON_HOURS:
        message = f"sequences: expected an end within {HORIZON_HOURS} h, found {total:.0f} h"
        raise ConfigurationError(message)


def draw_agency(spec: WorldSpec) -> Agency:
    """The campaigns of a spec, their texts and their planted effects."""
    rng = np.random.default_rng(np.random.SeedSequence(spec.seed))
    count, steps = spec.campaigns, spec.steps
    themes = tuple(THEMES[c % len(THEMES)] for c in range(count))
    starts_at = np.array([_CAMPAIGN_START[c % 6] for c in range(count)]) * spec.hours
    pauses_at = np.full(count, np.inf)
    if count > 1 and spec.fault_rate > 0:
        pauses_at[1] = 0.88 * spec.hours

    drafts: list[dict[str, Any]] = []
    seen: set[str] = set()
    for c in range(count):
        patterns = _patterns(c, steps, rng)
        special = int(rng.integers(1, max(2, steps // 2)))
        others = [p for p in range(1, max(2, steps - 2)) if p != special]
        trials = {p: axis for axis, p in enumerate(rng.permutation(others)[:2].tolist())}
        draft = (spec, themes[c], float(starts_at[c]), seen)
        for position in range(steps):
            step = _draw_step(c, position, special, trials, rng)
            pattern = "flat" if position == special else patterns[position]
            place = (position, steps - 1)
            versions = _draw_prompts(step["channel"], pattern, place, draft, rng)
            drafts.append(step | versions)
    columns = {name: np.array([d[name] for d in drafts]) for name in drafts[0] if name not in {"tones", "prompts"}}
    order, wait, has_variant = _sequences(count, steps, rng)
    edited_at, wait_before_edit = _edit_steps((count, steps), columns["wait_axis"], spec)
    exists = np.isfinite(columns["live_from"])
    prompt_ids = np.where(exists, 1000 + np.cumsum(exists).reshape(exists.shape), -1)

    pull = rng.normal(0.0, 0.7, (count, len(SOURCES)))
    for c in range(count):
        pull[c, COLD_LIST] = 3.2 if c % 6 == _COLD_CAMPAIGN else -0.3
        if c % 6 == _DECOY_CAMPAIGN:  # no worse than the first one, but never gets the warm leads
            pull[c, [SOURCES.index(s) for s in ("referral", "partner", "webinar")]] = -1.5
    order_effect = np.zeros((count, 2))
    order_effect[:, 1] = [_ORDER_EFFECTS.get(c % 6, 0.0) for c in range(count)]
    agency = Agency(
        spec=spec,
        themes=themes,
        appeal=np.array([_CAMPAIGN_APPEAL[c % 6] for c in range(count)]),
        starts_at=starts_at,
        pauses_at=pauses_at,
        source_pull=pull,
        industry_pull=rng.normal(0.0, 0.5, (count, len(INDUSTRIES))),
        trend_pull=rng.normal(0.0, 0.3, count),
        has_variant=has_variant,
        variant_tilt=np.array([(0.5, 0.0, 0.9, 0.0, 0.3, 0.0)[c % 6] for c in range(count)]),
        order_effect=order_effect,
        order=order,
        wait=wait,
        window=_response_windows(order, wait, columns["wait_ratio"], wait_before_edit),
        step_ids=np.arange(count * steps) + 101,
        edited_at=edited_at,
        wait_before_edit=wait_before_edit,
        prompt_ids=prompt_ids,
        tones=tuple(d["tones"] for d in drafts),
        prompts=tuple(d["prompts"] for d in drafts),
        **columns,
    )
    agency = _apply_assignment(agency)
    _check_horizon(agency)
    return agency


def _apply_assignment(agency: Agency) -> Agency:
    """The same campaigns with choices by lot, or with no effects, where the spec says so."""
    spec = agency.spec
    cleared: tuple[str, ...] = ()
    if spec.assignment == "randomised":
        cleared += (
            "source_pull", "industry_pull", "trend_pull", "variant_tilt", "skip_tilt",
            "wait_tilt", "taste", "engaged_taste", "trend_taste", "hidden_taste",
        )  # fmt: skip
    if spec.null_world:
        cleared += (
            "appeal", "order_effect", "hazard", "irritation", "wait_effect", "effect", "pressure",
        )  # fmt: skip
        agency = replace(
            agency,
            prompt_kind=np.where(agency.prompt_kind == "decoy", "decoy", "null"),
            wait_kind=np.where(agency.wait_kind == "decoy", "decoy", "null"),
            step_kind=np.where(agency.step_kind == "decoy", "decoy", "null"),
        )
    return replace(agency, **{name: np.zeros_like(getattr(agency, name)) for name in cleared})
