import pandas as pd
import pytest

from lead_conversion.pipelines.modelling.origins import roll_origins, split_by_time

WEEK = 7 * 24


@pytest.fixture
def rows() -> pd.DataFrame:
    """A hundred leads, one a day, each at two landmarks."""
    engaged = pd.Timestamp("2026-01-01") + pd.to_timedelta(range(100), unit="D")
    leads = pd.DataFrame({"lead_key": [f"lead {n}" for n in range(100)], "first_engaged_at": engaged, "label": 0})
    leads.loc[::7, "label"] = 1
    return pd.concat([leads.assign(landmark_hours=hours) for hours in (0.0, 24.0)], ignore_index=True)


def test_each_origin_learns_from_leads_whose_window_was_over_before_the_first_that_it_is_judged_on(rows) -> None:
    origins = roll_origins(rows, 0.5, 3, WEEK)
    assert len(origins) == 3
    for origin in origins:
        gap = origin.later["first_engaged_at"].min() - origin.earlier["first_engaged_at"].max()
        assert gap > pd.Timedelta(hours=WEEK)


def test_no_lead_stands_on_both_sides_and_all_its_landmarks_on_one(rows) -> None:
    for origin in roll_origins(rows, 0.5, 3, 0):
        assert not set(origin.earlier["lead_key"]) & set(origin.later["lead_key"])
        assert (origin.later.groupby("lead_key").size() == 2).all()


def test_what_learns_grows_and_every_later_lead_judges_once(rows) -> None:
    origins = roll_origins(rows, 0.5, 3, WEEK)
    sizes = [len(origin.earlier) for origin in origins]
    assert sizes == sorted(set(sizes))
    judges = pd.concat([origin.later for origin in origins])
    assert len(judges) == len(judges.drop_duplicates(["lead_key", "landmark_hours"])) == 100


def test_embargo_that_leaves_nothing_to_learn_from_leaves_no_origin(rows) -> None:
    assert roll_origins(rows, 0.5, 3, 200 * 24) == []
    assert roll_origins(rows.head(0), 0.5, 3, WEEK) == []


def test_leads_of_one_moment_are_never_parted(rows) -> None:
    crowded = rows.assign(first_engaged_at=rows["first_engaged_at"].dt.to_period("M").dt.start_time)
    earlier, later = split_by_time(crowded, 0.4)
    assert earlier["first_engaged_at"].max() < later["first_engaged_at"].min()
    for origin in roll_origins(crowded, 0.5, 3, 0):
        assert origin.earlier["first_engaged_at"].max() < origin.later["first_engaged_at"].min()
