"""A library as its log says it is: rows folded into items, as LOG.md tells it, and summed up as SYNC.md does."""

import copy
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from sync_names import canon, folded

LIBRARY_ITSELF = "00000000-0000-0000-0000-000000000000"
LONG_TEXTS = ("notes", "description", "comment", "body")
NEEDS = {
    "bookmark": ("url",),
    "place": ("bookmark",),
    "collection": ("name",),
    "tag": ("name",),
    "highlight": ("bookmark", "quote"),
    "note": ("body",),
    "rule": ("name",),
}


class Put(NamedTuple):
    """What holds a register. The first two are its stamp: written so, they compare as numbers and bytes do."""

    hlc: str
    device: str
    seq: int
    value: Any

    @property
    def stamp(self):
        return self.hlc, self.device


@dataclass
class Item:
    kind: str
    number: int | None = None
    created: int = 0
    puts: dict[str, Put] = field(default_factory=dict)

    def __getitem__(self, register):
        put = self.puts.get(register)
        return put.value if put else None

    @property
    def version(self):
        return max((put.seq for put in self.puts.values()), default=self.created)

    @property
    def living(self):
        return not (self["trashed_at"] is not None or self["purged"] or self["moved_to"])

    def put(self, register, put):
        """One put; of equal stamps the first stays."""
        held = self.puts.get(register)
        if held is None or put.stamp > held.stamp:
            self.puts[register] = put

    def settle(self):
        """Of what was purged nothing else is left."""
        if self["purged"] is True:
            self.puts = {"purged": self.puts["purged"]}


@dataclass
class State:
    epoch: int = 0
    seq: int = 0
    cursor: str | None = None
    highest: str = "0" * 16
    settled: int = 0
    items: dict[str, Item] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def copy(self):
        other = copy.copy(self)
        other.items = {id_: replace(item, puts=dict(item.puts)) for id_, item in self.items.items()}
        other.aliases = dict(self.aliases)
        return other

    def follow(self, id_):
        """The item an id stands for by now."""
        while id_ in self.aliases:
            id_ = self.aliases[id_]
        return id_

    def fold(self, row):
        """Takes in one row of the log."""
        also_hlc = row.get("also_hlc", "")
        self.highest = max(self.highest, row["hlc"], also_hlc)
        joined, id_ = row.get("joined"), row["item"]
        if joined:
            self.aliases[joined] = id_
            self.items.pop(joined, None)
        if id_ in self.aliases:
            return
        item = self.items.setdefault(id_, Item(row["kind"], row.get("number"), row["seq"]))
        if not joined:
            for register, value in row["set"].items():
                item.put(register, Put(row["hlc"], row["device"], row["seq"], value))
        for register, value in row.get("also", {}).items():
            item.put(register, Put(also_hlc, LIBRARY_ITSELF, row["seq"], value))
        item.settle()

    def take(self, line):
        """Takes in one item as snapshots, repairs and parts tell it, in the place of what was held of it."""
        item = Item(line["kind"], line["number"], line["created"])
        for put in line["puts"]:
            self.highest = max(self.highest, put["hlc"])
            for register, value in put["set"].items():
                item.puts[register] = Put(put["hlc"], put["device"], put["seq"], value)
        self.items[line["item"]] = item

    def join(self, line):
        """Takes in one id that joined."""
        self.aliases[line["younger"]] = line["item"]
        self.items.pop(line["younger"], None)

    def ranges(self):
        """The sum of each of the 256 ranges."""
        sums = [0] * 256
        for id_, item in self.items.items():
            sums[UUID(id_).bytes[-1]] ^= eight_bytes(id_, item.version.to_bytes(8, "big"))
        for younger, older in self.aliases.items():
            sums[UUID(younger).bytes[-1]] ^= eight_bytes(younger, UUID(older).bytes)
        return sums

    def checksum(self):
        """The sum of the library."""
        return written(self.ranges())

    # What is shown.

    def living(self, kind):
        return {id_: item for id_, item in self.items.items() if item.kind == kind and item.living}

    def owner(self, address):
        """Whose a canonical address is."""
        for id_, item in self.items.items():
            owns = item.kind == "bookmark" and isinstance(item["url"], str) and not item["moved_to"]
            if owns and canon(item["url"]) == address:
                return id_
        return None

    def tag_named(self, name):
        """The living tag of a folded name."""
        named = (id_ for id_, tag in self.living("tag").items() if folded(tag["name"]) == name)
        return next(named, None)

    def tags_of(self, item):
        """The living tags a bookmark bears."""
        borne = (self.follow(name[4:]) for name, put in item.puts.items() if name.startswith("tag/") and put.value)
        return {id_ for id_ in borne if id_ in self.items and self.items[id_].living}

    def parent(self, item):
        """The folder an item stands in, however it is called by now."""
        return item["parent"] and self.follow(item["parent"])

    def stands_under(self, folder, above):
        """Whether a folder is another one or somewhere beneath it."""
        seen = set()
        while folder and folder not in seen:
            if folder == above:
                return True
            seen.add(folder)
            folder = self.parent(self.items[folder]) if folder in self.items else None
        return False

    def shown_in(self, item):
        """The folder an item is shown in: at the top, or unsorted, where the one it stands in is gone."""
        parent = self.parent(item)
        return parent if parent in self.items and self.items[parent].living else None

    def children(self, parent, kind):
        """The living items of a kind in a folder, in their order."""
        inside = [(item["order"] or "", id_) for id_, item in self.living(kind).items() if self.parent(item) == parent]
        return [id_ for _, id_ in sorted(inside)]

    def places_of(self, bookmark):
        return [id_ for id_, place in self.living("place").items() if self.follow(place["bookmark"]) == bookmark]


def eight_bytes(id_, rest):
    """What an item or an id that joined counts with."""
    return int.from_bytes(sha256(UUID(id_).bytes + rest).digest()[:8], "big")


def written(sums):
    """The XOR of sums as it is written."""
    total = 0
    for one in sums:
        total ^= one
    return f"{total:016x}"
