"""The smallest clients that can ask each engine a true question: an open port proves nothing.

Each raises `OSError` or `Unready` while the engine cannot answer, and gives back its version.
"""

import json
import re
import socket
import struct
import urllib.error
import urllib.request

ASK_SECONDS = 5


class Unready(Exception):
    """The engine answered, but not what a ready one answers."""


def connect(port, seconds=ASK_SECONDS):
    return socket.create_connection(("127.0.0.1", port), timeout=seconds)


def exactly(stream, count):
    """Reads `count` bytes."""
    data = stream.read(count)
    if data is None or len(data) < count:
        raise Unready("the connection was closed")
    return data


def postgres(port, such=""):
    """The version over PostgreSQL's own protocol, also through pgbouncer; if `such` holds there."""
    hello = b"user\0postgres\0database\0postgres\0\0"
    query = f"select current_setting('server_version') {such}\0".encode()
    with connect(port) as plug, plug.makefile("rb") as stream:
        plug.sendall(struct.pack("!ii", len(hello) + 8, 196608) + hello)
        plug.sendall(b"Q" + struct.pack("!i", len(query) + 4) + query)
        while True:
            kind, length = struct.unpack("!ci", exactly(stream, 5))
            body = exactly(stream, length - 4)
            if kind == b"E":
                raise Unready(body.replace(b"\0", b" ").decode(errors="replace"))
            if kind == b"D":
                return body[6:].decode().split()[0]
            if kind == b"C":
                raise Unready(f"no row {such}")


def standby(port):
    """The version of a server that is a standby and streams from its primary now."""
    return postgres(port, "from pg_stat_wal_receiver "
                          "where status = 'streaming' and pg_is_in_recovery()")


def redis(port):
    """PING, refused while data is being loaded, then the version."""
    with connect(port) as plug, plug.makefile("rb") as stream:
        plug.sendall(b"PING\r\n")
        pong = stream.readline()
        if pong != b"+PONG\r\n":
            raise Unready(pong.decode(errors="replace"))
        plug.sendall(b"INFO server\r\n")
        length = int(stream.readline()[1:])
        return re.search(rb"redis_version:(\S+)", exactly(stream, length))[1].decode()


def nats(port, copies=1):
    """Makes a stream with so many copies, stores one message and drops the stream. A cluster that
    has no leader yet keeps silent, so the patience is short: asking again is the way."""
    with connect(port, seconds=1) as plug, plug.makefile("rb") as stream:
        version = json.loads(stream.readline()[5:])["version"]
        plug.sendall(b'CONNECT {"verbose":false}\r\nSUB answer 1\r\n')
        shape = {"name": "ready", "subjects": ["ready"], "num_replicas": copies,
                 "storage": "memory"}
        nats_request(plug, stream, "$JS.API.STREAM.CREATE.ready", shape)
        try:
            nats_request(plug, stream, "ready", {})
        finally:
            nats_request(plug, stream, "$JS.API.STREAM.DELETE.ready", {})
        return version


def nats_request(plug, stream, subject, question):
    """One request to the server and its answer, which may not be an error."""
    body = json.dumps(question).encode()
    plug.sendall(b"PUB %b answer %d\r\n%b\r\n" % (subject.encode(), len(body), body))
    while True:
        line = stream.readline()
        if not line:
            raise Unready("the connection was closed")
        if line == b"PING\r\n":
            plug.sendall(b"PONG\r\n")
        words = line.split()
        if words and words[0] in (b"MSG", b"HMSG"):
            answer = exactly(stream, int(words[-1]) + 2)
            # Without a stream behind the subject the answer is a status and no document.
            if words[0] == b"HMSG" or b'"error"' in answer:
                raise Unready(answer.decode(errors="replace").strip())
            return


def http(port, path, method="GET", body=None, headers=None):
    """The answer to one HTTP request; anything but success is not ready."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers or {},
                                     method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=ASK_SECONDS) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise Unready(f"{path} answered {error.code}") from error
    except (ValueError, urllib.error.URLError) as error:
        raise Unready(str(error)) from error


def s3(port):
    """A bucket is made, filled, read and removed. The emulator reads a signature's form alone."""
    scope = "test/20260101/us-east-1/s3/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, "
                               "Signature=0", "Content-Type": "application/octet-stream"}
    bucket, key = "/ready-probe", "/ready-probe/key"
    http(port, bucket, "PUT", headers=signed)
    http(port, key, "PUT", b"here", signed)
    if http(port, key, headers=signed) != b"here":
        raise Unready("an object came back changed")
    http(port, key, "DELETE", headers=signed)
    http(port, bucket, "DELETE", headers=signed)


def oidc(port, issuer):
    """The discovery document, which has to name this issuer."""
    found = json.loads(http(port, f"{issuer}/.well-known/openid-configuration"))
    if found.get("issuer") != f"http://127.0.0.1:{port}{issuer}":
        raise Unready(f"the issuer is {found.get('issuer')}")


def otlp(port):
    """An export of no spans, which leaves no trace in what tests read."""
    http(port, "/v1/traces", "POST", b"{}", {"Content-Type": "application/json"})


def clickhouse(port):
    return http(port, "/?query=select%20version()").decode().strip()


def bolt(port):
    """`RETURN 1` over Bolt 5, with the messages of that protocol packed by hand."""
    with connect(port) as plug, plug.makefile("rb") as stream:
        plug.sendall(bytes.fromhex("6060b017 00000005 00000004 00000000 00000000"))
        if exactly(stream, 4) == bytes(4):
            raise Unready("speaks no Bolt 5.0 or 4.0")
        agent = b"\xa1\x8auser_agent\x8eshelf-engines/"
        scheme = b"\xa1\x86scheme\x84none"
        # Bolt 5.0 and older take the scheme with the greeting.
        hello = b"\xa2" + agent[1:] + scheme[1:]
        meta = bolt_request(plug, stream, b"\xb1\x01" + hello)
        bolt_request(plug, stream, b"\xb3\x10\x88RETURN 1\xa0\xa0")
        bolt_request(plug, stream, b"\xb1\x3f\xa1\x81n\xff")
        found = re.search(rb"Neo4j/([\w.\-]+)", meta)
        return found[1].decode() if found else ""


def bolt_request(plug, stream, message):
    """One message in one chunk, and its answers up to the summary."""
    plug.sendall(struct.pack("!H", len(message)) + message + b"\0\0")
    while True:
        answer = b""
        while length := struct.unpack("!H", exactly(stream, 2))[0]:
            answer += exactly(stream, length)
        if answer[1:2] == b"\x70":
            return answer
        if answer[1:2] in (b"\x7f", b"\x7e"):
            raise Unready(answer.decode(errors="replace"))


def grpc(port, method):
    """One gRPC call with an empty message, and true when a message came back."""
    def text(value):
        return bytes([len(value)]) + value.encode()

    def frame(kind, flags, stream_id, body):
        return struct.pack("!I", len(body))[1:] + struct.pack("!BBI", kind, flags, stream_id) + body

    fields = {":method": "POST", ":scheme": "http", ":path": method, ":authority": "localhost",
              "content-type": "application/grpc", "te": "trailers"}
    # Each field literal, by name, not indexed: the plainest form of header compression.
    headers = b"".join(b"\0" + text(name) + text(value) for name, value in fields.items())
    with connect(port) as plug, plug.makefile("rb") as stream:
        plug.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b""))
        plug.sendall(frame(1, 4, 1, headers) + frame(0, 1, 1, bytes(5)))
        while True:
            head = exactly(stream, 9)
            length = int.from_bytes(head[:3], "big")
            kind, flags = head[3], head[4]
            body = exactly(stream, length)
            if kind == 0 and length >= 5:
                return body[5:]
            if kind == 4 and not flags & 1:
                plug.sendall(frame(4, 1, 0, b""))
            if kind in (3, 7) or (kind == 1 and flags & 1):
                raise Unready(f"{method} gave no message")
