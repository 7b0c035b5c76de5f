"""Who is who: contacts that are the same person, by the pseudonyms of their normalised e-mail and phone."""

import ibis
import numpy as np
import pandas as pd
from ibis import _
from ibis.expr.types import Table
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lead_conversion.pipelines.data_engineering.parameters import CleanParameters

MERGED_SCHEMA = ibis.schema(
    {"contact_key": "string", "person_key": "string", "is_opted_out_now": "boolean", "is_in_chain": "boolean"}
)


def find_people(raw_contacts: Table, clean: CleanParameters) -> Table:
    """The contact that stands for each contact's person, for those that share a contact point with another.

    Contacts of one organisation with the same e-mail or phone, at first or second hand, are one person. The contact
    that was created first stands for it (of two, the smaller key); the person is opted out where any of its contacts
    is. A contact point that the source door found at fault (nobody's own, of no numbering plan) merges nobody. One of
    more contacts than `max_contacts_per_person` is an office line: nobody is merged through it either, nor through a
    chain of contact points that joins more contacts than that.

    Two limits are known. Fewer people than that with one address, a couple with a common mailbox or colleagues on a
    line without extensions, are taken for one person: pseudonyms tell no names that could keep them apart. And what is
    merged is what is so in this snapshot: people are found anew in each, so that a corrected e-mail parts two contacts
    from the next snapshot on, each with its own events and outcomes again. Nothing remembers that they were one.

    Only contacts that may be merged leave the database: memory grows with them, not with the contacts.
    """
    contacts = (
        raw_contacts.drop_null(["lead_key", "created_at"])
        .group_by("lead_key")
        .agg(
            org_id=_.org_id.min(),
            email_key=_.email_key.min(where=_.email_fault.identical_to(None)),
            phone_key=_.phone_key.min(where=_.phone_fault.identical_to(None)),
            created_at=_.created_at.min(),
            opted_out=_.opted_out.fill_null(False).max(),
        )
    )
    kinds = [
        contacts.drop_null(name).mutate(contact_point=kind + contacts[name])
        for kind, name in (("e", "email_key"), ("p", "phone_key"))
    ]
    columns = ["org_id", "contact_point", "lead_key", "created_at", "opted_out"]
    points = kinds[0].select(columns).union(kinds[1].select(columns))
    at_point = ibis.window(group_by=["org_id", "contact_point"])
    shared = points.mutate(contacts=_.count().over(at_point)).filter(_.contacts > 1)
    at_office_line = shared.filter(_.contacts > clean.max_contacts_per_person).select(office_key="lead_key").distinct()
    at_office_line = at_office_line.mutate(is_at_office_line=True)
    of_people = shared.filter(_.contacts <= clean.max_contacts_per_person).order_by(["lead_key", "contact_point"])
    people = ibis.memtable(_merge(of_people.to_pandas(), clean.max_contacts_per_person), schema=MERGED_SCHEMA)
    return (
        contacts.left_join(people, contacts.lead_key == people.contact_key)
        .left_join(at_office_line, contacts.lead_key == at_office_line.office_key)
        .drop_null(["contact_key", "office_key"], how="all")
        .select(
            "lead_key",
            person_key=ibis.coalesce(_.person_key, _.lead_key),
            is_opted_out_now=ibis.coalesce(_.is_opted_out_now, _.opted_out),
            has_shared_contact_point=_.is_at_office_line.fill_null(False) | _.is_in_chain.fill_null(False),
        )
        .order_by("lead_key")
    )


def _merge(shared: pd.DataFrame, most: int) -> pd.DataFrame:
    """One row a contact of `shared` (one a contact point), with the person it belongs to."""
    contacts = shared.drop_duplicates("lead_key").set_index("lead_key")[["created_at", "opted_out"]]
    contacts["component"] = _components(shared, contacts.index)
    contacts["is_in_chain"] = contacts.groupby("component")["component"].transform("size") > most
    # A component below zero for each that is to stand alone.
    contacts["component"] = contacts["component"].where(~contacts["is_in_chain"], -1 - np.arange(len(contacts)))
    contacts = contacts.reset_index(names="contact_key").sort_values(["component", "created_at", "contact_key"])
    by_person = contacts.groupby("component")
    contacts["person_key"] = by_person["contact_key"].transform("first")
    contacts["is_opted_out_now"] = by_person["opted_out"].transform("any")
    return contacts[list(MERGED_SCHEMA.names)].sort_values("contact_key", ignore_index=True)


def _components(shared: pd.DataFrame, leads: pd.Index) -> np.ndarray:
    """The number of each lead's component, where leads are joined through the contact points that they share."""
    points, names = pd.factorize(shared["org_id"].astype(str) + shared["contact_point"])
    size = len(leads) + len(names)
    joins = (np.ones(len(shared)), (leads.get_indexer(pd.Index(shared["lead_key"])), len(leads) + points))
    _count, labels = connected_components(coo_array(joins, shape=(size, size)), directed=False)
    return np.asarray(labels[: len(leads)], dtype=np.int64)
