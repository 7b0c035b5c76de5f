# Scheduled container jobs: docker run --env-file cory.env -v "$PWD/data:/app/data" lead-conversion --pipeline=full --env=prod
# The mounted folder has to be writable by user 10001 (sudo chown -R 10001 data), or name its owner: --user "$(id -u)".
# Mount conf/local too where a pseudonym key stands in it.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
ENV UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/app/.venv
# Dependencies first: their layer stays as long as the lock does.
COPY docker/build.sh docker/build.sh
COPY pyproject.toml uv.lock ./
RUN sh docker/build.sh dependencies
COPY . .
RUN sh docker/build.sh project

FROM python:3.11-slim-bookworm
COPY docker/system.sh /tmp/system.sh
RUN sh /tmp/system.sh && rm /tmp/system.sh
COPY --from=build /app/.venv /app/.venv
COPY --from=build /build/conf /app/conf
WORKDIR /app
# Models and runs stand in the mounted folder, and HOME where any user may write: a container leaves nothing behind.
ENV PATH=/app/.venv/bin:$PATH \
    HOME=/tmp \
    KEDRO_DISABLE_TELEMETRY=1 \
    MLFLOW_DISABLE_TELEMETRY=true \
    LEAD_CONVERSION_MLFLOW_URI=sqlite:///data/mlflow/mlflow.db
RUN useradd --no-create-home --uid 10001 cory && mkdir -p data conf/local && chown cory data conf/local
USER cory
ENTRYPOINT ["python", "-m", "lead_conversion"]
CMD ["--pipeline=full"]
