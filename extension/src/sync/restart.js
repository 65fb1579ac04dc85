// Starting again: the library is loaded anew, the queue is kept, and what the server has lost is put again.

import { Shelf } from "../domain/shelf.js";
import { isLater } from "../domain/stamp.js";
import { renumber } from "./queue.js";
import { ServerRefusal } from "./round.js";

/** How often a library is loaded from the beginning, where it begins anew meanwhile. */
const LOADS_MAX = 3;
/** Fields only the server puts. */
const NOT_OURS = ["purged", "moved_to"];
/** Long texts: of two of them none is lost. */
const LONG = ["notes", "description", "comment", "body"];
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
    const { device: own } = state.meta;
    const known = await standing(state, server);
    if (!known) state.meta.device = await server.pair();
    // What was taken there already, heard or not, is not put twice.
    const left = state.queue.filter(({ change, came }) => !came && !isIn(shelf, change, own));
    state.dequeue(state.queue.map(({ change }) => change.n));
    const seen = common(old, shelf);
    const act = { own: state.env.newId(), others: state.env.newId() };
    const healed = heals(old, shelf, { act, own, seen, now: state.env.now() });
    const rest = left.map(({ change }) => ({ change: rebased(old, change, seen) }));
    state.queue = [...healed.map((change) => ({ change })), ...rest];
    keepHealing(state, [...(state.meta.healing ?? []), act.others]);
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
    if (error instanceof ServerRefusal && ["forbidden", "device_removed"].includes(error.refusal.code)) return undefined;
    throw error;
  }
}

/** Remembers by which of these gestures waits to be healed what others had put. @param {import("./state.js").State} state @param {string[]} acts */
function keepHealing(state, acts) {
  const waits = new Set(state.queue.map(({ change }) => change.act));
  state.meta.healing = acts.filter((act) => waits.has(act));
}

/**
 * After a push was refused: where the person may only read, lets go of what others had put and waits to heal the server. What was done
 * here waits on, with all that it names. Whether anything left the queue.
 * @param {import("./state.js").State} state @param {import("./round.js").Server} server @param {string} code
 */
export async function letsGo(state, server, code) {
  const healing = new Set(state.meta.healing ?? []);
  if (code !== "forbidden" || healing.size === 0) return false;
  /** @type {Set<string>} */
  const named = new Set();
  const gone = [];
  for (const { change, seq, came } of [...state.queue].reverse()) {
    if (healing.has(change.act) && seq === undefined && !came && !named.has(change.item)) {
      gone.push(change);
      continue;
    }
    for (const id of [change.item, ...namedIn(change.set)]) named.add(id);
  }
  // A device that was removed is told so here; it heals once it joined again.
  const known = gone.length > 0 ? (await server.standing(state.meta.device)).device : undefined;
  if (!known) return false;
  state.dequeue(gone.map(({ n }) => n));
  renumber(state, known.n);
  keepHealing(state, [...healing]);
  state.meta.givenUp = (state.meta.givenUp ?? 0) + new Set(gone.map(({ item }) => item)).size;
  await state.commit();
  return true;
}

/** The tags, folders and bookmarks that are named. @param {Record<string, import("../domain/shelf.js").Value>} set */
const namedIn = (set) => Object.entries(set).flatMap(([register, value]) => {
  if (register.startsWith("tag/")) return [register.slice(4)];
  return (register === "bookmark" || register === "parent") && typeof value === "string" ? [value] : [];
});

/** What is put, with ids that had joined replaced by those they became.
 * @param {Shelf} shelf @param {Record<string, import("../domain/shelf.js").Value>} set */
const readdressed = (shelf, set) => Object.fromEntries(Object.entries(set).map(([register, value]) => {
  if (register.startsWith("tag/")) return [`tag/${shelf.resolve(register.slice(4))}`, value];
  return (register === "bookmark" || register === "parent") && typeof value === "string" ? [register, shelf.resolve(value)] : [register, value];
}));

/** @param {Shelf} old @param {import("../domain/shelf.js").Change} change @param {number} seen */
const rebased = (old, change, seen) =>
  ({ ...change, base: Math.min(change.base, seen), item: old.resolve(change.item), set: readdressed(old, change.set) });

/** @param {import("../domain/shelf.js").Item} item */
const isPurged = (item) => item.puts.purged?.[3] === true;

/**
 * Up to which row both lives of a log surely are the same: the highest that put something which both still hold, below the first that
 * only one of them has.
 * @param {Shelf} old @param {Shelf} fresh
 */
export function common(old, fresh) {
  /** @type {number[]} */
  const same = [];
  let other = Infinity;
  for (const item of old.items.values()) {
    const theirs = fresh.item(item.id);
    const isGone = theirs !== undefined && (isPurged(theirs) || theirs.id !== item.id);
    if (old.aliases.has(item.id) || isPurged(item) || isGone) continue;
    for (const [register, [hlc, device, seq]] of Object.entries(item.puts)) {
      const held = theirs?.puts[register];
      if (held && held[2] === seq && held[0] === hlc && held[1] === device) same.push(seq);
      else other = Math.min(other, Math.max(held?.[2] ?? 0, seq));
    }
  }
  return same.reduce((most, seq) => (seq < other && seq > most ? seq : most), 0);
}

/** Whether a long text stands in an item, in its field or in a copy. @param {import("../domain/shelf.js").Item} item @param {string} register @param {unknown} text */
function hasText(item, register, text) {
  const texts = Object.entries(item.puts).filter(([name]) => name === register || name.startsWith(`${register}/copy/`));
  return texts.some(([, held]) => (typeof held[3] === "string" && typeof text === "string" ? held[3].includes(text) : held[3] === text));
}

/** @param {Shelf} shelf @param {import("../domain/shelf.js").Change} change @param {string} device */
function isIn(shelf, change, device) {
  const puts = shelf.item(change.item)?.puts ?? {};
  return Object.keys(change.set).every((register) => puts[register]?.[0] === change.hlc && puts[register]?.[1] === device);
}

/**
 * What the old state holds and the new one has lost: each put that is later than what is there, with its own stamp; and each long text
 * that was put after `seen` and stands nowhere there, since the server keeps the earlier of two as a copy. What this device (`own`) put
 * is another gesture than what others did.
 * @param {Shelf} old @param {Shelf} fresh
 * @param {{ act: { own: string, others: string }, own: string, seen: number, now: number }} by `now` is when what was removed goes into the trash
 */
export function heals(old, fresh, { act, own, seen, now }) {
  const rank = (/** @type {string} */ kind) => (RANKS.indexOf(kind) + RANKS.length + 1) % (RANKS.length + 1);
  const depth = (/** @type {string} */ id) => {
    let [at, steps] = [id, 0];
    for (; at !== "" && steps < 100; steps += 1) at = String(old.item(at)?.puts.parent?.[3] ?? "");
    return steps;
  };
  const all = [...old.items.values()].filter((item) => !old.aliases.has(item.id));
  const items = all.filter((item) => !isPurged(item));
  items.sort((one, other) => rank(one.kind) - rank(other.kind) || depth(one.id) - depth(other.id) || one.created - other.created);
  /** @type {import("../domain/shelf.js").Change[]} */
  const changes = [];
  for (const item of items) {
    const theirs = fresh.item(item.id);
    if (theirs && isPurged(theirs)) continue;
    const lost = Object.entries(item.puts).filter(([register, [hlc, device, seq, value]]) => {
      if (NOT_OURS.includes(register)) return false;
      if (!theirs) return value !== null;
      const known = theirs.puts[register];
      const isOther = (known?.[3] ?? null) !== value;
      const isLostText = LONG.includes(register) && value !== null && seq > seen && !hasText(theirs, register, value);
      return isOther && (!known || isLater(hlc, device, known[0], known[1]) || isLostText);
    });
    /** @type {Map<string, { set: Record<string, import("../domain/shelf.js").Value>, isOwn: boolean }>} */
    const parts = new Map();
    const latest = lost.reduce((most, [, [hlc]]) => (hlc > most ? hlc : most), "");
    for (const [register, [hlc, device, , value]] of lost) {
      const at = theirs ? hlc : latest;
      const part = parts.get(at) ?? { set: {}, isOwn: false };
      parts.set(at, { set: { ...part.set, [register]: value }, isOwn: part.isOwn || device === own });
    }
    for (const [hlc, { set, isOwn }] of parts) {
      changes.push({ n: 0, hlc, base: seen, act: isOwn ? act.own : act.others, item: item.id, kind: item.kind, set: readdressed(old, set) });
    }
  }
  // What was removed for good goes into the trash again: only the server removes it.
  for (const item of all.filter(isPurged)) {
    const theirs = fresh.items.get(item.id);
    if (!theirs || fresh.aliases.has(item.id) || isPurged(theirs) || (theirs.puts.trashed_at?.[3] ?? null) !== null) continue;
    changes.push({ n: 0, hlc: old.hlc, base: seen, act: act.others, item: item.id, kind: item.kind, set: { trashed_at: now } });
  }
  return changes;
}
