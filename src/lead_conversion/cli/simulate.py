"""`lead-conversion simulate`: a demo database to try everything on."""

import os
from pathlib import Path

import click

from lead_conversion.kernel.errors import ConfigurationError

DEFAULT_OUT = Path("data/demo/agent_cory.duckdb")


@click.command()
@click.option(
    "--leads",
    type=click.IntRange(min=1),
    default=20_000,
    show_default=True,
    help="How many leads come in. 20 000 take about ten seconds, 500 000 a few minutes.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=7,
    show_default=True,
    help="Another seed is another agency; the same seed is the same database, row for row.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_OUT,
    show_default=True,
    help="The DuckDB file to write. The truth goes beside it, as NAME.truth.duckdb.",
)
@click.option(
    "--days",
    type=click.IntRange(min=45),
    default=300,
    show_default=True,
    help="Length of the history. Leads of the last 30 days have no final outcome yet.",
)
@click.option(
    "--assignment",
    type=click.Choice(("confounded", "randomised")),
    default="confounded",
    show_default=True,
    help="confounded: who a lead is decides what it is sent, as in real life. randomised: by lot.",
)
@click.option(
    "--hidden-confounding",
    type=click.FloatRange(min=0, max=3),
    default=0.0,
    show_default=True,
    help="Strength of a trait that steers choices and bookings and is recorded nowhere.",
)
@click.option(
    "--fault-rate",
    type=click.FloatRange(min=0, max=10),
    default=1.0,
    show_default=True,
    help="Multiplies the share of faulty rows. 0 writes clean tables.",
)
@click.option("--null-world", is_flag=True, help="No prompt, step, wait or order has any effect.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def simulate(out: Path, force: bool, **knobs: object) -> None:
    """Write a demo database: an invented agency with the schema of the real one.

    The world has campaigns whose prompts, steps and waits truly help or hurt, choices that depend
    on who the lead is, and every fault that is known of the real data. What was planted stands in
    a second file, the truth, which no pipeline reads: use it to judge what the pipelines find.

    \b
    Examples:
      lead-conversion simulate
      lead-conversion simulate --leads 500000 --out data/demo/large.duckdb
      lead-conversion simulate --null-world --seed 3 --out data/demo/nothing_works.duckdb
    """  # noqa: D301 - click wants the control character itself
    from lead_conversion.simulation import WorldSpec, truth_path_of, write_world  # noqa: PLC0415  slow

    truth = truth_path_of(out)
    present = [path for path in (out, truth) if path.exists()]
    if present and not force:
        raise ConfigurationError(
            f"--out: expected a file that is not there yet, found {present[0]}. "
            "Choose another name, or say --force to replace it."
        )
    if not os.access(next(parent for parent in out.absolute().parents if parent.exists()), os.W_OK):
        raise ConfigurationError(
            f"--out: expected a folder that may be written to, found {out.parent}. Choose another."
        )
    spec = WorldSpec.model_validate(knobs)
    with click.progressbar(length=spec.batches, label="Leads come in") as bar:
        summary = write_world(spec, out, truth, lambda _done, _all: bar.update(1))
    width = max(map(len, summary.rows))
    for table, rows in summary.rows.items():
        click.echo(f"{table:<{width}}  {rows:>11,}")
    click.echo(f"Database: {summary.path}\nTruth:    {summary.truth_path}")
