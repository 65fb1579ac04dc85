// Starting again: the library is loaded anew, the queue is kept, and what the server has lost is put again.

import { Shelf } from "../domain/shelf.js";
import { isLater } from "../domain/stamp.js";
import { renumber, ServerRefusal } from "./round.js";

/** How often a library is loaded from the beginning, where it begins anew meanwhile. */
const LOADS_MAX = 3;
/** Fields only the server puts. */
const NOT_OURS = ["purged", "moved_to"];
/** What comes before what names it. */
const RANKS = ["tag", "collection", "bookmark", "place"];

/** @param {import("./round.js").Server} server */
async function load(server) {
  let [shelf, cursor, loads] = [new Shelf(), /** @type {string | null} */ (null), 1];
  for (;;) {
    try {
      const pulled = await server.pull(cursor);
      for (const row of pulled.changes) shelf.fold(row);
      shelf.epoch = pulled.head.epoch;
      cursor = pulled.next_cursor;
      if (!pulled.has_more || pulled.changes.length === 0) return { shelf, cursor };
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.refusal.status !== 410 || loads >= LOADS_MAX) throw error;
      loads += 1;
      [shelf, cursor] = [new Shelf(), null];
    }
  }
}

/**
 * Loads the library anew and takes it over in one transaction, with the queue.
 * @param {import("./state.js").State} state @param {import("./round.js").Server} server
 */
export async function restart(state, server) {
  const { shelf, cursor } = await load(server);
  const old = state.shelf;
  const isLost = shelf.epoch !== old.epoch || shelf.seq < old.seq;
  if (isLost) {
    const known = await standing(state, server);
    if (!known) state.meta.device = await server.pair();
    const waiting = state.queue.filter(({ seq }) => seq === undefined);
    const answered = state.queue.filter(({ seq, change }) => seq !== undefined && !isIn(shelf, change, state.meta.device));
    state.dequeue(state.queue.map(({ change }) => change.n));
    const base = shelf.seq;
    const seen = Math.min(old.seq, shelf.seq);
    const healed = heals(old, shelf, state.env.newId(), base);
    const rest = [...answered, ...waiting].map(({ change }) => ({ change: { ...change, base: Math.min(change.base, seen) } }));
    state.queue = [...healed.map((change) => ({ change })), ...rest];
    renumber(state, known?.n ?? 0);
  } else {
    const landed = state.queue.filter(({ seq }) => seq !== undefined && seq <= shelf.seq);
    state.dequeue(landed.map(({ change }) => change.n));
  }
  state.takeOver(shelf);
  state.meta.cursor = cursor;
  await state.commit();
}

/** @param {import("./state.js").State} state @param {import("./round.js").Server} server */
async function standing(state, server) {
  try {
    return (await server.standing(state.meta.device)).device;
  } catch (error) {
    // It was paired after the backup was made.
    if (error instanceof ServerRefusal && error.refusal.code === "forbidden") return undefined;
    throw error;
  }
}

/** @param {Shelf} shelf @param {import("../domain/shelf.js").Change} change @param {string} device */
function isIn(shelf, change, device) {
  const puts = shelf.item(change.item)?.puts ?? {};
  return Object.keys(change.set).every((register) => puts[register]?.[0] === change.hlc && puts[register]?.[1] === device);
}

/**
 * What the old state holds and the new one has lost: each put that is later than what is there, with its own stamp.
 * @param {Shelf} old @param {Shelf} fresh @param {string} act @param {number} base
 */
export function heals(old, fresh, act, base) {
  const rank = (/** @type {string} */ kind) => (RANKS.indexOf(kind) + RANKS.length + 1) % (RANKS.length + 1);
  const items = [...old.items.values()].filter(({ id }) => !old.aliases.has(id) && old.items.get(id)?.puts.purged?.[3] !== true);
  items.sort((one, other) => rank(one.kind) - rank(other.kind) || (one.created - other.created));
  /** @type {import("../domain/shelf.js").Change[]} */
  const changes = [];
  for (const item of items) {
    const theirs = fresh.item(item.id);
    if (theirs?.puts.purged?.[3] === true) continue;
    const lost = Object.entries(item.puts).filter(([register, [hlc, device, , value]]) => {
      const known = theirs?.puts[register];
      const isNew = !known || (isLater(hlc, device, known[0], known[1]) && known[3] !== value);
      return isNew && !NOT_OURS.includes(register) && !(known === undefined && value === null);
    });
    /** @type {Map<string, Record<string, import("../domain/shelf.js").Value>>} */
    const parts = new Map();
    const latest = lost.reduce((most, [, [hlc]]) => (hlc > most ? hlc : most), "");
    for (const [register, [hlc, , , value]] of lost) {
      const at = theirs ? hlc : latest;
      parts.set(at, { ...parts.get(at), [register]: value });
    }
    for (const [hlc, set] of parts) changes.push({ n: 0, hlc, base, act, item: item.id, kind: item.kind, set });
  }
  return changes;
}
