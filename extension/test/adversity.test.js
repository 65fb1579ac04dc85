// What goes wrong around sync: another engine beside it, new ids, a full disk, a person who goes on meanwhile.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Device, level, world } from "./model/device.js";
import { beginMirror, stopMirror } from "../src/sync/begin.js";
import { State } from "../src/sync/state.js";

const pair = async () => {
  const at = world();
  return { at, a: await new Device(at).begin(), b: await new Device(at, { first: 5_000, isFirefox: true }).begin() };
};
const same = (a, b) => assert.deepEqual(a.browser.picture(), b.browser.picture());
const add = (device, title, parentId = device.browser.bar, index) =>
  device.browser.create({ parentId, title, url: `https://${title}.example/`, index });
const titles = (device) => device.browser.all().map(({ title }) => title).sort();
const named = (device, title) => device.browser.all().find((node) => node.title === title);

/** A browser's own sync between two of one kind: what was made or removed in one comes to the other, by its own ids. */
function nativeSync(a, b) {
  const pairs = [];
  const folderIn = (to, node) => pairs.find((one) => one.includes(`${to === b ? "a" : "b"}${node.parent}`))?.find((id) => id[0] === (to === b ? "b" : "a"))?.slice(1) ?? node.parent;
  return async () => {
    const [all, there] = [a, b].map((device) => new Map(device.browser.all().map((node) => [node.id, node])));
    for (const one of [...pairs]) {
      const [left, right] = one.map((id) => id.slice(1));
      if (all.has(left) && there.has(right)) continue;
      if (all.has(left)) a.browser.removeTree(left);
      if (there.has(right)) b.browser.removeTree(right);
      pairs.splice(pairs.indexOf(one), 1);
    }
    for (const [from, to, nodes] of [[a, b, all], [b, a, there]]) {
      const side = from === a ? "a" : "b";
      for (const node of [...nodes.values()].sort((x, y) => Number(x.id) - Number(y.id))) {
        if (!from.browser.nodes.has(node.id) || pairs.some((one) => one.includes(side + node.id))) continue;
        const made = await to.browser.create({ parentId: folderIn(to, node), title: node.title, ...(node.isFolder ? {} : { url: node.url }) });
        pairs.push(from === a ? [`a${node.id}`, `b${made.id}`] : [`a${made.id}`, `b${node.id}`]);
      }
    }
  };
}

/** Two browsers of one kind. */
const twoOfAKind = async () => {
  const at = world();
  return { at, a: await new Device(at).begin(), b: await new Device(at, { first: 5_000 }).begin() };
};

test("the browser's own sync beside it makes no copies without end, and deletes nothing that is left", async () => {
  const { at, a, b } = await twoOfAKind();
  await level(a, b);
  const folder = await a.browser.create({ parentId: a.browser.bar, title: "F" });
  await add(a, "one");
  await add(a, "in-f", folder.id);
  // It is slower than the library, so that each copies what the other brought.
  const moves = nativeSync(a, b);
  for (let turns = 0; turns < 6; turns += 1) {
    at.pass(20_000);
    await a.sync();
    await b.sync();
    await moves();
  }
  await level(a, b);
  const places = [...at.server.shelf.items.values()].filter(({ kind, puts }) => kind === "place" && !puts.trashed_at?.[3]);
  assert.equal(places.length, 2, "the library has each of them once");
  assert.ok(a.browser.all().filter(({ title }) => title === "one").length <= 2, titles(a).join());
  // Who takes one of both away keeps the other.
  const [first] = a.browser.all().filter(({ title }) => title === "one");
  await a.browser.remove(first.id);
  for (let turns = 0; turns < 3; turns += 1) {
    await a.sync();
    await moves();
    await b.sync();
  }
  await level(a, b);
  for (const device of [a, b]) assert.equal(device.browser.all().filter(({ title }) => title === "one").length, 1, titles(device).join());
  const bookmark = [...at.server.shelf.items.values()].find(({ puts }) => puts.url?.[3] === "https://one.example/");
  assert.equal(bookmark.puts.trashed_at?.[3] ?? null, null);
});

test("a browser that gives all its bookmarks new ids changes nothing in the library", async () => {
  const { at, a, b } = await pair();
  const folder = await a.browser.create({ parentId: a.browser.bar, title: "News" });
  for (let count = 0; count < 6; count += 1) await add(a, `n${count}`, count % 2 ? folder.id : undefined);
  await level(a, b);
  const [rows, before] = [at.server.rows.length, a.browser.picture()];
  const anew = (id, parentId) => {
    const node = a.browser.nodes.get(id);
    const fresh = String(a.browser.next++);
    a.browser.nodes.delete(id);
    a.browser.nodes.set(fresh, { ...node, id: fresh, parentId, ...(node.children ? { children: node.children.map((child) => anew(child, fresh)) } : {}) });
    return fresh;
  };
  for (const root of [a.browser.bar, a.browser.other]) {
    const node = a.browser.nodes.get(root);
    node.children = node.children.map((child) => anew(child, root));
  }
  await level(a, b);
  assert.equal(at.server.rows.length, rows);
  assert.deepEqual(a.browser.picture(), before);
  same(a, b);
});

test("what was put into the browser's other root of a kind is not deleted in the library", async () => {
  const { at, a, b } = await pair();
  const [one] = [await add(a, "one"), await add(a, "two")];
  await level(a, b);
  // The root of the account comes, and the person drags a page into it.
  a.browser.nodes.set("93", { id: "93", parentId: "0", title: "bar", folderType: "bookmarks-bar", syncing: true, children: [] });
  Object.assign(a.browser.nodes.get("1"), { folderType: "bookmarks-bar", syncing: false });
  Object.assign(a.browser.nodes.get("2"), { folderType: "other", syncing: false });
  a.browser.nodes.get("0").children.push("93");
  await a.browser.move(one.id, { parentId: "93", index: 0 });
  await level(a, b);
  assert.deepEqual(titles(b), ["one", "two"]);
  assert.equal(a.browser.nodes.get(one.id).parentId, "93", "and it stays where it was put");
  assert.ok([...at.server.shelf.items.values()].every(({ puts }) => !puts.trashed_at?.[3]));
});

test("what was put into a root whose folder is in the trash is not deleted in the library", async () => {
  const { at, a, b } = await pair();
  const one = await add(a, "one");
  await add(a, "other", a.browser.other);
  await level(a, b);
  at.server.edit(a.state.meta.rootIds.other, "collection", { trashed_at: 1 });
  await level(a, b);
  await a.browser.move(one.id, { parentId: a.browser.other, index: 0 });
  await level(a, b);
  const bookmark = [...at.server.shelf.items.values()].find(({ puts }) => puts.title?.[3] === "one");
  assert.equal(bookmark.puts.trashed_at?.[3] ?? null, null);
});

test("two folders that were put into each other lose nothing while the server is away", async () => {
  const { at, a, b } = await pair();
  const [f, g] = [await a.browser.create({ parentId: a.browser.bar, title: "F" }), await a.browser.create({ parentId: a.browser.bar, title: "G" })];
  await add(a, "in-f", f.id);
  await a.browser.create({ parentId: f.id, title: "script", url: "javascript:1" });
  await add(a, "in-g", g.id);
  await level(a, b);
  await b.browser.move(named(b, "F").id, { parentId: named(b, "G").id, index: 0 });
  await b.sync();
  await a.browser.move(g.id, { parentId: f.id, index: 0 });
  const { push } = a.client;
  a.client.push = async () => { throw new Error("nobody answers"); };
  await a.sync();
  assert.deepEqual(titles(a), ["F", "G", "in-f", "in-g", "script"]);
  assert.ok(a.browser.nodes.has(f.id));
  a.client.push = push;
  await level(a, b);
  assert.deepEqual(titles(a), ["F", "G", "in-f", "in-g", "script"]);
  assert.ok(a.browser.nodes.has(f.id), "the folder is the one it was, with what only this browser has");
  assert.deepEqual(titles(b), ["F", "G", "in-f", "in-g"]);
});

test("what the person does while the server is asked is not written over", async () => {
  const { at, a, b } = await pair();
  const one = await add(a, "one");
  await level(a, b);
  await add(a, "two");
  const { push } = a.client;
  a.client.push = async (...asked) => {
    a.client.push = push;
    await b.browser.update(named(b, "one").id, { title: "theirs" });
    await b.sync();
    at.pass(5_000);
    await a.browser.update(one.id, { title: "mine, later" });
    return push(...asked);
  };
  await level(a, b);
  assert.deepEqual(titles(a), ["mine, later", "two"]);
  same(a, b);
});

test("what was put offline into a folder that somebody else removed brings the folder back", async () => {
  const { at, a, b } = await pair();
  const folder = await a.browser.create({ parentId: a.browser.bar, title: "F" });
  for (const title of ["one", "two"]) await add(a, title, folder.id);
  await level(a, b);
  at.server.isDown = true;
  await add(b, "offline", named(b, "F").id);
  await b.sync();
  at.server.isDown = false;
  a.browser.removeTree(folder.id);
  await a.sync();
  await level(b, a);
  assert.deepEqual(titles(b), ["F", "offline"]);
  same(a, b);
  // Who removes all of it himself has removed it.
  at.server.isDown = true;
  await add(b, "late", named(b, "F").id);
  await b.sync();
  b.browser.removeTree(named(b, "F").id);
  await b.sync();
  at.server.isDown = false;
  await level(b, a);
  assert.deepEqual([titles(a), titles(b)], [[], []]);
});

/** A round of a browser that is killed when it wrote to its bookmarks, before it noted that. */
async function killedAfter(device, name) {
  const real = device.browser[name].bind(device.browser);
  const killed = Object.assign(new Error("killed"), { isCrash: true });
  device.browser[name] = async (...asked) => {
    await real(...asked);
    throw killed;
  };
  await assert.rejects(device.sync(), killed);
  device.browser[name] = real;
}

test("what others moved out of the mirror is not deleted by a round that is killed", async () => {
  const { at, a, b } = await pair();
  await add(a, "one");
  await level(a, b);
  const elsewhere = at.server.edit(at.newId(), "collection", { name: "Not mirrored" });
  const place = [...at.server.shelf.items.values()].find(({ kind }) => kind === "place");
  at.server.edit(place.id, "place", { parent: elsewhere });
  await killedAfter(a, "remove");
  await level(a, b);
  assert.deepEqual([titles(a), titles(b)], [[], []]);
  assert.ok([...at.server.shelf.items.values()].every(({ puts }) => !puts.trashed_at?.[3]));
});

test("what others did last is not undone by a round that was killed at what they did before", async () => {
  const { at, a, b } = await pair();
  await a.browser.create({ parentId: a.browser.bar, title: "F" });
  await add(a, "one");
  await level(a, b);
  const theirs = () => named(b, "one") ?? named(b, "second") ?? named(b, "third");
  for (const [name, first, last] of [
    ["update", () => b.browser.update(theirs().id, { title: "second" }), () => b.browser.update(theirs().id, { title: "third" })],
    ["move", () => b.browser.move(theirs().id, { parentId: b.browser.other, index: 0 }), () => b.browser.move(theirs().id, { parentId: named(b, "F").id, index: 0 })],
  ]) {
    await first();
    await b.sync();
    await killedAfter(a, name);
    at.pass(5_000);
    await last();
    await b.sync();
    const wanted = b.browser.picture();
    await level(a, b);
    assert.deepEqual(b.browser.picture(), wanted, name);
    same(a, b);
  }
});

test("what a round that was killed had made is known where the person put it since", async () => {
  const { a, b } = await pair();
  await a.browser.create({ parentId: a.browser.bar, title: "F" });
  await level(a, b);
  await add(b, "one");
  await b.sync();
  await killedAfter(a, "create");
  await a.browser.move(named(a, "one").id, { parentId: named(a, "F").id, index: 0 });
  await level(a, b);
  assert.deepEqual(a.browser.picture(), [[["F", ["one <https://one.example/>"]]], []]);
  same(a, b);
});

test("a disk that is full loses no row of the log", async () => {
  const { a, b } = await pair();
  await level(a, b);
  for (let count = 0; count < 5; count += 1) await add(a, `n${count}`);
  await a.sync();
  const write = b.store.write.bind(b.store);
  b.store.write = async (delta) => {
    if (!delta.items?.length) return write(delta);
    b.store.write = write;
    throw new Error("QuotaExceededError");
  };
  await assert.rejects(b.sync(), { code: "storage" });
  await b.sync();
  same(a, b);
  assert.equal((await State.load(b.store, b.env)).shelf.items.size, a.state.shelf.items.size);
  await b.sync({ verify: true });
  assert.equal(b.state.meta.mismatches, 0);
});

test("what could not be written is not built on", async () => {
  const { a } = await pair();
  await a.sync();
  const { state, store } = a;
  const write = store.write.bind(store);
  store.write = async () => { store.write = write; throw new Error("full"); };
  state.put("0193f0a0-0000-7000-8000-0000000000c1", "tag", { name: "lost" });
  await assert.rejects(state.commit(), { code: "storage" });
  await assert.rejects(state.commit(), { code: "storage" });
  assert.equal((await store.read()).queue.length, 0);
});

test("whoever stops mirroring in the midst of a round gets nothing twice", async () => {
  const { a, b } = await pair();
  for (let count = 0; count < 6; count += 1) await add(a, `n${count}`);
  await level(a, b);
  for (let count = 0; count < 4; count += 1) await add(a, `m${count}`, undefined, 0);
  await a.sync();
  const state = await State.load(b.store, b.env);
  const load = State.load;
  const create = b.browser.create.bind(b.browser);
  b.browser.create = async (what) => {
    b.browser.create = create;
    const made = await create(what);
    stopMirror(state);
    await state.commit();
    return made;
  };
  try {
    State.load = async () => state;
    await b.sync();
  } finally {
    State.load = load;
  }
  const all = titles(b);
  assert.equal(new Set(all).size, all.length, all.join());
  await beginMirror(state, null);
  await state.commit();
  await level(a, b);
  assert.equal(titles(b).length, 10);
  same(a, b);
});

test("a root's folder that is in the trash, or gone for good, is there again where one begins anew", async () => {
  for (const gone of [{ trashed_at: 1 }, { trashed_at: 1, purged: true }]) {
    const { at, a } = await pair();
    await add(a, "one");
    await level(a);
    at.server.edit(a.state.meta.rootIds.bar, "collection", gone);
    await level(a);
    assert.equal(a.state.meta.blocked.bar, "trashed");
    const state = await State.load(a.store, a.env);
    stopMirror(state);
    await beginMirror(state, null);
    await state.commit();
    await level(a);
    assert.deepEqual(a.state.meta.blocked, {});
    await add(a, "two");
    await level(a);
    const places = [...at.server.shelf.items.values()].filter(({ kind, puts }) => kind === "place" && puts.parent?.[3] === a.state.meta.rootIds.bar);
    assert.equal(places.length, 2);
    assert.deepEqual(titles(a), ["one", "two"]);
  }
});

test("a name is kept where another address turns out to be saved already", async () => {
  const { at, a, b } = await pair();
  at.server.edit("0193f0a0-0000-7000-8000-0000000000b1", "bookmark", { url: "https://known.example/", title: "On the server" });
  const one = await add(a, "one");
  await level(a, b);
  await a.browser.update(one.id, { title: "My name", url: "https://known.example/" });
  await level(a, b);
  same(a, b);
  assert.deepEqual(titles(a), ["My name"]);
});

test("half a letter in a title stops nothing", async () => {
  const { at, a, b } = await pair();
  await a.browser.create({ parentId: a.browser.bar, title: "cut \ud83d", url: "https://cut.example/" });
  await add(a, "whole");
  await level(a, b);
  const text = JSON.stringify(at.server.rows);
  assert.ok(!/\\ud[89a-f]/i.test(text), "a server reads no half a letter");
  assert.equal(b.browser.all().length, 2);
});

test("what an earlier version kept is read by this one", async () => {
  const { a } = await pair();
  await add(a, "one");
  await level(a);
  const { titles: _titles, confirmed: _confirmed, aside: _aside, ...older } = a.store.kept.meta;
  a.store.kept.meta = older;
  await add(a, "two");
  await level(a);
  assert.equal(a.state.meta.confirmed.length, 0);
});
