import ibis
import pytest
from configured import CLEAN, PROJECT, QUALITY

from lead_conversion.configuration import HydraConfigLoader
from lead_conversion.contracts import documents
from lead_conversion.kernel.errors import ConfigurationError, DataError
from lead_conversion.pipelines.data_engineering.parameters import QualityParameters
from lead_conversion.pipelines.data_engineering.quality import (
    check_completeness,
    measure_quality,
    summarise_quality,
)

RULES = {
    "orphan_lead": "Its lead is not there",
    "repeated_event_id": "A second copy",
    "time_was_mended": "A better time",
    "prompt_is_long": "A long prompt",
    "unknown_label": "A word nobody knows",
    "late_rows_left_out": "Too late",
    "never_met": "Does not occur",
}
CONFIGURED = QUALITY.model_dump() | {"rules": QUALITY.rules | RULES}
SMALL = QualityParameters.model_validate(CONFIGURED)


def table(columns, *rows):
    return ibis.memtable([dict(zip(columns, row, strict=True)) for row in rows], schema=ibis.schema(columns))


CONTACT = {"lead_key": "string", "industry": "string", "lead_source": "string", "company_size": "string"}
EVENT = {
    "lead_key": "string", "direction": "string", "channel": "string", "outcome": "string", "logged_at": "timestamp(6)",
    "reply_words": "int64",
}  # fmt: skip
TOUCHED = {"mended": "string", "noted": "string"}
KEPT = {"direction": "string", "channel": "string", "outcome": "string", "logged_at": "timestamp(6)", **TOUCHED}


def measured(contacts=(), events=(), touched=(), rejected=(), orphans=(), times=(), *, quality=SMALL, **manifest):
    kept = [["sms", "replied", "2026-05-31T12:00:00", *rules] for rules in touched]
    kept += [[channel, "replied", moment, None, None] for channel, moment in times]
    tables = {
        "raw_contacts": table(CONTACT, *contacts),
        "primary_contacts": table(CONTACT, *contacts),
        "rejected_contacts": table({"reason": "string"}),
        "raw_engagement_logs": table(EVENT, *events),
        "primary_engagement_logs": table(KEPT, *(["inbound", *kind] for kind in kept)),
        "rejected_engagement_logs": table({"reason": "string"}, *[[reason] for reason in rejected]),
        "orphan_engagement_logs": table({"reason": "string"}, *[[reason] for reason in orphans]),
    }
    raw_manifest = {
        "snapshot_id": "20260601T000000Z-a",
        "as_of": "2026-06-01T00:00:00",
        "source": {"kind": "duckdb", "name": "agent_cory.duckdb"},
        "org_id": 1,
        "pseudonym_key": "k",
        "entities": {"contacts": {"rows": len(contacts)}, "engagement_logs": {"rows": len(events)}},
    }
    return documents.quality.validate(measure_quality(raw_manifest | manifest, quality, CLEAN, **tables))


def event(lead_key="l", channel="sms", logged_at="2026-05-31T12:00:00", direction="in", reply_words=None):
    return [lead_key, direction, channel, "replied", logged_at, reply_words]


def rules_of(figures, entity="engagement_logs"):
    return {(rule["kind"], rule["rule"]): rule["rows"] for rule in figures["entities"][entity]["rules"]}


class TestMeasure:
    def test_rows_are_counted_by_the_rule_that_touched_them(self):
        found = measured(
            events=[event()] * 9,
            touched=[["time_was_mended", None], ["orphan_lead,time_was_mended", "prompt_is_long"], [None, None]],
            rejected=["repeated_event_id"],
            orphans=["orphan_lead", "orphan_lead"],
        )
        assert rules_of(found) == {
            ("mended", "orphan_lead"): 1,
            ("mended", "time_was_mended"): 2,
            ("noted", "prompt_is_long"): 1,
            ("rejected", "orphan_lead"): 2,
            ("rejected", "repeated_event_id"): 1,
        }

    def test_rows_that_came_after_the_as_of_are_noted(self):
        found = measured(events=[event()], rows_left_out_after_as_of={"engagement_logs": 7, "contacts": 0})
        assert rules_of(found) == {("noted", "late_rows_left_out"): 7}
        assert rules_of(found, "contacts") == {}

    def test_words_that_nobody_knows_are_counted_by_column_and_a_row_once(self):
        stranger = ["a", "other:3fa9c12b", "other:00000000", "1-10"]
        found = measured(contacts=[stranger, ["b", "software", "another: word", None]])
        unknown = found["entities"]["contacts"]["unknown_labels"]
        assert {column: rows for column, rows in unknown.items() if rows} == {"industry": 1, "lead_source": 1}
        assert rules_of(found, "contacts") == {("noted", "unknown_label"): 1}

    def test_missing_values_and_categories_are_counted_by_column(self):
        contacts = measured(contacts=[["a", "software", None, None], ["b", "software", "event", None]])["entities"][
            "contacts"
        ]
        assert contacts["nulls"] == {"lead_key": 0, "industry": 0, "lead_source": 1, "company_size": 2}
        assert contacts["categories"] == {"industry": {"software": 2}, "lead_source": {"event": 1}, "company_size": {}}

    def test_column_of_too_many_values_is_none_of_categories_and_says_how_many_it_has(self):
        limit = {"many_categories": CONFIGURED["gates"]["many_categories"] | {"limit": 2}}
        few = QualityParameters.model_validate(CONFIGURED | {"gates": CONFIGURED["gates"] | limit})
        contacts = [[str(n), f"industry {n}", "event", "1-10"] for n in range(3)]
        found = measured(contacts=contacts, quality=few)["entities"]["contacts"]
        assert found["categories"] == {"industry": None, "lead_source": {"event": 3}, "company_size": {"1-10": 3}}
        assert found["values"] == {"industry": 3, "lead_source": 1, "company_size": 1}

    def test_missing_values_are_counted_by_the_kind_of_row_in_whatever_spelling(self):
        events = [
            event(channel="SMS ", direction="Inbound", reply_words=3),
            event(channel="text"),
            event(direction="outbound"),
            event(channel="pigeon"),
        ]
        found = measured(events=events)["entities"]["engagement_logs"]
        by_kind = {kind: (part["rows"], part["nulls"]["reply_words"]) for kind, part in found["kinds_read"].items()}
        assert by_kind == {"inbound sms": (2, 1), "inbound unknown": (1, 1), "outbound sms": (1, 1)}
        assert found["nulls"]["reply_words"] == 3

    def test_kept_rows_are_counted_by_every_kind(self):
        found = measured(touched=[[None, None], [None, None]])["entities"]
        assert found["engagement_logs"]["kinds_kept"] == {"inbound sms": 2, "replied": 2}
        assert found["contacts"]["kinds_kept"] == {}

    def test_kind_says_when_it_was_recorded_last_and_how_often_before(self):
        moments = ["2026-01-01T09:00", "2026-05-01T09:00", "2026-05-11T09:00", "2026-05-11T21:00", "2026-05-12T09:00"]
        times = [("sms", moment) for moment in moments] + [("voice", "2026-05-30T06:00")]
        assert measured(times=times[::-1])["entities"]["engagement_logs"]["activity"] == {
            "inbound sms": {
                "newest_at": "2026-05-12T09:00:00", "rows": 4, "days": 57, "days_with_rows": 3,
                "longest_silence_days": 120.0,  # it ended within the days that are looked at
            },
            "inbound voice": {
                "newest_at": "2026-05-30T06:00:00", "rows": 1, "days": 1, "days_with_rows": 1,
                "longest_silence_days": 0.0,
            },
        }  # fmt: skip

    def test_entity_whose_rows_have_no_time_of_record_has_no_activity(self):
        assert measured(contacts=[["a", "software", None, None]])["entities"]["contacts"]["activity"] == {}

    def test_newest_event_is_the_one_recorded_last(self):
        found = measured(events=[event(), event(logged_at="2026-05-31T13:00:00")])
        assert found["newest_event_at"] == "2026-05-31T13:00:00"

    def test_source_without_rows_is_measured(self):
        found = measured()
        assert found["newest_event_at"] is None
        assert found["entities"]["engagement_logs"]["rules"] == []

    def test_rule_without_a_sentence_is_refused_by_name(self):
        with pytest.raises(ConfigurationError, match="without a sentence: dreamt_up"):
            measured(rejected=["dreamt_up"])

    def test_rows_in_another_order_give_the_same_figures(self):
        contacts = [["a", "software", None, "1-10"], ["b", "edtech", "event", None]]
        touched = [["time_was_mended", None], [None, "prompt_is_long"]]
        one = measured(contacts=contacts, touched=touched)
        other = measured(contacts=contacts[::-1], touched=touched[::-1])
        assert one == other


def figures(day, *, rows=1000, refused=0, **changes):
    """What measure_quality finds of a source with events only."""
    rules = [{"rule": "orphan_lead", "kind": "rejected", "rows": refused}] if refused else []
    entity = {
        "rows_read": rows, "rules": rules, "nulls": {}, "unknown_labels": {}, "kinds_read": {}, "kinds_kept": {},
        "values": {}, "categories": {},
    }  # fmt: skip
    return {
        "snapshot_id": f"202606{day:02}",
        "as_of": f"2026-06-{day:02}T00:00:00",
        "origin": {"kind": "duckdb", "name": "agent_cory.duckdb", "org_id": 1},
        "pseudonym_key": "k",
        "newest_event_at": f"2026-06-{day:02}T00:00:00",
        "looked_for": sorted(SMALL.rules),
        "entities": {"engagement_logs": entity},
    } | changes


MANIFEST = {"extracted_at": "2026-06-30T00:00:00+00:00"}


def history_of(*entries):
    return {entry["snapshot_id"]: entry for entry in entries}


def checked(now, *earlier, quality=SMALL):
    out = check_completeness(now, history_of(*earlier), MANIFEST, quality)
    documents.completeness.validate(out["primary_completeness"])
    return out


def compared(now, *earlier):
    """The snapshot that a snapshot is compared with."""
    last = checked(now, *earlier)["primary_completeness"]["compared_with"]
    return last and last["snapshot_id"]


def accepted(snapshot, history):
    """The history after a run on the snapshot."""
    return summarised(snapshot, *history.values())["primary_quality_history"]


def fresh_within(days):
    gates = CONFIGURED["gates"]
    freshness = gates["freshness"] | {"limit": days}
    return QualityParameters.model_validate(CONFIGURED | {"gates": gates | {"freshness": freshness}})


class TestCheck:
    def test_kind_that_stopped_being_recorded_stops_the_first_run_while_the_others_go_on(self):
        days = [f"2026-{month:02}-{day:02}T12:00:00" for month in (4, 5) for day in range(1, 31)]
        times = [("sms", day) for day in days] + [("voice", day) for day in days[:-5]]
        now = measured(events=[event()] * len(times), times=times)
        with pytest.raises(DataError, match=r"silence at engagement_logs, inbound voice: 5\.0 days \(0 rows where 5"):
            checked(now)
        assert checked(measured(events=[event()] * len(times), times=[*times, ("voice", days[-1])]))

    def test_as_of_is_given_where_every_gate_passes(self):
        out = checked(figures(2))
        assert out["primary_as_of"] == {"snapshot_id": "20260602", "as_of": "2026-06-02T00:00:00"}

    def test_run_stops_and_names_every_broken_gate_with_figure_limit_and_remedy(self):
        with pytest.raises(DataError) as refusal:
            checked(figures(2, rows=500, refused=200), figures(1))
        message = str(refusal.value)
        assert "refused at engagement_logs: 40.0% (200 of 500 rows), limit 20.0%" in message
        assert "lost_rows at engagement_logs: 50.0% (500 of 1,000 rows), limit 10.0%" in message
        assert "unknown_links at engagement_logs, lead: 40.0%" in message
        assert "what was published before stays" in message
        assert "data/refused/" in message
        assert "quality.gates" in message

    def test_figures_of_a_stopped_run_are_logged(self, caplog):
        with pytest.raises(DataError):
            checked(figures(2, refused=400))
        assert "Gate not passed: refused at engagement_logs: 40.0%" in caplog.text

    def test_growth_warns_and_does_not_stop(self, caplog):
        gates = checked(figures(2, rows=9000), figures(1))["primary_completeness"]["gates"]
        (grown,) = [gate for gate in gates if gate["gate"] == "grown"]
        assert (grown["passed"], grown["figure"], grown["stops_the_run"]) == (False, 9.0, False)
        assert "grown at engagement_logs: 9.0 times (9,000 after 1,000 rows), limit 3.0 times" in caplog.text

    def test_only_the_last_snapshot_that_looks_from_no_later_moment_is_compared_with(self):
        earlier = [figures(1), figures(3, rows=5000), figures(2, rows=5000)]
        assert compared(figures(2), *earlier) == "20260601"

    def test_another_reading_of_the_same_moment_is_compared_with_so_that_a_loss_since_is_seen(self):
        whole = figures(2, snapshot_id="20260602-b", accepted=2)
        with pytest.raises(DataError, match=r"lost_rows at engagement_logs: 50\.0%"):
            checked(figures(2, rows=500, snapshot_id="20260602-a"), figures(1, rows=400, accepted=1), whole)

    def test_second_run_on_a_snapshot_is_compared_with_what_the_first_was_compared_with(self):
        history = {}
        chain = [figures(1), figures(2), figures(2, snapshot_id="20260602-0")]
        for snapshot in [*chain, figures(1, snapshot_id="20260601-z")]:
            history = accepted(snapshot, history)
        assert compared(chain[2], *history.values()) == "20260602"
        assert compared(chain[1], *history.values()) == "20260601"
        assert compared(figures(3), *history.values()) == "20260602-0"
        # One that was accepted later and looks from an earlier moment is no baseline of what was there before it.
        assert compared(chain[0], *history.values()) is None

    @pytest.mark.parametrize("other", [{"org_id": 2}, {"name": "another.duckdb"}])
    def test_snapshots_of_another_organisation_or_source_are_not_compared_with(self, other):
        before = figures(1, rows=5000)
        before["origin"] = before["origin"] | other
        assert compared(figures(2), before) is None

    def test_source_that_is_no_longer_written_is_refused_where_freshness_is_asked_for(self):
        with pytest.raises(DataError, match=r"freshness at the snapshot: 28\.0 days, limit 3\.0 days"):
            checked(figures(2), quality=fresh_within(3))
        assert checked(figures(28), quality=fresh_within(3))

    def test_age_is_not_said_where_nobody_asks_so_that_results_do_not_depend_on_the_clock(self):
        gates = checked(figures(2))["primary_completeness"]["gates"]
        (age,) = [gate for gate in gates if gate["gate"] == "freshness"]
        assert (age["figure"], age["passed"]) == (None, None)


def summarised(now, *earlier, quality=SMALL):
    history = history_of(*earlier)
    completeness = checked(now, *earlier)["primary_completeness"]
    out = summarise_quality(now, history, completeness, quality)
    documents.data_quality.validate(out["data_quality"])
    documents.quality_history.validate(out["primary_quality_history"])
    return out


def rule_of(out, name):
    (found,) = [rule for rule in out["data_quality"]["rules"] if rule["rule"] == name]
    return found


class TestSummarise:
    def test_rows_lead_from_read_to_kept_by_reason(self):
        out = summarised(figures(2, rows=100, refused=3))
        assert out["data_quality"]["entities"]["engagement_logs"] == {
            "rows_read": 100,
            "rows_clean": 97,
            "rows_rejected": 3,
            "reasons": {"orphan_lead": 3},
        }

    def test_rule_says_what_it_did_to_how_many_rows_and_what_it_did_before(self):
        rule = rule_of(summarised(figures(3, refused=30), figures(2, refused=20), figures(1, rows=900)), "orphan_lead")
        assert (rule["entity"], rule["kind"], rule["rows"], rule["share"]) == ("engagement_logs", "rejected", 30, 0.03)
        assert rule["sentence"] == RULES["orphan_lead"]
        assert [(before["as_of"][:10], before["share"]) for before in rule["trend"]] == [
            ("2026-06-01", 0.0),
            ("2026-06-02", 0.02),
        ]

    def test_rule_that_meets_nothing_any_more_is_listed_with_what_it_met_before(self):
        rule = rule_of(summarised(figures(2), figures(1, refused=20)), "orphan_lead")
        assert (rule["entity"], rule["rows"], [before["share"] for before in rule["trend"]]) == (
            "engagement_logs",
            0,
            [0.02],
        )

    def test_rule_that_never_met_anything_was_looked_for(self):
        rule = rule_of(summarised(figures(2)), "never_met")
        assert (rule["rows"], rule["entity"], rule["trend"]) == (0, None, [])

    def test_snapshot_in_which_a_rule_was_not_looked_for_is_no_part_of_its_trend(self):
        rule = rule_of(summarised(figures(2, refused=9), figures(1, looked_for=[])), "orphan_lead")
        assert rule["trend"] == []

    def test_trend_shows_no_more_snapshots_than_configured(self):
        few = QualityParameters.model_validate(CONFIGURED | {"snapshots_shown": 2})
        out = summarised(figures(9, refused=9), *[figures(day) for day in range(1, 9)], quality=few)
        assert [before["snapshot_id"] for before in rule_of(out, "orphan_lead")["trend"]] == ["20260607", "20260608"]

    def test_unknown_words_are_told_by_column(self):
        now = figures(2)
        now["entities"]["engagement_logs"] |= {
            "rules": [{"rule": "unknown_label", "kind": "noted", "rows": 4}],
            "unknown_labels": {"channel": 4, "outcome": 0},
        }
        assert rule_of(summarised(now), "unknown_label")["unknown_labels"] == {"channel": 4}

    def test_same_snapshot_again_changes_nothing(self):
        first = summarised(figures(2), figures(1))
        again = summarised(figures(2), *first["primary_quality_history"].values())
        assert again == first

    def test_snapshots_are_numbered_in_the_order_in_which_they_were_accepted(self):
        history = accepted(figures(1), accepted(figures(2), {}))
        history = accepted(figures(2), accepted(figures(2, snapshot_id="20260602-again"), history))
        assert {name: entry["accepted"] for name, entry in history.items()} == {
            "20260601": 2, "20260602": 1, "20260602-again": 3,
        }  # fmt: skip

    def test_history_keeps_the_newest_snapshots(self):
        few = QualityParameters.model_validate(CONFIGURED | {"snapshots_kept": 2})
        out = summarised(figures(3), figures(1), figures(2), quality=few)
        assert list(out["primary_quality_history"]) == ["20260602", "20260603"]

    def test_snapshots_of_one_organisation_do_not_crowd_out_those_of_another(self):
        few = QualityParameters.model_validate(CONFIGURED | {"snapshots_kept": 1})
        other = figures(1, snapshot_id="other")
        other["origin"] = other["origin"] | {"org_id": 2}
        out = summarised(figures(3), other, figures(2), quality=few)
        assert list(out["primary_quality_history"]) == ["20260603", "other"]


def test_real_database_must_be_fresh_and_is_judged_as_any_other_otherwise():
    loader = HydraConfigLoader(PROJECT / "conf", base_env="base", default_run_env="local", env="prod")
    in_prod = QualityParameters.model_validate(loader["parameters"]["quality"])
    assert (QUALITY.gates.freshness.limit, in_prod.gates.freshness.limit) == (None, 3)
    freshness = in_prod.gates.freshness.model_copy(update={"limit": None})
    assert in_prod.model_copy(update={"gates": in_prod.gates.model_copy(update={"freshness": freshness})}) == QUALITY


def test_gate_that_names_a_rule_nobody_described_is_refused():
    with pytest.raises(ValueError, match="no_such_rule"):
        QualityParameters.model_validate(CONFIGURED | {"copies": ["no_such_rule"]})
