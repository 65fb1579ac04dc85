"""A client of sync in another language, written from docs/SYNC.md and docs/LOG.md alone: it has to end as the server does.

Run with the address of a server, a token and the id of a library; a seed may follow. Prints a line for each proof and
ends with 1 at the first difference.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

import sync_vectors
from sync_part import Part
from sync_replica import Device, Removed
from sync_state import Put
from sync_story import EXPECTED, ByRest, OnDevice, listed, same, shown, valid
from sync_wire import Closed, Refused, Server, Socket

STEPS = 400
# How far the clocks of devices are off, milliseconds.
SKEWS = {"one": -86_400_000, "two": 3_600_000}
SOON = 2


class Judge:
    """Two devices and somebody who asks REST, in one library."""

    def __init__(self, address, token, library, seed, folder):
        self.server, self.library, self.folder = Server(address, token), library, Path(folder)
        self.chance = random.Random(seed)
        self.rest = ByRest(self.server, library, self.chance)
        self.one, self.two = (self.device(name).holds(library) for name in ("one", "two"))

    def device(self, name):
        device = Device(self.server, self.folder / f"{name}.json", name, self.chance)
        device.skew = SKEWS.get(name, 0)
        return device

    def level(self):
        """Brings both devices to where the library is."""
        for replica in (self.one, self.two, self.one):
            replica.sync()
        assert self.one.synced and self.two.synced, "a replica is not synced"

    def equal(self):
        """Both devices, the sums of the server and the lists of REST say the same."""
        self.level()
        one, two = self.one.state, self.two.state
        assert (one.epoch, one.seq) == (two.epoch, two.seq), f"{one.seq} and {two.seq}"
        for id_ in one.items.keys() | two.items.keys():
            assert one.items.get(id_) == two.items.get(id_), f"{id_}: {one.items.get(id_)} and {two.items.get(id_)}"
        assert one.aliases == two.aliases, "other ids joined"
        assert not self.one.differing(), f"ranges {self.one.differing()} have another sum at {one.seq}"
        same("the replica and REST", shown(one), listed(self.rest))
        valid(one)

    def bookmark(self, replica, page, **more):
        """Saves an address on a device."""
        id_ = replica.owner.ids()
        replica.write("bookmark", id_, {"url": f"https://judge.example/{page}", "title": page, **more})
        return id_


def pairing(judge):
    """A device is listed, takes another name, and starts at 0."""
    device = judge.one.owner
    judge.server.ask("PATCH", f"/v1/devices/{device.id}", {"name": "renamed"})
    known = {row["id"]: row["name"] for row in judge.server.ask("GET", "/v1/devices")["items"]}
    assert known[device.id] == "renamed", known
    stands = judge.one.ask("GET", "sync", device=device.id)
    assert stands["protocol"] == "mindshelf.sync.v1" and stands["device"] == {"id": device.id, "n": 0}, stands
    head = stands["head"]
    assert stands["cursor"] == sync_vectors.cursor(judge.library, head["epoch"], head["seq"]), "a cursor of another form"


def snapshot(judge):
    """What begins by the snapshot is what pulled from the beginning; a file that broke off is read on."""
    judge.one.pull(limit=7)
    judge.two.begin()
    assert judge.one.state.items == judge.two.state.items, "the snapshot folds to something else"
    path = judge.one.path("snapshot")
    said, whole = judge.server.file("GET", path)
    half = len(whole) // 2
    _, rest = judge.server.file("GET", path, headers={"Range": f"bytes={half}-", "If-Range": said["etag"]})
    assert rest in (whole[half:], whole), "the rest of a file is of another"


def repeats(judge):
    """A push that is repeated has the same answer and one effect; a gap and another body are refused."""
    one = judge.one
    id_ = judge.bookmark(one, "repeated")
    one.write("bookmark", id_, {"notes": "typed once"})
    body = one.next_push()
    first = one.ask("POST", "changes", body)
    turned = {"changes": [dict(reversed(change.items())) for change in body["changes"]], "device": body["device"]}
    again = one.ask("POST", "changes", turned)
    assert first["answers"] == again["answers"] and first["head"]["seq"] == again["head"]["seq"], (first, again)
    judge.one = judge.device("one").holds(judge.library)
    assert judge.one.next_push() == body, "the file of the replica holds another queue"
    judge.one.answered(judge.one.ask("POST", "changes", body))
    assert not judge.one.next_push()["changes"], "what was answered is pushed again"
    ahead = dict(body["changes"][0], n=body["changes"][-1]["n"] + 5)
    refused(409, "gap", lambda: judge.one.ask("POST", "changes", {"device": body["device"], "changes": [ahead]}))
    other = dict(body["changes"][0], set={"url": "https://judge.example/other"})
    refused(409, "device_reused", lambda: judge.one.ask("POST", "changes", {"device": body["device"], "changes": [other]}))
    after = judge.one.ask("GET", "sync", device=body["device"])
    assert after["device"]["n"] == body["changes"][-1]["n"] and after["head"]["seq"] == first["head"]["seq"], after


def refused(status, code, asks):
    """Whether something is refused so; gives the problem."""
    try:
        asks()
    except Refused as was:
        assert (was.status, was.code) == (status, code), was
        return was.problem
    raise AssertionError(f"{code} was to be refused, and is not")


def texts(judge):
    """Of two texts whose authors had not seen each other one is shown and the other kept, until somebody clears it."""
    id_ = judge.bookmark(judge.one, "typed twice")
    judge.level()
    judge.one.write("bookmark", id_, {"notes": "by one"})
    judge.two.write("bookmark", id_, {"notes": "by two"})
    judge.level()
    judge.equal()
    item = judge.one.state.items[id_]
    name, kept = next((name, put.value) for name, put in item.puts.items() if name.startswith("notes/copy/"))
    assert {item["notes"], kept} == {"by one", "by two"}, item
    assert judge.rest.ask("GET", "conflicts")["items"][0]["item"] == id_
    judge.two.write("bookmark", id_, {name: None})
    judge.equal()
    assert judge.one.state.items[id_][name] is None


def ties(judge):
    """Of two puts at one time that of the greater device wins, whichever comes first."""
    ids = [judge.bookmark(judge.one, f"put twice, {count}") for count in range(2)]
    judge.level()
    for id_, first in zip(ids, (judge.one, judge.two), strict=True):
        for replica in (judge.one, judge.two):
            replica.write("bookmark", id_, {"title": f"by {replica.owner.id}"})
        # That of the device whose clock is behind: the server takes it as it is.
        judge.one.queue[-1].change["hlc"] = judge.two.queue[-1].change["hlc"] = judge.one.highest
        first.sync()
        judge.level()
    judge.equal()
    won = f"by {max(judge.one.owner.id, judge.two.owner.id)}"
    assert [judge.one.state.items[id_]["title"] for id_ in ids] == [won] * 2, "the lesser device wins"


def cycles(judge):
    """Two moves that are right alone and wrong together: the later is refused, and all see the tree of the first."""
    folders = [judge.one.owner.ids() for _ in range(2)]
    for id_ in folders:
        judge.one.write("collection", id_, {"name": "turned", "order": "V"})
    judge.level()
    judge.one.write("collection", folders[0], {"parent": folders[1]})
    judge.two.write("collection", folders[1], {"parent": folders[0]})
    before = len(judge.two.aside)
    judge.level()
    (reason,) = [waiting.reason for waiting in judge.two.aside[before:]]
    assert (reason["code"], reason["pointer"]) == ("cycle", "parent"), reason
    judge.equal()
    assert judge.one.state.items[folders[0]]["parent"] == folders[1]


def stories(judge):
    """Hundreds of things at random, on two devices with wrong clocks and no network, and by REST, with crashes and lost
    answers: all end alike, and nothing typed is lost."""
    typed = judge.rest.typed
    people = {name: lambda name=name: OnDevice(getattr(judge, name), judge.chance, typed) for name in ("one", "two")}
    for _ in range(STEPS):
        deed = judge.chance.choices(["one", "two", "rest", "sync", "lost", "crash"], [34, 34, 18, 8, 3, 3])[0]
        name = judge.chance.choice(["one", "two"])
        if deed in people:
            people[deed]().step()
        elif deed == "rest":
            judge.rest.step()
        elif deed == "sync":
            getattr(judge, name).sync()
        elif deed == "lost" and getattr(judge, name).queue:
            replica = getattr(judge, name)
            replica.ask("POST", "changes", replica.next_push())
        elif deed == "crash":
            setattr(judge, name, judge.device(name).holds(judge.library))
    judge.equal()
    typed.found(judge.one.state)
    reasons = [waiting.reason for replica in (judge.one, judge.two) for waiting in replica.aside]
    assert {reason["code"] for reason in reasons} <= EXPECTED, reasons
    fresh = judge.device("three").holds(judge.library)
    fresh.pull()
    assert fresh.state.items == judge.one.state.items, "who pulls from the beginning ends with something else"
    fresh.begin()
    assert fresh.state.items == judge.one.state.items, "who begins by the snapshot ends with something else"


def masses(judge):
    """Deletions in masses wait for a person: some are confirmed, and the rest are dropped."""
    judge.level()
    many = max(60, len(judge.one.state.living("bookmark")) // 3)
    ids = [judge.one.owner.ids() for _ in range(many)]
    judge.one.write_all([("bookmark", id_, {"url": f"https://many.example/{id_}"}) for id_ in ids])
    judge.level()
    judge.two.write_all([("bookmark", id_, {"trashed_at": judge.two.owner.now()}) for id_ in ids])
    judge.level()
    held = [waiting for waiting in judge.two.aside if waiting.reason["code"] == "held"]
    assert len(held) == many and judge.two.ask("GET", "sync")["held"] == many, len(held)
    (row,) = judge.rest.ask("GET", "held")["items"]
    assert (row["device"], row["count"], row["through"]) == (judge.two.owner.id, many, held[-1].change["n"]), row
    judge.equal()
    path = f"held/{row['device']}"
    listing = judge.rest.ask("GET", path, limit=10)
    assert [item["n"] for item in listing["items"]] == [waiting.change["n"] for waiting in held[:10]], listing
    assert judge.rest.ask("GET", path, after=listing["next"], limit=100)["items"][0]["n"] == held[10].change["n"]
    decided = judge.rest.ask("POST", f"{path}/confirm", {"through": held[9].change["n"]})
    assert [one["status"] for one in decided["answers"]] == ["applied"] * 10, decided
    assert judge.rest.ask("POST", f"{path}/refuse", {"through": row["through"]})["dropped"] == many - 10
    refused(404, "not_found", lambda: judge.rest.ask("GET", path))
    judge.equal()
    gone = [id_ for id_ in ids if judge.one.state.items[id_]["trashed_at"] is not None]
    assert gone == [waiting.change["item"] for waiting in held[:10]], "other items went than were confirmed"


def parts(judge):
    """A part is what stands in a folder, follows what enters and leaves it, and is thin where that is asked."""
    one = judge.one
    above, below = one.owner.ids(), one.owner.ids()
    one.write("collection", above, {"name": "above"})
    one.write("collection", below, {"name": "below", "parent": above})
    inside, outside = judge.bookmark(one, "inside", notes="long"), judge.bookmark(one, "outside")
    spot = one.owner.ids()
    one.write("place", spot, {"bookmark": inside, "parent": below})
    judge.level()
    part = Part(one, [above])
    thin = Part(one, [above], thin=True)

    def of(state, folders):
        always = state.items.items()
        rest = {id_ for id_, item in always if item.kind not in ("bookmark", "place") or item["purged"]}
        places = {id_ for id_, item in state.living("place").items() if state.parent(item) in folders}
        return rest | places | {state.follow(state.items[id_]["bookmark"]) for id_ in places}

    assert part.state.items == {id_: one.state.items[id_] for id_ in of(one.state, {above, below})}, "another part"
    assert thin.state.items[inside]["notes"] is None and thin.state.items[inside]["title"] == "inside"
    one.trash(spot)
    one.write("place", one.owner.ids(), {"bookmark": outside, "parent": below})
    judge.level()
    part.refresh()
    assert inside not in part.state.items and outside in part.state.items, "what left the part"
    (spot,) = one.state.places_of(outside)
    other = judge.bookmark(one, "in-its-place")
    one.write("place", spot, {"bookmark": other})
    judge.level()
    part.refresh()
    assert outside not in part.state.items and other in part.state.items, "whose place became another's"
    one.trash(spot)
    judge.level()
    judge.rest.ask("DELETE", "trash", ids=spot)
    part.refresh()
    assert other not in part.state.items, "whose place was removed for good between two asks"
    one.write("place", one.owner.ids(), {"bookmark": outside, "parent": below})
    judge.level()
    part.refresh()
    one.write("collection", below, {"parent": None})
    judge.level()
    part.refresh()
    assert outside not in part.state.items, "a folder that moved took nothing with it"
    assert part.state.items == {id_: one.state.items[id_] for id_ in of(one.state, {above})}, "another part"


def repairs(judge):
    """A replica that went another way finds where, and is repaired there without moving its cursor."""
    judge.level()
    one, ids = judge.one, sorted(judge.one.state.items)
    whole = one.state.copy()
    lost, wrong, own = judge.chance.sample(ids, 3)[:2] + [one.owner.ids()]
    one.state.items.pop(lost)
    one.state.items[wrong].puts["title"] = Put("f" * 16, "f" * 8, one.state.seq + 9, "wrong")
    one.state.items[own] = whole.items[lost]
    ranges = one.differing()
    assert set(ranges) <= {int(id_[-2:], 16) for id_ in (lost, wrong, own)} and ranges, ranges
    one.repair(ranges)
    assert one.state.items == whole.items and one.state.aliases == whole.aliases, "repaired to something else"
    assert not one.differing() and one.state.cursor == whole.cursor


def moves(judge):
    """A folder becomes a library of its own; what is written to what moved goes where it lives now."""
    one, two = judge.one, judge.two
    folder, below, spot = (one.owner.ids() for _ in range(3))
    one.write("collection", folder, {"name": "to be shared"})
    one.write("collection", below, {"name": "goes with it", "parent": folder})
    moved, stays = judge.bookmark(one, "moved"), judge.bookmark(one, "stays")
    one.write("place", spot, {"bookmark": moved, "parent": folder})
    judge.level()
    there = judge.rest.ask("POST", f"collections/{folder}/share")["library"]
    elsewhere = one.owner.holds(there)
    elsewhere.begin()
    one.write("bookmark", moved, {"title": "written offline"})
    late = one.owner.ids()
    one.write("collection", late, {"name": "made offline in what is shared", "parent": folder})
    stew = judge.bookmark(one, "stew")
    one.write("place", one.owner.ids(), {"bookmark": stew, "parent": folder})
    for parent in (below, folder):
        two.write("place", two.owner.ids(), {"bookmark": stays, "parent": parent})
    judge.level()
    for told in two.aside[-2:]:
        assert (told.reason["code"], told.reason["pointer"]) == ("moved", there), told
    assert late not in one.state.items, "it was put where nobody who shares the folder sees it"
    try:
        judge.rest.ask("POST", "bookmarks", {"url": "https://judge.example/late", "places": [{"collection": folder}]})
        raise AssertionError("a bookmark was saved into a folder that shows another library")
    except Refused as refused:
        assert refused.code == "moved" and there in str(refused.problem["errors"]), refused.problem
    assert one.state.items[moved]["moved_to"] == there and one.state.items[folder]["mount"] == there
    elsewhere.sync()
    assert elsewhere.synced and elsewhere.state.items[moved]["title"] == "written offline"
    assert elsewhere.state.items[late]["parent"] == folder, "and is in the library that has it"
    (spot,) = elsewhere.state.places_of(stew)
    assert elsewhere.state.items[spot]["parent"] == folder, "what was saved into it came along"
    assert not elsewhere.differing()
    same("the library that moved and REST", shown(elsewhere.state), listed(ByRest(judge.server, there, judge.chance)))
    judge.equal()


def resets(judge):
    """A cursor of another life is answered 410; what only this replica holds heals the server, and is there for all."""
    judge.level()
    one, two = judge.one, judge.two
    ours, seq = judge.bookmark(one, "waits"), one.state.seq
    lost, other = one.owner.ids(), "0193f0a0-0000-7000-8000-0000000000ff"
    known = next(id_ for id_ in one.state.living("bookmark") if one.state.items[id_].puts.get("title"))
    # Rows of a life of the log that is gone, by this device and by another.
    row = {"seq": seq + 1, "hlc": one.highest, "device": one.owner.id, "item": lost, "kind": "bookmark"}
    one.state.fold(row | {"set": {"url": "https://judge.example/lost", "title": "lost", "notes": "typed"}})
    row |= {"seq": seq + 2, "device": other, "item": known, "hlc": f"{int(one.highest, 16) + 1:016x}"}
    one.state.fold(row | {"set": {"title": "healed"}})
    one.state.seq, one.state.cursor = seq + 2, sync_vectors.cursor(judge.library, one.state.epoch, seq + 5_000)
    problem = refused(410, "cursor_expired", lambda: one.ask("GET", "changes", cursor=one.state.cursor))
    assert problem["reset"]["why"] == "ahead" and problem["reset"]["seq"] == seq, problem
    one.pull()
    queue = [waiting.change for waiting in one.queue]
    assert {change["item"] for change in queue[:2]} == {lost, known} and queue[2]["item"] == ours, queue
    assert [change["base"] for change in queue] == [seq] * 3, "healing saw more than both lives have"
    assert [change["n"] for change in queue] == list(range(queue[0]["n"], queue[0]["n"] + 3)), queue
    judge.equal()
    assert two.state.items[lost]["notes"] == "typed" and two.state.items[known]["title"] == "healed"
    assert two.state.items[ours].living
    older = sync_vectors.cursor(judge.library, one.state.epoch + 1, 0)
    assert refused(410, "cursor_expired", lambda: one.ask("GET", "changes", cursor=older))["reset"]["why"] == "epoch"


def sockets(judge):
    """The socket tells what was pushed and saved, from where one stands and without a gap; it takes pushes and resets."""
    judge.level()
    one, two = judge.one, judge.two
    socket = Socket(judge.server)
    assert socket.hear()["protocol"] == "mindshelf.sync.v1"
    follow = {"type": "follow", "library": judge.library}
    socket.say(**follow, cursor=one.state.cursor)
    assert socket.hear("following")["cursor"] == one.state.cursor
    begun = time.monotonic()
    id_ = judge.bookmark(two, "told")
    two.sync()
    judge.rest.ask("POST", "bookmarks", {"url": "https://judge.example/told-by-rest"})
    two.pull()
    while one.state.seq < two.state.seq:
        told = socket.hear("changes")
        assert one.fold(told), f"from {told['from']}, and {one.state.seq} is where it stood"
    took = time.monotonic() - begun
    assert one.state.items == two.state.items and id_ in one.state.items, "the socket told something else"
    assert took < 2 * SOON + SOON, f"told after {took} s"

    judge.bookmark(one, "pushed by the socket")
    socket.say(type="push", id="a", library=judge.library, **one.next_push())
    answers = socket.hear("answers")
    assert answers["id"] == "a" and answers["answers"][0]["status"] == "applied", answers
    one.answered(answers)
    while not one.synced:
        assert one.fold(socket.hear("changes"))
    wrong = {"device": one.owner.id, "changes": [dict(unwanted(one), n=one.n + 9)]}
    socket.say(type="push", id="b", library=judge.library, **wrong)
    told = socket.hear("refused", "answers")
    assert (told["type"], told["id"], told["code"], told["status"]) == ("refused", "b", "gap", 409), told
    socket.say(type="ping")
    socket.hear("pong")
    socket.say(**follow, cursor=sync_vectors.cursor(judge.library, one.state.epoch, one.state.seq + 9))
    assert socket.hear("reset")["reset"]["why"] == "ahead"
    socket.say(type="follow", library=one.owner.ids())
    assert socket.hear("refused", "gone")["library"] not in (judge.library, None)
    socket.close()
    judge.equal()


def unwanted(replica):
    """A change that is well-formed, to be pushed where it is not wanted."""
    put = {"url": "https://judge.example/not-wanted"}
    item, act = replica.owner.ids(), replica.owner.ids()
    return {"n": 1, "hlc": replica.highest, "base": 0, "act": act, "item": item, "kind": "bookmark", "set": put}


def pokes(judge):
    """Who is far behind is poked, pulls, and follows from there; who may not come in is told so by the code."""
    one = judge.one
    one.write_all([("rule", one.owner.ids(), {"name": f"rule {count}"}) for count in range(1_100)])
    socket = Socket(judge.server)
    socket.hear("welcome")
    socket.say(type="follow", library=judge.library, cursor=judge.two.state.cursor)
    socket.hear("following")
    one.sync()
    while judge.two.state.seq < one.state.seq:
        told = socket.hear("changes", "poke")
        if told["type"] == "changes":
            judge.two.fold(told)
            continue
        judge.two.pull()
        socket.say(type="follow", library=judge.library, cursor=judge.two.state.cursor)
        socket.hear("following")
    socket.say(type="follow", library=judge.library, cursor=sync_vectors.cursor(judge.library, one.state.epoch, 1))
    assert socket.hear("poke", "changes")["type"] == "poke", "rows without end by the socket"
    socket.say(type="leave", library=judge.library)
    socket.close()
    try:
        Socket(judge.server, token="nobody").hear()
    except Closed as closed:
        assert closed.code == 4403, closed
    else:
        raise AssertionError("a socket opens for nobody")
    judge.equal()


def removals(judge):
    """A device that was removed is told so, takes nothing with it, and pairs anew with its queue; so does one no backup knows."""
    judge.level()
    two = judge.two
    id_ = judge.bookmark(two, "after the removal")
    judge.server.ask("DELETE", f"/v1/devices/{two.owner.id}")
    try:
        two.sync()
    except Removed:
        pass
    else:
        raise AssertionError("a device that was removed pushes")
    two.pull()
    two.owner.pair()
    for count, waiting in enumerate(two.queue, 1):
        waiting.change["n"] = two.n = count
    judge.equal()
    assert id_ in judge.one.state.items
    # One that a backup does not know is told so where it starts again.
    was, id_ = two.owner.id, judge.bookmark(two, "after the backup")
    judge.server.ask("DELETE", f"/v1/devices/{was}")
    two.state.cursor = sync_vectors.cursor(judge.library, two.state.epoch, two.state.seq + 5_000)
    two.pull()
    assert two.owner.id != was and two.queue[0].change["n"] == 1, "it goes on as the device that is gone"
    judge.equal()
    assert id_ in judge.one.state.items


PROOFS = [pairing, snapshot, repeats, texts, ties, cycles, stories, masses, parts, repairs, moves, resets, sockets, pokes, removals]


def main():
    address, token, library = sys.argv[1:4]
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    print(f"{sync_vectors.hold()} vectors hold", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(address, token, library, seed, folder)
        for proof in PROOFS:
            try:
                proof(judge)
            except (AssertionError, Refused, OSError) as wrong:
                print(f"{proof.__name__}, seed {seed}: {wrong or 'not so'}", file=sys.stderr)
                raise
            print(f"{proof.__name__}: {' '.join(proof.__doc__.split())}", flush=True)


if __name__ == "__main__":
    main()
