"""From effects and the campaign's texts to the edit of one prompt, with what it may bring."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lead_conversion.language.templates import placeholders
from lead_conversion.pipelines.recommendation.parameters import EffectParameters, PromptEditParameters
from lead_conversion.pipelines.recommendation.prompts.edits import (
    ExpectedEffect,
    PromptEdit,
    edit_prompt,
    expect_effect,
)
from lead_conversion.pipelines.recommendation.prompts.evidence import TextFeatureEffects
from lead_conversion.pipelines.recommendation.prompts.lenders import Lender, Library, words_of
from lead_conversion.pipelines.recommendation.prompts.wording import PromptText

Record = Mapping[str, Any]


@dataclass(frozen=True)
class ProposedText:
    """An edit, what it may bring, and the placeholders that any text in its place may use."""

    edit: PromptEdit
    expected: ExpectedEffect
    current: PromptText
    known_placeholders: frozenset[str]


@dataclass(frozen=True)
class PromptEditor:
    """The campaigns' texts and what they did.

    Attributes:
        prompts: step, text and position of each prompt, by its id as effects have it.
        prompt_effects: of each prompt that was compared, by the same id.
    """

    prompts: Mapping[str, Record]
    prompt_effects: Mapping[str, Record]
    measured: TextFeatureEffects
    margin: float
    limits: PromptEditParameters

    @classmethod
    def of(
        cls, effects: pd.DataFrame, campaign_steps: pd.DataFrame, knobs: EffectParameters, limits: PromptEditParameters
    ) -> "PromptEditor":
        """From all effects and the steps with their prompts."""
        of_prompts = _records(effects.loc[effects["element_type"] == "prompt"])
        prompts = _records(_place(campaign_steps.loc[campaign_steps["prompt_id"].notna()]))
        return cls(
            prompts={str(int(row["prompt_id"])): row for row in prompts},
            prompt_effects={row["element_id"]: row for row in of_prompts},
            measured=TextFeatureEffects.of(effects, knobs.margin, knobs.confidence_level),
            margin=knobs.margin,
            limits=limits,
        )

    def propose(self, prompt_id: str) -> ProposedText | None:
        """The edit of a prompt that does worse than the others of its step; None where there is nothing to go by."""
        own = self.prompt_effects[prompt_id]
        current, library = PromptText.of(self.prompts[prompt_id]), self._library(prompt_id)
        edit = edit_prompt(current, library, self.measured, self.limits)
        if edit is None:
            return None
        gain = (-float(own["posterior"]), -float(own["posterior_high"]), -float(own["posterior_low"]))
        return ProposedText(edit, expect_effect(edit, gain), current, library.known_placeholders)

    def _library(self, prompt_id: str) -> Library:
        own = self.prompts[prompt_id]
        others = [
            row for key, row in self.prompts.items() if key != prompt_id and row["campaign_id"] == own["campaign_id"]
        ]
        texts = [row[name] for row in others for name in ("subject", "body") if isinstance(row[name], str)]
        return Library(
            lenders=self._lenders(prompt_id),
            position=own["position"],
            known_placeholders=frozenset().union(*(placeholders(text) for text in texts)),
            vocabulary=frozenset().union(*(words_of(text) for text in texts)),
        )

    def _lenders(self, prompt_id: str) -> tuple[Lender, ...]:
        """Rivals of the step that did better than this version, and prompts that beat their own rivals; best first."""
        own, own_effect = self.prompts[prompt_id], self.prompt_effects[prompt_id]["posterior"]
        better = []
        for key, effect in self.prompt_effects.items():
            prompt = self.prompts[key]
            is_rival = prompt["step_id"] == own["step_id"]
            is_better = effect["posterior"] > own_effect and (is_rival or effect["posterior"] > self.margin)
            # words that make leads opt out are not lent, whatever they book
            is_better = is_better and not effect["guardrails_worse"]
            has_text = isinstance(prompt["body"], str) and bool(prompt["body"].strip())
            if key != prompt_id and is_better and has_text and prompt["channel"] == own["channel"]:
                better.append(effect)
        # a version that still runs is known to fit today's campaign
        better.sort(key=lambda row: (row["exposed_leads_month"] <= 0, -row["posterior"], int(row["element_id"])))
        return tuple(self._lender(effect, own) for effect in better)

    def _lender(self, effect: Record, own: Record) -> Lender:
        prompt = self.prompts[effect["element_id"]]
        return Lender(
            prompt_id=effect["element_id"],
            label=effect["label"],
            text=PromptText.of(prompt),
            position=prompt["position"],
            is_rival=prompt["step_id"] == own["step_id"],
            is_of_campaign=prompt["campaign_id"] == own["campaign_id"],
            effect=float(effect["posterior"]),
            ci_low=float(effect["posterior_low"]),
            ci_high=float(effect["posterior_high"]),
        )


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _place(prompts: pd.DataFrame) -> pd.DataFrame:
    """The prompts with the position of their step in its campaign: first, middle, last."""
    by_campaign = prompts.groupby("campaign_id")["step_order"]
    ends = zip(prompts["step_order"], by_campaign.transform("min"), by_campaign.transform("max"), strict=True)
    return prompts.assign(
        position=["first" if order == first else "last" if order == last else "middle" for order, first, last in ends]
    )
