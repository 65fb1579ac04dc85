"""A client made for Karakeep, by others: what it can ask of the part that is answered here is asked of the server.

It is run as a program of its own, and holds each answer against the shapes of Karakeep's own document.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

SERVER, TOKEN = sys.argv[1:3]
CLIENT = Path(sys.executable).with_name("karakeep")
PAGE = "https://example.org/by-karakeep"
# How often a search is asked again: what was saved is found in a moment.
LOOKS = 40


def run(command, key=TOKEN, **options):
    """What a command of the client comes to."""
    said = [f"--{name.replace('_', '-')}={value if isinstance(value, str) else json.dumps(value)}" for name, value in options.items()]
    known = {name: value for name, value in os.environ.items() if not name.startswith("KARAKEEP")}
    known |= {"KARAKEEP_PYTHON_API_ENDPOINT": f"{SERVER}/karakeep/api/v1/", "KARAKEEP_PYTHON_API_KEY": key}
    return subprocess.run([CLIENT, command, *said], env=known, capture_output=True, text=True, timeout=120, check=False)


def asks(command, **options):
    """What the client makes of the answer; it ends with an error where that has another shape."""
    done = run(command, **options)
    assert done.returncode == 0, f"{command} {options}: {done.stdout}\n{done.stderr}"
    return json.loads(done.stdout) if done.stdout.strip() else None


def tags(method, bookmark, *tagged):
    """Puts tags on a bookmark or takes them off; the client's command line cannot send a list of them."""
    address = f"{SERVER}/karakeep/api/v1/bookmarks/{bookmark}/tags"
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    body = json.dumps({"tags": [*tagged]}).encode()
    with urllib.request.urlopen(urllib.request.Request(address, body, headers, method=method)) as answer:
        return json.load(answer)


def refused(command, key=TOKEN, **options):
    """Whether the client says that it was refused."""
    return run(command, key, **options).returncode != 0


def main():
    assert asks("get-current-user-info")["id"], "somebody asks"
    before = len(asks("get-all-bookmarks"))

    made = asks("create-a-new-bookmark", type="link", url=PAGE, title="By an app", note="n", source="cli")
    one = made["id"]
    assert made["content"]["url"] == PAGE and made["title"] == "By an app" and made["note"] == "n", made
    assert asks("create-a-new-bookmark", type="link", url=f"{PAGE}/")["id"] == one, "saved twice"
    assert asks("check-url", url=PAGE)["bookmarkId"] == one, "an address that is saved"
    assert asks("check-url", url="https://example.org/nowhere")["bookmarkId"] is None, "one that is not"
    asks("update-a-bookmark", bookmark_id=one, update_data={"title": "Changed", "favourited": True})
    shown = asks("get-a-single-bookmark", bookmark_id=one)
    assert shown["title"] == "Changed" and shown["favourited"] and shown["note"] == "n", shown
    assert len(asks("get-all-bookmarks")) == before + 1

    assert tags("POST", one, {"tagName": "app"}, {"tagName": "two words"})["attached"]
    known = {tag["name"]: tag for tag in asks("get-all-tags")["tags"]}
    assert known["two words"]["numBookmarks"] == 1, known
    assert tags("DELETE", one, {"tagId": known["two words"]["id"]})["detached"]
    assert [tag["name"] for tag in asks("get-a-single-bookmark", bookmark_id=one)["tags"]] == ["app"]

    parent = asks("create-a-new-list", name="Parent", icon="📔", list_type="manual")["id"]
    child = asks("create-a-new-list", name="Child", icon="📔", list_type="manual", parent_id=parent)["id"]
    asks("update-a-list", list_id=child, name="Renamed")
    listed = asks("get-a-single-list", list_id=child)
    assert listed["name"] == "Renamed" and listed["parentId"] == parent, listed
    assert {parent, child} <= {row["id"] for row in asks("get-all-lists")}
    asks("add-a-bookmark-to-a-list", list_id=child, bookmark_id=one)
    assert [row["id"] for row in asks("get-bookmarks-in-the-list", list_id=child)["bookmarks"]] == [one]
    assert [row["id"] for row in asks("get-lists-of-a-bookmark", bookmark_id=one)] == [child]
    asks("remove-a-bookmark-from-a-list", list_id=child, bookmark_id=one)
    assert asks("get-lists-of-a-bookmark", bookmark_id=one) == []

    for look in range(LOOKS):
        found = [row["id"] for row in asks("search-bookmarks", q="changed")["bookmarks"]]
        if one in found:
            break
        assert look + 1 < LOOKS, f"it is not found: {found}"
        time.sleep(0.25)

    asks("delete-a-list", list_id=parent)
    assert child in {row["id"] for row in asks("get-all-lists")}, "what was under a list stays"
    asks("delete-a-bookmark", bookmark_id=one)
    assert refused("get-a-single-bookmark", bookmark_id=one), "it is not gone"
    assert refused("create-a-new-bookmark", type="text", text="t"), "a text is kept"
    assert refused("get-all-lists", key="a" * 40), "anybody gets in"
    print("a client of Karakeep was served in all of the part that is answered")


main()
