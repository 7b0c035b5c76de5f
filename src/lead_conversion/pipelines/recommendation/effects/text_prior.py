"""What the wording lets expect of a prompt before its own leads are counted, learned at the other steps."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtr
from scipy.stats import norm

from lead_conversion.language.templates import count_words, text_features
from lead_conversion.pipelines.recommendation.effects.intervals import error_of
from lead_conversion.pipelines.recommendation.effects.values import Array
from lead_conversion.pipelines.recommendation.parameters import EffectParameters

# How far a prompt may be from what its wording lets expect, as a probability: a mixture of normals of these widths.
WIDTHS = np.array((0.0005, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08))
# Prompts that the narrowest width is taken to have beforehand, so that few prompts spread no further than they must.
NARROWEST = 1.0
ROUNDS = 300
TEXT_COLUMNS = ("text_mean", "text_sd", "text_doubt")


@dataclass(frozen=True)
class _Contrasts:
    """Versions minus the mean of the others of their step.

    Attributes:
        step: of each contrast.
        once: whether it is not the mirror of one before.
        wording: contrasts x features, the difference in wording, in standard deviations.
        effect: adjusted.
        noise: its standard error.
    """

    step: Array
    once: NDArray[np.bool_]
    wording: Array
    effect: Array
    noise: Array


def learn_from_wording(effects: pd.DataFrame, campaign_steps: pd.DataFrame, knobs: EffectParameters) -> pd.DataFrame:
    """The effects with what is left of each prompt's once its noise is taken off and its wording counted.

    Prompts of like wording do alike: a regression of effects on differences of wording (ridge, its width and the spread
    around it by maximum likelihood) says what to expect at a step that it was not learned from. Each prompt is drawn
    toward that, by a mixture of normals whose shares are learned too (adaptive shrinkage, Stephens 2017, Biostatistics
    18:275). Off, and all columns missing, where the wording does not foretell effects at other steps beyond chance, or
    where effects are too noisy to learn from.

    Returns:
        `text_mean` and `text_sd`, the mean and the spread of the effect given both, and `text_doubt`, the chance that
        the prompt is no worse than the margin (the local false sign rate, Stephens 2017, section 2.2).
    """
    told = effects.assign(**dict.fromkeys(TEXT_COLUMNS, np.nan))
    prompts = effects.loc[(effects["element_type"] == "prompt") & (effects["ci_high"] > effects["ci_low"])]
    if prompts["step_id"].nunique() < knobs.text_prior.least_steps:
        return told
    contrasts = _contrasts(prompts, campaign_steps, knobs)
    if 100 * float(np.median(contrasts.noise)) > knobs.text_prior.largest_noise_points:
        return told
    mean, error = _expect(contrasts)
    share, likelihood = _spread(contrasts, mean, error)
    _, without = _spread(contrasts, np.zeros_like(mean), np.zeros_like(error))
    gain = pd.Series(np.log(likelihood / without)[contrasts.once]).groupby(contrasts.step[contrasts.once]).sum()
    if gain.sum() <= knobs.text_prior.least_gain * gain.std() * math.sqrt(len(gain)):
        return told
    told.loc[prompts.index, list(TEXT_COLUMNS)] = _judge(contrasts, mean, error, share, knobs)
    return told


def _contrasts(prompts: pd.DataFrame, campaign_steps: pd.DataFrame, knobs: EffectParameters) -> _Contrasts:
    versions = campaign_steps.loc[campaign_steps["prompt_id"].notna()].drop_duplicates("prompt_id")
    wording = pd.DataFrame(
        [_describe(version["subject"], version["body"]) for version in versions.to_dict("records")],
        index=versions["prompt_id"].astype("Int64").astype("str"),
    ).loc[prompts["element_id"]]
    of_step = wording.groupby(prompts["step_id"].to_numpy())
    size, total = of_step.transform("size").to_numpy()[:, None], of_step.transform("sum").to_numpy()
    others = (total - wording.to_numpy()) / np.maximum(size - 1, 1)
    difference = np.where(size > 1, wording.to_numpy() - others, 0.0)
    scale = difference.std(axis=0)
    return _Contrasts(
        step=prompts["step_id"].to_numpy(dtype=np.float64),
        once=~prompts["hypothesis"].duplicated().to_numpy(),
        wording=difference[:, scale > 0] / scale[scale > 0],
        effect=prompts["effect"].to_numpy(dtype=np.float64),
        noise=error_of(prompts["ci_low"], prompts["ci_high"], knobs.confidence_level).to_numpy(dtype=np.float64),
    )


def _describe(subject: object, body: object) -> dict[str, float]:
    text = body if isinstance(body, str) else ""
    features = text_features(subject if isinstance(subject, str) else None, text)
    return {
        **{name: float(is_there) for name, is_there in features.items()},
        "log_words": math.log1p(count_words(text)),
    }


def _expect(contrasts: _Contrasts) -> tuple[Array, Array]:
    """What the wording lets expect of each prompt by the other steps, and how well that is known."""
    once, design = contrasts.once, contrasts.wording

    def unlikelihood(log_widths: Array) -> float:
        of_wording, around = np.exp(log_widths)
        spread = np.diag(contrasts.noise[once] ** 2 + around**2) + of_wording**2 * design[once] @ design[once].T
        _, size = np.linalg.slogdet(spread)
        return float(size + contrasts.effect[once] @ np.linalg.solve(spread, contrasts.effect[once])) / 2

    of_wording, around = np.exp(minimize(unlikelihood, np.log((0.01, 0.01)), method="Nelder-Mead").x)
    mean, error = np.zeros(len(once)), np.zeros(len(once))
    for step in np.unique(contrasts.step):
        here = contrasts.step == step
        known = once & ~here
        precision = 1 / (contrasts.noise[known] ** 2 + around**2)
        weighted = design[known].T * precision
        covariance = np.linalg.inv(weighted @ design[known] + np.eye(design.shape[1]) / of_wording**2)
        mean[here] = design[here] @ covariance @ weighted @ contrasts.effect[known]
        error[here] = np.sqrt(np.einsum("ij,jk,ik->i", design[here], covariance, design[here]))
    return mean, error


def _spread(contrasts: _Contrasts, mean: Array, error: Array) -> tuple[Array, Array]:
    """Prompts x widths, how likely each width is of each prompt; and how likely its effect was, all widths together."""
    around = np.sqrt(contrasts.noise[:, None] ** 2 + error[:, None] ** 2 + WIDTHS**2)
    likelihood = norm.pdf(contrasts.effect[:, None], mean[:, None], around)
    share = np.full(len(WIDTHS), 1 / len(WIDTHS))
    for _ in range(ROUNDS):
        of_width = likelihood * share
        counted = (of_width / of_width.sum(axis=1, keepdims=True))[contrasts.once].sum(axis=0)
        counted[0] += NARROWEST
        share = counted / counted.sum()
    of_width = likelihood * share
    total = of_width.sum(axis=1)
    return of_width / total[:, None], total


def _judge(contrasts: _Contrasts, mean: Array, error: Array, share: Array, knobs: EffectParameters) -> Array:
    """Prompts x the columns of the text."""
    expected = error[:, None] ** 2 + WIDTHS**2
    trust = expected / (expected + contrasts.noise[:, None] ** 2)
    means = mean[:, None] + trust * (contrasts.effect - mean)[:, None]
    spreads = trust * contrasts.noise[:, None] ** 2
    posterior = (share * means).sum(axis=1)
    variance = (share * (spreads + means**2)).sum(axis=1) - posterior**2
    not_worse = (share * ndtr((means + knobs.margin) / np.sqrt(spreads))).sum(axis=1)
    return np.column_stack([posterior, np.sqrt(np.maximum(variance, 0)), not_worse])
