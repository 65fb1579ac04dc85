// The domain, held to the frozen vectors of the server.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { canon, folded, isWeb } from "../src/domain/canon.js";
import { idMaker, rootId } from "../src/domain/ids.js";
import { between, risingRun, spread } from "../src/domain/order.js";
import { Shelf, View } from "../src/domain/shelf.js";
import { nextStamp } from "../src/domain/stamp.js";
import { sumsOf } from "../src/domain/sums.js";
import { chanceOf } from "./model/chance.js";

const golden = (name) => readFileSync(new URL(`../../crates/shelf-domain/golden/${name}`, import.meta.url), "utf8")
  .split("\n").filter((line) => line !== "" && !line.startsWith("#"));

test("addresses are the same bookmark exactly where the server says so", () => {
  for (const line of golden("canon_v1.tsv")) {
    const [given, want] = line.split("\t");
    assert.equal(canon(given), want === "-" ? null : want, given);
  }
});

test("names are the same tag exactly where the server says so", () => {
  const read = (text) => text.replace(/\\u\{([0-9a-f]+)\}/g, (_, code) => String.fromCodePoint(parseInt(code, 16))).replaceAll("\\t", "\t");
  for (const line of golden("folded_v1.tsv")) {
    const [one, other, want] = line.split("\t");
    assert.equal(folded(read(one)), want, one);
    if (other) assert.equal(folded(read(other)), want, other);
  }
});

test("stamps are those that were written down", () => {
  const local = golden("ids_and_stamps.tsv").map((line) => line.split("\t")).filter(([what]) => what === "local");
  assert.ok(local.length > 3);
  for (const [, now, highest, , want] of local) assert.equal(nextStamp(Number(now), highest), want);
});

test("ids rise, and the collection of a root is the same for everybody", async () => {
  const make = idMaker(() => 1_800_000_000_000, chanceOf(1).fill);
  const ids = Array.from({ length: 5_000 }, make);
  assert.deepEqual(ids, [...ids].sort());
  assert.equal(new Set(ids).size, ids.length);
  assert.match(ids[0], /^01a3185c-5000-7000-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const library = "0193f0a0-0000-7000-8000-00000000000a";
  assert.equal(await rootId(library, null, "bar"), await rootId(library, null, "bar"));
  assert.notEqual(await rootId(library, null, "bar"), await rootId(library, null, "other"));
  assert.match(await rootId(library, null, "bar"), /^0193f0a0-0000-7[0-9a-f]{3}-[89ab]/);
});

test("there is always a key of order between two, and those at the ends stay short", () => {
  const chance = chanceOf(3);
  const keys = [];
  for (let made = 0; made < 2_000; made += 1) {
    const at = chance.below(keys.length + 1);
    const [below, above] = [keys[at - 1] ?? "", keys[at] ?? ""];
    const key = between(below, above, chance.below(65_536));
    assert.ok(key > below && (above === "" || key < above), `${below} ${key} ${above}`);
    assert.ok(!key.endsWith("0"));
    keys.splice(at, 0, key);
  }
  let last = "";
  for (let made = 0; made < 1_000; made += 1) last = between(last, "", made);
  assert.ok(last.length <= 48);
  const many = spread("V", "W", 401);
  assert.deepEqual(many, [...many].sort());
});

test("the longest rising run is found", () => {
  assert.deepEqual([...risingRun([3, 0, 1, 2])].sort(), [1, 2, 3]);
  assert.equal(risingRun([]).size, 0);
});

test("only addresses of the web leave the browser", () => {
  for (const url of ["https://a.example/", "http://127.0.0.1:1", "HTTPS://A.example"]) assert.ok(isWeb(url), url);
  for (const url of ["javascript:alert(1)", "chrome://settings", "file:///x", "data:,x", "about:blank", "", "https://", "place:x"]) assert.ok(!isWeb(url), url);
});

test("rows of the log fold as on the server, twice as well as once", () => {
  const rows = golden("changes.jsonl").map((line) => JSON.parse(line));
  const [once, twice] = [new Shelf(), new Shelf()];
  for (const row of rows) once.fold(structuredClone(row));
  for (const row of [...rows, ...rows]) twice.fold(structuredClone(row));
  assert.deepEqual([...twice.items], [...once.items]);
  assert.deepEqual([...twice.aliases], [...once.aliases]);
});

test("what lives in another library is hidden and owns no address", () => {
  const shelf = new Shelf();
  const row = (seq, set) => ({ seq, device: "d", n: seq, hlc: `000000000000000${seq}`, act: "a", item: "b", kind: "bookmark", set });
  shelf.fold(row(1, { url: "https://a.example/" }));
  assert.equal(new View(shelf, [], "d").byAddress("https://a.example/")?.id, "b");
  shelf.fold(row(2, { moved_to: "0193f0a0-0000-7000-8000-000000000001" }));
  const view = new View(shelf, [], "d");
  assert.equal(view.isLiving("b"), false);
  assert.equal(view.byAddress("https://a.example/"), undefined);
});

test("sums are those of docs/SYNC.md", async () => {
  const shelf = new Shelf();
  const put = (id, seq) => shelf.items.set(id, { id, kind: "note", number: 1, created: 1, puts: { body: ["0", "d", seq, null] } });
  put("0193f0a0-0000-7000-8000-00000000000b", 1);
  assert.equal((await sumsOf(shelf)).ranges[11], "21c4e3044ba90b9a");
  put("0193f0a0-0000-7000-8000-00000000010b", 4);
  put("0193f0a0-0000-7000-8000-00000000002c", 3);
  shelf.aliases.set("0193f0a0-0000-7000-8000-00000000003d", "0193f0a0-0000-7000-8000-00000000000b");
  const sums = await sumsOf(shelf);
  assert.equal(sums.ranges[11], "fc83e604e65ef15a");
  assert.equal(sums.ranges[61], "3b3b5738d8998507");
  assert.equal(sums.checksum, "1ea4d1934af46c90");
});
