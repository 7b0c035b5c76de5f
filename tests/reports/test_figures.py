import numpy as np
import pandas as pd
import pytest

from lead_conversion.reports import figures, palette


def predictions(probability, label, model="chosen"):
    return pd.DataFrame(
        {"probability": probability, "label": label, "model": model, "target": "t1", "split": "holdout"}
    )


def trace(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


def test_gain_of_a_perfect_ranking_is_complete_at_the_base_rate():
    curve = trace(figures.gain_curve(predictions([0.9, 0.8, 0.3, 0.2], [1, 1, 0, 0]), "chosen"), "chosen")
    assert curve.y[50] == pytest.approx(100)
    assert curve.y[25] == pytest.approx(50)


def test_gain_of_tied_scores_is_that_of_a_random_order():
    curve = trace(figures.gain_curve(predictions([0.5] * 4, [1, 0, 0, 1]), "chosen"), "chosen")
    assert np.allclose(curve.y, curve.x)


def test_precision_falls_to_the_base_rate_at_full_recall():
    curve = trace(figures.precision_recall_curve(predictions([0.9, 0.5, 0.4, 0.1], [1, 0, 0, 1]), "chosen"), "chosen")
    assert curve.y[0] == pytest.approx(100)
    assert curve.y[-1] == pytest.approx(50)


def test_the_chosen_model_is_drawn_last_and_named_first():
    rows = pd.concat([predictions([0.9, 0.1], [1, 0], "a"), predictions([0.9, 0.1], [1, 0], "b")])
    figure = figures.gain_curve(rows, "a")
    assert figure.data[-1].name == "a"
    assert figure.data[-1].legendrank < 1000


def test_calibration_whiskers_reach_the_ends_of_the_interval():
    curve = [{"predicted": 0.1, "observed": 0.2, "ci_low": 0.15, "ci_high": 0.3, "n": 40}]
    observed = trace(figures.calibration_curve(curve), "observed")
    assert observed.y[0] + observed.error_y.array[0] == pytest.approx(30)
    assert observed.y[0] - observed.error_y.arrayminus[0] == pytest.approx(15)


def test_an_unknown_end_of_an_interval_has_no_whisker():
    curve = [{"predicted": 0.1, "observed": 0.2, "ci_low": None, "ci_high": float("nan"), "n": 40}]
    observed = trace(figures.calibration_curve(curve), "observed")
    assert (observed.error_y.array[0], observed.error_y.arrayminus[0]) == (0, 0)


def test_flagged_effects_differ_from_others_in_colour_and_grades_in_symbol(full_inputs):
    frame = (
        full_inputs["effects"]
        .head(2)
        .assign(flagged=[True, False], ci_low=[-0.1, -0.1], ci_high=[-0.05, 0.1], evidence_grade=["A", "C"])
    )
    drawn = {t.name: (t.marker.color, t.marker.symbol) for t in figures.effects_forest(frame).data}
    assert drawn == {
        "does worse (flagged), grade A": (palette.BAD, "circle"),
        "no clear difference, grade C": (palette.NEUTRAL, "diamond-open"),
    }


def test_texts_of_the_data_are_escaped_in_figures(full_inputs):
    frame = full_inputs["effects"].head(1).assign(label="<a href='http://x'>x</a>", contrast="<b>")
    assert "<a " not in figures.effects_forest(frame).to_json().replace("\\u003c", "<")


def test_a_long_label_keeps_its_campaign_and_its_version(full_inputs):
    label = "Executive programme admissions for the autumn intake · step 6 (voice) · version 2"
    figure = figures.effects_forest(full_inputs["effects"].head(1).assign(label=label))
    text = figure.layout.annotations[0].text
    assert "Executive programme …" in text
    assert text.endswith("· step 6 (voice) · version 2")


def test_every_active_lead_is_counted_once_in_the_distribution():
    figure = figures.score_distribution(pd.Series([0.0, 0.01, 0.5, 0.5]))
    assert sum(figure.data[0].y) == 4


def test_waiting_is_what_a_test_lasts_beyond_enrolment():
    experiment = {"id": "test-1", "hypothesis": "h", "weeks_enrolment": 4, "duration_weeks": 9}
    figure = figures.experiment_durations([experiment])
    assert [bar.x[0] for bar in figure.data] == [4, 5]


def test_test_that_waits_for_another_begins_where_that_ends():
    experiment = {"id": "test-2", "hypothesis": "h", "weeks_enrolment": 4, "duration_weeks": 9, "first_week": 11}
    figure = figures.experiment_durations([experiment])
    assert [(bar.base[0], bar.x[0]) for bar in figure.data] == [(10, 4), (14, 5)]


def test_panels_name_each_model_once_in_the_legend(full_inputs):
    figure = figures.gain_panels(full_inputs["holdout_predictions"], full_inputs["evaluation"])
    named = [trace.name for trace in figure.data if trace.showlegend]
    assert len(named) == len(set(named)) == 8


@pytest.mark.parametrize("draw", [figures.calibration_panels, lambda e: figures.gain_panels(predictions([], []), e)])
def test_figures_without_data_say_so_in_words(draw, empty_inputs):
    figure = draw(empty_inputs["evaluation"])
    assert not figure.data
    assert figure.layout.annotations[0].text.startswith("Not enough data")


def test_effects_figure_without_effects_says_so(empty_inputs):
    assert "No element" in figures.effects_forest(empty_inputs["effects"]).layout.annotations[0].text


def dependence(cells):
    columns = ["value", "category", "contribution"]
    frame = pd.DataFrame(cells, columns=columns).assign(leads=30, cell=range(len(cells)))
    return frame.assign(ci_low=frame["contribution"] - 0.1, ci_high=frame["contribution"] + 0.1)


def test_curve_over_values_shows_odds_and_sets_the_unknown_apart():
    figure = figures.dependence_curve(
        dependence([(1.0, "", 0.0), (4.0, "", np.log(2)), (np.nan, "not known", -0.5)]), "visits"
    )
    band, _average, curve, unknown = figure.data
    assert list(curve.y) == [1, 2]
    assert list(curve.x) == [1, 4]
    assert max(band.y) > 2
    assert unknown.x[0] > 4
    assert unknown.text == ("not known ",)


def test_categories_are_dots_best_first_with_escaped_names():
    figure = figures.dependence_curve(dependence([(np.nan, "cold_list", -0.4), (np.nan, "<b>x", 0.4)]), "category")
    assert [dot.y[0] for dot in figure.data] == [0, 1]
    assert figure.data[0].x[0] > 1 > figure.data[1].x[0]
    assert [note.text for note in figure.layout.annotations] == ["&lt;b&gt;x", "cold list"]


def test_axis_of_odds_is_never_so_short_that_little_looks_like_much():
    flat = figures.dependence_curve(dependence([(1.0, "", 0.001), (2.0, "", -0.001)]), "visits")
    low, high = flat.layout.yaxis.range
    assert 10**high / 10**low > 2
