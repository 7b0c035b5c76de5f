#!/bin/sh
# Builds the environment of the image: 'dependencies' as they are locked, then 'project', its own wheel. Runs outside a
# container too, with UV_PROJECT_ENVIRONMENT naming the folder. The extra is Microsoft's ODBC driver: who builds accepts
# its licence.
set -eu
tools="${UV_TOOLS:-/tmp/uv}"
case "${1:-}" in
    dependencies) rest="--no-install-project" ;;
    project) rest="--no-editable" ;;
    *) echo "usage: build.sh dependencies | project" >&2; exit 2 ;;
esac
[ -x "$tools/bin/uv" ] || python3 -m pip install --quiet --disable-pip-version-check --target "$tools" uv==0.13.9
"$tools/bin/uv" sync --frozen --no-dev --extra sqlserver "$rest" --compile-bytecode
