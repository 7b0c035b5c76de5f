#!/bin/sh
# Builds the environment of the image: locked dependencies, then the project's own wheel. Runs outside a container too,
# with UV_PROJECT_ENVIRONMENT naming the folder. The extra is Microsoft's ODBC driver: who builds accepts its licence.
set -eu
python3 -m pip install --quiet --disable-pip-version-check --target "${UV_TOOLS:-/tmp/uv}" uv==0.13.9
"${UV_TOOLS:-/tmp/uv}/bin/uv" sync --frozen --no-dev --extra sqlserver --no-editable --compile-bytecode
