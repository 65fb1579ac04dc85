"""What an engine is: its parts, how it is launched, and the question that tells it is ready."""

from dataclasses import dataclass, field


@dataclass
class Launch:
    """One server process."""

    name: str
    argv: list
    # True for servers that refuse to run as root.
    unprivileged: bool = False
    env: dict = field(default_factory=dict)


class Engine:
    """The base of all engines; each says what differs."""

    name = ""
    version = ""
    obtained = ""
    # "real", or "substitute" when another program stands in for the named one.
    fidelity = "real"
    # What a green test on this engine therefore does not prove.
    unproven = "–"
    # Engines that have to be running first.
    needs = ()
    parts = ()
    ports = 1
    ready_seconds = 30
    # False for programs that are only installed.
    starts = True
    # How a server is asked to end.
    stop_signal = "SIGTERM"

    def variable(self, what="URL"):
        """The environment variable by which tests find the engine."""
        return f"MINDSHELF_TEST_{self.name.upper()}_{what}"

    def missing(self):
        """The parts that are not installed."""
        return [part for part in self.parts if not part.there()]

    def prepare(self, data, ports, urls):
        """Lays out `data` and says which servers to launch; `urls` holds those of `needs`."""
        raise NotImplementedError

    def recover(self, data):
        """Clears what a killed server left in `data` that would keep it from starting again."""

    def url(self, ports):
        """The address for tests."""
        raise NotImplementedError

    def more(self, data, ports):
        """What else tests have to know, by the last word of its variable."""
        return {}

    def ask(self, ports):
        """Asks a true question; gives back the engine's version if the answer told it."""
        raise NotImplementedError
