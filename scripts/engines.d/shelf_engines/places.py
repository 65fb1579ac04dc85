"""Where things are kept: programs in the user's cache, state beside the build, data in a temp dir."""

import contextlib
import fcntl
import hashlib
import os
import sys
import tempfile
from pathlib import Path

# The folder `scripts/engines.d`, which holds one folder for each engine that needs files.
FILES = Path(__file__).resolve().parent.parent
ROOT = FILES.parent.parent
# The name of the file that says that a folder of the cache was filled to its end.
DONE = "installed"


class Trouble(Exception):
    """Something the user can act on; its text is the whole message."""


def say(text):
    """Tells people what happens; standard output belongs to `env`, tables and the command run."""
    print(f"engines: {text}", file=sys.stderr, flush=True)


def cache():
    """The folder of installed programs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "mindshelf" / "engines"


def filled(name, sources):
    """The folder of the cache for `name`; another one whenever a source changes."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.read_bytes())
    return cache() / f"{name}-{digest.hexdigest()[:12]}"


def state_dir(named=None):
    """Where running engines are written down; one for each checkout unless told otherwise."""
    chosen = named or os.environ.get("MINDSHELF_ENGINES_STATE") or ROOT / "target" / "engines"
    return Path(chosen).resolve()


def fresh_data():
    """A new folder for data. Servers without privileges have to be able to walk through it."""
    folder = Path(tempfile.mkdtemp(prefix="mindshelf-engines-"))
    folder.chmod(0o711)
    return folder


@contextlib.contextmanager
def locked(folder):
    """Holds `folder` alone, so that two callers never install or start the same thing at once."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
