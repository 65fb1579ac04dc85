"""The vectors SYNC.md and LOG.md name, held against the client in Python."""

import base64
import json
import re
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from sync_names import canon, clamped, folded, id_of, stamped
from sync_state import Item, Put, State, eight_bytes

GOLDEN = Path(__file__).parents[2] / "crates/shelf-domain/golden"
ID = "0193f0a0-0000-7000-8000-000000000"
LIBRARY = f"{ID}00a"


def lines(name):
    """The lines of a file of vectors. A text in them may hold what Python takes for the end of a line."""
    text = (GOLDEN / name).read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line and not line.startswith("# ")]


def cursor(library, epoch, seq):
    """A cursor as SYNC.md says it is made: for judges, never for clients."""
    check = bytes(4)
    for start in range(0, 16, 4):
        check = bytes(one ^ other for one, other in zip(check, UUID(library).bytes[start : start + 4], strict=True))
    made = epoch.to_bytes(4, "big") + seq.to_bytes(8, "big") + check
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def canonical(value):
    """JSON as it is hashed: compact, in UTF-8, members by the order of their keys."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def cursors_and_sums():
    known = {(0, 0): "AAAAAAAAAAAAAAAAgZOAqg", (0, 7): "AAAAAAAAAAAAAAAHgZOAqg", (1, 1000): "AAAAAQAAAAAAAAPogZOAqg"}
    for (epoch, seq), text in known.items():
        assert cursor(LIBRARY, epoch, seq) == text, f"the cursor of {epoch}, {seq}"
    assert eight_bytes(f"{ID}00b", (1).to_bytes(8, "big")) == 0x21C4E3044BA90B9A
    state = State()
    for end, version in (("00b", 1), ("10b", 4), ("02c", 3)):
        state.items[ID + end] = Item("bookmark", 1, 1, {"url": Put("", "", version, "")})
    state.aliases[f"{ID}03d"] = f"{ID}00b"
    ranges = state.ranges()
    assert ranges[11] == 0xFC83E604E65EF15A and ranges[44] == 0xD91C60AF743318CD and ranges[61] == 0x3B3B5738D8998507
    assert state.checksum() == "1ea4d1934af46c90"
    return len(known) + 6


def changes():
    rows = [json.loads(line) for line in lines("changes.jsonl")]
    assert [canonical(row) for row in rows] == lines("changes.jsonl"), "another canonical JSON"
    pushes = lines("pushes.tsv")
    for line in pushes:
        known, text = line.split("\t", 1)
        assert sha256(canonical(json.loads(text)).encode()).hexdigest() == known, text
    state = State()
    for row in rows:
        state.fold(row)
    first, once = state.checksum(), state.copy()
    for row in rows:
        once.fold(row)
    assert once == state and once.checksum() == first, "folding again changes something"
    return len(rows) + len(pushes)


def bodies():
    """Stored bodies say what the changes say; the places of names are learnt from them."""
    rows = [json.loads(line) for line in lines("changes.jsonl")]
    names, count = {}, 0
    for line, row in zip(lines("bodies.tsv"), rows, strict=True):
        body = Body(bytes.fromhex(line.split("\t")[1]))
        for part in ("set", "also"):
            stored, said = body.puts(), dict(row.get(part, {}))
            assert len(stored) == len(said), line
            for register, value in stored:
                if isinstance(register, str):
                    assert said.pop(register, ...) == value, (line, register)
                    continue
                fits = [name for name in said if said[name] == value and names.get(register, name) == name]
                assert fits, (line, register)
                if len(fits) == 1:
                    names[register] = fits[0]
                    del said[fits[0]]
        assert not body.left, line
        count += 1
    assert len(set(names.values())) == len(names)
    return count


class Body:
    """A reader of stored bodies: version 1, in the postcard 1 format."""

    def __init__(self, content):
        self.left = content
        assert self.take(1) == b"\x01"

    def take(self, length):
        taken, self.left = self.left[:length], self.left[length:]
        return taken

    def number(self):
        value, shift = 0, 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def puts(self):
        return [(self.register(), self.value()) for _ in range(self.number())]

    def register(self):
        kind = self.number()
        if kind == 0:
            return self.number()
        return f"tag/{UUID(bytes=self.take(16))}" if kind == 1 else self.take(self.number()).decode()

    def value(self):
        if not self.number():
            return None
        kind = self.number()
        if kind == 0:
            return self.take(1) == b"\x01"
        if kind == 1:
            number = self.number()
            return number >> 1 ^ -(number & 1)
        if kind == 3:
            return str(UUID(bytes=self.take(16)))
        content = self.take(self.number())
        return content.decode() if kind == 2 else {"sealed": base64.b64encode(content).decode()}


def addresses_and_names():
    for line in lines("canon_v1.tsv"):
        given, known = line.split("\t")
        assert canon(given) == (None if known == "-" else known), (given, canon(given), known)
    for line in lines("folded_v1.tsv"):
        *given, known = line.split("\t")
        for name in given:
            name = re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), name).replace("\\t", "\t")
            assert not name or folded(name) == known, (given, folded(name), known)
    return len(lines("canon_v1.tsv")) + len(lines("folded_v1.tsv"))


def ids_and_stamps():
    rows = [line.split("\t") for line in lines("ids_and_stamps.tsv")]
    for what, now, *rest in rows:
        if what == "id":
            _, count, id_ = rest
            random_bits = UUID(id_).int & ((1 << 62) - 1)
            assert id_of((int(now) << 12) + int(count), random_bits) == id_, rest
        elif what == "local":
            assert stamped(int(now), rest[0]) == rest[2], rest
        elif what == "clamped":
            assert clamped(int(now), rest[0], rest[1]) == rest[2], rest
    return len(rows)


def hold():
    """Runs all vectors; says how many there were."""
    return cursors_and_sums() + changes() + bodies() + addresses_and_names() + ids_and_stamps()


if __name__ == "__main__":
    print(f"{hold()} vectors hold")
