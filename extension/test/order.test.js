// The order of siblings, where keys are missing, equal or without room between them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Device, level, world } from "./model/device.js";

const pair = async () => {
  const at = world();
  return { at, a: await new Device(at).begin(), b: await new Device(at, { first: 5_000, isFirefox: true }).begin() };
};
const add = (device, title, index) => device.browser.create({ parentId: device.browser.bar, title, url: `https://${title}.example/`, index });
const order = (device) => device.browser.picture()[0].map((text) => text.split(" <")[0]);
const keys = (at) => [...at.server.shelf.items.values()].filter(({ kind }) => kind === "place").map(({ puts }) => puts.order?.[3] ?? "");

/** A bar with `count` pages whose places have these keys, as somebody else made them. */
async function barWith(count, keyOf) {
  const { at, a, b } = await pair();
  await level(a, b);
  for (let one = 0; one < count; one += 1) {
    const bookmark = at.server.edit(at.newId(), "bookmark", { url: `https://n${one}.example/`, title: `n${one}` });
    const key = keyOf(one);
    at.server.edit(at.newId(), "place", { bookmark, parent: a.state.meta.rootIds.bar, ...(key ? { order: key } : {}) });
  }
  await level(a, b);
  return { at, a, b };
}

for (const [what, keyOf] of [["no keys", () => ""], ["equal keys", () => "V"]]) {
  test(`what is put among siblings with ${what} stays there`, async () => {
    const { a, b } = await barWith(6, keyOf);
    assert.deepEqual(order(a), ["n0", "n1", "n2", "n3", "n4", "n5"]);
    await add(a, "mine", 3);
    await level(a, b);
    assert.deepEqual(order(b), ["n0", "n1", "n2", "mine", "n3", "n4", "n5"]);
    assert.deepEqual(order(a), order(b));
    await b.browser.move(b.browser.all().find(({ title }) => title === "n5").id, { parentId: b.browser.bar, index: 1 });
    await level(a, b);
    assert.deepEqual(order(a), ["n0", "n5", "n1", "n2", "mine", "n3", "n4"]);
    assert.deepEqual(order(a), order(b));
  });
}

test("what is put behind hundreds of siblings without room stays there", async () => {
  const { a, b } = await barWith(700, (one) => (one < 500 ? `V${String(one).padStart(4, "0")}V` : "W"));
  await add(a, "mine", 600);
  await level(a, b);
  assert.equal(order(a).indexOf("mine"), 600);
  assert.deepEqual(order(a), order(b));
});

test("many that are put between two keep their order, by short keys", async () => {
  for (const index of [1, 0]) {
    const { at, a, b } = await pair();
    await add(a, "first");
    await add(a, "last");
    await level(a, b);
    for (let count = 0; count < 600; count += 1) await add(a, `m${count}`, index + count);
    const before = order(a);
    await level(a, b);
    assert.deepEqual(order(a), before);
    assert.deepEqual(order(b), before);
    assert.ok(keys(at).every((key) => key.length <= 48), String(Math.max(...keys(at).map((key) => key.length))));
  }
});

test("what is put into the same spot again and again keeps its order, by short keys", async () => {
  const { at, a, b } = await pair();
  await add(a, "first");
  await add(a, "last");
  for (let count = 0; count < 300; count += 1) {
    await add(a, `m${count}`, 1);
    await a.sync();
  }
  await level(a, b);
  assert.deepEqual(order(a), order(b));
  assert.deepEqual(order(a).slice(0, 3), ["first", "m299", "m298"]);
  assert.ok(keys(at).every((key) => key.length <= 48));
});
