"""nginx, for tests that bring their own settings for a reverse proxy; only installed here."""

from .engine import Engine
from .parts import Apt


class Nginx(Engine):
    name = "nginx"
    version = "1.22.1"
    obtained = "Debian nginx"
    starts = False
    parts = (Apt("nginx-light", "nginx"), Apt("openssl", "openssl"))
