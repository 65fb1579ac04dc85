"""All engines, in the order in which they are shown."""

from .nats import Nats, Nats3
from .places import Trouble
from .postgres import Pgbouncer, Postgres
from .redis import Redis

ENGINES = {engine.name: engine for engine in (
    Postgres(), Pgbouncer(), Redis(), Nats(), Nats3())}


def chosen(names):
    """The engines of these names, all when none is named, with those they need before them."""
    wanted = []
    for name in names or ENGINES:
        if name not in ENGINES:
            raise Trouble(f"no engine is called {name}; there are {', '.join(ENGINES)}")
        wanted += [need for need in ENGINES[name].needs if need not in wanted]
        wanted += [name] if name not in wanted else []
    return [ENGINES[name] for name in wanted]
