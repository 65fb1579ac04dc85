"""What engines are made of: Debian packages, and those of Python, npm, Maven and Go.

Each part says whether it is there (quickly, without the network) and can put itself there.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from .places import DONE, FILES, Trouble, filled, say

POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_ASIDE = Path("/usr/sbin/policy-rc.d.before-engines")
POLICY_MARK = "# Written by scripts/engines for one install; safe to delete."
# How long to wait while another program holds the locks of the package manager.
LOCK_SECONDS = 400


def program(name):
    """The full path of a program. Servers live in sbin, which plain users seldom have on PATH."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")


def quietly(argv, code=0, **options):
    """Runs a command that ends with `code`; its output is shown only when it does not."""
    done = subprocess.run(
        [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **options)
    if done.returncode != code:
        tail = "\n".join(done.stdout.splitlines()[-40:])
        raise Trouble(f"{' '.join(str(word) for word in argv[:4])} … failed:\n{tail}")
    return done.stdout


@dataclass(frozen=True)
class Apt:
    """A Debian package, told by the program it brings; any other source of that program is fine."""

    package: str
    proof: str

    def there(self):
        if self.proof == "import ensurepip":
            return importlib.util.find_spec("ensurepip") is not None
        return program(self.proof) is not None


VENV = Apt("python3-venv", "import ensurepip")
NODE = (Apt("nodejs", "node"), Apt("npm", "npm"))
JAVA = (Apt("openjdk-17-jdk-headless", "javac"), Apt("maven", "mvn"))


class Filled:
    """A folder of the cache that is filled to its end or made anew."""

    def __init__(self, name, sources):
        self.name = name
        self.sources = [FILES / name / source for source in sources]

    def folder(self):
        return filled(self.name, self.sources)

    def there(self):
        return (self.folder() / DONE).exists()

    def install(self):
        folder = self.folder()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.fill(folder)
        (folder / DONE).write_text("")


def make_environment(folder, requirements):
    """A Python environment of wheels whose hashes are written down."""
    quietly([sys.executable, "-m", "venv", folder])
    quietly([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check",
             "--only-binary", ":all:", "--require-hashes", "--requirement", requirements])


class Venv(Filled):
    """A Python environment of an engine; never the system's own packages."""

    def __init__(self, name):
        super().__init__(name, ["requirements.txt"])

    def python(self):
        return self.folder() / "bin" / "python"

    def fill(self, folder):
        make_environment(folder, self.sources[0])


class Npm(Filled):
    """Packages of a lock file. Install scripts stay off; what they would do is named here."""

    def __init__(self, name, after=()):
        super().__init__(name, ["package.json", "package-lock.json"])
        self.after = after

    def fill(self, folder):
        for source in self.sources:
            shutil.copy(source, folder)
        quietly(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)
        for package, script in self.after:
            quietly(["node", script], cwd=folder / "node_modules" / package)


class Maven(Filled):
    """The jars of a project file, and one launcher compiled against them."""

    def __init__(self, name, launcher):
        super().__init__(name, ["pom.xml", launcher])

    def fill(self, folder):
        quietly(["mvn", "-B", "-q", "-f", self.sources[0], "dependency:copy-dependencies",
                 f"-DoutputDirectory={folder / 'jars'}"])
        quietly(["javac", "-cp", f"{folder / 'jars'}/*", "-d", folder / "classes",
                 self.sources[1]])


class Go(Filled):
    """A program built from Go modules whose hashes are written down. The compiler is a wheel, as
    those of Debian are too old, and goes when it has done its work."""

    def __init__(self, name):
        super().__init__(name, ["main.go", "go.mod", "go.sum", "requirements.txt"])

    def program(self):
        return self.folder() / "program"

    def fill(self, folder):
        tools = folder / "tools"
        make_environment(tools, self.sources[3])
        plain = {"GOFLAGS": "-mod=readonly -buildvcs=false -trimpath", "GOTOOLCHAIN": "local",
                 "GOWORK": "off", "CGO_ENABLED": "0"}
        quietly([tools / "bin" / "go", "build", "-ldflags", "-s -w", "-o", self.program(), "."],
                cwd=self.sources[0].parent, env={**os.environ, **plain})
        shutil.rmtree(tools)


class Archive(Filled):
    """A zip archive that a project file names, unpacked when its hash is the one written down."""

    def __init__(self, name, archive):
        super().__init__(name, ["pom.xml", "sha256"])
        self.archive = archive

    def fill(self, folder):
        quietly(["mvn", "-B", "-q", "-f", self.sources[0], "dependency:copy",
                 f"-DoutputDirectory={folder}"])
        quietly(["sha256sum", "--check", "--strict", self.sources[1]], cwd=folder)
        archive = folder / self.archive
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
        archive.unlink()


def install(parts):
    """Installs those of `parts` that are missing; Debian packages first and in one go."""
    packages = list(dict.fromkeys(
        part.package for part in parts if isinstance(part, Apt) and not part.there()))
    if packages:
        install_packages(packages)
    for part in dict.fromkeys(part for part in parts if isinstance(part, Filled)):
        if not part.there():
            began = time.monotonic()
            part.install()
            say(f"installed {part.name} in {time.monotonic() - began:.0f} s")


def install_packages(packages):
    """Asks the package manager; says the one command when it may not be asked."""
    restore_policy()
    if program("apt-get") is None:
        raise Trouble(f"needs what Debian calls {' '.join(packages)}; install it your system's way")
    if os.geteuid() != 0:
        raise Trouble(f"run as root: apt-get install --no-install-recommends {' '.join(packages)}")
    began = time.monotonic()
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    lock = ["-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}"]
    forbid_services()
    try:
        update_lists(environment)
        quietly(["apt-get", *lock, "install", "--yes", "--no-install-recommends", *packages],
                env=environment)
    finally:
        restore_policy()
    keep_off(packages)
    say(f"installed {' '.join(packages)} in {time.monotonic() - began:.0f} s")


def update_lists(environment):
    """Fetches the package lists. Their lock knows no waiting, so the waiting is done here."""
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return quietly(["apt-get", "update"], env=environment)
        except Trouble as trouble:
            if "Could not get lock" not in str(trouble) or time.monotonic() > until:
                raise
            time.sleep(3)


def forbid_services():
    """Keeps the packages from starting their servers. A rule that is there already is put aside."""
    if POLICY.exists():
        POLICY.rename(POLICY_ASIDE)
    POLICY.write_text(f"#!/bin/sh\n{POLICY_MARK}\nexit 101\n")
    POLICY.chmod(0o755)


def restore_policy():
    """Takes our rule away and puts an older one back, after a broken install too."""
    if os.geteuid() != 0:
        return
    if POLICY.exists() and POLICY_MARK in POLICY.read_text(errors="replace"):
        POLICY.unlink()
    if POLICY_ASIDE.exists():
        POLICY_ASIDE.rename(POLICY)


def keep_off(packages):
    """Keeps what was just installed from being started when the machine next boots."""
    if not Path("/run/systemd/system").exists():
        return
    for package in packages:
        unit = "postgresql" if package.startswith("postgresql") else package
        subprocess.run(["systemctl", "disable", "--now", unit], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
