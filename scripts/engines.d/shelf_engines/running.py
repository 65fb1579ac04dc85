"""Starting, stopping and hurting engines, and the notes about those that run."""

import json
import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import processes
from .asking import Unready
from .catalogue import ENGINES
from .places import Trouble, fresh_data, locked, say

TRIES = 3


class Taken(Exception):
    """Another program took the port between our look and the server's."""


class Running:
    """The engines of one state folder."""

    def __init__(self, state, data=None):
        self.state = Path(state)
        self.data = Path(data).resolve() if data else None

    # -- notes ---------------------------------------------------------------------------------

    def note(self, name):
        """What is written down about a running engine, or nothing."""
        try:
            return json.loads((self.state / f"{name}.json").read_text())
        except FileNotFoundError:
            return None

    def write(self, name, note):
        """Written whole or not at all, so that a reader never meets half of it."""
        self.state.mkdir(parents=True, exist_ok=True)
        fresh = self.state / f".{name}.{os.getpid()}"
        fresh.write_text(json.dumps(note, indent=1))
        fresh.rename(self.state / f"{name}.json")

    def given(self, engine):
        """The caller's own address for an engine. One that only repeats ours, as under `run` or
        after `eval "$(scripts/engines env)"`, is none."""
        address, note = os.environ.get(engine.variable()), self.note(engine.name)
        return None if note and note["url"] == address else address

    def known(self):
        """The engines that are written down, in the order of the catalogue."""
        return [engine for engine in ENGINES.values() if self.note(engine.name)]

    def urls(self):
        """Where each engine is found: as the caller says, else where it was started."""
        found = {}
        for engine in ENGINES.values():
            given, note = self.given(engine), self.note(engine.name)
            if given or note:
                found[engine.name] = given or note["url"]
        return found

    def exports(self):
        """The variables for tests."""
        found = {}
        for engine in self.known():
            if self.given(engine):
                continue
            note = self.note(engine.name)
            found[engine.variable()] = note["url"]
            found[engine.variable("VERSION")] = note["version"]
            found[engine.variable("FIDELITY")] = engine.fidelity
            for what, value in engine.more(Path(note["data"]), note["ports"]).items():
                found[engine.variable(what)] = value
        return found

    # -- starting ------------------------------------------------------------------------------

    def start(self, engines):
        """Starts what does not run yet, side by side; those that need others wait for them."""
        with locked(self.state):
            due = []
            for engine in engines:
                if self.is_due(engine, due):
                    due.append(engine)
            for engine in due:
                if missing := engine.missing():
                    raise Trouble(f"{engine.name} is not installed ({label(missing)}); "
                                  f"run scripts/engines install {engine.name}")
            waiting = {}
            with ThreadPoolExecutor(max_workers=max(len(due), 1)) as pool:
                for engine in due:
                    before = [waiting[need] for need in engine.needs if need in waiting]
                    waiting[engine.name] = pool.submit(self.start_one, engine, before)
            troubles = [str(work.exception()) for work in waiting.values() if work.exception()]
        if troubles:
            raise Trouble("\n".join(troubles))

    def is_due(self, engine, due):
        """False for engines that are given, run already or are only installed. One that runs on
        another which is due would stay with what is no more, so it is due as well."""
        if not engine.starts:
            return False
        if given := self.given(engine):
            say(f"{engine.name} is given: {given}")
            return False
        note = self.note(engine.name)
        based = any(before.name in engine.needs for before in due)
        if note and not based and all(processes.alive(process) for process in note["processes"]):
            say(f"{engine.name} runs already: {note['url']}")
            return False
        if note:
            self.stop_one(engine)
        return True

    def start_one(self, engine, before):
        for work in before:
            work.result()
        for _ in range(TRIES):
            try:
                return self.try_start(engine)
            except Taken:
                continue
        raise Trouble(f"{engine.name}: its port was taken {TRIES} times in a row")

    def try_start(self, engine):
        """One try with fresh ports and data; a failed one leaves nothing behind."""
        began = time.monotonic()
        home = self.data or fresh_data()
        folder = home / engine.name
        folder.mkdir(parents=True, mode=0o755)
        ports = processes.free_ports(engine.ports)
        note = {"url": engine.url(ports), "version": engine.version, "ports": ports,
                "data": str(folder), "home": None if self.data else str(home), "processes": []}
        try:
            for launch in engine.prepare(folder, ports, self.urls()):
                note["processes"].append({**vars(launch), **processes.spawn(vars(launch), folder)})
                self.write(engine.name, note)
            note["version"] = wait_ready(engine, note) or engine.version
        except BaseException:
            self.write(engine.name, note)
            self.stop_one(engine)
            raise
        note["start_seconds"] = round(time.monotonic() - began, 2)
        self.write(engine.name, note)
        say(f"{engine.name} {note['version']} is ready at {note['url']} "
            f"after {note['start_seconds']} s")
        return note

    # -- stopping ------------------------------------------------------------------------------

    def stop(self, engines):
        """Stops those that run, the dependent first, and removes their data."""
        with locked(self.state):
            for engine in reversed(engines):
                if self.note(engine.name):
                    self.stop_one(engine)
                    say(f"{engine.name} is stopped")

    def stop_one(self, engine):
        note = self.note(engine.name)
        for process in note["processes"]:
            processes.stop(process, getattr(signal, engine.stop_signal))
        shutil.rmtree(note["home"] or note["data"], ignore_errors=True)
        (self.state / f"{engine.name}.json").unlink(missing_ok=True)

    # -- faults --------------------------------------------------------------------------------

    def hurt(self, target, number):
        """Sends a signal to an engine and all its children, or to one node of it."""
        _, _, hit = self.target(target)
        for process in hit:
            members = processes.tree(process)
            processes.send_all(process, number)
            if number == signal.SIGKILL and not processes.gone(members, 5):
                raise Trouble(f"{target} outlived SIGKILL")

    def restart(self, target):
        """Starts what was killed or runs again, on the same ports and data."""
        engine, note, hit = self.target(target)
        with locked(self.state):
            for process in hit:
                processes.stop(process, getattr(signal, engine.stop_signal))
            engine.recover(Path(note["data"]))
            for process in hit:
                process.update(processes.spawn(process, Path(note["data"])))
            self.write(engine.name, note)
            began = time.monotonic()
            wait_ready(engine, note, ours=hit)
        say(f"{target} is back after {time.monotonic() - began:.2f} s")

    def target(self, target):
        """The engine, its note and the processes meant by `ENGINE` or `ENGINE:NODE`."""
        name, _, node = target.partition(":")
        note = self.note(name) if name in ENGINES else None
        if not note:
            raise Trouble(f"{name} was not started from here")
        hit = [process for number, process in enumerate(note["processes"], 1)
               if node in ("", str(number), process["name"])]
        if not hit:
            raise Trouble(f"{name} has no node {node}")
        return ENGINES[name], note, hit


def wait_ready(engine, note, ours=None):
    """Asks until the engine answers; gives up when a server ended or time is over."""
    until, pause, why = time.monotonic() + engine.ready_seconds, 0.03, "nothing answered"
    while time.monotonic() < until:
        try:
            version = engine.ask(note["ports"])
        except (OSError, Unready, ValueError) as error:
            version, why = None, str(error)
        for process in ours or note["processes"]:
            if not processes.alive(process):
                raise ended(engine, note, process)
        if version is not None:
            return version
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
    last = "\n".join(log_end(note, process) for process in note["processes"])
    raise Trouble(f"{engine.name} was not ready after {engine.ready_seconds} s: {why}\n{last}")


def ended(engine, note, process):
    """Why a server ended before it was ready."""
    last = log_end(note, process)
    if any(words in last.lower() for words in ("in use", "bindexception")):
        return Taken()
    return Trouble(f"{engine.name}: {process['name']} ended before it was ready\n{last}")


def log_end(note, process):
    """The last lines a server said."""
    try:
        text = (Path(note["data"]) / f"{process['name']}.log").read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-40:])


def label(parts):
    """The missing parts in words."""
    return ", ".join(getattr(part, "package", None) or part.name for part in parts)
