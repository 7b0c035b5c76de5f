from lead_conversion.pipelines import data_engineering, feature_engineering, modelling, recommendation


def test_nothing_is_computed_from_a_snapshot_before_its_gates_are_passed():
    engineering = data_engineering.create_pipeline()
    later = [feature_engineering.create_pipeline(), modelling.create_pipeline(), recommendation.create_pipeline()]
    behind = (engineering + sum(later, start=engineering)).from_nodes("check_completeness")
    waiting = {node.name for node in behind.nodes}
    reads_no_snapshot = {"gather_references", "describe_recipe"}
    assert {node.name for pipeline in later for node in pipeline.nodes} - reads_no_snapshot <= waiting


def test_the_gates_stand_behind_every_table_of_cleaning():
    engineering = data_engineering.create_pipeline()
    judged = engineering.to_nodes("check_completeness").datasets()
    entities = ("contacts", "campaign_steps", "engagement_logs", "outcomes")
    assert {f"raw_{entity}" for entity in entities} <= judged
    assert {f"primary_{entity}@ibis" for entity in entities} <= judged
    assert {name for name in engineering.datasets() if name.startswith(("rejected_", "orphan_"))} <= judged
