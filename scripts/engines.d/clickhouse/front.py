"""ClickHouse's HTTP interface over chDB, not a ClickHouse server.

A small HTTP server for tests: it speaks the part of the interface that clients use (queries in the
body or in `query=`, data in the body, `database`, `default_format`, `param_*`, settings, LZ4 frames
both ways, the code of an error in a header) and answers with the real engine of ClickHouse, run
inside this process by the `chdb-core` wheel. What it is not: no users, row policies, replication,
sessions or asynchronous inserts, answers are made whole before they are sent, and one query runs at
a time. It listens on the loopback only and stops on SIGTERM.
"""

import argparse
import os
import pathlib
import re
import signal
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import lz4.block
from chdb.session import Session
from clickhouse_cityhash.cityhash import CityHash128

TITLE = "ClickHouse's HTTP interface over chDB, not a ClickHouse server"
BODY_BYTES_MAX = 256 << 20
# A compressed frame: hash, method, size with its head, size of what is inside.
HASH_BYTES, HEAD_BYTES = 16, 9
LZ4, PLAIN = 0x82, 0x02
# Words of the interface itself; everything else in the address is a setting.
INTERFACE = {"query", "database", "default_format", "compress", "decompress", "query_id", "user",
             "password", "session_id", "enable_http_compression", "role", "quota_key",
             "wait_end_of_query", "client_protocol_version"}
INSERT = re.compile(r"\s*INSERT\s+INTO\b", re.IGNORECASE)
INSERT_DATA = re.compile(
    r"(\s*INSERT\s+INTO\s.*?)(?:\sFORMAT\s+(\w+)|\sVALUES)?\s*;?\s*$", re.IGNORECASE | re.DOTALL)
ERROR = re.compile(r"Code: (\d+)\.")
SETTING = re.compile(r"\w{1,100}")


class Refused(Exception):
    """An answer with a status and the code of an error of ClickHouse."""

    def __init__(self, status, code, text):
        super().__init__(text)
        self.status, self.code = status, code


def unframed(data):
    """What frames hold; each carries the hash of all that follows it."""
    whole, at = [], 0
    while at < len(data):
        head = at + HASH_BYTES
        method = data[head]
        size = int.from_bytes(data[head + 1:head + 5], "little")
        plain = int.from_bytes(data[head + 5:head + 9], "little")
        frame = data[head:head + size]
        if data[at:head] != hash_of(frame):
            raise Refused(400, 40, "Code: 40. DB::Exception: Checksum doesn't match")
        body = frame[HEAD_BYTES:]
        if method not in (LZ4, PLAIN):
            raise Refused(400, 89, f"Code: 89. DB::Exception: unknown method {method:#x}")
        whole.append(body if method == PLAIN else lz4.block.decompress(body, plain))
        at = head + size
    return b"".join(whole)


def framed(data):
    """`data` as one compressed frame."""
    body = lz4.block.compress(data, store_size=False)
    head = bytes([LZ4]) + (len(body) + HEAD_BYTES).to_bytes(4, "little")
    frame = head + len(data).to_bytes(4, "little") + body
    return hash_of(frame) + frame


def hash_of(frame):
    """CityHash128 of version 1.0.2, the low half first."""
    value = CityHash128(frame)
    return (value >> 64).to_bytes(8, "little") + (value & (2**64 - 1)).to_bytes(8, "little")


class Engine:
    """chDB, one query at a time."""

    def __init__(self, folder):
        self.lock = threading.Lock()
        self.folder = folder
        self.session = Session(str(folder / "store"))

    def answer(self, asked, body):
        """The bytes and the format of the answer to one request."""
        text, data = asked.get("query", ""), body
        if not INSERT.match(text) and body:
            text, data = text + body.decode("utf-8", "surrogateescape"), b""
        with self.lock:
            self.run(f"USE {quoted(asked.get('database') or 'default')}", {})
            settings = [(name, value) for name, value in asked.items()
                        if name not in INTERFACE and not name.startswith("param_")]
            for name, value in settings:
                if SETTING.fullmatch(name):
                    self.run(f"SET {name} = {literal(value)}", {})
            try:
                if data and INSERT.match(text):
                    return self.insert(text, data)
                params = {name[6:]: value for name, value in asked.items()
                          if name.startswith("param_")}
                return self.run(text, params, asked.get("default_format") or "TabSeparated")
            finally:
                for name, _ in settings:
                    if SETTING.fullmatch(name):
                        self.run(f"SET {name} = DEFAULT", {})

    def insert(self, text, data):
        """Data that came behind the query is read from a file: chDB takes no other stream."""
        statement, shape = INSERT_DATA.match(text).groups()
        with tempfile.NamedTemporaryFile(dir=self.folder) as file:
            file.write(data)
            file.flush()
            return self.run(
                f"{statement} FROM INFILE {literal(file.name)} FORMAT {shape or 'Values'}", {})

    def run(self, text, params, shape="TabSeparated"):
        try:
            return self.session.query(text, shape, params=params or None).bytes() or b""
        except RuntimeError as error:
            said = str(error)
            found = ERROR.search(said)
            code = int(found[1]) if found else 1002
            status = {60: 404, 81: 404, 47: 404, 46: 404, 62: 400, 516: 403}.get(code, 500)
            raise Refused(status, code, said) from error


def literal(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name):
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine = None

    def do_GET(self):
        self.handle_one()

    def do_POST(self):
        self.handle_one()

    def handle_one(self):
        asked = urlsplit(self.path)
        words = dict(parse_qsl(asked.query, keep_blank_values=True))
        try:
            body = self.body()
            if asked.path in ("/ping", "/replicas_status"):
                return self.say(200, b"Ok.\n")
            if words.get("decompress") == "1" and body:
                body = unframed(body)
            if not body and not words.get("query"):
                return self.say(200, b"Ok.\n")
            answer = self.engine.answer(words, body)
            self.say(200, framed(answer) if words.get("compress") == "1" and answer else answer)
        except Refused as refused:
            self.say(refused.status, str(refused).encode(), refused.code)
        except (IndexError, ValueError) as error:  # a frame that is none
            self.say(400, f"Code: 33. DB::Exception: {error}".encode(), 33)

    def body(self):
        """The body, by its length or in chunks."""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            whole = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                self.bounded(len(whole) + size)
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole
        size = int(self.headers.get("Content-Length") or 0)
        self.bounded(size)
        return self.rfile.read(size)

    def bounded(self, size):
        if size > BODY_BYTES_MAX:
            self.close_connection = True
            raise Refused(413, 241, f"more than {BODY_BYTES_MAX} bytes")

    def say(self, status, body, code=None):
        self.send_response(status)
        self.send_header("X-ClickHouse-Server-Display-Name", TITLE)
        if code is not None:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        """Nothing: what failed is told to the one who asked."""


def main():
    asked = argparse.ArgumentParser(description=TITLE)
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--dir", type=pathlib.Path, required=True)
    asked = asked.parse_args()
    asked.dir.mkdir(parents=True, exist_ok=True)
    Handler.engine = Engine(asked.dir)
    server = ThreadingHTTPServer(("127.0.0.1", asked.port), Handler)
    server.daemon_threads = True
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"{TITLE}: 127.0.0.1:{asked.port}, pid {os.getpid()}", flush=True)
    server.serve_forever()
    Handler.engine.session.close()


if __name__ == "__main__":
    main()
