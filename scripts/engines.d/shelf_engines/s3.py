"""Object storage: an emulator of S3 in Python."""

from . import asking
from .engine import Engine, Launch
from .parts import VENV, Venv


class S3(Engine):
    name = "s3"
    version = "5.2.5"
    obtained = "PyPI moto[server]"
    fidelity = "substitute"
    unproven = "signatures (any key is let in), durability, consistency, virtual-host addresses"
    environment = Venv("s3")
    parts = (VENV, environment)

    def prepare(self, data, ports, urls):
        server = self.environment.folder() / "bin" / "moto_server"
        return [Launch(self.name, [str(server), "-H", "127.0.0.1", "-p", str(ports[0])])]

    def url(self, ports):
        return f"http://127.0.0.1:{ports[0]}"

    def ask(self, ports):
        asking.s3(ports[0])
        return self.version
