"""Hydra's own grammar, on a small project."""

import pytest
from hydra.core.global_hydra import GlobalHydra

from lead_conversion.configuration import HydraConfigLoader, split_jobs
from lead_conversion.kernel.errors import ConfigurationError


@pytest.fixture
def loader(tmp_path):
    files = {
        "base/parameters/config.yaml": "defaults:\n  - model: trees\n  - target: all\n  - _self_\nseed: 1\n",
        "base/parameters/model/trees.yaml": "name: trees\nleaves: 31\n",
        "base/parameters/model/linear.yaml": "name: linear\nleaves: 0\n",
        "base/parameters/target/all.yaml": "defaults: [t1, t2]\n",
        "base/parameters/target/t1.yaml": "t1: {days: 7}\n",
        "base/parameters/target/t2.yaml": "t2: {days: 14}\n",
        "prod/parameters/env/prod.yaml": "# @package _global_\ndefaults:\n  - override /model: linear\nseed: 9\n",
        "local/.gitkeep": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return lambda env=None: HydraConfigLoader(tmp_path, env, base_env="base", default_run_env="local")


def test_jobs_are_all_combinations_and_the_last_override_varies_fastest(loader):
    jobs = split_jobs(loader(), ["model=trees,linear", "target=t1,t2", "seed=1,2,3"])
    assert len(jobs) == 2 * 2 * 3
    assert [job.overrides for job in jobs[:4]] == [
        ("model=trees", "target=t1", "seed=1"),
        ("model=trees", "target=t1", "seed=2"),
        ("model=trees", "target=t1", "seed=3"),
        ("model=trees", "target=t2", "seed=1"),
    ]
    assert jobs[-1].parameters == {"model": {"name": "linear", "leaves": 0}, "target": {"t2": {"days": 14}}, "seed": 3}


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("seed=range(1,4)", [1, 2, 3]),
        ("seed=choice(5,7)", [5, 7]),
        ("seed=4", [4]),
        ("seed='3,4'", ["3,4"]),
    ],
)
def test_values_are_swept_by_hydras_grammar(loader, word, values):
    assert [job.parameters["seed"] for job in split_jobs(loader(), [word])] == values


def test_options_are_picked_by_a_pattern(loader):
    assert [job.parameters["model"]["name"] for job in split_jobs(loader(), ["model=glob(*)"])] == ["linear", "trees"]


def test_value_inside_a_group_is_swept(loader):
    jobs = split_jobs(loader(), ["model=trees", "model.leaves=7,15"])
    assert [job.parameters["model"] for job in jobs] == [{"name": "trees", "leaves": n} for n in (7, 15)]
    assert [job.swept for job in jobs] == [("model.leaves=7",), ("model.leaves=15",)]


def test_without_overrides_there_is_one_job_of_the_defaults(loader):
    (job,) = split_jobs(loader(), [])
    assert job.overrides == ()
    assert job.parameters == loader()["parameters"]


def test_environment_counts_below_the_overrides(loader):
    jobs = split_jobs(loader("prod"), ["seed=1,2"])
    assert [(job.parameters["model"]["name"], job.parameters["seed"]) for job in jobs] == [("linear", 1), ("linear", 2)]
    assert split_jobs(loader("prod"), ["model=trees"])[0].parameters["model"]["name"] == "trees"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("modle=trees", "Unknown parameter 'modle'.*Did you mean 'model'"),
        ("model=trees,lineer", "Unknown option 'lineer' for 'model'.*Did you mean 'linear'"),
        ("model.leafs=3,4", "Unknown parameter 'model.leafs'.*Did you mean 'leaves'"),
        ("seed=1,,2", "'seed=1,,2': expected KEY=VALUE"),
        ("seed", "'seed': expected KEY=VALUE"),
        ("+seeds=3", "cannot be added"),
        ("~model", "nor taken out"),
        ("seed=interval(1,3)", "an interval has no end"),
        ("hydra.launcher=other", "Unknown parameter 'hydra'"),
    ],
)
def test_override_that_cannot_be_meant_is_refused_with_what_was_expected(loader, word, said):
    with pytest.raises(ConfigurationError, match=said):
        split_jobs(loader(), ["target=t1", word])


def test_caller_refuses_keys_that_it_does_not_take(loader):
    def refuse(key, is_swept):
        raise ConfigurationError(f"{key} {is_swept}")

    with pytest.raises(ConfigurationError, match="seed True"):
        split_jobs(loader(), ["seed=1,2"], refuse)
    with pytest.raises(ConfigurationError, match=r"model\.leaves False"):
        split_jobs(loader(), ["model.leaves=1"], refuse)


def test_hydra_is_left_as_it_was(loader):
    split_jobs(loader(), ["seed=1,2"])
    assert GlobalHydra.instance().hydra is None
