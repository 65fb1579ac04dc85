"""Keycloak, the real one: its own distribution in development mode, its records in a file."""

from . import asking
from .engine import Engine, Launch
from .parts import JAVA, Archive, program, quietly

# What its own script passes, save that the second compiler stays off: a short life gains nothing.
JVM = ("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
       "-XX:+ExitOnOutOfMemoryError",
       "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
       "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
       *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in
         ("java.util", "java.util.concurrent", "java.security", "java.lang")),
       "--enable-native-access=ALL-UNNAMED", "-Duser.language=en", "-Duser.country=US")
# The first administrator, by name and password.
ADMIN = "admin"


class Distribution(Archive):
    """The distribution, put together for development mode once and not at each start."""

    # How the program ends when it has put itself together and wants to be started again.
    TOGETHER = 10

    def home(self):
        return next(self.folder().glob("keycloak-*/"))

    def command(self, home, *words):
        """The server as its own script starts it; what it writes goes to `home`."""
        return [program("java"), *JVM, f"-Dkc.home.dir={home}", *words, "-cp",
                f"{self.home()}/lib/quarkus-run.jar",
                "io.quarkus.bootstrap.runner.QuarkusEntryPoint", "start-dev"]

    def fill(self, folder):
        super().fill(folder)
        quietly(self.command(self.home()), code=self.TOGETHER, cwd=folder)


class Keycloak(Engine):
    name = "keycloak"
    version = "26.7.3"
    obtained = "Maven Central org.keycloak:keycloak-quarkus-dist"
    unproven = "TLS, production mode, clusters, databases other than its own file"
    distribution = Distribution("keycloak", "keycloak-quarkus-dist.zip")
    parts = (*JAVA, distribution)
    ready_seconds = 180

    def prepare(self, data, ports, urls):
        home, passing = data / "home", data / "tmp"
        home.mkdir()
        passing.mkdir()
        argv = self.distribution.command(home, "-Dkc.config.built=true",
                                         f"-Djava.io.tmpdir={passing}")
        return [Launch(self.name, argv + ["--http-host", "127.0.0.1", "--http-port", str(ports[0])],
                       env={"KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
                            "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN})]

    def url(self, ports):
        return f"http://127.0.0.1:{ports[0]}"

    def ask(self, ports):
        asking.oidc(ports[0], "/realms/master")
        return self.version
