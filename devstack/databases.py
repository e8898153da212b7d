"""The two databases of the demo and who may do what in them.

`airflow` belongs to the role of the same name. `promo` belongs to `promo_owner`, who loads it; exports read it as
`promo_reader`, who can do nothing but SELECT, on tables that promo_owner makes later too.
"""

from __future__ import annotations

from dataclasses import dataclass

from devstack.credentials import Credentials
from devstack.postgres import PostgresServer

AIRFLOW_DATABASE = "airflow"
PROMO_DATABASE = "promo"
PROMO_OWNER = "promo_owner"
PROMO_READER = "promo_reader"


@dataclass(frozen=True, repr=False)
class PromoDatabase:
    """How to reach a promo database: as its owner, to fill it, and as an export does, to read it."""

    name: str
    owner_url: str
    reader_url: str


def create_roles(server: PostgresServer, credentials: Credentials) -> None:
    """Create the roles that are missing and give each its password."""
    roles = {
        "airflow": credentials.airflow,
        PROMO_OWNER: credentials.promo_owner,
        PROMO_READER: credentials.promo_reader,
    }
    present = {name for (name,) in server.execute("SELECT rolname FROM pg_roles")}
    for role, password in roles.items():
        verb = "ALTER" if role in present else "CREATE"
        server.execute(f'{verb} ROLE "{role}" LOGIN PASSWORD %s', [password])
    server.execute(f"ALTER ROLE {PROMO_READER} SET default_transaction_read_only = on")


def create_databases(server: PostgresServer, credentials: Credentials) -> PromoDatabase:
    """Make both databases and their roles, whatever part of them is already there."""
    create_roles(server, credentials)
    if not server.has_database(AIRFLOW_DATABASE):
        server.create_database(AIRFLOW_DATABASE, owner="airflow")
    return create_promo_database(server, credentials)


def create_promo_database(
    server: PostgresServer, credentials: Credentials, name: str = PROMO_DATABASE, *, template: str = "template1"
) -> PromoDatabase:
    """Make a database that promo_owner fills and promo_reader reads; nobody else gets in."""
    if not server.has_database(name):
        server.create_database(name, owner=PROMO_OWNER, template=template)
    server.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
    server.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {PROMO_READER}')
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {PROMO_READER}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {PROMO_READER}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {PROMO_OWNER} IN SCHEMA public GRANT SELECT ON TABLES TO {PROMO_READER}",
    ):
        server.execute(statement, database=name)
    return PromoDatabase(
        name=name,
        owner_url=server.url(name, user=PROMO_OWNER, password=credentials.promo_owner),
        reader_url=server.url(name, user=PROMO_READER, password=credentials.promo_reader),
    )
