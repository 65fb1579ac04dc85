"""What LOG.md says of addresses, names, ids, stamps and keys of order, for a client in Python."""

import ipaddress
import random
import re
import time
import unicodedata
from urllib.parse import unquote_to_bytes
from uuid import UUID

import idna

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}
FAR_AHEAD_MS = 60_000
# What WHATWG's URL standard percent-encodes beside controls and what is not ASCII.
IN_FRAGMENT = ' "<>`'
IN_QUERY = " \"#<>'"
IN_PATH = ' "#<>?`{}^'
IN_USER = IN_PATH + "/:;=@[\\]|"
FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20\x7f#%/:<>?@\[\\\]^|]")
WHITE = re.compile(r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


def folded(name):
    """The folded name of a tag: two tags of one are the same tag."""
    name = unicodedata.normalize("NFKC", name).lower()
    return WHITE.sub(" ", unicodedata.normalize("NFKC", name)).strip(" ")


def canon(text):
    """The address by which two bookmarks are the same, or nothing where it is none."""
    text = re.sub(r"[\t\n\r]", "", text.strip("".join(map(chr, range(33)))))
    found = re.match(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)", text, re.DOTALL)
    if not found:
        return None
    scheme, rest = found[1].lower(), found[2]
    rest, hashed, fragment = rest.partition("#")
    rest, asked, query = rest.partition("?")
    try:
        if scheme in PORTS or re.match(r"//[^/]", rest.replace("\\", "/") if scheme == "file" else rest):
            return _with_host(scheme, rest, query, fragment)
        start = scheme + ":" + _plain(scheme, rest)
    except (ValueError, idna.IDNAError):
        return None
    return start + asked + _encoded(query, IN_QUERY) + hashed + _encoded(fragment, IN_FRAGMENT)


def _with_host(scheme, rest, query, fragment):
    special = scheme in PORTS or scheme == "file"
    rest = rest.replace("\\", "/").lstrip("/") if special else rest[2:]
    authority, _, path = rest.partition("/")
    user, _, place = authority.rpartition("@")
    found = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?", place)
    if not found or not found[1] or int(found[2] or 0) > 65_535:
        raise ValueError(place)
    name, _, secret = user.partition(":")
    user = _encoded(name, IN_USER) + (":" + _encoded(secret, IN_USER) if secret else "")
    port = str(int(found[2])) if found[2] else ""
    shown = f"{user}@" if user else ""
    shown += _host(found[1]) if special else found[1]
    shown += f":{port}" if port not in ("", PORTS.get(scheme)) else ""
    pairs = [pair for pair in _encoded(query, IN_QUERY).split("&") if pair and not _tracks(pair)]
    pairs.sort(key=lambda pair: pair.partition("=")[0])
    fragment = _encoded(fragment, IN_FRAGMENT).partition(":~:")[0]
    address = f"{scheme}://{shown}{_path(path).rstrip('/')}"
    return address + ("?" + "&".join(pairs) if pairs else "") + (f"#{fragment}" if fragment else "")


def _tracks(pair):
    name = pair.partition("=")[0].lower()
    return name.startswith("utm_") or name in ("gclid", "fbclid")


def _plain(scheme, rest):
    """What an address has behind its scheme that is parsed and left as it is."""
    if scheme == "file":
        return "//" + _path(rest.replace("\\", "/").lstrip("/"))
    return _path(rest[1:]) if rest.startswith("/") else _encoded(rest, "")


def _path(path):
    kept = []
    parts = path.replace("\\", "/").split("/")
    for place, part in enumerate(parts):
        dots = part.lower().replace("%2e", ".")
        if dots == "..":
            del kept[-1:]
        elif dots != ".":
            kept.append(_encoded(part, IN_PATH))
        if dots in (".", "..") and place == len(parts) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def _encoded(text, also):
    kept = (chr(byte) if 0x1F < byte < 0x7F and chr(byte) not in also else f"%{byte:02X}" for byte in text.encode())
    return "".join(kept)


def _host(host):
    if host.startswith("["):
        return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]"
    host = unquote_to_bytes(host).decode()
    if not host.isascii():
        host = idna.encode(host, uts46=True, transitional=False).decode()
    host = host.lower()
    if FORBIDDEN_IN_HOST.search(host):
        raise ValueError(host)
    return _ipv4(host) if re.search(r"(^|\.)(\d+|0x[0-9a-f]*)\.?$", host) else host


def _ipv4(host):
    parts = host.removesuffix(".").split(".")
    numbers = [int(part, 16 if part.startswith("0x") else 8 if re.match(r"0\d", part) else 10) for part in parts]
    if len(numbers) > 4 or any(number > 255 for number in numbers[:-1]):
        raise ValueError(host)
    whole = numbers[-1] + sum(number << 8 * (3 - place) for place, number in enumerate(numbers[:-1]))
    return str(ipaddress.IPv4Address(whole))


def stamped(now_ms, highest):
    """The stamp of a write: later than the clock and than all that is known."""
    return f"{min(max(now_ms << 16, int(highest, 16)) + 1, (1 << 64) - 1):016x}"


def clamped(now_ms, head, given):
    """The stamp a pushed change is logged with."""
    return given if int(given, 16) >> 16 <= now_ms + FAR_AHEAD_MS else stamped(now_ms, head)


class Ids:
    """Ids as LOG.md wants them: UUIDv7 of which the 12 bits after the time count."""

    def __init__(self, chance):
        self.chance, self.last = chance, 0

    def __call__(self):
        self.last = max(int(time.time() * 1000) << 12, self.last + 1)
        return id_of(self.last, self.chance.getrandbits(62))


def id_of(counted, random_bits):
    """The id of a time with the count behind it."""
    number = (counted >> 12) << 80 | 0x7 << 76 | (counted & 0xFFF) << 64 | 0b10 << 62 | random_bits
    return str(UUID(int=number & ((1 << 128) - 1)))


def between(low, high, chance=random):
    """A key of order between two others; nothing is the beginning, or the end."""
    return _middle(low or "", high) + chance.choice(DIGITS) + chance.choice(DIGITS[1:])


def _middle(low, high):
    first = DIGITS.index(low[0]) if low else 0
    last = DIGITS.index(high[0]) if high else len(DIGITS)
    if last - first > 1:
        return DIGITS[(first + last) // 2]
    rest = high[1:] if high and last == first else None
    return DIGITS[first] + _middle(low[1:], rest)
