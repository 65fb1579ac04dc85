// Sync between browsers and a library, one promise at a time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Killed } from "./model/browser.js";
import { Device, level, LIBRARY, world } from "./model/device.js";
import { rootId } from "../src/domain/ids.js";
import { refusal } from "../src/words.js";
import { readTree } from "../src/sync/tree.js";

const pair = async (seed) => {
  const at = world(seed);
  const [a, b] = [await new Device(at).begin(), await new Device(at, { first: 5_000, isFirefox: true }).begin()];
  return { at, a, b };
};

const same = (a, b) => assert.deepEqual(a.browser.picture(), b.browser.picture());
const add = (device, title, url = `https://${title.replaceAll(" ", "-")}.example/`, parentId = device.browser.bar, index) =>
  device.browser.create({ parentId, title, url, index });

test("what is saved, named, moved and removed in one browser is so in the other", async () => {
  const { a, b } = await pair();
  const folder = await a.browser.create({ parentId: a.browser.bar, title: "News" });
  const one = await add(a, "one", undefined, folder.id);
  const two = await add(a, "two");
  await level(a, b);
  same(a, b);
  await a.browser.update(one.id, { title: "The first" });
  await a.browser.move(two.id, { parentId: folder.id, index: 0 });
  await level(a, b);
  same(a, b);
  const there = b.browser.all().find(({ title }) => title === "The first");
  await b.browser.update(there.id, { title: "Renamed there", url: "https://elsewhere.example/" });
  await b.browser.move(there.id, { parentId: b.browser.other, index: 0 });
  await level(a, b);
  same(a, b);
  assert.equal((await a.browser.getTree())[0].children[1].children[0].url, "https://elsewhere.example/");
  await a.browser.remove(two.id);
  await level(a, b);
  same(a, b);
  assert.equal(b.browser.all().filter(({ isFolder }) => !isFolder).length, 1);
});

test("our own writes come back as nothing", async () => {
  const { at, a, b } = await pair();
  await add(a, "one");
  await level(a, b);
  const rows = at.server.rows.length;
  for (let times = 0; times < 3; times += 1) await level(a, b);
  assert.equal(at.server.rows.length, rows);
});

test("the first sync of a second browser merges and deletes nothing", async () => {
  const { a, b } = await pair();
  for (const device of [a, b]) {
    const folder = await device.browser.create({ parentId: device.browser.bar, title: "News" });
    await add(device, "both", undefined, folder.id);
  }
  await add(a, "only a");
  await add(b, "only b");
  await level(a);
  await level(a, b);
  same(a, b);
  const titles = a.browser.all().map(({ title }) => title).sort();
  assert.deepEqual(titles, ["News", "both", "only a", "only b"]);
});

test("two browsers that begin at the same moment have the same roots", async () => {
  const { at, a, b } = await pair();
  await add(a, "from a");
  await add(b, "from b");
  await Promise.all([a.sync(), b.sync()]);
  await level(a, b);
  same(a, b);
  const roots = [...at.server.shelf.items.values()].filter(({ kind }) => kind === "collection");
  assert.equal(roots.length, 2);
});

test("order is kept, both by one step and from one end to the other", async () => {
  const { a, b } = await pair();
  const made = [];
  for (let at = 0; at < 8; at += 1) made.push(await add(a, `n${at}`));
  await level(a, b);
  same(a, b);
  await a.browser.move(made[0].id, { parentId: a.browser.bar, index: 8 });
  await level(a, b);
  same(a, b);
  const last = b.browser.all().find(({ title }) => title === "n7");
  await b.browser.move(last.id, { parentId: b.browser.bar, index: 0 });
  await level(a, b);
  same(a, b);
  assert.deepEqual(a.browser.picture()[0].map((text) => text.slice(0, 2)), ["n7", "n1", "n2", "n3", "n4", "n5", "n6", "n0"]);
});

test("the same address twice, in one folder and in two, stays as often as it was saved", async () => {
  const { a, b } = await pair();
  const folder = await a.browser.create({ parentId: a.browser.other, title: "F" });
  for (const [title, parent] of [["x", a.browser.bar], ["x", a.browser.bar], ["y", folder.id]]) await add(a, title, "https://same.example/", parent);
  await level(a, b);
  same(a, b);
  assert.equal(b.browser.all().filter(({ isFolder }) => !isFolder).length, 3);
  await a.browser.remove(a.browser.all().find(({ title }) => title === "y").id);
  await level(a, b);
  same(a, b);
  assert.equal(b.browser.all().filter(({ isFolder }) => !isFolder).length, 2);
});

test("what is no page of the web stays here, and where it stood", async () => {
  const { at, a, b } = await pair();
  await add(a, "one");
  await add(a, "script", "javascript:alert(1)");
  await add(a, "settings", "chrome://settings/");
  await add(a, "two");
  await level(a, b);
  assert.equal(at.server.rows.some(({ set }) => /javascript|chrome:/.test(JSON.stringify(set))), false);
  const two = b.browser.all().find(({ title }) => title === "two");
  await b.browser.move(two.id, { parentId: b.browser.bar, index: 0 });
  await level(a, b);
  assert.deepEqual(a.browser.picture()[0].map((text) => text.split(" ")[0]), ["two", "one", "script", "settings"]);
  // A page that becomes a script leaves the library's tree, and the bookmark stays in the library.
  await a.browser.update(a.browser.all().find(({ title }) => title === "one").id, { url: "javascript:1" });
  await level(a, b);
  assert.equal(b.browser.all().some(({ title }) => title === "one"), false);
  const kept = [...at.server.shelf.items.values()].find(({ puts }) => puts.url?.[3] === "https://one.example/");
  assert.equal(kept.puts.trashed_at, undefined);
});

test("separators and empty titles do no harm", async () => {
  const { a, b } = await pair();
  await b.browser.create({ parentId: b.browser.bar, type: "separator" });
  await b.browser.create({ parentId: b.browser.bar, title: "" });
  await add(b, "", "https://untitled.example/");
  await level(a, b);
  await level(a, b);
  assert.deepEqual(a.browser.picture()[0], [["Untitled folder", []], " <https://untitled.example/>"]);
  assert.equal(b.browser.picture()[0].length, 3);
});

test("a server that is away loses nothing that is done meanwhile", async () => {
  const { at, a, b } = await pair();
  const one = await add(a, "one");
  await level(a, b);
  at.server.isDown = true;
  await a.browser.update(one.id, { title: "offline" });
  await add(a, "added offline");
  const told = await a.sync();
  assert.match(String(told.failure), /nobody answers/);
  assert.ok(a.state.queue.length > 0);
  await add(b, "added there");
  await b.sync();
  at.server.isDown = false;
  await level(a, b);
  same(a, b);
  assert.equal(a.browser.all().length, 3);
});

/** Eighty pages in a folder of the first browser, known to both. */
async function eighty() {
  const { at, a, b } = await pair();
  const folder = await a.browser.create({ parentId: a.browser.bar, title: "Many" });
  for (let count = 0; count < 80; count += 1) await add(a, `m${count}`, undefined, folder.id);
  await level(a, b);
  a.browser.removeTree(folder.id);
  await level(a, b);
  return { at, a, b };
}

test("many removals wait for the person, and are brought back at a word", async () => {
  const { at, a, b } = await eighty();
  assert.equal(a.state.meta.outbound.count, 81);
  assert.equal(b.browser.all().length, 81, "the other browser lost nothing");
  assert.equal(a.browser.all().length, 0, "and here nothing is made again meanwhile");
  assert.ok(at.server.rows.every(({ set }) => !set.trashed_at), "the library was told nothing");
  a.store.kept.meta.outbound.decided = "keep";
  await level(a, b);
  same(a, b);
  assert.equal(a.browser.all().length, 81);
});

test("many removals that are meant are done, and the others ask before they follow", async () => {
  const { at, a, b } = await eighty();
  a.store.kept.meta.outbound.decided = "remove";
  await level(a, b);
  assert.equal(a.state.meta.outbound, null);
  assert.deepEqual(a.state.meta.held, {}, "who has agreed is not asked again");
  assert.ok([...at.server.shelf.items.values()].filter(({ kind }) => kind === "bookmark").every(({ puts }) => puts.trashed_at?.[3]));
  assert.equal(b.browser.all().length, 81);
  assert.equal(b.state.meta.inbound.count, 81);
  b.store.kept.meta.inbound.decided = "remove";
  await level(a, b);
  assert.equal(b.browser.all().length, 0);
  same(a, b);
});

test("removals that only the library finds many wait there, and come back where they are refused", async () => {
  for (const word of ["refuse", "confirm"]) {
    const { at, a, b } = await pair();
    for (let count = 0; count < 300; count += 1) await a.browser.create({ parentId: a.browser.other, title: `f${count}` });
    for (let count = 0; count < 60; count += 1) await add(a, `m${count}`);
    await level(a, b);
    for (const { id, isFolder } of a.browser.all()) if (!isFolder) await a.browser.remove(id);
    await level(a, b);
    assert.equal(Object.keys(a.state.meta.held).length, 60);
    assert.equal(b.browser.all().length, 360);
    assert.equal(a.browser.all().length, 300, "nothing is made again meanwhile");
    at.server[word](a.state.meta.device);
    await level(a, b);
    same(a, b);
    assert.equal(a.browser.all().length, word === "refuse" ? 360 : 300);
  }
});

test("an emptied profile empties no library", async () => {
  const { a, b } = await eighty();
  a.browser.nodes.get("0").children = ["1", "2"];
  for (let times = 0; times < 3; times += 1) await level(a, b);
  assert.equal(b.browser.all().length, 81);
});

test("what others removed in masses can be kept, and is put back", async () => {
  const { at, a, b } = await pair();
  for (let count = 0; count < 60; count += 1) await add(a, `m${count}`);
  await level(a, b);
  for (const item of [...at.server.shelf.items.values()]) if (item.kind === "bookmark") at.server.edit(item.id, "bookmark", { trashed_at: 1 });
  await level(a, b);
  assert.equal(a.browser.all().length, 60);
  a.store.kept.meta.inbound.decided = "keep";
  await level(a, b);
  same(a, b);
  assert.equal(b.browser.all().length, 60);
  assert.ok([...at.server.shelf.items.values()].filter(({ kind }) => kind === "bookmark").every(({ puts }) => !puts.trashed_at?.[3]));
});

test("a collection of a root that was put into the trash empties no browser", async () => {
  const { at, a, b } = await pair();
  await add(a, "one");
  await level(a, b);
  at.server.edit(await rootId(LIBRARY, null, "bar"), "collection", { trashed_at: 1 });
  await level(a, b);
  assert.equal(a.browser.all().length, 1);
  assert.equal(a.state.meta.blocked.bar, "trashed");
  at.server.edit(await rootId(LIBRARY, null, "bar"), "collection", { trashed_at: null });
  await level(a, b);
  assert.deepEqual(a.state.meta.blocked, {});
  same(a, b);
});

test("a root that the browser hides is no deletion", async () => {
  const { at, a, b } = await pair();
  const mobile = "mobile______";
  await add(b, "on the phone", undefined, mobile);
  await level(a, b);
  b.browser.nodes.get("0").children = b.browser.nodes.get("0").children.filter((id) => id !== mobile);
  await level(a, b);
  assert.equal(b.state.meta.blocked.mobile, "missing");
  assert.ok([...at.server.shelf.items.values()].every(({ puts }) => !puts.trashed_at?.[3]));
});

test("what is saved again comes out of the trash, once, where it is saved now", async () => {
  const { at, a, b } = await pair();
  const one = await add(a, "one");
  await level(a, b);
  await a.browser.remove(one.id);
  await level(a, b);
  assert.equal(b.browser.all().length, 0);
  await add(b, "one", undefined, b.browser.other);
  await level(a, b);
  same(a, b);
  assert.equal(a.browser.all().length, 1);
  assert.equal([...at.server.shelf.items.values()].filter(({ kind }) => kind === "bookmark").length, 1);
});

test("a bookmark that was restored on the pages stands where it stood", async () => {
  const { at, a, b } = await pair();
  const one = await add(a, "one");
  await level(a, b);
  const before = b.browser.picture();
  await a.browser.remove(one.id);
  await level(a, b);
  const bookmark = [...at.server.shelf.items.values()].find(({ kind }) => kind === "bookmark");
  at.server.edit(bookmark.id, "bookmark", { trashed_at: null });
  await level(a, b);
  same(a, b);
  assert.deepEqual(b.browser.picture(), before);
});

test("a title that was typed here is kept where the bookmark has another", async () => {
  const { at, a, b } = await pair();
  at.server.edit("0193f0a0-0000-7000-8000-0000000000b1", "bookmark", { url: "https://known.example/", title: "On the server" });
  await add(a, "Mine", "https://known.example/");
  await level(a, b);
  same(a, b);
  assert.equal(a.browser.all()[0].title, "Mine");
  assert.equal(at.server.shelf.item("0193f0a0-0000-7000-8000-0000000000b1").puts.title[3], "On the server");
});

test("another engine that copies what was made here makes no twins", async () => {
  const { at, a, b } = await pair();
  await add(a, "one");
  await level(a, b);
  await add(b, "one");
  const rows = at.server.rows.length;
  await level(a, b);
  assert.equal(at.server.rows.length, rows);
  assert.equal(a.browser.all().length, 1);
  assert.equal(b.state.meta.twins, 1);
});

test("what another engine brought before us is taken for the same", async () => {
  const { at, a, b } = await pair();
  await level(a, b);
  await add(a, "one");
  await a.sync();
  await add(b, "one");
  await level(a, b);
  same(a, b);
  assert.equal(b.browser.all().length, 1);
  assert.equal([...at.server.shelf.items.values()].filter(({ kind }) => kind === "place").length, 1);
});

test("what the library refuses stays in the browser and says why", async () => {
  const { at, a, b } = await pair();
  await level(a, b);
  const decide = at.server.decide.bind(at.server);
  at.server.decide = (device, change) => change.kind === "bookmark" && /full/.test(JSON.stringify(change.set))
    ? { status: "refused", item: change.item, refused: { code: "quota", detail: "no room", pointer: "" } } : decide(device, change);
  await add(a, "full");
  await level(a, b);
  assert.deepEqual(a.browser.all().map(({ title }) => title), ["full"]);
  assert.equal(b.browser.all().length, 0);
  assert.equal(a.state.meta.aside[0].code, "quota");
  assert.equal([...a.state.nodes.values()].find(({ why }) => why === "refused").title, "full");
});

test("what lives in another library now is kept, and says which one to open", async () => {
  const { at, a } = await pair();
  await add(a, "one");
  await level(a);
  const there = "0193f0a0-0000-7000-8000-0000000000bb";
  at.server.decide = (device, change) => ({ status: "refused", item: change.item, refused: { code: "moved", detail: "it moved", pointer: there } });
  await add(a, "two");
  await a.sync();
  const [aside] = a.state.meta.aside;
  assert.equal(aside.library, there);
  assert.match(refusal(aside, a.state.view()).why, /lives in another library/);
  assert.equal(refusal(aside, a.state.view()).what, "two");
});

test("a batch that is cut off anywhere is finished at the next start", async () => {
  for (let fuse = 0; fuse < 24; fuse += 1) {
    const { a, b } = await pair(fuse);
    const folder = await a.browser.create({ parentId: a.browser.bar, title: "F" });
    for (let count = 0; count < 6; count += 1) await add(a, `n${count}`, undefined, folder.id);
    await level(a);
    const dies = fuse % 2 === 0 ? b.browser : b.store;
    dies.fuse = fuse >> 1;
    await assert.rejects(async () => { for (;;) { await b.sync(); dies.fuse = Math.min(dies.fuse, 0); await add(b, `late${fuse}`); } }, Killed);
    dies.fuse = Infinity;
    await level(a, b);
    same(a, b);
    assert.ok(a.browser.all().filter(({ title }) => /^n/.test(title)).length === 6, `fuse ${fuse}`);
  }
});

test("a fold that was damaged removes nothing, and is repaired", async () => {
  const { a, b } = await pair();
  for (let count = 0; count < 10; count += 1) await add(a, `m${count}`);
  await level(a, b);
  const { items } = b.store.kept;
  const bookmarks = [...items.values()].filter(({ kind }) => kind === "bookmark");
  for (const { id } of bookmarks.slice(0, 3)) items.delete(id);
  bookmarks[4].puts.title = [bookmarks[4].puts.title[0], "d", 1_000, "wrong"];
  await b.sync();
  assert.equal(b.browser.all().length, 10);
  await b.sync({ verify: true });
  assert.ok(b.state.meta.mismatches > 0);
  await level(a, b);
  same(a, b);
  const rows = a.state.meta.seq;
  await b.sync({ verify: true });
  assert.equal(b.state.meta.seq, rows);
});

test("of two roots of a kind the one that was mirrored stays, else the account's", () => {
  const root = (id, folderType, syncing) => ({ id, parentId: "0", title: id, folderType, syncing, children: [] });
  const top = [{ id: "0", children: [root("1", "bookmarks-bar", false), root("7", "bookmarks-bar", true), root("2", "other", false),
    { ...root("9", "managed", false), unmodifiable: "managed" }] }];
  const fresh = readTree(top);
  assert.equal(fresh.roots.get("bar"), "7");
  assert.deepEqual(fresh.doubled, ["bar"]);
  assert.equal(fresh.isSyncedByBrowser, true);
  assert.equal(readTree(top, { bar: "1" }).roots.get("bar"), "1");
  assert.deepEqual([...fresh.nodes.keys()].sort(), ["2", "7"]);
});

test("what is saved while something is being written is kept", async () => {
  const { a } = await pair();
  await a.sync();
  const { state, store } = a;
  const write = store.write.bind(store);
  store.write = async (delta) => {
    store.write = write;
    state.put("0193f0a0-0000-7000-8000-0000000000c1", "tag", { name: "meanwhile" });
    await write(delta);
  };
  await state.commit();
  assert.equal((await store.read()).queue.length, 0);
  await state.commit();
  assert.equal((await store.read()).queue[0].change.set.name, "meanwhile");
});

test("two browsers with the same five thousand bookmarks in one folder merge within seconds", async () => {
  const { a, b } = await pair();
  for (const device of [a, b]) for (let count = 0; count < 5_000; count += 1) await add(device, `n${count}`, `https://same.example/${count}`);
  const began = performance.now();
  await a.sync();
  await b.sync();
  await level(a, b);
  same(a, b);
  assert.equal(b.browser.all().length, 5_000);
  assert.ok(performance.now() - began < 30_000);
});

test("ten thousand bookmarks arrive in order, within seconds", async () => {
  const { a, b } = await pair();
  const folders = [];
  for (let count = 0; count < 100; count += 1) folders.push(await a.browser.create({ parentId: count % 3 ? a.browser.bar : a.browser.other, title: `F${count}` }));
  for (let count = 0; count < 10_000; count += 1) await add(a, `n${count}`, `https://${count % 900}.example/${count}`, folders[count % 100].id);
  const began = performance.now();
  await a.sync();
  await b.sync();
  same(a, b);
  assert.ok(performance.now() - began < 60_000);
  assert.equal(b.browser.all().length, 10_100);
});
