"""`lead-conversion key`: the secret of the pseudonyms, made, rotated and looked after."""

import os
from pathlib import Path
from typing import cast

import click
import pyarrow.parquet as pq

from lead_conversion.cli.permission import require_permission
from lead_conversion.cli.project import catalog_of, filepath_of
from lead_conversion.datasets.manifests import read_manifest, read_manifests
from lead_conversion.datasets.pseudonym_key import DEMO_KEY, KEY_VARIABLE, RETIRED_VARIABLE, PseudonymKeyDataset
from lead_conversion.guard.pseudonyms import KeyRing, PseudonymKey

DEMO_FINGERPRINT = PseudonymKey(DEMO_KEY).fingerprint
env_option = click.option("--env", help="The environment whose key and data are meant.")


@click.group()
def key() -> None:
    """The secret that turns contact ids into pseudonyms.

    It comes from the environment variable LEAD_CONVERSION_PSEUDONYM_KEY, or from the file
    conf/local/pseudonym.key. Keys are told apart by a fingerprint of 12 hex digits that says nothing
    about them; every snapshot names the fingerprint of the key that it was written under.

    \b
    A rotation, where the key stands in the file:
      lead-conversion key new --rotate      a new key; the old one can still be read with
      kedro run --pipeline=full             reads the database anew, whole, under the new key
      lead-conversion key status            which keys nothing refers to any more
    Then delete the old snapshots, and the old key's line in conf/local/pseudonym.retired.keys: no
    pseudonym that was made with it can be led back to a contact_id any more, by anyone.

    \b
    Where the key stands in the environment, the same by hand:
      LEAD_CONVERSION_PSEUDONYM_KEYS_RETIRED="$LEAD_CONVERSION_PSEUDONYM_KEY"
      LEAD_CONVERSION_PSEUDONYM_KEY="$(openssl rand -hex 32)"
    """  # noqa: D301 - click wants the control character itself


@key.command()
@click.option("--rotate", is_flag=True, help="Retire the key that is there, and make a new one in its place.")
@env_option
def new(rotate: bool, env: str | None) -> None:
    """Make a key in conf/local, readable by you only.

    The next run reads the database anew, whole, for every lead has another pseudonym then. A key
    that is there is never overwritten: --rotate moves it to the retired ones, under which an older
    ranking can still be exported.

    \b
    Examples:
      lead-conversion key new
      lead-conversion key new --rotate
    """  # noqa: D301 - click wants the control character itself
    require_permission(env, "key.new")
    dataset = _dataset(env)
    earlier = dataset.ring().current
    made = dataset.renew(rotates=rotate)
    click.echo(f"Made the key {made.fingerprint} in conf/local. Keep a copy where your secrets are kept.")
    if earlier is not None:
        click.echo(f"{earlier.fingerprint} is retired: an older ranking can still be exported, nothing new is written.")
    click.echo("The next run reads the database anew, whole.")


@key.command()
@env_option
def status(env: str | None) -> None:
    """Say which keys there are, and what was written under each; never a secret.

    A retired key under which nothing is left under data/ can be destroyed: then no pseudonym that
    was made with it can be led back. Copies elsewhere are not looked at, and keep their pseudonyms:
    what MLflow keeps with each run (mlruns/), backups.
    """
    ring = _dataset(env).ring()
    written = _written_under(env)
    click.echo("Keys")
    click.echo(f"  current  {_fingerprint(ring.current)}  {_origin(ring)}")
    for retired in ring.retired:
        if retired.fingerprint != DEMO_FINGERPRINT or DEMO_FINGERPRINT in written:
            click.echo(f"  retired  {_fingerprint(retired)}")
    click.echo("Written under")
    at_hand = {known.fingerprint for known in (ring.current, *ring.retired) if known}
    for fingerprint, things in sorted(written.items()):
        lost = "" if fingerprint in at_hand else "  NOT AT HAND: rankings written under it cannot be exported"
        click.echo(f"  {_named(fingerprint)}{lost}")
        for thing in things:
            click.echo(f"    {thing}")
    if not written:
        click.echo("  nothing yet")
    unused = [k.fingerprint for k in ring.retired if k.fingerprint not in {*written, DEMO_FINGERPRINT}]
    click.echo(
        f"Can be destroyed, since nothing under data/ refers to them: {', '.join(unused)}. They stand in "
        f"{RETIRED_VARIABLE} or conf/local/pseudonym.retired.keys."
        if unused
        else "No key can be destroyed."
    )


def _dataset(env: str | None) -> PseudonymKeyDataset:
    return cast("PseudonymKeyDataset", catalog_of(env, "pseudonym_key").get("pseudonym_key"))


def _written_under(env: str | None) -> dict[str, list[str]]:
    """By fingerprint, the snapshots and published files that were written under that key."""
    published = filepath_of(env, "raw_manifest")
    written: dict[str, list[str]] = {}
    of_snapshot = {}
    for snapshot_id, manifest in read_manifests(filepath_of(env, "raw_snapshot@files")).items():
        of_snapshot[snapshot_id] = manifest["pseudonym_key"]
        written.setdefault(manifest["pseudonym_key"], []).append(f"snapshot {snapshot_id}")
    if published.is_file():
        latest = read_manifest(published)
        of_snapshot[latest["snapshot_id"]] = latest["pseudonym_key"]
        things = written.setdefault(latest["pseudonym_key"], [])
        things.append(f"the published tables, of snapshot {latest['snapshot_id']}")
    ranked = _ranked_snapshot(filepath_of(env, "scored_leads"))
    if ranked is not None:
        written.setdefault(of_snapshot.get(ranked, "unknown"), []).append(
            f"the published ranking, of snapshot {ranked}"
        )
    return written


def _ranked_snapshot(path: Path) -> str | None:
    """The snapshot that the published ranking was made of."""
    if not path.is_file():
        return None
    found: list[str] = pq.read_table(path, columns=["snapshot_id"])["snapshot_id"].unique().to_pylist()
    return found[0] if found else None


def _fingerprint(known: PseudonymKey | None) -> str:
    return "none yet" if known is None else _named(known.fingerprint)


def _named(fingerprint: str) -> str:
    return f"{fingerprint} (the demo world's, public)" if fingerprint == DEMO_FINGERPRINT else fingerprint


def _origin(ring: KeyRing) -> str:
    if os.environ.get(KEY_VARIABLE):
        return f"from {KEY_VARIABLE}"
    if ring.current is None:
        return "(the first run of an embedded database makes one, or `lead-conversion key new`)"
    return "" if ring.current.fingerprint == DEMO_FINGERPRINT else "from conf/local"
