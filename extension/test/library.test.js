// What a person does with one page, and how a server is named.

import assert from "node:assert/strict";
import { test } from "node:test";
import { baseOf, patternOf } from "../src/access.js";
import { find, folders, lookUp, remove, save, seenBy, tagNames } from "../src/library.js";
import { sha256 } from "../src/proof.js";
import { State } from "../src/sync/state.js";
import { explained, problemOf } from "../src/words.js";
import { Device, level, world } from "./model/device.js";

async function connected() {
  const at = world();
  const device = await new Device(at).begin();
  await device.sync();
  return { at, device, state: device.state };
}

const page = { url: "https://a.example/", title: "A page", tags: ["Rust", "to read"], notes: "why", folder: "" };

test("a page is saved with tags and a note, and known again by any spelling of its address", async () => {
  const { state } = await connected();
  save(state, page);
  const saved = lookUp(state, "HTTPS://A.example:443/?utm_source=x");
  assert.deepEqual([saved.title, saved.tags, saved.notes], ["A page", ["Rust", "to read"], "why"]);
  assert.equal(lookUp(state, "https://b.example/"), null);
  assert.deepEqual(tagNames(state), ["Rust", "to read"]);
});

test("editing puts what was changed and nothing else", async () => {
  const { state } = await connected();
  save(state, page);
  const before = state.queue.length;
  save(state, page);
  assert.equal(state.queue.length, before, "nothing was changed");
  save(state, { ...page, tags: ["rust"], notes: "" });
  assert.equal(state.queue.length, before + 1);
  const { set } = state.queue.at(-1).change;
  assert.equal(Object.keys(set).length, 2, "the other tag is taken off, the note is gone");
  assert.deepEqual(lookUp(state, page.url).tags, ["Rust"], "a tag is one tag however it is written");
});

test("what is removed and saved again is the same bookmark", async () => {
  const { state } = await connected();
  const id = save(state, page);
  remove(state, id);
  assert.equal(lookUp(state, page.url), null);
  assert.equal(save(state, page), id);
  assert.equal(lookUp(state, page.url).notes, "why");
});

test("only pages of the web are saved", async () => {
  const { state } = await connected();
  for (const url of ["javascript:1", "chrome://settings", "", "file:///x"]) assert.throws(() => save(state, { ...page, url }), { code: "address" });
  assert.equal(state.queue.filter(({ change }) => change.kind === "bookmark").length, 0);
});

test("what is saved into a mirrored folder appears in the browser", async () => {
  const { device, state } = await connected();
  const bar = folders(state).find(({ path }) => path === "Bookmarks bar");
  save(state, { ...page, folder: bar.id });
  await state.commit();
  await level(device);
  assert.deepEqual(device.browser.all().map(({ title }) => title), ["A page"]);
});

test("what was saved without a connection outlives the worker", async () => {
  const { at, device, state } = await connected();
  at.server.isDown = true;
  save(state, page);
  await state.commit();
  const again = await State.load(device.store, device.env);
  assert.equal(lookUp(again, page.url).title, "A page");
  at.server.isDown = false;
  await level(device);
  assert.ok([...at.server.shelf.items.values()].some(({ puts }) => puts.url?.[3] === page.url));
});

test("words find titles, addresses and tags, the latest first", async () => {
  const { state } = await connected();
  save(state, page);
  save(state, { ...page, url: "https://b.example/", title: "Another page", tags: [] });
  assert.deepEqual(find(state, "PAGE", 9).map(({ title }) => title), ["Another page", "A page"]);
  assert.deepEqual(find(state, "rust page", 9).map(({ url }) => url), [page.url]);
  assert.equal(find(state, "page", 1).length, 1);
  assert.deepEqual([find(state, "  ", 9), find(state, "nothing", 9)], [[], []]);
});

test("an address is taken as a person types it", () => {
  assert.equal(baseOf(" https://shelf.example/ "), "https://shelf.example");
  assert.equal(baseOf("shelf.example"), "https://shelf.example");
  assert.equal(baseOf("127.0.0.1:4747"), "http://127.0.0.1:4747");
  assert.equal(baseOf("localhost:4747"), "http://localhost:4747");
  assert.equal(baseOf("http://127.0.0.1:4747/shelf/"), "http://127.0.0.1:4747/shelf");
  for (const bad of ["", "   ", "https://", "ftp://a.example", "a b"]) assert.throws(() => baseOf(bad), { code: "address" });
  assert.equal(patternOf("http://127.0.0.1:4747/shelf"), "http://127.0.0.1/*", "browsers know no port there");
});

test("hashes are those of RFC 7636 and RFC 9449", async () => {
  assert.equal(await sha256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  assert.equal(await sha256("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
});

test("every trouble has words and a remedy", () => {
  for (const error of [new Error("x"), { code: "away" }, { refusal: { code: "quota", detail: "full" } }, "odd"]) {
    const words = explained(problemOf(error));
    assert.ok(words.what.endsWith(".") && words.remedy !== "", JSON.stringify(words));
  }
  assert.equal(explained(null), null);
});

test("what was not touched in the popup is not put, whatever came meanwhile", async () => {
  const { at, device, state } = await connected();
  save(state, { ...page, tags: ["a, b", "red"], notes: "line\n" });
  await state.commit();
  await level(device);
  const now = await State.load(device.store, device.env);
  const shown = lookUp(now, page.url);
  // Somebody else writes while the popup is open, and it comes before the person presses Save.
  at.server.edit(shown.id, "bookmark", { notes: "theirs, later" });
  await device.sync();
  const later = await State.load(device.store, device.env);
  save(later, { ...page, title: "Mine", tags: shown.tags.join(", ").split(", "), notes: shown.notes.trim(), folder: "" }, shown);
  assert.deepEqual(later.queue.map(({ change }) => change.set), [{ title: "Mine" }]);
  assert.deepEqual([lookUp(later, page.url).notes, lookUp(later, page.url).tags], ["theirs, later", ["a, b", "red"]]);
});

test("of a text that others wrote while the popup was open a copy is kept", async () => {
  const { at, device, state } = await connected();
  const id = save(state, page);
  await state.commit();
  await level(device);
  const shown = lookUp(await State.load(device.store, device.env), page.url);
  at.server.edit(id, "bookmark", { notes: "theirs" });
  await level(device);
  const later = await State.load(device.store, device.env);
  save(later, { ...page, notes: "mine" }, shown);
  await later.commit();
  await level(device);
  const { puts } = at.server.shelf.item(id);
  const texts = Object.entries(puts).filter(([name]) => name.startsWith("notes")).map(([, held]) => held[3]);
  assert.deepEqual(texts.sort(), ["mine", "theirs"]);
  // Whoever saw what others wrote replaces it.
  const then = await State.load(device.store, device.env);
  save(then, { ...page, notes: "settled" }, lookUp(then, page.url));
  await then.commit();
  await level(device);
  assert.equal(Object.values(at.server.shelf.item(id).puts).filter(([, , , value]) => value === "mine").length, 0);
});

test("a popup that was opened before the server came back from a backup has seen nothing of what it holds", async () => {
  const { at, device, state } = await connected();
  const id = save(state, page);
  await state.commit();
  await level(device);
  const shown = lookUp(await State.load(device.store, device.env), page.url);
  at.server.edit(id, "bookmark", { notes: "theirs" });
  await level(device);
  const later = await State.load(device.store, device.env);
  later.shelf.epoch += 1;
  save(later, { ...page, notes: "mine" }, shown);
  assert.equal(later.queue.at(-1).change.base, 0);
});

test("what others saved and tagged while the popup was open stays as they left it", async () => {
  const { at, device, state } = await connected();
  const blank = { title: "A page", tags: [], notes: "", folder: "", seen: seenBy(state) };
  // It was not saved when the popup was opened, and is now.
  const green = at.server.edit(at.newId(), "tag", { name: "green" });
  const id = at.server.edit(at.newId(), "bookmark", { url: page.url, title: "Theirs", notes: "theirs", [`tag/${green}`]: true });
  await level(device);
  const later = await State.load(device.store, device.env);
  assert.equal(save(later, { ...page, tags: ["blue"], notes: "" }, blank), id);
  const saved = lookUp(later, page.url);
  assert.deepEqual([saved.title, saved.notes, saved.tags], ["Theirs", "theirs", ["blue", "green"]]);
  // What was seen is taken off.
  save(later, { ...page, title: "Theirs", tags: ["blue"], notes: "theirs" }, saved);
  assert.deepEqual(lookUp(later, page.url).tags, ["blue"]);
});

test("another folder in the popup moves the page there, to the end", async () => {
  const { device, state } = await connected();
  await device.browser.create({ parentId: device.browser.other, title: "first", url: "https://first.example/" });
  await device.sync();
  const now = await State.load(device.store, device.env);
  const by = Object.fromEntries(folders(now).map(({ id, path }) => [path, id]));
  save(now, { ...page, folder: by["Bookmarks bar"] });
  const shown = lookUp(now, page.url);
  save(now, { ...page, folder: by["Other bookmarks"] }, shown);
  await now.commit();
  await level(device);
  const [bar, other] = device.browser.picture();
  assert.deepEqual([bar, other.map((text) => text.split(" <")[0])], [[], ["first", "A page"]]);
  const then = await State.load(device.store, device.env);
  save(then, { ...page, folder: "" }, lookUp(then, page.url));
  await then.commit();
  await level(device);
  assert.deepEqual(device.browser.all().map(({ title }) => title), ["first"]);
  assert.equal(lookUp(device.state, page.url).folder, "", "it is saved still, in no folder");
  assert.ok(state);
});

test("a tag that was taken off finds nothing, and nothing is saved into another library's folder", async () => {
  const { state } = await connected();
  save(state, page);
  save(state, { ...page, tags: ["to read"] });
  assert.deepEqual(find(state, "rust", 9), []);
  const before = folders(state).length;
  state.put(state.env.newId(), "collection", { name: "Shared", mount: "0193f0a0-0000-7000-8000-0000000000bb" });
  assert.equal(folders(state).length, before);
});

test("what stands in a folder that is gone is found at the top, or unsorted", async () => {
  const { state } = await connected();
  const [gone, lost] = [state.env.newId(), state.env.newId()];
  state.put(gone, "collection", { name: "Gone" });
  state.put(lost, "collection", { name: "Made offline", parent: gone });
  save(state, { ...page, folder: lost });
  save(state, { ...page, url: "https://b.example/", folder: gone });
  assert.equal(lookUp(state, page.url).path, "Gone › Made offline");
  state.put(gone, "collection", { trashed_at: state.env.now() });
  assert.deepEqual(folders(state).filter(({ path }) => !path.startsWith("B") && !path.startsWith("O")).map(({ path }) => path), ["Made offline"]);
  assert.deepEqual([lookUp(state, page.url).folder, lookUp(state, page.url).path], [lost, "Made offline"]);
  const beside = lookUp(state, "https://b.example/");
  assert.deepEqual([beside.folder, beside.path], ["", ""]);
});
