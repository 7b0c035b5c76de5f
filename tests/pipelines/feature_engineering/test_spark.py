"""The same expressions on Spark: they compile without it, and give the same values where it is installed."""

import ibis
import pandas as pd
import pytest
from feature_worlds import Engine, features_of, random_world

from lead_conversion.contracts.features import FEATURES

ENTITIES = ("landmarks", "contacts", "events", "outcomes", "steps", "prompts", "rates")
KEYS = ["lead_key", "landmark_hours", "is_scoring_row"]
# Points are kept to the millionth, and an engine may round the last one the other way.
ROUNDED = {"engagement_score": 1e-5, "engagement_score_now": 1e-5, "engagement_trend": 1e-3}


class SparkOptions(ibis.config.Config):
    """What Ibis asks of the Spark backend's options, which it has only where pyspark is installed."""

    treat_nan_as_null: bool = False


@pytest.fixture(scope="module")
def engine():
    return Engine()


@pytest.fixture(scope="module")
def on_duckdb(engine):
    return engine.features(random_world(7, 25)).sort_values(KEYS, ignore_index=True)


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    pyspark = pytest.importorskip("pyspark.sql", reason="pyspark is not installed; uv run --with 'pyspark<4.1' pytest")
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.ui.enabled": "false",
    }
    session = pyspark.SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    yield ibis.pyspark.connect(session)
    session.stop()


def test_features_compile_for_spark(engine, on_duckdb, monkeypatch):
    assert len(on_duckdb) > 0
    monkeypatch.setattr(ibis.options, "pyspark", ibis.options.pyspark or SparkOptions())
    tables = [ibis.table(engine.table(name).schema(), name=name) for name in ENTITIES]
    sql = str(ibis.to_sql(features_of(*tables), dialect="pyspark"))
    assert all(f"`{feature.name}`" in sql for feature in FEATURES)
    assert "UNIX_TIMESTAMP(" in sql


def test_spark_and_duckdb_give_the_same_features(engine, on_duckdb, spark, tmp_path):
    for name in ENTITIES:
        engine.table(name).to_parquet(tmp_path / f"{name}.parquet")
    tables = [spark.read_parquet(tmp_path / f"{name}.parquet", table_name=name) for name in ENTITIES]
    on_spark = features_of(*tables).to_pandas().sort_values(KEYS, ignore_index=True)
    pd.testing.assert_frame_equal(on_spark[KEYS], on_duckdb[KEYS])
    for feature in FEATURES:
        expected, found = on_duckdb[feature.name], on_spark[feature.name]
        pd.testing.assert_series_equal(found, expected, rtol=ROUNDED.get(feature.name, 1e-9), check_dtype=False)
