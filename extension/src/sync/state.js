// What a device keeps: the fold, the queue, and the browser's tree as it was when both were level.
//
// Everything changes in memory first and becomes durable in one transaction by `commit`; after a failure the
// state is thrown away and read again.

import { Shelf, View } from "../domain/shelf.js";
import { nextStamp, NEVER } from "../domain/stamp.js";

/**
 * @typedef {import("../domain/shelf.js").Change} Change
 * @typedef {import("../domain/shelf.js").Value} Value
 * @typedef {{ native: string, item: string, type: "root" | "folder" | "place" | "local", parent: string, title: string, url: string | null,
 *   theirTitle: string, theirUrl: string | null, children: string[], why?: string, made?: number }} Node
 * @typedef {{ item: string, type: "folder" | "place", parent: string, title: string, url: string | null }} Intent
 * @typedef {{ change: Change, why: "refused" | "held", code?: string, detail?: string, at: number, library?: string }} Aside `library` is
 *   where it lives now
 * @typedef {{ device: string, n: number, hlc: string, cursor: string | null, seq: number, epoch: number, library: string, server: string,
 *   isMirroring: boolean, above: string | null, rootIds: Record<string, string>, roots: Record<string, string>, held: Record<string, number>,
 *   aside: Aside[], intents: Intent[], titles: { place: string, title: string }[], inbound: { count: number, decided: string } | null,
 *   outbound: { count: number, decided: string } | null, confirmed: string[],
 *   blocked: Record<string, string>, twins: number, levelAt: number | null, verifiedAt: number | null, mismatches: number,
 *   isApplying: boolean, healing?: string[], givenUp?: number, began?: number }} Meta `isApplying` says that a round writes to the browser, or was cut off at it; `healing` are gestures by which waits what others put and a restored server lost; `givenUp`
 *   is how many items of those were let go of, until the person was told; `began` is when the comparison began of which a part is left
 * @typedef {{ meta?: Meta, clearItems?: boolean, items?: import("../domain/shelf.js").Item[], aliases?: [string, string][],
 *   queue?: { put: import("../domain/shelf.js").Queued[], drop: number[] }, nodes?: { put: Node[], drop: string[] } }} Delta
 * @typedef {{ read(): Promise<{ meta: Meta | null, items: import("../domain/shelf.js").Item[], aliases: [string, string][],
 *   queue: import("../domain/shelf.js").Queued[], nodes: Node[] }>, write(delta: Delta): Promise<void> }} Store
 * @typedef {{ now: () => number, newId: () => string, chance: () => number }} Env `chance` is a whole number below 2^16
 */

/** Halves of letters, which titles that were cut have, travel in no JSON. @param {Record<string, Value>} set @returns {Record<string, Value>} */
const wellFormed = (set) => Object.fromEntries(Object.entries(set).map(([register, value]) =>
  [register, typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\ufffd") : value]));

/** Most changes that stand aside; older ones are dropped. */
const ASIDE_MAX = 1_000;
/** Most changes that wait. */
const QUEUE_MAX = 250_000;
/** From how many waiting changes on what is new in the browser is left to a later comparison: a first one takes all in parts. */
const PART = 50_000;

/**
 * The meta of a device that begins with `library` at `server`.
 * @param {string} server @param {string} library @param {string} device
 * @returns {Meta}
 */
export const freshMeta = (server, library, device) => ({
  server, library, device, n: 0, hlc: NEVER, cursor: null, seq: 0, epoch: 0, isMirroring: false, above: null,
  rootIds: {}, roots: {}, held: {}, aside: [], intents: [], titles: [], inbound: null, outbound: null, confirmed: [], blocked: {}, twins: 0,
  levelAt: null, verifiedAt: null, mismatches: 0, isApplying: false,
});

/** What is kept could not be written: all that is in memory is thrown away, whoever catches it. */
export class StoreFault extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super(String(/** @type {{ message?: string }} */ (cause)?.message ?? cause), { cause });
    this.code = "storage";
    this.isCrash = true;
  }
}

export class State {
  /** @param {Store} store @param {Env} env */
  constructor(store, env) {
    this.store = store;
    this.env = env;
    this.meta = freshMeta("", "", "");
    this.shelf = new Shelf();
    /** @type {import("../domain/shelf.js").Queued[]} */
    this.queue = [];
    /** @type {Map<string, Node>} */
    this.nodes = new Map();
    /** @type {Map<string, string>} item to native id */
    this.byItem = new Map();
    /** @type {View | null} */
    this.shown = null;
    /** @type {Set<string>} nodes that stand where nothing is mirrored, as of the last comparison */
    this.away = new Set();
    /** Whether a write failed: what is here is more than what is kept, and is not to be built on. */
    this.isBroken = false;
    /** Whether a round is to follow at once. */
    this.isAgain = false;
    this.isAnew = false;
    this.part = PART;
    /** @type {Set<string>} */
    this.touchedItems = new Set();
    /** @type {Set<string>} */
    this.touchedAliases = new Set();
    /** @type {Set<string>} */
    this.touchedNodes = new Set();
    /** @type {Set<string>} */
    this.droppedNodes = new Set();
    /** @type {Set<number>} */
    this.touchedQueue = new Set();
    /** @type {Set<number>} */
    this.droppedQueue = new Set();
    /** @type {Map<string, import("../domain/shelf.js").Queued>} what is not durable yet, by item */
    this.unsent = new Map();
  }

  /** What was touched is durable. */
  #forget() {
    this.touchedItems.clear();
    this.touchedAliases.clear();
    this.touchedNodes.clear();
    this.droppedNodes.clear();
    this.touchedQueue.clear();
    this.droppedQueue.clear();
    this.unsent.clear();
  }

  /** Reads what is kept; nothing where nobody connected yet.
   * @param {Store} store @param {Env} env @returns {Promise<State | null>} */
  static async load(store, env) {
    const kept = await store.read();
    if (!kept.meta) return null;
    const state = new State(store, env);
    // What a version of before did not keep is as at the beginning.
    state.meta = { ...freshMeta("", "", ""), ...kept.meta };
    for (const item of kept.items) state.shelf.items.set(item.id, item);
    for (const [younger, older] of kept.aliases) state.shelf.aliases.set(younger, older);
    Object.assign(state.shelf, { seq: kept.meta.seq, epoch: kept.meta.epoch, hlc: kept.meta.hlc });
    state.queue = [...kept.queue].sort((one, other) => one.change.n - other.change.n);
    for (const node of kept.nodes) state.setNode(node);
    state.#forget();
    return state;
  }

  /** What is shown: the fold with the queue on top. */
  view() {
    this.shown ??= new View(this.shelf, this.queue, this.meta.device);
    return this.shown;
  }

  /** @param {Node} node */
  setNode(node) {
    this.nodes.set(node.native, node);
    if (node.type !== "local") this.byItem.set(node.item, node.native);
    this.touchedNodes.add(node.native);
    this.droppedNodes.delete(node.native);
  }

  /** @param {Node} node */
  touch(node) {
    this.touchedNodes.add(node.native);
  }

  /** @param {string} native */
  dropNode(native) {
    const node = this.nodes.get(native);
    if (node && this.byItem.get(node.item) === native) this.byItem.delete(node.item);
    this.nodes.delete(native);
    this.touchedNodes.delete(native);
    this.droppedNodes.add(native);
  }

  /** From now on a node stays in this browser alone. @param {Node} node @param {string} why */
  keepHere(node, why) {
    if (this.byItem.get(node.item) === node.native) this.byItem.delete(node.item);
    Object.assign(node, { type: "local", item: "", why });
    this.touch(node);
  }

  /** The node of an item, through what joined. @param {string} item */
  nodeOf(item) {
    const native = this.byItem.get(item);
    return native === undefined ? undefined : this.nodes.get(native);
  }

  /** Begins a gesture: what is put until the next belongs together. */
  beginAct() {
    this.act = this.env.newId();
    return this.act;
  }

  /**
   * Queues a change; durable with the next `commit`.
   * @param {string} item @param {string} kind @param {Record<string, Value>} set
   * @param {number} [seen] the row up to which its author had seen the library, where what was shown is older than what is here
   */
  put(item, kind, set, seen = this.meta.seq) {
    if (this.queue.length >= QUEUE_MAX) throw Object.assign(new Error(`${QUEUE_MAX} changes wait`), { code: "too_many" });
    const { meta } = this;
    const before = this.unsent.get(item);
    if (before && before.change.act === this.act && Object.keys(set).join() === "order" && !("order" in before.change.set)) {
      // The spot of what is made in this very gesture goes with it.
      before.change.set.order = set.order;
      this.shown?.add(before.change);
      return;
    }
    meta.n += 1;
    meta.hlc = nextStamp(this.env.now(), meta.hlc);
    const change = { n: meta.n, hlc: meta.hlc, base: Math.min(seen, meta.seq), act: this.act ?? this.beginAct(), item, kind, set: wellFormed(set) };
    const queued = { change };
    this.queue.push(queued);
    this.unsent.set(item, queued);
    this.touchedQueue.add(change.n);
    this.shown?.add(change);
  }

  /** @param {number[]} ns */
  dequeue(ns) {
    const gone = new Set(ns);
    this.queue = this.queue.filter(({ change }) => !gone.has(change.n));
    for (const n of gone) {
      this.droppedQueue.add(n);
      this.touchedQueue.delete(n);
    }
    this.shown = null;
  }

  /** Puts a change aside for its owner. @param {Aside} aside */
  putAside(aside) {
    this.meta.aside = [...this.meta.aside, aside].slice(-ASIDE_MAX);
  }

  /** Takes in rows of the log. @param {import("../domain/shelf.js").Row[]} rows */
  fold(rows) {
    for (const row of rows) {
      for (const id of this.shelf.fold(row)) this.touchedItems.add(id);
      if (row.joined) {
        this.touchedAliases.add(row.joined);
        this.byItem.delete(row.joined);
      }
    }
    if (this.shelf.hlc > this.meta.hlc) this.meta.hlc = this.shelf.hlc;
    this.shown = null;
  }

  /** Makes all that changed durable, at once. */
  async commit() {
    if (this.isBroken) throw new StoreFault("what was read is thrown away");
    const { shelf, nodes } = this;
    Object.assign(this.meta, { seq: shelf.seq, epoch: shelf.epoch });
    const queued = this.touchedQueue.size === 0 ? [] : this.queue.filter(({ change }) => this.touchedQueue.has(change.n));
    /** @type {Delta} */
    const delta = {
      meta: this.meta,
      clearItems: this.isAnew,
      items: [...this.touchedItems].flatMap((id) => shelf.items.get(id) ?? []),
      aliases: [...this.touchedAliases].map((younger) => [younger, shelf.aliases.get(younger) ?? ""]),
      queue: { put: queued, drop: [...this.droppedQueue] },
      nodes: { put: [...this.touchedNodes].flatMap((native) => nodes.get(native) ?? []), drop: [...this.droppedNodes] },
    };
    // What is touched while this is written belongs to the next one.
    this.isAnew = false;
    this.#forget();
    try {
      await this.store.write(delta);
    } catch (error) {
      this.isBroken = true;
      throw /** @type {{ isCrash?: boolean }} */ (error).isCrash ? error : new StoreFault(error);
    }
  }

  /** Takes over another fold, whole. @param {Shelf} shelf */
  takeOver(shelf) {
    this.shelf = shelf;
    this.isAnew = true;
    this.touchedItems = new Set(shelf.items.keys());
    this.touchedAliases = new Set(shelf.aliases.keys());
    if (shelf.hlc > this.meta.hlc) this.meta.hlc = shelf.hlc;
    this.shown = null;
  }
}
