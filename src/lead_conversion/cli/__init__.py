"""What a person or a scheduler may ask for.

`kedro run` is Kedro's own, with refusals turned into one message and an exit code; `lead-conversion` holds what Kedro
does not have.
"""

import importlib
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from itertools import chain
from typing import Any, cast

import click
import kedro.runner
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.project import configure_project, pipelines
from kedro.io import DatasetError
from kedro.pipeline import Pipeline
from kedro.utils import load_obj

from lead_conversion import __version__
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError, LeadConversionError, suggest

SUBCOMMANDS = {
    "experiment": "lead_conversion.cli.experiment",
    "experiments": "lead_conversion.cli.experiments",
    "key": "lead_conversion.cli.key",
    "model": "lead_conversion.cli.model",
    "scores": "lead_conversion.cli.scores",
    "simulate": "lead_conversion.cli.simulate",
    "source": "lead_conversion.cli.source",
}


# What Kedro says of an entry that one node hands to another without a file.
UNMADE = re.compile("(?P<name>.+): Data for MemoryDataset has not been saved yet")


class LazyCommands(click.Group):
    """Commands whose modules are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in alphabetical order."""
        return sorted([*super().list_commands(ctx), *SUBCOMMANDS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in SUBCOMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(importlib.import_module(SUBCOMMANDS[cmd_name]), cmd_name)
        return command


def explain_refusals(action: Callable[..., Any]) -> Callable[..., Any]:
    """The action, with a refusal printed as one message and turned into its exit code."""

    @wraps(action)
    def explained(*args: Any, **kwargs: Any) -> Any:
        try:
            return action(*args, **kwargs)
        except Exception as error:
            refusal = find_refusal(error)
            if refusal is None:
                raise
            click.secho(f"{type(refusal).__name__}: {refusal}", fg="red", err=True)
            sys.exit(refusal.exit_code)

    return explained


def find_refusal(error: BaseException | None) -> LeadConversionError | None:
    """The refusal that an exception stands for or was raised from, if any."""
    while error is not None:
        if isinstance(error, LeadConversionError):
            return error
        if type(error).__name__ == "ParameterValidationError":
            return ConfigurationError(f"Parameters are not valid. {error}")
        if isinstance(error, DatasetError) and isinstance(missing := error.__cause__, FileNotFoundError):
            return DataError(
                f"{missing.filename or missing} is not there: no run has made it yet, or it was removed since. Run the "
                "pipeline 'full' first."
            )
        if isinstance(error, DatasetError) and (unmade := UNMADE.match(str(error))):
            return ConfigurationError(
                f"'{unmade['name']}' is kept in memory only, and no node that was asked for makes it. Begin with the "
                f"one that does: --from-nodes={_maker_of(unmade['name'])}."
            )
        if isinstance(error, PermissionError) and error.filename:
            return AccessError(
                f"{error.filename}: {error.strerror}. Ask as the account that it belongs to, or have this one given "
                "the right."
            )
        error = error.__cause__ or error.__context__
    return None


def _maker_of(dataset: str) -> str:
    """The name of the node that makes a dataset."""
    nodes = chain.from_iterable(pipeline.nodes for pipeline in pipelines.values())
    return next(str(node.name) for node in nodes if dataset in node.outputs)


# Kedro's options that leave out nodes, by the names that they have in Pipeline.filter too.
SLICES = ("tags", "from_nodes", "to_nodes", "node_names", "from_inputs", "to_outputs")
_kedros_own = cast("Callable[..., Any]", kedro_run.callback)


def _run(**options: Any) -> Any:
    names = list(filter(None, [options["pipeline"], *options["pipelines"]]))
    _require_pipelines(names)
    _require_nodes([pipelines[name] for name in names or ["__default__"]], options)
    _require_runner(options["runner"])
    # The contract's own command says --pipeline, which Kedro warns about.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Option '--pipeline' is deprecated")
        return _kedros_own(**options)


def _require_pipelines(names: Iterable[str]) -> None:
    there = [name for name in pipelines if not name.startswith("_")]
    for name in names:
        if name not in pipelines:
            raise ConfigurationError(
                f"Unknown pipeline '{name}': expected one of {', '.join(there)}.{suggest(name, there)}"
            )


def _require_nodes(chosen: Iterable[Pipeline], options: Mapping[str, Any]) -> None:
    """Pass where the options leave nodes to run, as Kedro itself slices the pipelines."""
    whole = sum(chosen, Pipeline([]))
    slices = {name: options[name] for name in SLICES}
    try:
        whole.filter(**slices, node_namespaces=options["namespaces"])
    except ValueError as error:
        there = (
            {node.name for node in whole.nodes} | whole.datasets() | {tag for node in whole.nodes for tag in node.tags}
        )
        asked = chain(*filter(None, slices.values()))
        suggestions = dict.fromkeys(suggest(name, sorted(there)) for name in asked if name not in there)
        raise ConfigurationError(f"{error}{''.join(suggestions)}") from error


def _require_runner(name: str | None) -> None:
    try:
        load_obj(name or "SequentialRunner", "kedro.runner")
    except (AttributeError, ImportError) as error:
        there = [kind for kind in vars(kedro.runner) if kind.endswith("Runner") and kind != "AbstractRunner"]
        raise ConfigurationError(
            f"Unknown runner '{name}': expected one of {', '.join(there)}, or a class by its path."
            f"{suggest(str(name), there)}"
        ) from error


run = click.Command(
    "run",
    callback=explain_refusals(_run),
    params=kedro_run.params,
    help="Run a pipeline: full (the default), training, scoring, recommendation, or one of the five by its name. "
    "`--params model=logistic` picks a configuration option, `--params model.num_leaves=15` changes a value.",
)


@click.group(name="lead_conversion")
def cli() -> None:
    """What `kedro` offers inside the project."""


cli.add_command(run)


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def commands() -> None:
    """Learn from a campaign agent's database which leads convert, why, and what to change.

    The pipelines run with `kedro run --pipeline=full`; here stands what Kedro does not have.
    """


@explain_refusals
def main() -> None:
    """The command `lead-conversion`."""
    commands()


@explain_refusals
def run_packaged() -> None:
    """The command `python -m lead_conversion`: a run with the configuration of ./conf, or of the package itself."""
    from lead_conversion.cli.project import conf_folder  # noqa: PLC0415  slow, and only a run needs it

    arguments = sys.argv[1:]
    if not any(argument.startswith("--conf-source") for argument in arguments):
        arguments.append(f"--conf-source={conf_folder()}")
    configure_project("lead_conversion")
    run(arguments, prog_name="python -m lead_conversion")
