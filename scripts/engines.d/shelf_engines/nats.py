"""NATS with JetStream: one node, and a cluster of three."""

import json

from . import asking
from .engine import Engine, Launch
from .parts import Apt, program


class Nats(Engine):
    name = "nats"
    version = "2.9.10"
    obtained = "Debian nats-server"
    unproven = "features of newer servers (2.10 and later)"
    parts = (Apt("nats-server", "nats-server"),)

    def prepare(self, data, ports, urls):
        return [Launch(self.name, [program("nats-server"), "-a", "127.0.0.1", "-p", str(ports[0]),
                                   "-js", "-sd", str(data)])]

    def url(self, ports):
        return f"nats://127.0.0.1:{ports[0]}"

    def ask(self, ports):
        return asking.nats(ports[0])


class Nats3(Nats):
    name = "nats3"
    ports = 6

    def prepare(self, data, ports, urls):
        routes = [f"nats://127.0.0.1:{port}" for port in ports[3:]]
        return [self.node(data, number, ports, routes) for number in (1, 2, 3)]

    def node(self, data, number, ports, routes):
        """One node; what JSON says, the server's own format says too."""
        name = f"nats{number}"
        settings = data / f"{name}.conf"
        settings.write_text(json.dumps({
            "server_name": name, "host": "127.0.0.1", "port": ports[number - 1],
            "jetstream": {"store_dir": str(data / name), "max_mem": 1 << 28, "max_file": 1 << 30},
            "cluster": {"name": "shelf", "host": "127.0.0.1", "port": ports[number + 2],
                        "routes": routes}}))
        return Launch(name, [program("nats-server"), "-c", str(settings)])

    def url(self, ports):
        return ",".join(f"nats://127.0.0.1:{port}" for port in ports[:3])

    def ask(self, ports):
        """Ready when a stream with three copies takes a message, asked of every node."""
        return [asking.nats(port, copies=3) for port in ports[:3]][0]
