// A device that was removed and joins again: what waits is pushed as the new one, and what was heard of the old one is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { lookUp, save } from "../src/library.js";
import { pairAnew } from "../src/sync/round.js";
import { State } from "../src/sync/state.js";
import { Device, level, world } from "./model/device.js";

const page = { url: "https://a.example/", title: "A page", tags: [], notes: "first", folder: "" };

/** A browser of which a note was taken by the server, as its person sees it now; nothing came back yet. */
async function edited() {
  const at = world();
  const device = await new Device(at).begin();
  const first = await loaded(device, (state) => save(state, page));
  await level(device);
  await loaded(device, (state) => save(state, { ...page, notes: "mine" }, lookUp(state, page.url) ?? undefined));
  return { at, device, id: first };
}

/** Works on what is kept, and keeps it. */
async function loaded(device, work) {
  const state = await State.load(device.store, device.env);
  const done = await work(state);
  await state.commit();
  return done;
}

const remove = (at, device) => at.server.devices.delete(device.state.meta.device);
const textsOf = (at, id) => Object.entries(at.server.shelf.item(id).puts).filter(([name]) => name.startsWith("notes")).map(([, held]) => held[3]);

test("what was taken and whose answer was lost is not pushed a second time", async () => {
  const { at, device, id } = await edited();
  const { push } = device.client;
  device.client.push = async (...asked) => { await push(...asked); throw new Error("nobody answers"); };
  await device.sync();
  device.client.push = push;
  // Somebody wrote over it since, having seen it.
  at.server.edit(id, "bookmark", { notes: "theirs" });
  remove(at, device);
  const rows = at.server.rows.length;
  await loaded(device, (state) => pairAnew(state, device.client));
  await level(device);
  assert.equal(at.server.rows.length, rows);
  assert.deepEqual(textsOf(at, id), ["theirs"], "no copy of what was replaced");
});

test("what was answered is seen all the while, and is in the library once", async () => {
  const { at, device, id } = await edited();
  const { pull } = device.client;
  const pulls = [];
  // The push is answered, and then the network is gone.
  device.client.pull = async (cursor) => {
    if (pulls.push(cursor) > 1) throw new Error("nobody answers");
    return pull(cursor);
  };
  await device.sync();
  assert.deepEqual(device.state.queue.map(({ seq }) => typeof seq), ["number"]);
  device.client.pull = pull;
  remove(at, device);
  const rows = at.server.rows.length;
  await loaded(device, async (state) => {
    await pairAnew(state, device.client);
    assert.equal(lookUp(state, page.url)?.notes, "mine");
  });
  await level(device);
  assert.equal(at.server.rows.length, rows);
  assert.deepEqual(textsOf(at, id), ["mine"]);
});

test("what nobody heard of is pushed as the new device, and where the server is away it stays as it is", async () => {
  const { at, device, id } = await edited();
  at.server.isDown = true;
  await device.sync();
  remove(at, device);
  const before = device.state.meta.device;
  await assert.rejects(loaded(device, (state) => pairAnew(state, device.client)), /nobody answers/);
  assert.equal((await State.load(device.store, device.env)).meta.device, before);
  at.server.isDown = false;
  await loaded(device, (state) => pairAnew(state, device.client));
  await level(device);
  assert.deepEqual(textsOf(at, id), ["mine"]);
});
