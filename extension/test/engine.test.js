// What the worker does with the state beside sync: leaving, and what a disk does to it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { stand } from "./model/disk.js";
import { LIBRARY } from "./model/device.js";
import { freshMeta } from "../src/sync/state.js";

stand();
globalThis.chrome = { permissions: { contains: async () => true }, bookmarks: { getTree: async () => [] } };
globalThis.fetch = async () => { throw new Error("nobody answers"); };
const engine = await import("../src/engine.js");
const { store } = await import("../src/store.js");

const begin = () => store.write({ meta: freshMeta("https://shelf.example", LIBRARY, "0193f0a0-0000-7000-8000-0000000000d1") });
const saves = () => engine.change((state) => state.put(state.env.newId(), "tag", { name: "only here" }));

test("disconnecting drops no more of what waits than was agreed to", async () => {
  await begin();
  await saves();
  await assert.rejects(engine.leave(), { code: "waiting", message: "1" });
  await saves();
  await assert.rejects(engine.leave(1), { code: "waiting", message: "2" });
  assert.equal((await engine.status()).waiting, 2, "nothing was dropped");
  await engine.leave(2);
  assert.equal((await engine.status()).library, undefined);
});

test("what a full disk did not keep is said, and the next thing is kept", async () => {
  await begin();
  const { write } = store;
  store.write = async () => { store.write = write; throw new Error("full"); };
  await assert.rejects(saves(), { code: "storage" });
  assert.equal((await engine.status()).waiting, 0);
  await saves();
  assert.equal((await engine.status()).waiting, 1);
  await engine.leave(1);
});
