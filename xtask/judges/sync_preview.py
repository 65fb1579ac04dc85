"""What a waiting change will come to, before the server has decided it: as much of LOG.md as a person sees."""

from sync_names import canon, folded
from sync_state import Item

REFERENCES = ("parent", "bookmark")


def preview(state, change, device):
    """Puts a waiting change on top of a state."""
    id_ = state.follow(change["item"])
    held = state.items.get(id_, Item(change["kind"]))
    put = followed(state, change["set"])
    if held["purged"] or held["moved_to"] or _cycle(state, id_, change["kind"], put):
        return
    row = {"seq": state.seq, "hlc": change["hlc"], "device": device, "item": id_, "kind": change["kind"], "set": put}
    also = {}
    older = _older(state, held, change["kind"], put)
    if older and older != id_:
        row |= {"item": older, "joined": id_}
        there = state.items[older]
        has = {name: one.value for name, one in held.puts.items()} | put
        also = {name: value for name, value in has.items() if value not in (None, "") and there[name] in (None, "")}
        held = there
    trashed = held.puts.get("trashed_at")
    unseen = trashed and trashed.seq > change["base"] and trashed.device != device
    if trashed and trashed.value is not None and "trashed_at" not in put and ("joined" in row or unseen):
        also["trashed_at"] = None
    if also:
        stamps = [change["hlc"], *(held.puts[name].hlc for name in also if name in held.puts)]
        row |= {"also": also, "also_hlc": f"{int(max(stamps), 16) + 1:016x}"}
    state.fold(row)


def followed(state, put):
    """What is put, naming the items its ids stand for by now."""
    tags = {name: f"tag/{state.follow(name[4:])}" for name in put if name.startswith("tag/")}
    put = {tags.get(name, name): value for name, value in put.items()}
    return put | {name: state.follow(put[name]) for name in REFERENCES if put.get(name)}


def _cycle(state, id_, kind, put):
    return kind == "collection" and put.get("parent") is not None and state.stands_under(put["parent"], id_)


def _older(state, held, kind, put):
    """Whom a bookmark or a tag would join."""
    if kind == "bookmark" and isinstance(put.get("url"), str):
        address = canon(put["url"])
        return address and state.owner(address)
    name = put.get("name", held["name"])
    return state.tag_named(folded(name)) if kind == "tag" and isinstance(name, str) and put.get("trashed_at") is None else None
