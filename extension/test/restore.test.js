// A server that came back from a backup: what browsers heal, what they keep, and what they let go of.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Device, level, world } from "./model/device.js";
import { Shelf } from "../src/domain/shelf.js";
import { common, heals } from "../src/sync/restart.js";
import { ServerRefusal } from "../src/sync/round.js";

const pair = async () => {
  const at = world();
  return { at, a: await new Device(at).begin(), b: await new Device(at, { first: 5_000, isFirefox: true }).begin() };
};

const same = (a, b) => assert.deepEqual(a.browser.picture(), b.browser.picture());
const add = (device, title, parentId = device.browser.bar) =>
  device.browser.create({ parentId, title, url: `https://${title}.example/` });

/** The server comes back with these rows alone, in a new epoch. */
function restore(server, rows) {
  server.rows = [];
  server.shelf = new (server.shelf.constructor)();
  for (const row of structuredClone(rows)) { server.rows.push(row); server.shelf.fold(structuredClone(row)); }
  for (const device of server.devices.values()) Object.assign(device, { n: 0, answers: new Map() });
  for (const row of rows) { const device = server.devices.get(row.device); if (device) device.n = Math.max(device.n, row.n); }
  server.epoch += 1;
}

const titles = (device) => device.browser.all().map(({ title }) => title).sort();

test("a backup that was restored is healed, and what waits is kept", async () => {
  const { at, a, b } = await pair();
  await add(a, "before");
  await level(a, b);
  const kept = structuredClone(at.server.rows);
  await add(a, "after");
  await level(a, b);
  restore(at.server, kept);
  await add(b, "meanwhile");
  await level(a, b);
  same(a, b);
  assert.deepEqual(titles(a), ["after", "before", "meanwhile"]);
});

test("what a new life of the log took is not lost where that is lost too", async () => {
  const { at, a, b } = await pair();
  await add(a, "before");
  await level(a, b);
  const kept = structuredClone(at.server.rows);
  await add(a, "after");
  await level(a, b);
  await add(a, "late");
  // It comes back from a backup between a pull and a push; before the browser has loaded it anew, nobody answers.
  const { push, pull } = a.client;
  a.client.push = async (...asked) => {
    a.client.push = push;
    restore(at.server, kept);
    a.client.pull = async () => { throw new Error("nobody answers"); };
    return push(...asked);
  };
  await a.sync();
  assert.ok(at.server.rows.length > kept.length, "the new life had it");
  assert.deepEqual(titles(a), ["after", "before", "late"], "it is shown all the while");
  a.client.pull = pull;
  restore(at.server, kept);
  await level(a, b);
  same(a, b);
  assert.deepEqual(titles(a), ["after", "before", "late"]);
});

test("a device that was paired after the backup pairs anew by itself", async () => {
  const { at, a, b } = await pair();
  await add(a, "before");
  await level(a, b);
  const kept = structuredClone(at.server.rows);
  await add(b, "after");
  await level(a, b);
  restore(at.server, kept);
  at.server.devices.delete(b.state.meta.device);
  // As the real server's answer is read: it names the place.
  const { standing } = b.client;
  b.client.standing = async (device) => standing(device).catch(() => { throw new ServerRefusal({ code: "device_removed", status: 403, detail: "" }); });
  await level(a, b);
  same(a, b);
  assert.deepEqual(titles(a), ["after", "before"]);
});

test("whoever may only read is level after a restore, and is told what is gone", async () => {
  const { at, a, b } = await pair();
  await add(a, "before");
  await level(a, b);
  const kept = structuredClone(at.server.rows);
  await add(a, "after");
  await level(a, b);
  restore(at.server, kept);
  const { push } = b.client;
  b.client.push = async () => { throw new ServerRefusal({ code: "forbidden", status: 403, detail: "shared with you to read" }); };
  await level(b);
  assert.equal(b.state.queue.length, 0);
  assert.equal(b.state.meta.givenUp, 2, "a bookmark and its place");
  assert.deepEqual(titles(b), ["after", "before"], "nothing is removed from the browser");
  b.client.push = push;
  await level(b);
  assert.ok(!at.server.rows.some(({ set }) => set.title === "after"), "it does not come back with the right");
  await level(a, b);
  assert.ok(at.server.rows.some(({ set }) => set.title === "after"), "those who may write bring it back");
  same(a, b);
  assert.deepEqual(titles(b), ["after", "before"], "and once");
});

test("what was done here waits until the right to write comes back", async () => {
  const { at, a, b } = await pair();
  await add(a, "before");
  await level(a, b);
  const kept = structuredClone(at.server.rows);
  const folder = await a.browser.create({ parentId: a.browser.bar, title: "Theirs" });
  await add(a, "theirs");
  await level(a, b);
  await add(b, "own", b.browser.all().find(({ title }) => title === "Theirs").id);
  await level(a, b);
  restore(at.server, kept);
  const { push } = b.client;
  b.client.push = async () => { throw new ServerRefusal({ code: "forbidden", status: 403, detail: "" }); };
  await assert.rejects(b.sync(), ServerRefusal);
  await assert.rejects(b.sync(), ServerRefusal);
  assert.ok(titles(b).includes("own"));
  b.client.push = push;
  await level(b);
  assert.ok(folder && titles(b).includes("own") && titles(b).includes("Theirs"), "with the folder it stands in");
  assert.deepEqual(b.state.meta.aside, []);
});

test("what heals has seen the last shared row and no later one, and loses no long text", () => {
  const hlc = (at) => at.toString(16).padStart(16, "0");
  const row = (seq, at, set, device = "one") => ({ seq, device, n: seq, hlc: hlc(at), act: "a", item: "item", kind: "bookmark", set });
  const shelf = (...rows) => rows.reduce((all, one) => { all.fold(one); return all; }, new Shelf());
  const first = row(1, 10, { url: "https://a.example/", title: "A" });
  const old = shelf(first, row(2, 20, { notes: "after the backup", title: "B" }));
  const fresh = shelf(first, row(2, 30, { notes: "in the new epoch" }, "two"));
  assert.equal(common(old, fresh), 1, "row 2 is another in each life");
  assert.equal(common(old, old), 2);
  const act = { own: "own", others: "others" };
  const [healed, ...more] = heals(old, fresh, { act, own: "two", seen: 1, now: 9 });
  assert.deepEqual(more, []);
  assert.deepEqual(healed.set, { notes: "after the backup", title: "B" }, "the text lost by its stamp, and a copy is made of it");
  assert.deepEqual([healed.base, healed.hlc, healed.act], [1, hlc(20), "others"]);
  assert.equal(heals(old, fresh, { act, own: "one", seen: 1, now: 9 })[0].act, "own");
});

test("what was removed for good does not come back with a backup", async () => {
  const { at, a, b } = await pair();
  await add(a, "before");
  await add(a, "secret");
  await level(a, b);
  const kept = structuredClone(at.server.rows);
  const secret = [...at.server.shelf.items.values()].find(({ puts }) => puts.title?.[3] === "secret");
  at.server.edit(secret.id, "bookmark", { trashed_at: 1 });
  at.server.edit(secret.id, "bookmark", { purged: true });
  await level(a, b);
  assert.deepEqual(titles(a), ["before"]);
  restore(at.server, kept);
  await level(a, b);
  assert.deepEqual([titles(a), titles(b)], [["before"], ["before"]]);
  assert.ok(at.server.shelf.items.get(secret.id).puts.trashed_at[3]);
});
