"""A receiver of webhooks by the convention's own library: has a server tell it what happens, and verifies."""

import json
import queue
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

SERVER, TOKEN, LIBRARY, PORT = sys.argv[1:5]
# Seconds a message may take.
SOON = 20
heard = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        heard.put((dict(self.headers.items()), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def ask(method, path, body=None):
    """What the server answers, as JSON."""
    request = urllib.request.Request(f"{SERVER}/v1/libraries/{LIBRARY}/{path}", method=method)
    request.add_header("authorization", f"Bearer {TOKEN}")
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request, json.dumps(body or {}).encode()) as answer:
        return json.load(answer)


def refused(secret, body, headers):
    """Whether the library refuses it."""
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return True
    return False


def main():
    receiver = HTTPServer(("127.0.0.1", int(PORT)), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    added = ask("POST", "webhooks", {"url": f"http://127.0.0.1:{PORT}/hook"})
    old = added["signing_secret"]

    ask("POST", "bookmarks", {"url": "https://example.org/told", "title": "Told"})
    headers, body = heard.get(timeout=SOON)
    event = Webhook(old).verify(body, headers)
    event = json.loads(body) if event is None else event
    assert event["specversion"] == "1.0" and event["type"] == "mindshelf.bookmark.created", event
    assert event["id"] == headers["webhook-id"], headers
    assert refused(old, body.replace(b"Told", b"Lied"), headers), "a changed body passes"
    assert refused("whsec_" + "A" * 43 + "=", body, headers), "another secret passes"

    new = ask("POST", f"webhooks/{added['webhook']['id']}/secret")["signing_secret"]
    ask("POST", "bookmarks", {"url": "https://example.org/again", "title": "Again"})
    headers, body = heard.get(timeout=SOON)
    for secret in (old, new):
        Webhook(secret).verify(body, headers)
    assert heard.empty(), "more was sent than happened"
    print("2 messages verified, 2 forgeries refused, both secrets good after rotation")


main()
