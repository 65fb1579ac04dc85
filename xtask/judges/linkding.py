"""A client made for linkding, by a library of others: all it can ask is asked of the server."""

import asyncio
import json
import sys
import urllib.request

from aiolinkding import async_get_client
from aiolinkding.errors import InvalidTokenError, RequestError, UnknownEndpointError

SERVER, TOKEN = sys.argv[1:3]
PAGE = "https://example.org/by-an-app"
# What its apps decode numbers into.
ID_MAX = 2**31 - 1


async def refused(asked, kind):
    """Whether it is refused as the library expects."""
    try:
        await asked
    except kind:
        return True
    return False


async def bundles(client, number):
    """Saved filters, by plain requests of the library, which has no words of its own for them."""
    asks = client.async_request
    body = {"name": "Apps", "any_tags": "app nothing", "excluded_tags": "no", "filter_unread": "yes"}
    made = await asks("post", "/api/bundles/", json=body)
    assert body.items() <= made.items() and isinstance(made["id"], int), made
    found = await asks("get", "/api/bookmarks/", params={"bundle": made["id"]})
    assert [row["id"] for row in found["results"]] == [number], found
    changed = await asks("patch", f"/api/bundles/{made['id']}/", json={"search": "nowhere"})
    assert changed["any_tags"] == "app nothing" and changed["search"] == "nowhere", changed
    assert (await asks("get", "/api/bookmarks/", params={"bundle": made["id"]}))["count"] == 0
    assert made["id"] in [row["id"] for row in (await asks("get", "/api/bundles/"))["results"]]
    await asks("delete", f"/api/bundles/{made['id']}/")
    assert await refused(asks("get", f"/api/bundles/{made['id']}/"), UnknownEndpointError), "it is not gone"


async def files(client, number):
    """Files of a bookmark, and a page as SingleFile sends it; the library has no words for these either."""
    asks, at = client.async_request, f"/api/bookmarks/{number}/assets/"
    assert (await asks("get", at))["count"] == 0
    made = await sent(at + "upload/", {"file": ("notes.txt", "text/plain", b"hello")})
    assert made["asset_type"] == "upload" and made["status"] == "complete", made
    assert made["display_name"] == "notes.txt" and made["file_size"] == 5, made
    assert isinstance(made["id"], int) and 0 < made["id"] <= ID_MAX and made["bookmark"] == number, made
    assert await asks("get", f"{at}{made['id']}/") == made
    assert await read(f"{at}{made['id']}/download/") == b"hello"
    page = {"url": PAGE.encode(), "file": ("page.html", "text/html", b"<h1>A page</h1>")}
    await sent("/api/bookmarks/singlefile/", page)
    kinds = [row["asset_type"] for row in (await asks("get", at))["results"]]
    assert sorted(kinds) == ["snapshot", "upload"], kinds
    await asks("delete", f"{at}{made['id']}/")
    assert (await asks("get", at))["count"] == 1
    assert await refused(asks("get", f"{at}{made['id']}/"), UnknownEndpointError), "it is not gone"


def asked(path, body=None, kind=None):
    """A request by Python's own library, which takes forms with files."""
    headers = {"Authorization": f"Token {TOKEN}"}
    if kind:
        headers["Content-Type"] = kind
    request = urllib.request.Request(f"{SERVER}/linkding{path}", body, headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        assert "attachment" in answer.headers.get("Content-Disposition", "attachment")
        return answer.read()


async def read(path):
    """The bytes at a path."""
    return await asyncio.to_thread(asked, path)


async def sent(path, parts):
    """What is answered to a form."""
    mark, body = "----a-form-of-a-judge", b""
    for name, part in parts.items():
        file, kind, said = part if isinstance(part, tuple) else (None, "text/plain", part)
        named = f'; filename="{file}"' if file else ""
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"{named}\r\nContent-Type: {kind}\r\n\r\n'
        body += head.encode() + said + b"\r\n"
    body += f"--{mark}--\r\n".encode()
    kind = f"multipart/form-data; boundary={mark}"
    return json.loads(await asyncio.to_thread(asked, path, body, kind))


async def main():
    # Looks at the version of the server first, and does not go on below one.
    client = await async_get_client(f"{SERVER}/linkding", TOKEN)
    bookmarks = client.bookmarks
    before = (await bookmarks.async_get_all())["count"]

    made = await bookmarks.async_create(
        PAGE, title="By an app", description="d", notes="n", tag_names=["app", "two words"], unread=True
    )
    number = made["id"]
    assert isinstance(number, int) and 0 < number <= ID_MAX, made
    assert made["tag_names"] == ["app", "two-words"] and made["unread"] is True, made
    assert (await bookmarks.async_create(PAGE))["id"] == number, "saved twice"

    shown = await bookmarks.async_get_single(number)
    assert shown["title"] == "By an app" and shown["notes"] == "n", shown
    changed = await bookmarks.async_update(number, title="Changed", unread=True)
    assert changed["title"] == "Changed" and changed["description"] == "d", changed

    listed = await bookmarks.async_get_all(query="#app changed", limit=1)
    assert [row["id"] for row in listed["results"]] == [number] and listed["next"] is None, listed
    second = await bookmarks.async_get_all(limit=1, offset=1)
    assert second["count"] == before + 1 and second["previous"] and len(second["results"]) == 1, second

    await bundles(client, number)
    await files(client, number)

    await bookmarks.async_archive(number)
    archived = await bookmarks.async_get_archived()
    assert [row["id"] for row in archived["results"]] == [number], archived
    await bookmarks.async_unarchive(number)
    assert (await bookmarks.async_get_archived())["count"] == 0

    # Of a tag that is made this version of the library sends the name as "example", so it is refused.
    assert await refused(client.tags.async_create("a tag"), RequestError), "a tag without a name"
    tags = {row["name"]: row["id"] for row in (await client.tags.async_get_all())["results"]}
    assert {"app", "two-words"} <= set(tags), tags
    assert (await client.tags.async_get_single(tags["app"]))["name"] == "app", tags
    assert (await client.user.async_get_profile())["version"], "a profile says the version"

    await bookmarks.async_delete(number)
    assert await refused(bookmarks.async_get_single(number), UnknownEndpointError), "it is not gone"
    assert await refused(bookmarks.async_create("no address"), RequestError), "a word is an address"
    stranger = await async_get_client(f"{SERVER}/linkding", "a" * 40)
    assert await refused(stranger.bookmarks.async_get_all(), InvalidTokenError), "anybody gets in"
    print("a client of linkding was served in all it can ask")


asyncio.run(main())
