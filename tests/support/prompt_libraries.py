"""Builders of libraries of better prompts for the tests of edits."""

from lead_conversion.pipelines.recommendation.parameters import PromptEditParameters
from lead_conversion.pipelines.recommendation.prompts.evidence import TextFeatureEffects
from lead_conversion.pipelines.recommendation.prompts.lenders import Lender, Library, words_of
from lead_conversion.pipelines.recommendation.prompts.wording import PromptText

KNOWN = frozenset({"first_name", "agent_name", "booking_link"})
LIMITS = PromptEditParameters(
    sms_max_segments=1,
    email_max_words=60,
    voice_max_words=60,
    placeholder_characters={"first_name": 7, "booking_link": 30},
    other_placeholder_characters=15,
    banned_claims=("guaranteed", "risk-free"),
)
CLEAR = "Could we talk for ten minutes this week?"
BETTER = PromptText("sms", None, f"Hi {{{{first_name}}}}, the course starts in May. {CLEAR}")
NOTHING_MEASURED = TextFeatureEffects({}, margin=0.003, confidence_level=0.95)


def measured(**posteriors):
    """Effects of "channel_feature" with an interval of 1 point to either side."""
    effects = {
        name.replace("_", ":", 1): {"posterior": value, "posterior_low": value - 0.01, "posterior_high": value + 0.01}
        for name, value in posteriors.items()
    }
    return TextFeatureEffects(effects, margin=0.003, confidence_level=0.95)


def lender(text, **changes):
    given = {
        "prompt_id": "9", "label": "Autumn \u00b7 step 2", "position": "middle", "is_rival": True,
        "is_of_campaign": True, "effect": 0.02, "ci_low": 0.01, "ci_high": 0.03,
    }  # fmt: skip
    return Lender(text=text, **(given | changes))


def library(*lenders, position="middle", known=KNOWN, vocabulary=""):
    return Library(lenders, position, known, words_of(vocabulary))
