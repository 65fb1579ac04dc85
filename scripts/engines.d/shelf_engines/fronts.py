"""Engines that come as a library only, each behind a small server of ours: `front.py`.

A front lives in `scripts/engines.d/ENGINE` beside its `requirements.txt`, takes `--port` and `--dir`,
listens on loopback and keeps its data in that folder.
"""

from . import asking
from .engine import Engine, Launch
from .parts import VENV, Venv
from .places import FILES


class Front(Engine):
    fidelity = "substitute"

    def __init__(self):
        self.environment = Venv(self.name)
        self.parts = (VENV, self.environment)

    def prepare(self, data, ports, urls):
        kept = data / "kept"
        kept.mkdir()
        return [Launch(self.name, [
            str(self.environment.python()), str(FILES / self.name / "front.py"),
            "--port", str(ports[0]), "--dir", str(kept)])]

    def url(self, ports):
        return f"http://127.0.0.1:{ports[0]}"


class ClickHouse(Front):
    name = "clickhouse"
    version = "26.9"
    obtained = "PyPI chdb-core, clickhouse-engine (chDB) behind our HTTP front"
    unproven = ("the server around the engine: users, row policies, replication, sessions, "
                "async inserts, streaming, parallel queries")
    ready_seconds = 60

    def ask(self, ports):
        return asking.clickhouse(ports[0])


class Qdrant(Front):
    name = "qdrant"
    version = "edge 0.9.0"
    obtained = "PyPI qdrant-edge-py behind our gRPC front"
    unproven = "the server around the engine: cluster, snapshots, background optimising, API keys"
    ready_seconds = 60

    def ask(self, ports):
        asking.grpc(ports[0], "/qdrant.Qdrant/HealthCheck")
        return self.version
