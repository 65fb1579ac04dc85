"""How a server of MindShelf is asked: by HTTP, and by a WebSocket (RFC 6455) as far as text needs it."""

import base64
import gzip
import hashlib
import http.client
import json
import os
import random
import socket
import struct
import time
from urllib.parse import urlencode, urlsplit

PROTOCOL = "mindshelf.sync.v1"
LONGEST_WAIT = 600
TRIES = 8


class Refused(Exception):
    """What a server answered in the place of what was asked for."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')} {problem.get('errors')}")
        self.status, self.problem, self.code = status, problem, problem.get("code")

    def at(self, pointer):
        return any(error.get("pointer") == pointer for error in self.problem.get("errors") or ())


class Server:
    """One server, asked as one person."""

    def __init__(self, address, token):
        self.place, self.token = urlsplit(address), token

    def ask(self, method, path, body=None, query=None, headers=None):
        """What is answered, as JSON; asked again where the server says so or says nothing."""
        return json.loads(self.file(method, path, body, query, headers)[1] or b"null")

    def file(self, method, path, body=None, query=None, headers=None):
        """What is answered, as its headers and bytes."""
        for tries in range(TRIES):
            try:
                status, said, content = self._once(method, path, body, query, headers or {})
            except (OSError, http.client.HTTPException):
                if tries + 1 == TRIES:
                    raise
                status, said, content = 503, {}, b""
            if status < 400:
                return said, content
            if status not in (429, 500, 502, 503, 504) or tries + 1 == TRIES:
                raise Refused(status, json.loads(content or b"{}"))
            asked = min(float(said.get("retry-after", 0)), LONGEST_WAIT)
            time.sleep(asked or random.uniform(0, min(60, 2**tries)))
        raise AssertionError("the last try returns or raises")

    def _once(self, method, path, body, query, headers):
        connection = http.client.HTTPConnection(self.place.hostname, self.place.port, timeout=60)
        if self.place.scheme == "https":
            connection = http.client.HTTPSConnection(self.place.hostname, self.place.port, timeout=60)
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        said = {"Authorization": f"Bearer {self.token}", **headers}
        if body is not None:
            said["Content-Type"] = kind
        query = {name: value for name, value in (query or {}).items() if value is not None}
        target = path + ("?" + urlencode(query) if query else "")
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        try:
            connection.request(method, target, content, said)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def lines(self, path):
        """A file of lines of JSON that comes packed."""
        _, content = self.file("GET", path)
        return [json.loads(line) for line in gzip.decompress(content).decode().split("\n") if line]


class Closed(Exception):
    """The other side closed the socket, with this code."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed: {code} {reason}")
        self.code = code


class Socket:
    """The socket of a server, opened and greeted."""

    def __init__(self, server, token=None, timeout=20):
        place = server.place
        self.wire = socket.create_connection((place.hostname, place.port), timeout)
        if place.scheme == "https":
            import ssl

            self.wire = ssl.create_default_context().wrap_socket(self.wire, server_hostname=place.hostname)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            "GET /v1/sync HTTP/1.1",
            f"Host: {place.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Protocol: {PROTOCOL}",
        )
        self.wire.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.read = self.wire.makefile("rb")
        status = self.read.readline().decode()
        said = http.client.parse_headers(self.read)
        if " 101 " not in status:
            raise ConnectionError(status)
        proof = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        assert said["Sec-WebSocket-Accept"] == base64.b64encode(proof).decode(), "no WebSocket"
        assert said["Sec-WebSocket-Protocol"] == PROTOCOL, said["Sec-WebSocket-Protocol"]
        self.say(type="hello", token=token or server.token)

    def say(self, **message):
        """Sends one message."""
        self._send(0x1, json.dumps(message, ensure_ascii=False).encode())

    def hear(self, *types):
        """The next message of one of these types; of all, where none is named."""
        while True:
            message = json.loads(self._text())
            if message["type"] == "ping":
                self.say(type="pong")
            elif not types or message["type"] in types:
                return message

    def close(self):
        self._send(0x8, struct.pack("!H", 1000))
        self.read.close()
        self.wire.close()

    def _text(self):
        whole = b""
        while True:
            last, kind, content = self._frame()
            if kind == 0x8:
                code = struct.unpack("!H", content[:2])[0] if len(content) > 1 else 1005
                raise Closed(code, content[2:].decode())
            if kind == 0x9:
                self._send(0xA, content)
            elif kind in (0x0, 0x1):
                whole += content
                if last:
                    return whole.decode()

    def _frame(self):
        first, length = self._exactly(2)
        if length == 126:
            length = struct.unpack("!H", self._exactly(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self._exactly(8))[0]
        return first >> 7, first & 0xF, self._exactly(length)

    def _exactly(self, length):
        content = self.read.read(length)
        if len(content) < length:
            raise Closed(1006)
        return content

    def _send(self, kind, content):
        mask = os.urandom(4)
        length = len(content)
        head = bytes([0x80 | kind])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 1 << 16:
            head += bytes([0x80 | 126]) + struct.pack("!H", length)
        else:
            head += bytes([0x80 | 127]) + struct.pack("!Q", length)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(content))
        self.wire.sendall(head + mask + masked)
