// Storms: two browsers and somebody on the pages do what comes to their minds, also while a round asks the server; the server is away, answers
// are lost, extensions are killed.
// In the end both browsers are equal, they are what the library says, nothing is lost that nobody removed, and nothing is there more often
// than it was saved.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Killed } from "./model/browser.js";
import { chanceOf } from "./model/chance.js";
import { Device, level, world } from "./model/device.js";

const STORMS = Number(process.env.MINDSHELF_CASES ?? 60);
const STEPS = 60;

/** What people did: how often each page was saved, and which were removed. */
class Tally {
  made = new Map();
  removed = new Set();

  add(url) {
    this.made.set(url, (this.made.get(url) ?? 0) + 1);
  }
}

/** How often each page stands in a browser. */
function countsOf(browser) {
  const tally = new Tally();
  for (const { url } of browser.all()) if (url) tally.add(url);
  return tally.made;
}

/** One thing a person does in a browser. */
async function act(device, chance, tally, count) {
  const { browser } = device;
  const all = browser.all();
  const folders = [browser.bar, browser.other, ...all.filter(({ isFolder }) => isFolder).map(({ id }) => id)];
  const spot = () => {
    const parentId = chance.one(folders);
    return { parentId, index: chance.below(browser.nodes.get(parentId).children.length + 1) };
  };
  const node = all.length > 0 ? chance.one(all) : undefined;
  const what = chance.below(10);
  try {
    if (what < 4 || !node) {
      const { url } = await browser.create({ ...spot(), title: `t${count}`, url: chance.below(8) === 0 ? "javascript:1" : `https://u${chance.below(30)}.example/` });
      tally.add(url);
    } else if (what < 5) await browser.create({ ...spot(), title: `f${chance.below(6)}` });
    else if (what < 7) await browser.move(node.id, spot());
    else if (what < 9) await browser.update(node.id, { title: `r${count}` });
    else {
      const tell = (id) => { const one = browser.nodes.get(id); if (one.url) tally.removed.add(one.url); one.children?.forEach(tell); };
      tell(node.id);
      browser.removeTree(node.id);
    }
  } catch (error) {
    if (!/into itself/.test(String(error))) throw error;
  }
}

/** One thing somebody does on the pages. */
function edit(server, chance, newId, tally, count) {
  const places = [...server.shelf.items.values()].filter(({ kind, puts }) => kind === "place" && puts.parent);
  const bookmarks = [...server.shelf.items.values()].filter(({ id, kind }) => kind === "bookmark" && !server.shelf.aliases.has(id));
  const folders = [...server.shelf.items.values()].filter(({ kind }) => kind === "collection");
  if (places.length === 0 || bookmarks.length === 0) return;
  const what = chance.below(4);
  if (what === 0) server.edit(chance.one(bookmarks).id, "bookmark", { title: `s${count}` });
  else if (what === 1) server.edit(chance.one(places).id, "place", { parent: chance.one(folders).id });
  else if (what === 2) {
    const { id, puts } = chance.one(bookmarks);
    tally.add(puts.url[3]);
    server.edit(newId(), "place", { bookmark: id, parent: chance.one(folders).id });
  } else server.edit(chance.one(places).id, "place", { order: `V${chance.below(9)}${count}V` });
}

/** From now on requests are lost, or their answers, or the person goes on meanwhile; until what this answers is called. */
function unsettle(devices, chance, tally) {
  let [isOn, count] = [true, 0];
  for (const device of devices) {
    for (const [name, real] of Object.entries(device.client)) {
      device.client[name] = async (...asked) => {
        const luck = isOn && name !== "pair" ? chance.below(16) : 9;
        if (luck === 0) throw new Error("nobody answers");
        const told = await real(...asked);
        if (luck === 1) throw new Error("nobody answers: the answer is lost");
        if (luck === 2) await act(device, chance, tally, `w${count += 1}`);
        return told;
      };
    }
  }
  return () => { isOn = false; };
}

async function storm(seed) {
  const at = world(seed);
  const chance = chanceOf(seed + 7_000);
  const a = await new Device(at).begin();
  const b = await new Device(at, { first: 5_000, isFirefox: seed % 2 === 0 }).begin();
  // In some storms more is new than may wait at once, so that it is taken in parts.
  if (seed % 3 === 0) a.part = b.part = 1 + chance.below(6);
  const tally = new Tally();
  const every = new Set();
  const settle = unsettle([a, b], chance, tally);
  for (let step = 0; step < STEPS; step += 1) {
    const device = chance.one([a, b]);
    const what = chance.below(12);
    if (what < 6) await act(device, chance, tally, step);
    else if (what < 7) edit(at.server, chance, at.newId, tally, step);
    else if (what < 8) at.server.isDown = !at.server.isDown;
    else {
      const dies = chance.one([device.browser, device.store, null, null]);
      if (dies) dies.fuse = chance.below(6);
      try {
        await device.sync();
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      if (dies) dies.fuse = Infinity;
    }
    for (const { url } of [...a.browser.all(), ...b.browser.all()]) if (url) every.add(url);
    at.pass(chance.below(3) * 400_000);
  }
  at.server.isDown = false;
  settle();
  await level(a, b);
  // What stays in one browser alone, and folders that stay because of it, are not compared.
  const web = (device) => {
    const draw = (id) => {
      const { title, url, children } = device.browser.nodes.get(id);
      if (device.state.nodes.get(id)?.type === "local") return [];
      return [children ? [title, children.flatMap(draw)] : `${title} <${url}>`];
    };
    return [device.browser.bar, device.browser.other].map((id) => device.browser.nodes.get(id).children.flatMap(draw));
  };
  return { at, a, b, web, tally, every };
}

for (let seed = 1; seed <= STORMS; seed += 1) {
  test(`storm ${seed}`, async () => {
    const { at, a, b, web, tally, every } = await storm(seed);
    assert.deepEqual(web(a), web(b));
    const here = new Set([...a.browser.all(), ...b.browser.all()].map(({ url }) => url));
    const inLibrary = new Set([...at.server.shelf.items.values()].filter(({ puts }) => puts.url && !puts.trashed_at?.[3]).map(({ puts }) => new URL(puts.url[3]).href));
    for (const url of every) {
      if (tally.removed.has(url)) continue;
      assert.ok(here.has(url) || inLibrary.has(url), `${url} is lost`);
    }
    for (const [url, count] of countsOf(a.browser)) assert.ok(count <= (tally.made.get(url) ?? 0), `${url} is there ${count} times`);
    for (const { state } of [a, b]) {
      assert.equal(state.queue.length, 0);
      assert.equal(state.meta.mismatches, 0);
      assert.deepEqual(state.meta.aside.filter(({ code }) => code !== "cycle" && code !== "purged"), []);
    }
  });
}
