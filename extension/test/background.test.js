// What pages ask of the worker, by its messages.

import assert from "node:assert/strict";
import { test } from "node:test";
import { freshMeta } from "../src/sync/state.js";
import { LIBRARY } from "./model/device.js";
import { stand } from "./model/disk.js";

stand();
const never = { addListener: () => {} };
let hear;
globalThis.fetch = async () => { throw new Error("nobody answers"); };
globalThis.chrome = {
  runtime: { id: "mindshelf", onMessage: { addListener: (heard) => { hear = heard; } }, onStartup: never, onInstalled: never },
  bookmarks: { getTree: async () => [] }, permissions: { contains: async () => true },
  action: { setBadgeText: async () => {}, setBadgeBackgroundColor: async () => {} },
  alarms: { onAlarm: never, get: async () => ({}) }, commands: { onCommand: never }, tabs: { onActivated: never, onUpdated: never },
  omnibox: { onInputChanged: never, onInputEntered: never },
};
await import("../src/background.js");
const { store } = await import("../src/store.js");

/** Asks as a page does. */
const ask = (message, id = "mindshelf") => new Promise((resolve) => { if (hear(message, { id }, resolve) === false) resolve(undefined); });
const saves = { url: "https://a.example/", title: "A", tags: [], notes: "", folder: "" };

test("what is saved after the library was left is not said to be saved", async () => {
  assert.equal((await ask({ do: "save", saves })).trouble.code, "signed_out");
  assert.equal((await ask({ do: "page", url: saves.url })).told, null);
  await store.write({ meta: freshMeta("https://shelf.example", LIBRARY, "0193f0a0-0000-7000-8000-0000000000d1") });
  assert.deepEqual(await ask({ do: "save", saves }), { told: true });
  const { told } = await ask({ do: "page", url: saves.url });
  assert.deepEqual([told.saved.title, told.seen], ["A", { epoch: 0, seq: 0 }]);
});

test("a library is chosen by whoever is let in, and nobody else is heard", async () => {
  assert.equal((await ask({ do: "choose", library: LIBRARY })).trouble.code, "signed_out");
  assert.equal(await ask({ do: "status" }, "another"), undefined);
  assert.equal(await ask({ do: "nothing" }), undefined);
});
