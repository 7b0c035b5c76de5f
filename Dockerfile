# Scheduled container jobs: docker run --env-file cory.env -v "$PWD/data:/app/data" lead-conversion --pipeline=full --env=prod
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
ENV UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/app/.venv
COPY . .
RUN sh docker/build.sh

FROM python:3.11-slim-bookworm
COPY docker/system.sh /tmp/system.sh
RUN sh /tmp/system.sh && rm /tmp/system.sh
COPY --from=build /app/.venv /app/.venv
COPY --from=build /build/conf /app/conf
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH \
    KEDRO_DISABLE_TELEMETRY=1 \
    MLFLOW_DISABLE_TELEMETRY=true
RUN useradd --create-home --uid 10001 cory && mkdir -p data conf/local && chown -R cory /app/data /app/conf/local /app
USER cory
ENTRYPOINT ["python", "-m", "lead_conversion"]
CMD ["--pipeline=full"]
