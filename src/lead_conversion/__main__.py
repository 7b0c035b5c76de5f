"""Run the project as an installed package: `python -m lead_conversion --pipeline=full`."""

import os
from pathlib import Path

# Kedro configures logging when it is first imported, and outside a checkout knows of no configuration but its own.
_LOGGING = Path(__file__).parent / "conf" / "logging.yml"
if _LOGGING.is_file():
    os.environ.setdefault("KEDRO_LOGGING_CONFIG", str(_LOGGING))

from lead_conversion.cli import run_packaged  # noqa: E402 - see above

if __name__ == "__main__":
    run_packaged()
