"""`lead-conversion model`: which model scores, who decided it, and the way back."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from lead_conversion.cli.permission import record_access, require_permission
from lead_conversion.cli.project import access_rules_of, read_configuration
from lead_conversion.guard.roles import Permission, current_user, names_of_account
from lead_conversion.kernel.errors import ConfigurationError, DataError, suggest
from lead_conversion.lifecycle.promotion import Approval, Decision
from lead_conversion.lifecycle.promotion_log import PromotionLog, read_line
from lead_conversion.lifecycle.registry import CHALLENGER, CHAMPION, Standing, load_lineage, open_registry
from lead_conversion.lifecycle.succession import Succession

PERMISSION: Permission = "model.promote"
SHOWN = ("target", "chosen_model", "model_version", "as_of", "snapshot_id", "learned_until", "config_sha256")

env_option = click.option("--env", help="The environment whose registry, log and access.yml are meant.")
target_option = click.option("--target", required=True, help="Whose model: t1, t2 or t3.")
by_option = click.option("--by", required=True, help="The name of the person who decides.")
reason_option = click.option("--reason", required=True, help="Why, in that person's words. It is recorded.")
version_option = click.option(
    "--version",
    "wanted",
    default=CHAMPION,
    show_default=True,
    help="A version's number, `champion` or `challenger`. There is no `latest`.",
)


@click.group()
def model() -> None:
    """Which model scores, who decided it, and the way back.

    A run of the pipeline 'training' or 'full' whose model passes its gate registers it as the
    challenger. A person who did not start that run makes it the champion. Only the champion scores.

    \b
    From a challenger to scores:
      lead-conversion model list                                    what there is
      lead-conversion model card --target t1 --version challenger   what it can do, in Markdown
      lead-conversion model promote --target t1 --by "Ada L." --reason "Better in every segment"
      kedro run --pipeline=scoring --params target=t1               scores with the champion, trains nothing
      lead-conversion model rollback --target t1 --by "Ada L." --reason "Complaints from sales"

    Promoting takes the permission 'model.promote'; conf/base/access.yml says who gives it. Every
    change is a line in data/audit/promotions.jsonl, and the registry knows the last one.
    """  # noqa: D301 - click wants the control character itself


@model.command(name="list")
@env_option
def list_models(env: str | None) -> None:
    """Every registered version, the champions and challengers, and whether the log can be trusted."""
    succession = _succession(env)
    standings = succession.standings()
    if not standings:
        click.echo("No model was ever registered. A run of 'training' registers one that passes its gate.")
    for target, standing in standings.items():
        click.echo(f"{target}  ({standing.name})")
        for number, tags in standing.versions.items():
            role = _role(standing, number)
            click.echo(
                f"  version {number:<4}{role:<12}{tags.get('chosen_model', '?'):<10} content "
                f"{tags.get('model_version', '?')}, data as of {tags.get('as_of', '?')}"
            )
        if standing.champion is None:
            click.echo(
                "  no champion: the pipeline 'scoring' is refused, 'full' scores with its own candidate, on trial"
            )
    _say_trust(succession, standings)


@model.command()
@target_option
@version_option
@click.option("--json", "as_json", is_flag=True, help="The whole lineage, as JSON.")
@env_option
def show(target: str, wanted: str, as_json: bool, env: str | None) -> None:
    """Where a version comes from, what it was judged by, and that its files are the registered ones.

    \b
    Examples:
      lead-conversion model show --target t1
      lead-conversion model show --target t1 --version challenger --json
    """  # noqa: D301 - click wants the control character itself
    standing, number, lineage = _looked_up(_succession(env), target, wanted)
    if as_json:
        click.echo(json.dumps(lineage, indent=1, sort_keys=True))
        return
    click.echo(f"{standing.name}, version {number}: {_role(standing, number) or 'neither champion nor challenger'}")
    click.echo(f"  every file has its recorded sha256: {', '.join(lineage['files'])}, lineage.json")
    for key in SHOWN:
        click.echo(f"  {key:<15} {lineage[key]}")
    code, run = lineage["code"], lineage["run"]
    state = {True: ", with uncommitted changes", False: "", None: ""}[code["dirty"]]
    click.echo(f"  {'code':<15} {code['version']}, commit {code['git_commit'] or 'unknown'}{state}")
    click.echo(f"  {'run':<15} {run['run_id']}, started by the account {run['started_by']}")
    click.echo(f"  {'features':<15} {len(lineage['features'])}; --json names them, and everything else")
    click.echo(f"  {'champion':<15} {lineage['evaluation']['champion']['message']}")
    for condition in lineage["gate"]["conditions"]:
        mark = "✓" if condition["passed"] else "✗"
        figure = "none" if condition["figure"] is None else f"{condition['figure']:.4g}"
        click.echo(f"  {mark} {condition['name']:<28} limit {condition['limit']:.4g}, found {figure}")


@model.command()
@target_option
@version_option
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file to write it to, in place of the screen."
)
@env_option
def card(target: str, wanted: str, out: Path | None, env: str | None) -> None:
    """The model card of a version, in Markdown: what it is for, how good it is, where it must not be used.

    \b
    Examples:
      lead-conversion model card --target t1 --version challenger
      lead-conversion model card --target t1 --out t1.md
    """  # noqa: D301 - click wants the control character itself
    from lead_conversion.reports.registered_model import render_registered_model  # noqa: PLC0415 - slow

    succession = _succession(env)
    standing, number, lineage = _looked_up(succession, target, wanted)
    changes = [
        entry
        for entry in map(read_line, succession.log.lines())
        if entry.get("model") == standing.name and entry["state"] == "done" and entry["version"] == number
    ]
    role = _role(standing, number) or "neither champion nor challenger"
    text = render_registered_model(standing.name, number, role, lineage, changes)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"Wrote {out}")


@model.command()
@target_option
@by_option
@reason_option
@click.option("--version", "expected", help="The challenger that you looked at; refused if it is another by now.")
@env_option
def promote(target: str, by: str, reason: str, expected: str | None, env: str | None) -> None:
    """Make the challenger the champion: from now on it scores.

    Refused where you, by account or by name, started the run that made it; where it has not passed
    its gate; where it was compared with another champion than today's; where one of its files is
    not the registered one; and where the log of promotions was tampered with.

    \b
    Examples:
      lead-conversion model promote --target t1 --by "Ada Lovelace" --reason "Gate passed, card reviewed"
      lead-conversion model promote --target t1 --version 7 --by "Ada Lovelace" --reason "As discussed"
    """  # noqa: D301 - click wants the control character itself
    succession, approval = _asked(env, by, reason)
    before = succession.standing(target).champion
    decision = succession.promote(target, approval, _recorder(env, f"promote {target}"), names_of_account, expected)
    click.echo(
        f"Version {decision.version} is the champion of {target}; "
        + (f"before it was version {before}." if before else "it is the first.")
    )
    click.echo(f"Next: kedro run --pipeline=scoring --params target={target}")


@model.command()
@target_option
@by_option
@reason_option
@click.option("--to-none", is_flag=True, help="Have no champion at all; then 'scoring' is refused.")
@env_option
def rollback(target: str, by: str, reason: str, to_none: bool, env: str | None) -> None:
    """Bring the champion before back, at once.

    \b
    Examples:
      lead-conversion model rollback --target t1 --by "Ada Lovelace" --reason "Ranks last week's leads oddly"
      lead-conversion model rollback --target t1 --to-none --by "Ada Lovelace" --reason "Features changed"
    """  # noqa: D301 - click wants the control character itself
    succession, approval = _asked(env, by, reason)
    decision = succession.roll_back(target, approval, _recorder(env, f"rollback {target}"), to_none=to_none)
    who = f"Version {decision.version} is the champion of {target} again" if decision.version else f"{target} has none"
    click.echo(f"{who}: {decision.reason}.")


@model.command(name="log")
@click.option("--verify", is_flag=True, help="Only say whether it can be trusted; exit code 65 where it cannot.")
@click.option("--begin-anew", is_flag=True, help="Set a log that cannot be trusted aside, and begin another.")
@click.option("--by", help="With --begin-anew: the name of the person who decides.")
@click.option("--reason", help="With --begin-anew: what was found out about it.")
@env_option
def show_log(verify: bool, begin_anew: bool, by: str | None, reason: str | None, env: str | None) -> None:
    """Who made which version the champion, when and why, and whether the log is as it was written.

    Each line holds the hash of the line before it, so that no line can be changed or removed. The
    registry keeps the hash of the last line, so that the end cannot be cut off either.

    \b
    Examples:
      lead-conversion model log
      lead-conversion model log --verify
      lead-conversion model log --begin-anew --by "Ada Lovelace" --reason "Disk lost on 3 May"
    """  # noqa: D301 - click wants the control character itself
    if begin_anew:
        if not by or not reason:
            raise ConfigurationError("--begin-anew: expected --by and --reason with it. They are recorded.")
        succession, approval = _asked(env, by, reason)
        record_access(env, PERMISSION, "begin the promotion log anew", "asked", reason=reason)
        aside = succession.begin_log_anew(approval)
        click.echo(f"Began another log. The earlier one: {aside}.")
        return
    succession = _succession(env)
    for entry in () if verify else map(read_line, succession.log.lines()):
        click.echo(_told(entry))
    if not _say_trust(succession, succession.standings()):
        sys.exit(DataError.exit_code)


def _succession(env: str | None) -> Succession:
    """The registry and the log of an environment."""
    open_registry(read_configuration(env, "mlflow")["server"]["mlflow_tracking_uri"])
    prefix = read_configuration(env, "catalog")["nominated_models"]["prefix"]
    return Succession(prefix, PromotionLog(Path(read_configuration(env, "globals")["promotion_log"])))


def _asked(env: str | None, by: str, reason: str) -> tuple[Succession, Approval]:
    """What is asked for, once it is known that the user may ask."""
    require_permission(env, PERMISSION)
    user = current_user()
    is_shared = user in access_rules_of(env).shared_accounts
    return _succession(env), Approval(user, by, reason, account_is_shared=is_shared)


def _recorder(env: str | None, what: str) -> Any:
    """Writes a decision to the access log."""

    def record(decision: Decision) -> None:
        state = "granted" if decision.is_allowed else "refused"
        record_access(env, PERMISSION, what, state, reason=decision.reason)

    return record


def _looked_up(succession: Succession, target: str, wanted: str) -> tuple[Standing, str, dict[str, Any]]:
    """A version with its lineage, once its files are known to be the registered ones."""
    standing = succession.standing(target)
    number = {CHAMPION: standing.champion, CHALLENGER: standing.challenger}.get(wanted, wanted)
    if number is None or number not in standing.versions:
        there = [name for known in standing.versions for name in (known, _role(standing, known)) if name]
        raise ConfigurationError(
            f"--version: {standing.name} has no '{wanted}'; expected one of {', '.join(there) or 'none yet'}."
            + suggest(wanted, there)
        )
    return standing, number, load_lineage(standing.name, number)


def _role(standing: Standing, number: str) -> str:
    roles = {standing.challenger: CHALLENGER, standing.champion: CHAMPION}
    return roles.get(number, "")


def _say_trust(succession: Succession, standings: Mapping[str, Standing]) -> bool:
    """Say whether the log can be trusted."""
    faults, doubts = succession.faults(standings), succession.doubts(standings)
    for fault in faults:
        click.secho(f"TAMPERED WITH: {fault}.", fg="red", err=True)
    for doubt in doubts if not faults else ():
        click.secho(f"Look into this: {doubt}.", fg="yellow", err=True)
    if not faults:
        lines = len(succession.log.lines())
        click.echo(f"Promotion log {succession.log.path}: {lines} lines, as they were written.")
    return not faults


def _told(entry: Mapping[str, Any]) -> str:
    if not entry:
        return "a line that cannot be read"
    what = f"{entry['action']} of {entry['model']}"
    change = f" from version {entry['before'] or 'none'} to {entry['version'] or 'none'}" if "version" in entry else ""
    who = f"by {entry['by']} ({entry['person']})"
    return f"{entry['line']:>4}  {entry['at']}  {what}{change}: {entry['state']}, {who}: {entry['reason']}"
