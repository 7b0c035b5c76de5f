"""Run the project as an installed package: `python -m lead_conversion --pipeline=full`, and `lead-conversion`."""

import os
import sys
from pathlib import Path

# Kedro configures logging when it is first imported, and outside a checkout knows of no configuration but its own.
_GIVEN = [word.partition("=")[2] for word in sys.argv if word.startswith("--conf-source=")]
for _folder in (*map(Path, _GIVEN), Path(__file__).parent / "conf"):
    if (_logging := _folder / "logging.yml").is_file():
        os.environ.setdefault("KEDRO_LOGGING_CONFIG", str(_logging))

from lead_conversion.cli import main, run_packaged  # noqa: E402 - see above

__all__ = ["main", "run_packaged"]

if __name__ == "__main__":
    run_packaged()
