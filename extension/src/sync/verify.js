// Verifying: both sides compare sums, and what differs is taken from the server, range by range.

import { rangeOf, sumsOf } from "../domain/sums.js";
import { take } from "./round.js";

const TRIES_MAX = 3;
const RANGES_MAX = 16;

/**
 * @param {import("./state.js").State} state @param {import("./round.js").Server} server @param {{ repaired: number }} told
 */
export async function verify(state, server, told) {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const theirs = await server.checksum();
    if (theirs.epoch === state.shelf.epoch && theirs.seq > state.shelf.seq) {
      take(state, await server.pull(state.meta.cursor));
      await state.commit();
    }
    if (theirs.epoch !== state.shelf.epoch || theirs.seq !== state.shelf.seq) continue;
    const mine = await sumsOf(state.shelf);
    const differing = mine.ranges.flatMap((sum, at) => (sum === theirs.ranges[at] ? [] : [at]));
    state.meta.verifiedAt = state.env.now();
    if (differing.length === 0) return;
    state.meta.mismatches += differing.length;
    told.repaired += differing.length;
    for (let from = 0; from < differing.length; from += RANGES_MAX) {
      await repair(state, server, differing.slice(from, from + RANGES_MAX));
    }
  }
}

/**
 * @param {import("./state.js").State} state @param {import("./round.js").Server} server @param {number[]} ranges
 */
async function repair(state, server, ranges) {
  const { shelf } = state;
  /** @type {string | null} */
  let after = null;
  do {
    const answer = await server.repair(ranges, after);
    // It is of another moment: the next comparison says what is left.
    if (answer.epoch !== shelf.epoch || answer.seq < shelf.seq) return;
    const from = after;
    /** @type {string | null} */
    const to = answer.next ?? null;
    const theirs = new Set(answer.items.map(({ item }) => item));
    const isWithin = (/** @type {string} */ id) => ranges.includes(rangeOf(id)) && (from === null || id > from) && (to === null || id <= to);
    if (from === null) for (const younger of [...shelf.aliases.keys()].filter((id) => ranges.includes(rangeOf(id)))) shelf.aliases.delete(younger);
    for (const id of [...shelf.items.keys()].filter((id) => isWithin(id) && !theirs.has(id))) shelf.items.delete(id);
    for (const { younger, item } of answer.aliases ?? []) shelf.aliases.set(younger, item);
    for (const told of answer.items) shelf.items.set(told.item, itemOf(told));
    // Seldom, so the whole is written anew.
    state.takeOver(shelf);
    await state.commit();
    after = to;
  } while (after !== null);
}

/** An item in the form of the snapshot. @param {import("./round.js").Whole} told @returns {import("../domain/shelf.js").Item} */
function itemOf(told) {
  /** @type {import("../domain/shelf.js").Item} */
  const item = { id: told.item, kind: told.kind, number: told.number ?? 0, created: told.created ?? 0, puts: {} };
  for (const { seq, hlc, device, set } of told.puts) {
    for (const [register, value] of Object.entries(set)) item.puts[register] = [hlc, device, seq, value];
  }
  return item;
}
