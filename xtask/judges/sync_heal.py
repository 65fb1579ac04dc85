"""What a server that came back from a backup has lost, and a replica still holds."""

from sync_preview import followed
from sync_state import LONG_TEXTS, NEEDS

# Put by the server alone.
NEVER_PUSHED = ("purged", "moved_to", "raw/author")
# Tags and folders stand before what names them.
ORDER = ["tag", "collection", "bookmark", "place", "highlight", "note", "rule"]


def last_shared_row(old, new):
    """Up to where two lives of a log surely are the same."""
    shared, apart = [0], []
    for id_, item in old.items.items():
        other = new.items.get(id_)
        if id_ in new.aliases or item["purged"] or (other and other["purged"]):
            continue
        for name, put in item.puts.items():
            there = other and other.puts.get(name)
            if there and there[:3] == put[:3]:
                shared.append(put.seq)
            else:
                apart.append(max(put.seq, there.seq if there else 0))
    return max(seq for seq in shared if not apart or seq < min(apart))


def heal(old, new, shared, act):
    """The changes, without their counters, that put again what the new life of the log has not; and who put some of each."""
    changes = []
    for id_, item in sorted(old.items.items(), key=lambda pair: _rank(old, *pair)):
        there = new.items.get(id_)
        if id_ in new.aliases or (there and there["purged"]):
            continue
        for hlc, puts in _lost(old, item, there, shared):
            put = followed(old, {name: put.value for name, put in puts.items()})
            change = {"hlc": hlc, "base": shared, "act": act, "item": id_, "kind": item.kind, "set": put}
            changes.append((change, {put.device for put in puts.values()}))
    return changes


def _rank(old, id_, item):
    deep, folder = 0, item["parent"]
    while folder in old.items and deep < len(old.items):
        deep, folder = deep + 1, old.items[folder]["parent"]
    return (ORDER.index(item.kind) if item.kind in ORDER else len(ORDER)), deep, id_


def _lost(old, item, there, shared):
    """What is to be put again of an item, with the stamp of each change."""
    if item["purged"]:
        # Only the server removes for good: here it goes into the trash.
        gone = item.puts["purged"]
        if there and there["trashed_at"] is None:
            yield gone.hlc, {"trashed_at": gone._replace(value=int(gone.hlc, 16) >> 16)}
    elif there is None:
        puts = {name: put for name, put in item.puts.items() if name not in NEVER_PUSHED and put.value is not None}
        if all(need in puts for need in NEEDS.get(item.kind, ("none of a kind that is not known",))):
            yield max(put.hlc for put in item.puts.values()), puts
    else:
        lost = {name: put for name, put in item.puts.items() if _is_lost(name, put, there, shared)}
        for hlc in sorted({put.hlc for put in lost.values()}):
            yield hlc, {name: put for name, put in lost.items() if put.hlc == hlc}


def _is_lost(name, put, there, shared):
    held = there.puts.get(name)
    if name in NEVER_PUSHED or there[name] == put.value:
        return False
    if held is None or held.stamp < put.stamp:
        return True
    texts = [one.value for other, one in there.puts.items() if other == name or other.startswith(f"{name}/copy/")]
    texts = [text for text in texts if isinstance(text, str)]
    is_text = name in LONG_TEXTS and isinstance(put.value, str)
    return is_text and put.seq > shared and not any(put.value in text for text in texts)
