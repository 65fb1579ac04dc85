"""Neo4j, the real one: its own jars with Bolt switched on by a launcher of a few lines."""

from . import asking
from .engine import Engine, Launch
from .parts import JAVA, Maven, program

HEAP = "-Xmx512m"


class Neo4j(Engine):
    name = "neo4j"
    version = "5.26.0"
    obtained = "Maven Central org.neo4j (community)"
    unproven = "authentication (off), more than one database, clusters, APOC"
    jars = Maven("neo4j", "TestServer.java")
    parts = (*JAVA, jars)
    ready_seconds = 120

    def prepare(self, data, ports, urls):
        folder = self.jars.folder()
        return [Launch(self.name, [
            program("java"), HEAP, "-XX:+UseSerialGC", "-cp", f"{folder}/classes:{folder}/jars/*",
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "TestServer", str(data / "graph"), str(ports[0])])]

    def url(self, ports):
        return f"bolt://127.0.0.1:{ports[0]}"

    def ask(self, ports):
        return asking.bolt(ports[0])
