"""The catalog types Kedro lacks: staged files, the read-only source, the write-once snapshot, the model registry."""
