// A library as it was folded from its log, and what is shown: the fold with what waits on top.

import { canon } from "./canon.js";
import { isLater, NEVER, SEQUENCER } from "./stamp.js";

/**
 * @typedef {string | number | boolean | null | { sealed: string }} Value
 * @typedef {[hlc: string, device: string, seq: number, value: Value]} Held
 * @typedef {{ id: string, kind: string, number: number, created: number, puts: Record<string, Held> }} Item
 * @typedef {{ seq: number, device: string, n: number, hlc: string, act: string, item: string, kind: string, number?: number,
 *   joined?: string, also_hlc?: string, set?: Record<string, Value>, also?: Record<string, Value> }} Row
 * @typedef {{ n: number, hlc: string, base: number, act: string, item: string, kind: string, set: Record<string, Value> }} Change
 * @typedef {{ change: Change, seq?: number, came?: boolean }} Queued `seq` is its row, once it was answered; `came` says that it came
 *   back by the log before
 */

export class Shelf {
  constructor() {
    /** @type {Map<string, Item>} */
    this.items = new Map();
    /** @type {Map<string, string>} younger id to the item it joined */
    this.aliases = new Map();
    this.seq = 0;
    this.epoch = 0;
    this.hlc = NEVER;
  }

  /** @param {string} id */
  resolve(id) {
    let at = id;
    for (let steps = 0; steps <= this.aliases.size; steps += 1) {
      const older = this.aliases.get(at);
      if (older === undefined) break;
      at = older;
    }
    return at;
  }

  /** @param {string} id @returns {Item | undefined} */
  item(id) {
    return this.items.get(this.resolve(id));
  }

  /** Takes in one row; a row that was taken in already changes nothing. Answers the ids it touched.
   * @param {Row} row */
  fold(row) {
    const touched = [row.item];
    this.seq = Math.max(this.seq, row.seq);
    this.hlc = [this.hlc, row.hlc, row.also_hlc ?? NEVER].reduce((one, other) => (one > other ? one : other));
    if (row.joined) {
      this.aliases.set(row.joined, row.item);
      const younger = this.items.get(row.joined);
      if (younger) younger.puts = {};
      touched.push(row.joined);
    }
    let item = this.items.get(row.item);
    if (!item) {
      item = { id: row.item, kind: row.kind, number: row.number ?? 0, created: row.seq, puts: {} };
      this.items.set(row.item, item);
    }
    if (this.aliases.has(row.item)) return touched;
    if (!row.joined) put(item, row.set ?? {}, row.hlc, row.device, row.seq);
    if (row.also_hlc) put(item, row.also ?? {}, row.also_hlc, SEQUENCER, row.seq);
    if (item.puts.purged?.[3] === true) item.puts = { purged: item.puts.purged };
    return touched;
  }
}

/** @param {Item} item @param {Record<string, Value>} set @param {string} hlc @param {string} device @param {number} seq */
function put(item, set, hlc, device, seq) {
  for (const [register, value] of Object.entries(set)) {
    const held = item.puts[register];
    if (!held || isLater(hlc, device, held[0], held[1])) item.puts[register] = [hlc, device, seq, value];
  }
}

/** The shelf with what waits on top: what is shown. The shelf itself is not touched. */
export class View {
  /** @param {Shelf} base @param {Iterable<Queued>} queue @param {string} device */
  constructor(base, queue, device) {
    this.base = base;
    this.device = device;
    /** @type {Map<string, Item>} */
    this.over = new Map();
    /** @type {Map<string, string[]> | null} */
    this.byBookmark = null;
    /** @type {Map<string, string> | null} */
    this.byUrl = null;
    for (const { change } of queue) this.add(change);
  }

  /** Shows one more change. @param {Change} change */
  add(change) {
    const id = this.base.resolve(change.item);
    const known = this.over.get(id) ?? this.base.items.get(id);
    const item = known ? { ...known, puts: { ...known.puts } } : { id, kind: change.kind, number: 0, created: 0, puts: {} };
    if (item.puts.purged?.[3] === true) return;
    const trashed = item.puts.trashed_at;
    // Whoever had not seen that it was trashed brings it back.
    if (trashed && trashed[3] !== null && trashed[2] > change.base && !("trashed_at" in change.set)) {
      item.puts.trashed_at = [change.hlc, SEQUENCER, 0, null];
    }
    put(item, change.set, change.hlc, this.device, 0);
    this.over.set(id, item);
    if (item.kind === "place") this.#note(item);
    if (item.kind === "bookmark" && this.byUrl && "url" in change.set) this.byUrl.set(canon(String(change.set.url)) ?? "", id);
  }

  /** @param {string} id @returns {Item | undefined} */
  item(id) {
    const at = this.base.resolve(id);
    return this.over.get(at) ?? this.base.items.get(at);
  }

  /** @param {string} id @param {string} register @returns {Value} */
  get(id, register) {
    return this.item(id)?.puts[register]?.[3] ?? null;
  }

  /** @param {string} id @param {string} register */
  text(id, register) {
    const value = this.get(id, register);
    return typeof value === "string" ? value : "";
  }

  /** Whether an item is there, not in the trash and not removed. @param {string} id */
  isLiving(id) {
    const item = this.item(id);
    const puts = item?.puts ?? {};
    return item !== undefined && (puts.trashed_at?.[3] ?? null) === null && puts.purged?.[3] !== true
      && (puts.moved_to?.[3] ?? null) === null && Object.keys(puts).length > 0;
  }

  /** Every item in view that is one of its own. @returns {Generator<Item>} */
  *items() {
    for (const [id, item] of this.base.items) {
      if (!this.base.aliases.has(id) && !this.over.has(id)) yield item;
    }
    yield* this.over.values();
  }

  /** The living places of a bookmark. @param {string} bookmark @returns {string[]} */
  placesOf(bookmark) {
    if (!this.byBookmark) {
      this.byBookmark = new Map();
      for (const item of this.items()) if (item.kind === "place") this.#note(item);
    }
    const id = this.base.resolve(bookmark);
    const places = (this.byBookmark.get(id) ?? []).filter((place) => this.base.resolve(this.text(place, "bookmark")) === id);
    return [...new Set(places)].filter((place) => this.isLiving(place));
  }

  /** The bookmark that owns an address, trashed or not; what lives in another library owns none.
   * @param {string} url @returns {Item | undefined} */
  byAddress(url) {
    if (!this.byUrl) {
      this.byUrl = new Map();
      for (const item of this.items()) {
        const isHere = item.puts.purged?.[3] !== true && (item.puts.moved_to?.[3] ?? null) === null;
        const address = item.kind === "bookmark" && isHere ? item.puts.url?.[3] : null;
        if (typeof address === "string") this.byUrl.set(canon(address) ?? "", item.id);
      }
    }
    const wanted = canon(url);
    const id = wanted === null ? undefined : this.byUrl.get(wanted);
    const item = id === undefined ? undefined : this.item(id);
    return item && canon(this.text(item.id, "url")) === wanted ? item : undefined;
  }

  /** @param {Item} place */
  #note(place) {
    if (!this.byBookmark) return;
    const bookmark = this.base.resolve(String(place.puts.bookmark?.[3] ?? ""));
    const places = this.byBookmark.get(bookmark);
    if (places) places.push(place.id);
    else this.byBookmark.set(bookmark, [place.id]);
  }
}
