"""Redis, keeping nothing: MindShelf may lose whatever is in it."""

from . import asking
from .engine import Engine, Launch
from .parts import Apt, program


class Redis(Engine):
    name = "redis"
    version = "7.0.15"
    obtained = "Debian redis-server"
    unproven = "cluster mode, persistence (off)"
    parts = (Apt("redis-server", "redis-server"),)

    def prepare(self, data, ports, urls):
        return [Launch(self.name, [
            program("redis-server"), "--bind", "127.0.0.1", "--port", str(ports[0]),
            "--dir", str(data), "--save", "", "--appendonly", "no"])]

    def url(self, ports):
        return f"redis://127.0.0.1:{ports[0]}"

    def ask(self, ports):
        return asking.redis(ports[0])
