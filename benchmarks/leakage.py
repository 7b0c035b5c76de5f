"""What the leakage audit names: in demo worlds, where nothing leaks, and in public tables with and without their leaks.

python benchmarks/leakage.py --worlds 20 --leads 3000
CORY_BANK_FOLDER=… CORY_OLIST_FOLDER=… python benchmarks/leakage.py --worlds 0

Bank marketing (UCI, bank-additional-full) knows the call's `duration`, Olist's funnel (Kaggle) the columns of the deal.
"""

import argparse
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from project_run import PROJECT, run_project

from lead_conversion.cli.project import parameters_of
from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.modelling.clock import CLOCK_FEATURE
from lead_conversion.pipelines.modelling.leakage import audit_leakage
from lead_conversion.pipelines.modelling.parameters import LeakageParameters, ModelParameters
from lead_conversion.simulation import WorldSpec, truth_path_of, write_world

PUBLIC = PROJECT.parent / "shared/data"
BANK = Path(os.environ.get("CORY_BANK_FOLDER") or PUBLIC / "bank_marketing") / "bank-additional-full.csv.gz"
OLIST = Path(os.environ.get("CORY_OLIST_FOLDER") or PUBLIC / "olist_funnel")
OLIST_LEADS = OLIST / "olist_marketing_qualified_leads_dataset.csv"
OLIST_DEALS = OLIST / "olist_closed_deals_dataset.csv"
TARGET = {"outcome": "converted", "window_days": 30, "landmarks_hours": [0], "sentence": "The lead is won"}
NOTHING_DIFFERS = {"moments": [], "landmarks": 1, "differing": {}}

Audited = dict[str, Any]


def read_bank() -> pd.DataFrame:
    """One row a call in order of time, with `label` for a subscription."""
    table = pd.read_csv(BANK, sep=";")
    return table.drop(columns="y").assign(label=(table["y"] == "yes") * 1)


def read_olist() -> pd.DataFrame:
    """One row a lead of January to May 2018 with the columns of its deal, and `label` for won within 30 days."""
    leads = pd.read_csv(OLIST_LEADS, parse_dates=["first_contact_date"])
    deals = pd.read_csv(OLIST_DEALS, parse_dates=["won_date"])
    table = leads[leads["first_contact_date"] >= "2018-01-01"].merge(deals, on="mql_id", how="left")
    won_after = table["won_date"] - table["first_contact_date"]
    ids = ["mql_id", "first_contact_date", "won_date", "seller_id", "sdr_id", "sr_id"]
    return table.drop(columns=ids).assign(label=won_after.between(pd.Timedelta(0), pd.Timedelta(days=30)) * 1)


def shape_table(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[Feature]]:
    """Examples, features and their descriptions as the nodes want them, of a table of one row a lead.

    The table has `label` and features, in order of time, of which half an hour passes a row; texts are categories.
    """
    names = [name for name in table.columns if name != "label"]
    numeric = {name for name in names if pd.api.types.is_numeric_dtype(table[name])}
    described = [
        Feature(name, "attribution", "numeric" if name in numeric else "categorical", "", name, "'none': no value")
        for name in names
    ]
    # Digests, for the files are in order of time and leads are dealt to folds in the order of their keys.
    keys = [hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest() for number in range(len(table))]
    rows = table.fillna({name: "none" for name in names if name not in numeric})
    rows = rows.reset_index(drop=True).assign(lead_key=keys, landmark_hours=0.0)
    examples = rows[["lead_key", "landmark_hours", "label"]].assign(
        target="t",
        split="train",
        first_engaged_at=pd.date_range("2000-01-01", periods=len(rows), freq="30min"),
        outcome_at=pd.NaT,
        campaign_id=None,
    )
    return examples, rows.drop(columns="label").assign(is_scoring_row=False, **{CLOCK_FEATURE: 0.0}), described


def audit_table(table: pd.DataFrame) -> Audited:
    """The audit of a table of one row a lead."""
    examples, rows, described = shape_table(table)
    parameters = parameters_of(None)
    audited = audit_leakage(
        examples,
        rows,
        NOTHING_DIFFERS,
        Targets.model_validate({"t": TARGET}),
        ModelParameters.model_validate(parameters["model"]),
        LeakageParameters.model_validate(parameters["leakage"]),
        described,
    )
    found: Audited = audited["targets"]["t"]
    return found


def run_world(spec: WorldSpec, folder: Path, last_node: str) -> Path:
    """Where the data of a demo world stand, after the training run in this empty folder up to a node."""
    database = folder / "world.duckdb"
    write_world(spec, database, truth_path_of(database))
    run_project(folder, "--pipelines=training", f"--to-nodes={last_node}", CORY_DUCKDB_PATH=database)
    return folder / "data"


def audit_world(seed: int, leads: int) -> Audited:
    """leakage_audit.json of a demo world of this seed."""
    with tempfile.TemporaryDirectory() as name:
        data = run_world(WorldSpec(seed=seed, leads=leads), Path(name), "audit_leakage")
        found: Audited = json.loads((data / "07_model_output/leakage_audit.json").read_text())
        return found


def say(title: str, audited: Audited) -> None:
    """One line: the suspects, and the strongest of the features that are none."""
    suspects = {suspect["feature"]: suspect["reasons"] for suspect in audited["suspects"]}
    named = [f"{name} ({', '.join(reason['check'] for reason in reasons)})" for name, reasons in suspects.items()]
    honest = [figure for figure in audited["features"] if figure["feature"] not in suspects]
    print(f"{title}: {', '.join(named) or 'nothing'}; of the others at most {_at_most(honest)}", flush=True)


def _at_most(figures: Iterable[Audited]) -> str:
    auc, missing, winners = (
        max(((read(figure) or 0.0, figure["feature"]) for figure in figures), default=(0.0, "none"))
        for read in (
            lambda figure: figure["auc"]["value"],
            lambda figure: figure["missing_auc"]["value"],
            lambda figure: figure["winners_value"]["share_at_least"],
        )
    )
    return ", ".join(
        f"{what} {figure:.3f} ({name})"
        for what, (figure, name) in {"AUC": auc, "missing AUC": missing, "share of winners": winners}.items()
    )


def main() -> None:
    """Print one line a table or world and target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--leads", type=int, default=3000)
    given = parser.parse_args()
    if BANK.is_file():
        bank = read_bank()
        for title, part in {"all": bank, "first 20,000": bank[:20_000], "last 20,000": bank[-20_000:]}.items():
            say(f"bank, {title}, with duration", audit_table(part))
            say(f"bank, {title}, without", audit_table(part.drop(columns="duration")))
    if OLIST_LEADS.is_file():
        olist = read_olist()
        say("olist, with the deal's columns", audit_table(olist))
        say("olist, without", audit_table(olist[["landing_page_id", "origin", "label"]]))
    for seed in range(1, given.worlds + 1):
        audited = audit_world(seed, given.leads)
        print(f"world {seed}: {audited['replay']['landmarks']} replayed, differing: {audited['replay']['differing']}")
        for name, found in audited["targets"].items():
            say(f"world {seed}, {name}, {found['winners']} winners {found['message']}", found)


if __name__ == "__main__":
    main()
