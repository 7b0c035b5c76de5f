import ast
import os
import shutil
import subprocess
import sys

import pytest

from project import PROJECT

PIPELINES = PROJECT / "src/lead_conversion/pipelines"


def lint_imports(folder):
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_import_contracts_are_kept():
    outcome = lint_imports(PROJECT)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize(
    "planted",
    ["from lead_conversion.pipelines.modelling import create_pipeline", "import mlflow", "import duckdb"],
)
def test_forbidden_import_in_a_pipeline_is_caught(tmp_path, planted):
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    shutil.copytree(PROJECT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "src/lead_conversion/pipelines/reporting/planted.py").write_text(f"{planted}\n")
    outcome = lint_imports(tmp_path)
    assert outcome.returncode == 1
    assert "lead_conversion.pipelines.reporting.planted" in outcome.stdout


@pytest.mark.parametrize("path", sorted(PIPELINES.rglob("*.py")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_pipeline_imports_nothing_of_kedros_framework(path):
    imported = [node.module or "" for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    assert not [module for module in imported if module.startswith("kedro.framework")]
