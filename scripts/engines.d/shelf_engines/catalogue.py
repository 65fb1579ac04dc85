"""All engines, in the order in which they are shown."""

from .fronts import ClickHouse, Qdrant
from .keycloak import Keycloak
from .nats import Nats, Nats3
from .neo4j import Neo4j
from .nginx import Nginx
from .otlp import Otlp
from .places import Trouble
from .postgres import Pgbouncer, Postgres, Postgres18, Replica
from .redis import Redis
from .s3 import S3

ENGINES = {engine.name: engine for engine in (
    Postgres(), Replica(), Postgres18(), Pgbouncer(), Redis(), Nats(), Nats3(), S3(), Qdrant(),
    ClickHouse(), Neo4j(), Keycloak(), Otlp(), Nginx())}


def chosen(names):
    """The engines of these names, all when none is named, with those they need before them."""
    wanted = []
    for name in names or ENGINES:
        if name not in ENGINES:
            raise Trouble(f"no engine is called {name}; there are {', '.join(ENGINES)}")
        wanted += [need for need in ENGINES[name].needs if need not in wanted]
        wanted += [name] if name not in wanted else []
    return [ENGINES[name] for name in wanted]
