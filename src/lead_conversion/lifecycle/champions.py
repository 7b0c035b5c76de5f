"""What a champion may be used for: scoring with the code as it is, and being judged on what it has not seen."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.kernel.targets import Target, Targets
from lead_conversion.kernel.windows import parse_moment

# A champion as the catalog gives it: version (the registry's number), model and lineage.
Champion = Mapping[str, Any]
# What decided the values of features, as configured.
Recipe = Mapping[str, Any]

# What makes two features of one name the same.
MEANING = ("kind", "unit")
NAMES_SHOWN = 3


def describe_target(target: Target) -> dict[str, Any]:
    """What a target means, as a lineage keeps it."""
    return target.model_dump(mode="json", include={"outcome", "window_days"})


def fault_of(champion: Champion, target: Target, recipe: Recipe, features: Sequence[Feature]) -> str:
    """Why a champion cannot score with this code and configuration; empty where it can.

    It must read features that the code still has, of the same kind and unit and made by the same recipe, and predict
    what the target means today. Features that it does not read may have come in since; a champion from before recipes
    were kept is taken to have had today's.
    """
    known = {feature.name: feature for feature in features}
    read = champion["model"]["features"]
    gone = [item["name"] for item in read if item["name"] not in known]
    changed = [
        item["name"]
        for item in read
        if item["name"] in known and any(item[part] != getattr(known[item["name"]], part) for part in MEANING)
    ]
    meant, means = champion["lineage"].get("target_definition"), describe_target(target)
    if gone:
        return f"it reads features that the code does not have: {_some(gone)}"
    if changed:
        return f"it reads features that mean something else by now: {_some(changed)}"
    learned_with = champion["lineage"].get("feature_recipe", recipe)
    if learned_with != recipe:
        then, now = _differing(learned_with, recipe), _differing(recipe, learned_with)
        return f"its features were made with {then}, and are made with {now} now"
    if meant != means:
        return f"it predicts {_in_words(meant)}, and the target means {_in_words(means)}"
    return ""


def require_champions(
    champions: Mapping[str, Champion], targets: Targets, recipe: Recipe, features: Sequence[Feature]
) -> dict[str, Champion]:
    """The champion of each target.

    Raises:
        AccessError: a target has none: nobody has approved a model.
        ConfigurationError: a champion cannot score with this code and configuration.
    """
    without = [name for name in targets.names if name not in champions]
    if without:
        having = [name for name in targets.names if name in champions]
        only = f", or score those that have one, such as with --params target={having[0]}" if having else ""
        raise AccessError(
            f"No champion for {', '.join(without)}: nobody has approved a model, and without approval no lead is "
            "scored. Look at the challenger with `lead-conversion model show --version challenger`, have it promoted "
            f"with `lead-conversion model promote`{only}. The pipeline 'full' scores with its own candidate, on trial."
        )
    for name, target in targets.items():
        fault = fault_of(champions[name], target, recipe, features)
        if fault:
            version, made_by = champions[name]["version"], champions[name]["lineage"].get("code", {})
            raise ConfigurationError(
                f"The champion of {name}, version {version}, cannot score with this code: {fault}. Run the code that "
                f"made it ({made_by.get('version')}, commit {made_by.get('git_commit')}), or withdraw it with "
                "`lead-conversion model rollback --to-none`, run the pipeline 'training', and have its model promoted."
            )
    return {name: champions[name] for name in targets.names}


def learned_until(split: Mapping[str, Any], window_days: int) -> str:
    """The moment from which on a model has learned nothing: its last training lead's label window was over then.

    Args:
        split: leads by side as in evaluation.json; the holdout is not learned from.
        window_days: of the target.
    """
    last = max(moment for side in ("train", "calibration") if (moment := split[side]["to"]))
    return (parse_moment(last) + timedelta(days=window_days)).isoformat()


def unseen_from(champion: Champion) -> datetime | None:
    """Leads engaged from this moment on tell a champion nothing that it knows; None where its lineage does not say."""
    moment = champion["lineage"].get("learned_until")
    return parse_moment(moment) if moment else None


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _differing(recipe: Recipe, other: Recipe) -> str:
    """The settings of a recipe that are not those of the other, as `--params` takes them."""
    mine, its = (_flattened(each, "features") for each in (recipe, other))
    return ", ".join(f"{name}={mine.get(name)}" for name in sorted(mine | its) if mine.get(name) != its.get(name))


def _flattened(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        path = f"{name}.{key}"
        flat |= _flattened(value, path) if isinstance(value, Mapping) else {path: value}
    return flat


def _in_words(definition: Mapping[str, Any] | None) -> str:
    return f"{definition['outcome']} within {definition['window_days']} days" if definition else "what is not recorded"
