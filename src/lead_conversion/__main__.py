"""Run the project as an installed package: `python -m lead_conversion --pipeline=full`."""

from lead_conversion.cli import run_packaged

if __name__ == "__main__":
    run_packaged()
