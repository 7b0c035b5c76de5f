import os
import subprocess
import sys

from project import PROJECT


def test_benchmark_over_odbc_says_what_to_install_where_unixodbc_is_missing(tmp_path):
    (tmp_path / "pyodbc.py").write_text("raise ImportError('libodbc.so.2: cannot open shared object file')")
    outcome = subprocess.run(
        [sys.executable, PROJECT / "benchmarks/odbc_extraction.py"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("pyodbc cannot be loaded (libodbc.so.2")
    assert "apt-get install unixodbc" in outcome.stderr
    assert "Traceback" not in outcome.stderr
