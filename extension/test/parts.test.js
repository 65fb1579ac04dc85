// More bookmarks than may wait at once: a first comparison takes them in parts, and is one comparison all the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import { State } from "../src/sync/state.js";
import { readTree } from "../src/sync/tree.js";
import { explained, problemOf } from "../src/words.js";
import { Device, level, world } from "./model/device.js";

const FOLDERS = 4;
const PAGES = 9;

/** A browser with more than a part, of which some stand twice in one folder. */
async function full() {
  const at = world();
  const device = new Device(at);
  device.part = 10;
  const { browser } = device;
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    const { id } = await browser.create({ parentId: folder % 2 ? browser.bar : browser.other, title: `folder ${folder}` });
    for (let page = 0; page < PAGES; page += 1) {
      await browser.create({ parentId: id, title: `page ${page}`, url: `https://a.example/${folder}/${page >> 1}` });
    }
  }
  await browser.create({ parentId: browser.bar, title: "twice", url: "https://twice.example/" });
  for (let page = 0; page < PAGES; page += 1) await browser.create({ parentId: browser.bar, title: `${page}`, url: `https://b.example/${page}` });
  await browser.create({ parentId: browser.bar, title: "twice", url: "https://twice.example/" });
  return { at, device: await device.begin() };
}

const ofKind = (at, kind) => [...at.server.shelf.items.values()].filter((item) => item.kind === kind && !at.server.shelf.aliases.has(item.id));

test("a first sync begins in parts, and ends with all of it in the library and in another browser", async () => {
  const { at, device } = await full();
  const before = device.browser.picture();
  const waits = [];
  while (waits.length < 60) {
    const told = await device.sync();
    waits.push(device.state.queue.length);
    if (!told.again) break;
  }
  assert.ok(waits.length > 3 && Math.max(...waits) < 20, `a part waits at once: ${waits}`);
  assert.equal(device.state.queue.length, 0, "it goes on by itself until all is there");
  await level(device);
  assert.equal(ofKind(at, "place").length, FOLDERS * PAGES + PAGES + 2);
  assert.deepEqual(device.browser.picture(), before, "nothing is made twice, moved or removed here");
  assert.equal([...device.state.nodes.values()].filter(({ type }) => type === "local").length, 0, "no twin is left alone");
  assert.equal(device.state.meta.began, undefined);
  const other = await new Device(at).begin();
  await level(other, device);
  assert.deepEqual(other.browser.picture(), before, "in the same order");
});

test("a folder may hold more than any call takes arguments", () => {
  const children = Array.from({ length: 400_000 }, (_, at) => ({ id: `n${at}`, parentId: "1", title: "", url: "https://a.example/" }));
  assert.equal(readTree([{ id: "0", children: [{ id: "1", parentId: "0", title: "", children }] }]).nodes.size, 400_001);
});

test("two browsers that begin at once in parts are merged, and nothing of either is doubled", async () => {
  const { at, device } = await full();
  const other = new Device(at, { first: 500 });
  other.part = 7;
  for (let page = 0; page < PAGES; page += 1) {
    await other.browser.create({ parentId: other.browser.bar, title: `${page}`, url: `https://b.example/${page}` });
  }
  await other.begin();
  for (let rounds = 0; rounds < 30; rounds += 1) for (const one of [device, other]) await one.sync();
  await level(device, other);
  assert.equal(ofKind(at, "bookmark").filter(({ puts }) => String(puts.url[3]).startsWith("https://b.")).length, PAGES);
  const titles = (one) => one.browser.all().map(({ title }) => title).sort();
  assert.deepEqual(titles(other), titles(device));
});

test("what finds no room while the server is away waits in the browser, and what was put into it is not removed", async () => {
  const { at, device } = await full();
  while ((await device.sync()).again);
  await level(device);
  const rows = at.server.rows.length;
  at.server.isDown = true;
  const { browser } = device;
  for (let page = 0; page < 8; page += 1) await browser.create({ parentId: browser.bar, title: `new ${page}`, url: `https://c.example/${page}` });
  await device.sync();
  const folder = await browser.create({ parentId: browser.bar, title: "late" });
  const known = browser.all().find(({ title }) => title === "twice");
  await browser.move(known.id, { parentId: folder.id, index: 0 });
  await device.sync();
  assert.ok(device.state.queue.every(({ change }) => (change.set.trashed_at ?? null) === null), "nothing is removed");
  const before = browser.picture();
  at.server.isDown = false;
  while ((await device.sync()).again);
  await level(device);
  assert.deepEqual(browser.picture(), before);
  assert.ok(at.server.rows.length > rows + 8);
  assert.ok(ofKind(at, "place").every(({ puts }) => (puts.trashed_at?.[3] ?? null) === null));
});

test("what is too much in any case is said in words", async () => {
  const { device } = await full();
  const state = await State.load(device.store, device.env);
  state.queue.length = 250_000;
  let error;
  assert.throws(() => state.put(state.env.newId(), "tag", { name: "one more" }), (thrown) => { error = thrown; return thrown.code === "too_many"; });
  assert.match(explained(problemOf(error)).what, /More was changed/);
});
