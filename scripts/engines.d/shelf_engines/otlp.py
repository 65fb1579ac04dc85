"""The OpenTelemetry collector, the real one: it takes OTLP and writes down what came."""

import json

from . import asking
from .engine import Engine, Launch
from .parts import VENV, Go

SIGNALS = ("traces", "metrics", "logs")
RECEIVED = "received.jsonl"


class Otlp(Engine):
    name = "otlp"
    version = "0.161.0"
    obtained = "Go module proxy go.opentelemetry.io/collector"
    unproven = "TLS, authentication, processors, what a backend makes of the data"
    ports = 2
    collector = Go("otlp")
    parts = (VENV, collector)

    def prepare(self, data, ports, urls):
        settings = data / "collector.json"
        protocols = {kind: {"endpoint": f"127.0.0.1:{port}"}
                     for kind, port in zip(("http", "grpc"), ports)}
        # With a rotation each line is written at once, and the file stays bounded.
        file = {"path": str(data / RECEIVED), "rotation": {"max_megabytes": 64, "max_backups": 1}}
        way = {"receivers": ["otlp"], "exporters": ["file"]}
        settings.write_text(json.dumps({
            "receivers": {"otlp": {"protocols": protocols}}, "exporters": {"file": file},
            "service": {"pipelines": {signal: way for signal in SIGNALS},
                        # Its own metrics would want a port of their own.
                        "telemetry": {"metrics": {"level": "none"}}}}))
        return [Launch(self.name, [str(self.collector.program()), "--config", str(settings)])]

    def url(self, ports):
        return f"http://127.0.0.1:{ports[0]}"

    def more(self, data, ports):
        return {"GRPC_URL": f"http://127.0.0.1:{ports[1]}", "FILE": str(data / RECEIVED)}

    def ask(self, ports):
        asking.otlp(ports[0])
        return self.version
