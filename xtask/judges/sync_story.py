"""What people do to a library, at random and by a seed, on devices and by REST; and whether all ends the same."""

import time

from sync_names import between, canon, folded
from sync_wire import Refused

ADDRESSES = [f"https://story.example/{page}" for page in range(14)]
TAGS = ["Rust", "rust ", "Café", "café", "train", "two  words", "Two words", "later"]
# What is compared of the trash.
KINDS = ("bookmark", "collection", "tag")
# What a change at random may be refused for.
EXPECTED = {"cycle", "purged"}
EXPECTED_OF_REST = {"cycle", "purged", "already_saved", "not_found"}


class Typed:
    """The notes that were typed: each is to be found in the end, unless somebody who saw it replaced it."""

    def __init__(self):
        self.notes, self.replaced = {}, set()

    def note(self, text, item):
        self.notes[text] = item
        return text

    def replaces(self, seen):
        self.replaced |= {text for text in self.notes if text in (seen or "")}

    def found(self, state):
        """Looks for all of them, in the notes of all items and their copies."""
        puts = [item.puts.items() for item in state.items.values() if item.kind == "bookmark"]
        there = "\n".join(put.value for one in puts for name, put in one if name.startswith("notes") and put.value)
        for text, id_ in self.notes.items():
            gone = state.items[state.follow(id_)]["purged"]
            assert gone or text in self.replaced or text in there, f"{text!r}, typed into {id_}, is lost"


class OnDevice:
    """A person at a device, most of the time without a network."""

    def __init__(self, replica, chance, typed):
        self.replica, self.chance, self.typed = replica, chance, typed

    def one_of(self, items):
        return self.chance.choice(sorted(items)) if items else None

    def step(self):
        """Does one thing at random."""
        state = self.replica.shown()
        deeds = [self.save, self.edit, self.edit, self.tag, self.untag, self.folder, self.move, self.place]
        deeds += [self.trash, self.restore, self.clear, self.attach, self.rename, self.readdress]
        self.chance.choice(deeds)(state)

    def text(self, what):
        return f"{what} {self.chance.randrange(1 << 32):08x} of {self.replica.owner.name}"

    def new(self, kind, put, act=None):
        id_ = self.replica.owner.ids()
        if kind == "bookmark" and put.get("notes"):
            self.typed.note(put["notes"], id_)
        self.replica.write(kind, id_, put, act)
        return id_

    def save(self, _):
        put = {"url": self.chance.choice(ADDRESSES), "title": self.text("title")}
        if self.chance.random() < 0.4:
            put["notes"] = self.text("notes")
        self.new("bookmark", put)

    def edit(self, state):
        id_ = self.one_of(state.living("bookmark"))
        fields = {"title": self.text("t"), "notes": self.text("n"), "description": self.text("d"), "favourite": True}
        fields |= {"unread": None, "archived_at": 1_800_000_000_000, "raw/from": "story"}
        name = self.one_of(fields)
        if not id_:
            return
        if name == "notes":
            self.typed.replaces(state.items[id_]["notes"])
            self.typed.note(fields[name], id_)
        self.replica.write("bookmark", id_, {name: fields[name]})

    def tag(self, state):
        id_, name = self.one_of(state.living("bookmark")), self.chance.choice(TAGS)
        if not id_:
            return
        act = self.replica.owner.ids()
        tag = state.tag_named(folded(name)) or self.new("tag", {"name": name}, act)
        self.replica.write("bookmark", id_, {f"tag/{tag}": True}, act)

    def untag(self, state):
        id_ = self.one_of(state.living("bookmark"))
        tag = id_ and self.one_of(state.tags_of(state.items[id_]))
        if tag:
            self.replica.write("bookmark", id_, {f"tag/{tag}": None})

    def folder(self, state):
        parent = self.one_of([*state.living("collection"), ""]) or None
        put = {"name": self.text("folder"), "parent": parent, "order": self.last(state, parent, "collection")}
        self.new("collection", put)

    def last(self, state, parent, kind):
        """A key behind all, or between two of those there are."""
        orders = sorted({state.items[id_]["order"] or "" for id_ in state.children(parent, kind)})
        spot = self.chance.randint(0, len(orders))
        low = orders[spot - 1] if spot else ""
        return between(low, orders[spot] if spot < len(orders) and orders[spot] else None, self.chance)

    def move(self, state):
        """Moves a folder anywhere, under itself too: the server has to refuse that."""
        id_ = self.one_of(state.living("collection"))
        parent = self.one_of([*state.living("collection"), ""]) or None
        if id_:
            self.replica.write("collection", id_, {"parent": parent, "order": self.last(state, parent, "collection")})

    def place(self, state):
        id_, parent = self.one_of(state.living("bookmark")), self.one_of(state.living("collection"))
        if id_:
            put = {"bookmark": id_, "parent": parent, "order": self.last(state, parent, "place")}
            self.new("place", put)

    def trash(self, state):
        kind = self.chance.choice(["bookmark", "bookmark", "collection", "tag", "place"])
        id_ = self.one_of(state.living(kind))
        if id_:
            self.replica.trash(id_)

    def restore(self, state):
        gone = [id_ for id_, item in state.items.items() if item["trashed_at"] is not None and not item["purged"]]
        id_ = self.one_of(gone)
        if id_:
            self.replica.write(state.items[id_].kind, id_, {"trashed_at": None})

    def clear(self, state):
        copies = [(id_, name) for id_, item in state.living("bookmark").items() for name in item.puts]
        copies = [(id_, name) for id_, name in copies if "/copy/" in name and state.items[id_][name] is not None]
        if copies:
            id_, name = self.one_of(copies)
            self.typed.replaces(state.items[id_][name])
            self.replica.write("bookmark", id_, {name: None})

    def attach(self, state):
        id_ = self.one_of(state.living("bookmark"))
        if not id_:
            return
        self.new("highlight", {"bookmark": id_, "quote": self.text("quote"), "colour": "yellow"})
        self.new("rule", {"name": self.text("rule"), "query": "is:unread", "actions": "tag later"})
        self.new("note", {"body": self.text("body"), "bookmark": id_})

    def rename(self, state):
        """Gives a tag a name that may be another's, which joins them."""
        id_ = self.one_of(state.living("tag"))
        if id_:
            self.replica.write("tag", id_, {"name": self.chance.choice(TAGS)})

    def readdress(self, state):
        """Gives a bookmark an address that may be another's, which joins them."""
        id_ = self.one_of(state.living("bookmark"))
        if id_:
            self.replica.write("bookmark", id_, {"url": self.chance.choice(ADDRESSES)})


class ByRest:
    """Somebody who asks REST, and reads what is there before."""

    def __init__(self, server, library, chance, typed=None):
        self.server, self.library, self.chance = server, library, chance
        self.typed = typed or Typed()

    def ask(self, method, rest, body=None, **query):
        return self.server.ask(method, f"/v1/libraries/{self.library}/{rest}", body, query)

    def all(self, what, **query):
        """All rows of a list."""
        rows, cursor = [], None
        query |= {"limit": 200} if what in ("bookmarks", "trash") else {}
        while True:
            page = self.ask("GET", what, **query, cursor=cursor)
            rows += page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return rows

    def one_of(self, what):
        ids = sorted(row["id"] for row in self.all(what))
        return self.chance.choice(ids) if ids else None

    def step(self):
        """Does one thing at random."""
        try:
            self.chance.choice([self.save, self.edit, self.folder, self.move, self.trash, self.restore, self.purge])()
        except Refused as refused:
            assert refused.code in EXPECTED_OF_REST, refused

    def save(self):
        tags = self.chance.sample(TAGS[:3:2] + TAGS[4:6], 2)
        body = {"url": self.chance.choice(ADDRESSES), "title": "By REST", "tags": tags}
        folder = self.one_of("collections")
        self.ask("POST", "bookmarks", body | ({"places": [{"collection": folder}]} if folder else {}))

    def edit(self):
        id_ = self.one_of("bookmarks")
        text = f"by REST {self.chance.randrange(1 << 32):08x}"
        edits = [{"title": text}, {"notes": text}, {"description": None}, {"unread": True}, {"tags": ["Rust", "rest"]}]
        edits += [{"url": self.chance.choice(ADDRESSES)}]
        if id_:
            edit = self.chance.choice(edits)
            if "notes" in edit:
                self.typed.replaces(self.ask("GET", f"bookmarks/{id_}")["notes"])
                self.typed.note(text, id_)
            self.ask("PATCH", f"bookmarks/{id_}", edit)

    def folder(self):
        self.ask("POST", "collections", {"name": "By REST", "parent": self.one_of("collections")})

    def move(self):
        id_, parent = self.one_of("collections"), self.one_of("collections")
        if id_:
            self.ask("PATCH", f"collections/{id_}", {"parent": parent})

    def trash(self):
        what = self.chance.choice(["bookmarks", "collections", "tags"])
        id_ = self.one_of(what)
        if id_:
            self.ask("DELETE", f"{what}/{id_}")

    def restore(self):
        id_ = self.one_of("trash")
        if id_:
            self.ask("POST", "trash/restore", {"ids": [id_]})

    def purge(self):
        id_ = self.one_of("trash")
        if id_ and self.chance.random() < 0.3:
            self.ask("DELETE", "trash", ids=id_)


def listed(rest):
    """What REST lists of a library."""
    bookmarks = {}
    for row in rest.all("bookmarks"):
        texts = [row[name] for name in ("url", "title", "description", "notes", "favourite", "unread")]
        copies = {(copy["field"], copy["device"]): copy["text"] for copy in row["copies"]}
        places = {place["id"]: place.get("collection") for place in row["places"]}
        bookmarks[row["id"]] = [*texts, {tag["id"] for tag in row["tags"]}, places, copies, row["number"]]
    folders = [(row["id"], row.get("parent"), row["name"], row["order"]) for row in rest.all("collections")]
    tags = {row["id"]: (row["name"], row["bookmarks"]) for row in rest.all("tags")}
    trash = {row["id"]: row["kind"] for row in rest.all("trash") if row["kind"] in KINDS}
    unsorted = {row["id"] for row in rest.all("bookmarks", unsorted="true")}
    rows = {"bookmarks": bookmarks, "unsorted": sorted(unsorted), "folders": sorted(folders)}
    return rows | {"tags": tags, "trash": trash}


def shown(state):
    """The same of a replica's state."""
    bookmarks, borne = {}, {}
    for id_, item in state.living("bookmark").items():
        texts = [item[name] or "" for name in ("url", "title", "description", "notes")]
        texts += [bool(item["favourite"]), bool(item["unread"])]
        first = {}
        for place in sorted(state.places_of(id_)):
            first.setdefault(state.parent(state.items[place]), place)
        places = {place: folder for folder, place in first.items()}
        copies = [(name.split("/"), put.value) for name, put in item.puts.items() if "/copy/" in name]
        copies = {(name[0], name[2]): text for name, text in copies if text is not None}
        tags = state.tags_of(item)
        for tag in tags:
            borne[tag] = borne.get(tag, 0) + 1
        bookmarks[id_] = [*texts, tags, places, copies, item.number]
    living = state.living("collection").items()
    folders = [(id_, state.shown_in(item), item["name"], item["order"] or "") for id_, item in living]
    placed = {id_ for id_ in bookmarks if any(state.shown_in(state.items[place]) for place in state.places_of(id_))}
    tags = {id_: (tag["name"], borne.get(id_, 0)) for id_, tag in state.living("tag").items()}
    # What went into the trash with the folder it stands in is listed by that alone.
    stands = {id_: {state.parent(item)} for id_, item in state.items.items() if item.kind == "collection"}
    for place in (item for item in state.items.values() if item.kind == "place" and not item["purged"]):
        stands.setdefault(state.follow(place["bookmark"]), set()).add(state.parent(place))
    trash = {}
    for id_, item in state.items.items():
        above = [state.items[folder] for folder in stands.get(id_, ()) if folder in state.items]
        went = any(folder["trashed_at"] == item["trashed_at"] for folder in above)
        if item["trashed_at"] is not None and not item["moved_to"] and item.kind in KINDS and not went:
            trash[id_] = item.kind
    unsorted = sorted(bookmarks.keys() - placed)
    rows = {"bookmarks": bookmarks, "unsorted": unsorted, "folders": sorted(folders)}
    return rows | {"tags": tags, "trash": trash}


def same(what, one, other):
    """Whether two views are the same; the first difference is told."""
    for part, here in one.items():
        there = other[part]
        if here == there:
            continue
        if isinstance(here, dict):
            for key in here.keys() | there.keys():
                assert here.get(key) == there.get(key), f"{what}, {part} {key}: {here.get(key)} and {there.get(key)}"
        alone = [row for row in here if row not in there], [row for row in there if row not in here]
        raise AssertionError(f"{what}, {part}: {alone[0]} and {alone[1]}")


def valid(state):
    """Whether a state is one a library can be in."""
    for id_, folder in state.living("collection").items():
        assert not state.stands_under(state.parent(folder), id_), f"{id_} stands under itself"
    owned = [canon(item["url"]) for item in state.items.values() if item.kind == "bookmark" and item["url"]]
    names = [folded(tag["name"]) for tag in state.living("tag").values()]
    assert len(owned) == len(set(owned)), "an address is owned twice"
    assert len(names) == len(set(names)), "a name is borne by two tags"


def soon(seconds, asked):
    """What comes to be true in a moment."""
    until = time.monotonic() + seconds
    while not asked():
        assert time.monotonic() < until, "it does not come to be true"
        time.sleep(0.05)
