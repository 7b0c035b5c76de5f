from lead_conversion.pipelines.modelling import create_pipeline


def test_nodes_are_named_after_what_they_do() -> None:
    nodes = create_pipeline().nodes
    assert [node.func.__name__ for node in nodes] == [node.name for node in nodes]


def test_pipeline_needs_the_primary_layer_features_and_parameters_only() -> None:
    needed = {name.partition("@")[0] for name in create_pipeline().inputs()}
    assert needed == {
        "raw_manifest",
        "run_identity",
        "champion_models",
        "primary_labels",
        "primary_contacts",
        "primary_as_of",
        "feature_leads",
        "feature_recipe",
        "feature_replay",
        "label_summary",
        "params:target",
        "params:split",
        "params:tuning",
        "params:model",
        "params:leakage",
        "params:evaluation",
        "params:gate",
        "params:drift",
        "score_history_before",
        "params:seed",
    }


def test_pipeline_gives_every_model_output() -> None:
    assert create_pipeline().all_outputs() == {
        "model_input_examples",
        "trained_models",
        "leakage_audit",
        "holdout_predictions",
        "backtest",
        "evaluation",
        "evaluation_metrics",
        "scored_leads",
        "feature_attribution",
        "feature_dependence",
        "nominated_models",
        "champion_references",
        "references",
        "score_history",
        "drift",
    }
