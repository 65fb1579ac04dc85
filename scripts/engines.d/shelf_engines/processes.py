"""Processes by pid and birth: spawned, signalled and ended one by one, never by name."""

import os
import pwd
import signal
import socket
import random
import subprocess
import time
from pathlib import Path

PORTS = range(20000, 30000)
STOP_SECONDS = 15


def free_ports(count):
    """Ports nobody listens on. All lie below the range from which the system picks its own:
    there, a probe that connects in a loop can end up talking to itself."""
    found = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise OSError("no free port between 20000 and 29999")


def unprivileged():
    """Whom servers that refuse root run as; nothing changes for plain users."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def give_away(path):
    """Hands a folder to those servers."""
    who = unprivileged()
    if who:
        os.chown(path, who["user"], who["group"])


def spawn(launch, folder):
    """Starts a server in its own session, so that Ctrl-C reaches us and not it."""
    with open(folder / f"{launch['name']}.log", "ab") as log:
        child = subprocess.Popen(
            launch["argv"], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, env={**os.environ, **launch["env"]},
            **(unprivileged() if launch["unprivileged"] else {}))
    return {"pid": child.pid, "born": born(child.pid)}


def stat(pid):
    """The fields of a process after its name; none when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    return text[text.rindex(")") + 2:].split()


def born(pid):
    """When a process began, in ticks since boot: with the pid it names one process for ever."""
    fields = stat(pid)
    return int(fields[19]) if fields else None


def reap(pid):
    """Collects a child of ours that has ended, so that it does not count as there."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except (ChildProcessError, OSError):
        pass


def alive(process):
    """True while exactly this process is there and has not ended."""
    reap(process["pid"])
    fields = stat(process["pid"])
    return bool(fields) and int(fields[19]) == process["born"] and fields[0] not in "ZX"


def paused(process):
    """True while the process is stopped by SIGSTOP."""
    fields = stat(process["pid"])
    return bool(fields) and fields[0] == "T"


def tree(process):
    """The process and all its descendants, with their births. Servers such as PostgreSQL work in
    children, and a fault that spares them is none."""
    children = {}
    for entry in os.listdir("/proc"):
        fields = stat(entry) if entry.isdigit() else None
        if fields:
            children.setdefault(int(fields[1]), []).append(
                {"pid": int(entry), "born": int(fields[19])})
    found = [process] if alive(process) else []
    for member in found:
        found.extend(children.get(member["pid"], []))
    return found


def send(process, number):
    """Signals this process if it is still itself."""
    if alive(process):
        try:
            os.kill(process["pid"], number)
        except ProcessLookupError:
            pass


def send_all(process, number):
    """Signals the process first, so that it cannot replace its children, then those."""
    for member in tree(process):
        send(member, number)


def gone(members, seconds):
    """Waits until none of `members` is there."""
    until = time.monotonic() + seconds
    while any(alive(member) for member in members):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def stop(process, number, seconds=STOP_SECONDS):
    """Asks the process to end, and ends it and its children when it does not."""
    members = tree(process)
    send_all(process, signal.SIGCONT)
    send(process, number)
    if not gone(members, seconds):
        for member in members:
            send(member, signal.SIGKILL)
        gone(members, 5)


def memory_mib(process):
    """Resident memory of the process and its descendants."""
    total = 0
    for member in tree(process):
        try:
            lines = Path(f"/proc/{member['pid']}/status").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return total // 1024
