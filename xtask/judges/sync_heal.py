"""What a server that came back from a backup has lost, and a replica still holds."""

from sync_state import LONG_TEXTS, NEEDS, Item

# Put by the server alone.
NEVER_PUSHED = ("purged", "moved_to", "raw/author")
# Tags and folders stand before what names them.
ORDER = ["tag", "collection", "bookmark", "place", "highlight", "note", "rule"]


def last_shared_row(old, new):
    """Up to where two lives of a log surely are the same."""
    shared, apart = [0], []
    for id_, item in old.items.items():
        other = new.items.get(id_)
        if other is None or id_ in old.aliases or id_ in new.aliases or item["purged"] or other["purged"]:
            continue
        for name, put in item.puts.items():
            there = other.puts.get(name)
            if there and there[:3] == put[:3]:
                shared.append(put.seq)
            elif there:
                apart.append(max(put.seq, there.seq))
    return max(seq for seq in shared if not apart or seq < min(apart))


def heal(old, new, shared, act):
    """The changes, without their counters, that put again what the new life of the log has not; and who put each."""
    changes = []
    for id_, item in sorted(old.items.items(), key=lambda pair: _rank(old, *pair)):
        if id_ in new.aliases:
            continue
        there = new.items.get(id_, Item(item.kind))
        if there["purged"]:
            continue
        lost = {name: put for name, put in item.puts.items() if _lost(name, put, there, shared)}
        for name, (hlc, device, _, value) in _needed_first(lost, id_ not in new.items, item.kind):
            last = changes[-1][0] if changes else None
            if last and (last["item"], last["hlc"]) == (id_, hlc) and changes[-1][1] == device:
                last["set"][name] = value
                continue
            change = {"hlc": hlc, "base": shared, "act": act, "item": id_, "kind": item.kind, "set": {name: value}}
            changes.append((change, device))
        gone = item.puts.get("purged")
        if gone and id_ in new.items and there["trashed_at"] is None:
            put = {"trashed_at": int(gone.hlc, 16) >> 16}
            change = {"hlc": gone.hlc, "base": shared, "act": act, "item": id_, "kind": item.kind, "set": put}
            changes.append((change, gone.device))
    return changes


def _rank(old, id_, item):
    deep, folder = 0, item["parent"]
    while folder in old.items and deep < len(old.items):
        deep, folder = deep + 1, old.items[folder]["parent"]
    return (ORDER.index(item.kind) if item.kind in ORDER else len(ORDER)), deep, id_


def _lost(name, put, there, shared):
    held = there.puts.get(name)
    if name in NEVER_PUSHED or there[name] == put.value:
        return False
    if held is None or held.stamp < put.stamp:
        return True
    copies = [one.value for other, one in there.puts.items() if other.startswith(f"{name}/copy/")]
    return name in LONG_TEXTS and put.seq > shared and put.value not in copies


def _needed_first(lost, new, kind):
    """Registers by their stamps; of a new item those it needs come first, with the latest stamp of theirs."""
    needs = [name for name in NEEDS.get(kind, ()) if new and name in lost]
    latest = max((lost[name] for name in needs), default=None, key=lambda put: put.stamp)
    first = [(name, latest._replace(value=lost[name].value)) for name in needs]
    rest = [(name, put) for name, put in lost.items() if name not in needs]
    return first + sorted(rest, key=lambda pair: pair[1].stamp)
