"""A replica of a library in a file, as SYNC.md tells it: what was folded, and a queue of what was not answered yet."""

import json
import os
import random
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sync_heal import heal, last_shared_row
from sync_names import Ids, folded, stamped
from sync_preview import followed, preview
from sync_state import Item, Put, State
from sync_wire import Refused

PUSH_AT_ONCE = 500
# What the file keeps of a replica beside its state and what waits.
REST = ("n", "highest", "copies", "anew")
DONE = ("applied", "superseded", "joined", "noop")


class Removed(Exception):
    """The device is not paired any more."""


@dataclass
class Waiting:
    """A change in the queue, or aside with what became of it."""

    change: dict
    heals: bool = False
    mine: bool = True
    answered: list | None = None
    reason: dict | None = None


@dataclass
class Replica:
    """One library as one device holds it."""

    owner: "Device"
    library: str
    state: State = field(default_factory=State)
    queue: list[Waiting] = field(default_factory=list)
    aside: list[Waiting] = field(default_factory=list)
    n: int = 0
    highest: str = "0" * 16
    # What was shown of items that were removed for good while changes to them waited; and what they were made anew as.
    copies: dict[str, dict] = field(default_factory=dict)
    anew: dict[str, str] = field(default_factory=dict)

    @property
    def synced(self):
        """Whether all that was written is decided, and what was decided is here."""
        return not self.queue

    def path(self, rest):
        return f"/v1/libraries/{self.library}/{rest}"

    def ask(self, method, rest, body=None, **query):
        return self.owner.server.ask(method, self.path(rest), body, query)

    # What its person does.

    def shown(self):
        """What is shown: the state with the queue on top."""
        state = self.state.copy()
        for waiting in self.queue:
            preview(state, waiting.change, self.owner.id)
        return state

    def write(self, kind, item, put, act=None):
        """Queues one change, and gives its act."""
        return self.write_all([(kind, item, put)], act)

    def write_all(self, puts, act=None):
        """Queues the changes of one gesture at once, and gives its act."""
        act = act or self.owner.ids()
        self.highest = max(self.highest, self.shown().highest)
        for kind, item, put in puts:
            self.highest = stamped(self.owner.now(), self.highest)
            self.n += 1
            change = {"n": self.n, "hlc": self.highest, "base": self.state.seq, "act": act}
            self.queue.append(Waiting(change | {"item": item, "kind": kind, "set": put}))
        self.owner.keep()
        return act

    def trash(self, id_):
        """Puts an item into the trash, a folder with all that is in it and stands nowhere else: one act, one time."""
        state, now = self.shown(), self.owner.now()
        folders, places = {id_}, set()
        more = state.items[id_].kind == "collection"
        while more:
            inside = {other for folder in folders for other in state.children(folder, "collection")}
            more = not inside <= folders
            folders |= inside
        for kind in ("collection", "place"):
            places |= {other for folder in folders for other in state.children(folder, kind)} - folders
        stood = {state.follow(state.items[place]["bookmark"]) for place in places}
        alone = {one for one in stood if set(state.places_of(one)) <= places and state.items[one].living}
        gone = [*sorted(places | alone | folders - {id_}), id_]
        self.write_all([(state.items[one].kind, one, {"trashed_at": now}) for one in gone])

    # What comes and goes.

    def sync(self):
        """Pushes all there is, then pulls until there is no more."""
        while self.next_push()["changes"]:
            self.push()
        self.pull()

    def pull(self, limit=500):
        """Pulls and folds until there is no more."""
        more = True
        while more:
            try:
                answer = self.ask("GET", "changes", cursor=self.state.cursor, limit=limit)
            except Refused as refused:
                if refused.status != 410:
                    raise
                self.start_again(refused.problem["reset"])
                continue
            assert self.fold(answer), f"an answer from {answer['from']}, and {self.state.seq} was asked for"
            more = answer["has_more"]

    def fold(self, answer):
        """Folds what a pull or a socket brought, where it goes on from here."""
        if answer["from"] != self.state.seq:
            return False
        seqs = [row["seq"] for row in answer["changes"]]
        assert seqs == sorted(set(seqs)) and all(answer["from"] < seq <= answer["to"] for seq in seqs), seqs
        assert len(seqs) == answer["to"] - answer["from"] or answer["head"]["floor"] > 0, "a seq is missing"
        removed = {row["item"] for row in answer["changes"] if row["set"].get("purged") is True}
        waited = {self.state.follow(waiting.change["item"]) for waiting in self.queue if waiting.answered is None}
        for id_ in removed & waited:
            self.copies[id_] = shown_of(self.shown().items.get(id_))
        for row in answer["changes"]:
            self.state.fold(row)
        self.state.epoch, self.state.seq = answer["head"]["epoch"], answer["to"]
        self.state.cursor = answer["next_cursor"]
        self.queue = [waiting for waiting in self.queue if not self.came(waiting)]
        self.owner.keep()
        return True

    def next_push(self, most=PUSH_AT_ONCE):
        """The body of the next push."""
        changes = [waiting.change for waiting in self.queue if waiting.answered is None][:most]
        return {"device": self.owner.id, "changes": changes}

    def push(self, confirmed=()):
        """Pushes once, and does with each change as its answer says."""
        most = PUSH_AT_ONCE
        while True:
            body = self.next_push(most) | ({"confirmed": list(confirmed)} if confirmed else {})
            try:
                return self.answered(self.ask("POST", "changes", body))
            except Refused as refused:
                if refused.code == "too_large" and most > 1:
                    most //= 2
                    continue
                if refused.code == "forbidden" and refused.at("#/device"):
                    raise Removed from refused
                if refused.code == "forbidden":
                    self.only_reads()
                raise

    def answered(self, answer):
        """Takes in the answers to a push."""
        epoch = answer["head"]["epoch"]
        for one in answer["answers"]:
            found = [waiting for waiting in self.queue if waiting.change["n"] == one["n"]]
            if not found:
                continue
            (waiting,) = found
            self.highest = max(self.highest, one.get("hlc", self.highest))
            if one["status"] in DONE and one.get("seq", 0):
                # Shown from here on until it comes back by the log.
                waiting.answered = [epoch, one["seq"]]
                continue
            self.queue.remove(waiting)
            if one["status"] == "held":
                self.aside.append(Waiting(waiting.change, reason={"code": "held"}))
            else:
                self.refused(waiting.change, one["refused"])
        self.owner.keep()
        return answer

    def refused(self, change, reason):
        """Does with a change that was refused as its code says."""
        elsewhere = self.owner.replicas.get(reason["pointer"]) if reason["code"] == "moved" else None
        if elsewhere:
            self.bring_bookmark(elsewhere, change)
            elsewhere.write(change["kind"], change["item"], change["set"], change["act"])
            return
        put = {name: value for name, value in change["set"].items() if name != "trashed_at"}
        if reason["code"] == "purged" and self.make_anew(change, put):
            return
        self.aside.append(Waiting(change, reason=reason))

    def bring_bookmark(self, elsewhere, change):
        """Brings along the bookmark of a place that goes to a library which does not have it."""
        state, there = self.shown(), elsewhere.shown()
        id_ = change["kind"] == "place" and change["set"].get("bookmark")
        if not id_ or there.follow(id_) in there.items or state.follow(id_) not in state.items:
            return
        bookmark = state.items[state.follow(id_)]
        put = {name: value for name, value in shown_of(bookmark).items() if not name.startswith("tag/")}
        for tag in state.tags_of(bookmark):
            name = state.items[tag]["name"]
            known = there.tag_named(folded(name)) or self.owner.ids()
            if known not in there.items:
                elsewhere.write("tag", known, {"name": name}, change["act"])
            put[f"tag/{known}"] = True
        elsewhere.write("bookmark", id_, put, change["act"])

    def make_anew(self, change, put):
        """Makes a new item of the own copy of one that was removed for good; whether nothing is left to be shown."""
        old = self.state.follow(change["item"])
        held = self.copies.get(old) or shown_of(self.state.items.get(old))
        if not put or not held:
            return change["set"].get("trashed_at") is not None
        new = self.anew.get(old)
        self.copies[old], self.anew[old] = held, new or self.owner.ids()
        self.write(change["kind"], self.anew[old], put if new else held | put, change["act"])
        return True

    def only_reads(self):
        """Drops what heals and was put by others: who may only read heals nothing."""
        self.queue = [waiting for waiting in self.queue if waiting.mine or not waiting.heals]
        self.owner.keep()

    # Beginning, beginning again, and being proven right.

    def load(self):
        """A state from the snapshot, pulled until it may be shown."""
        head, *lines, end = self.owner.server.lines(self.path("snapshot"))
        assert head["mindshelf"] == "snapshot.v1" and "checksum" in end, "a damaged snapshot"
        state = State(head["epoch"], head["seq"], head["cursor"], head["hlc"], end["settled"])
        items = [line for line in lines if "puts" in line]
        joined = [line for line in lines if "younger" in line]
        assert (len(items), len(joined)) == (end["items"], end["aliases"]), "a damaged snapshot"
        for line in items:
            state.take(line)
        for line in joined:
            state.join(line)
        assert state.checksum() == end["checksum"], "a snapshot has another sum than it says"
        return state

    def begin(self):
        """Begins by the snapshot, and pulls on."""
        self.state = self.load()
        self.pull()
        assert self.state.seq >= self.state.settled

    def start_again(self, reset):
        """What 410 asks for: another state under the same queue, and healing where the server lost something."""
        old, was = self.state, self.owner.id
        try:
            n = self.ask("GET", "sync", device=was)["device"]["n"]
        except Refused as refused:
            if refused.status != 403 or not refused.at("?device"):
                raise
            self.owner.pair()
            n = 0
        self.begin()
        queue = [waiting for waiting in self.queue if not self.has(waiting, was)]
        if reset["why"] != "floor":
            shared = last_shared_row(old, self.state)
            for waiting in queue:
                waiting.change["base"] = min(waiting.change["base"], shared)
                waiting.change["item"] = old.follow(waiting.change["item"])
                waiting.change["set"] = followed(old, waiting.change["set"])
            healing = heal(old, self.state, shared, self.owner.ids())
            queue = [Waiting(change, True, was in by) for change, by in healing] + queue
        for count, waiting in enumerate(queue, n + 1):
            waiting.change["n"], waiting.answered = count, None
        self.queue, self.n = queue, n + len(queue)
        self.owner.keep()

    def has(self, waiting, device):
        """Whether the state of the new epoch has what waits: it was answered in it, or heard without an answer."""
        if self.came(waiting):
            return True
        item = self.state.items.get(self.state.follow(waiting.change["item"]), Item(""))
        stamp = (waiting.change["hlc"], device)
        puts = waiting.change["set"].items()
        return any(name in item.puts and item.puts[name] == (*stamp, item.puts[name].seq, value) for name, value in puts)

    def came(self, waiting):
        """Whether what was answered to is in the state."""
        return waiting.answered and waiting.answered[0] == self.state.epoch and waiting.answered[1] <= self.state.seq

    def differing(self):
        """The ranges that have another sum on the server at this position."""
        for _ in range(3):
            there = self.ask("GET", "checksum")
            if there["seq"] != self.state.seq or there["epoch"] != self.state.epoch:
                self.pull()
            if there["seq"] == self.state.seq:
                here = [f"{one:016x}" for one in self.state.ranges()]
                same = self.state.checksum() == there["checksum"]
                ranges = [place for place in range(256) if here[place] != there["ranges"][place]]
                assert same == (not ranges), "the sum of the library is not that of its ranges"
                return ranges
        return []

    def repair(self, ranges):
        """Takes the items of these ranges, at most 16, as the server has them."""
        after, aliases = None, None
        while True:
            answer = self.ask("GET", "sync/repair", ranges=",".join(map(str, ranges)), after=after)
            if answer["seq"] < self.state.seq:
                time.sleep(random.uniform(0, 1))
                continue
            aliases = answer["aliases"] if aliases is None else aliases
            until = answer.get("next")
            for id_ in list(self.state.items):
                if int(id_[-2:], 16) in ranges and (after or "") < id_ and (until is None or id_ <= until):
                    del self.state.items[id_]
            for line in answer["items"]:
                self.state.take(line)
            after = until
            if until is None:
                break
        kept = {id_: to for id_, to in self.state.aliases.items() if int(id_[-2:], 16) not in ranges}
        self.state.aliases = kept
        for line in aliases:
            self.state.join(line)
        self.owner.keep()


def shown_of(item):
    """What a new item is made of in the place of one that was removed for good; nothing where it is gone."""
    puts = {} if item is None or item["purged"] else item.puts
    never = ("trashed_at", "moved_to", "raw/author")
    return {name: put.value for name, put in puts.items() if put.value is not None and name not in never}


class Device:
    """A paired device, and the file of all it holds."""

    def __init__(self, server, file, name="judge", chance=random):
        self.server, self.file, self.name = server, Path(file), name
        self.ids, self.replicas, self.skew = Ids(chance), {}, 0
        self.id = None
        if self.file.exists():
            self.read()
        else:
            self.pair()

    def now(self):
        """The own clock, which may be wrong."""
        return int(time.time() * 1000) + self.skew

    def pair(self):
        """Becomes a device of its own."""
        self.id = self.server.ask("POST", "/v1/devices", {"name": self.name})["id"]
        self.keep()

    def holds(self, library):
        """The replica of a library here."""
        return self.replicas.setdefault(library, Replica(self, library))

    def keep(self):
        """Writes all of it at once, or not at all."""
        kept = {"id": self.id, "replicas": {}}
        for library, replica in self.replicas.items():
            waiting = {name: [asdict(one) for one in getattr(replica, name)] for name in ("queue", "aside")}
            state = replica.state
            items = {id_: vars(item) for id_, item in state.items.items()}
            rest = {name: getattr(replica, name) for name in REST}
            kept["replicas"][library] = waiting | rest | {"state": {**vars(state), "items": items}}
        beside = self.file.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            json.dump(kept, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.file)

    def read(self):
        """Takes up what was written."""
        kept = json.loads(self.file.read_text(encoding="utf-8"))
        self.id = kept["id"]
        for library, held in kept["replicas"].items():
            items = held["state"].pop("items")
            for item in items.values():
                item["puts"] = {name: Put(*put) for name, put in item["puts"].items()}
            state = State(**held["state"], items={id_: Item(**item) for id_, item in items.items()})
            waiting = {name: [Waiting(**one) for one in held[name]] for name in ("queue", "aside")}
            rest = {name: held[name] for name in REST}
            self.replicas[library] = Replica(self, library, state, **waiting, **rest)
