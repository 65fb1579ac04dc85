"""A client made for linkding, by a library of others: all it can ask is asked of the server."""

import asyncio
import sys

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
    changed = await bookmarks.async_update(number, title="Changed")
    assert changed["title"] == "Changed" and changed["description"] == "d", changed

    listed = await bookmarks.async_get_all(query="#app changed", limit=1)
    assert [row["id"] for row in listed["results"]] == [number] and listed["next"] is None, listed
    second = await bookmarks.async_get_all(limit=1, offset=1)
    assert second["count"] == before + 1 and second["previous"] and len(second["results"]) == 1, second

    await bundles(client, number)

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
