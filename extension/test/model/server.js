// A model of the server: one log that decides as docs/LOG.md says, as far as browsers reach it.

import { canon } from "../../src/domain/canon.js";
import { Shelf } from "../../src/domain/shelf.js";
import { isLater, nextStamp, SEQUENCER } from "../../src/domain/stamp.js";
import { rangeOf, sumsOf } from "../../src/domain/sums.js";
import { ServerRefusal } from "../../src/sync/round.js";

/**
 * @typedef {import("../../src/sync/round.js").Server} Server
 * @typedef {import("../../src/sync/round.js").Answer} Answer
 * @typedef {import("../../src/domain/shelf.js").Change} Change
 * @typedef {import("../../src/domain/shelf.js").Item} Item
 * @typedef {import("../../src/domain/shelf.js").Row} Row
 * @typedef {import("../../src/domain/shelf.js").Value} Value
 * @typedef {Record<string, Value>} Puts
 * @typedef {{ n: number, answers: Map<number, { body: string, answer: Answer }>, held: Change[] }} Known a device
 * @typedef {Row & { base: number, at: number }} Logged
 */

/** What an item of a kind cannot be without. @type {Record<string, string>} */
const NEEDS = { bookmark: "url", place: "bookmark", collection: "name", tag: "name" };

const no = (/** @type {string} */ code, status = 409, detail = code) => new ServerRefusal({ code, status, detail });

export class ModelServer {
  /** @param {() => number} now @param {() => string} newId */
  constructor(now, newId) {
    this.now = now;
    this.newId = newId;
    this.shelf = new Shelf();
    /** @type {Logged[]} */
    this.rows = [];
    /** @type {Map<string, Set<string>>} */
    this.urls = new Map();
    /** @type {Map<string, Known>} */
    this.devices = new Map();
    this.isDown = false;
    this.epoch = 0;
    this.pushes = 0;
  }

  /** What a device sees of it. @returns {Server} */
  client() {
    const up = () => { if (this.isDown) throw new Error("nobody answers"); };
    return {
      pull: async (cursor) => { up(); return this.pull(cursor); },
      push: async (device, changes, confirmed) => { up(); return this.push(device, structuredClone(changes), confirmed); },
      standing: async (device) => { up(); return this.standing(device); },
      pair: async () => { up(); return this.pair(); },
      checksum: async () => { up(); return { epoch: this.epoch, seq: this.shelf.seq, ...(await sumsOf(this.shelf)) }; },
      repair: async (ranges) => { up(); return this.repair(ranges); },
    };
  }

  pair() {
    const id = this.newId();
    this.devices.set(id, { n: 0, answers: new Map(), held: [] });
    return id;
  }

  get head() {
    return { epoch: this.epoch, seq: this.shelf.seq, floor: 0 };
  }

  /** @param {string | null} cursor */
  pull(cursor) {
    const [epoch, from] = cursor === null ? [this.epoch, 0] : cursor.split(".").map(Number);
    if (epoch !== this.epoch || from > this.shelf.seq) throw no("cursor_expired", 410);
    const changes = structuredClone(this.rows.slice(from, from + 100));
    const to = from + changes.length;
    return { changes, from, to, next_cursor: `${this.epoch}.${to}`, has_more: to < this.rows.length, head: this.head };
  }

  /** @param {number[]} ranges */
  repair(ranges) {
    const isIn = (/** @type {string} */ id) => ranges.includes(rangeOf(id));
    const items = [...this.shelf.items.values()].filter(({ id }) => isIn(id) && !this.shelf.aliases.has(id));
    const puts = (/** @type {Item} */ item) => Object.entries(item.puts).map(([register, [hlc, device, seq, value]]) => ({ seq, hlc, device, set: { [register]: value } }));
    return {
      epoch: this.epoch, seq: this.shelf.seq, aliases: [...this.shelf.aliases].filter(([id]) => isIn(id)).map(([younger, item]) => ({ younger, item })),
      items: items.map((item) => ({ item: item.id, kind: item.kind, number: item.number, created: item.created, puts: puts(item) })),
    };
  }

  /** @param {string} device */
  #known(device) {
    const known = this.devices.get(device);
    if (!known) throw no("forbidden", 403);
    return known;
  }

  /** @param {string} device */
  standing(device) {
    const known = this.#known(device);
    return { device: { n: known.n }, held: known.held.length, head: this.head };
  }

  /** @param {string} device @param {Change[]} changes @param {string[]} confirmed */
  push(device, changes, confirmed) {
    const known = this.#known(device);
    this.pushes += 1;
    const isDeletion = (/** @type {Change} */ change) => change.kind !== "place" && (change.set.trashed_at ?? null) !== null;
    const isFresh = (/** @type {Change} */ change) => isDeletion(change) && !confirmed.includes(change.act);
    const fresh = changes.filter((change) => change.n > known.n && isFresh(change)).length;
    const all = [...this.shelf.items.values()].filter(({ kind }) => kind === "bookmark").length;
    const isHeld = fresh > 500 || (fresh >= 50 && fresh > all / 5);
    /** @type {Answer[]} */
    const answers = [];
    for (const change of changes) {
      if (change.n > known.n + 1) {
        if (answers.length === 0) throw no("gap");
        return { answers, stopped: { code: "gap", detail: "" }, head: this.head };
      }
      const body = JSON.stringify(change);
      if (change.n <= known.n) {
        const stored = known.answers.get(change.n);
        if (stored?.body !== body) throw no("device_reused");
        answers.push(stored.answer);
        continue;
      }
      const answer = { n: change.n, ...(isHeld && isFresh(change) ? this.hold(known, change) : this.decide(device, change)) };
      known.n = change.n;
      known.answers.set(change.n, { body, answer });
      answers.push(answer);
    }
    return { answers, head: this.head };
  }

  /** @param {Known} known @param {Change} change */
  hold(known, change) {
    known.held.push(change);
    return { status: "held", item: change.item };
  }

  /** @param {string} device */
  confirm(device) {
    for (const change of this.#known(device).held.splice(0)) this.decide(device, change);
  }

  /** @param {string} device */
  refuse(device) {
    this.#known(device).held = [];
  }

  /** @param {string} device @param {Change} change @returns {Omit<Answer, "n">} */
  decide(device, change) {
    const refuse = (/** @type {string} */ code) => ({ status: "refused", item: change.item, refused: { code, detail: code, pointer: "" } });
    const { shelf } = this;
    const id = shelf.resolve(change.item);
    const known = shelf.item(id);
    const needs = NEEDS[change.kind];
    if (known?.puts.purged) return refuse("purged");
    if (!known && !change.set[needs]) return refuse("invalid");
    if (needs in change.set && !change.set[needs]) return refuse("invalid");
    const set = { ...change.set };
    for (const name of ["parent", "bookmark"]) {
      const named = set[name];
      if (typeof named !== "string") continue;
      set[name] = shelf.resolve(named);
      if (!shelf.item(named)) return refuse("invalid");
    }
    if (change.kind === "collection" && this.#isUnder(set.parent, id)) return refuse("cycle");
    let hlc = change.hlc;
    for (const register of Object.keys(set)) {
      const held = known?.puts[register];
      const isSeen = held && (held[2] <= change.base || held[1] === device);
      if (isSeen && !isLater(hlc, device, held[0], held[1])) hlc = nextStamp(0, held[0]);
    }
    const row = { device, n: change.n, hlc, base: change.base, act: change.act, item: id, kind: change.kind, set };
    const owner = change.kind === "bookmark" && "url" in set ? this.#ownerOf(String(set.url), id) : undefined;
    if (owner) return this.#join(row, owner);
    /** @type {Puts} */
    const also = {};
    const trashed = known?.puts.trashed_at;
    if (trashed && trashed[3] !== null && trashed[2] > change.base && trashed[1] !== device && !("trashed_at" in set)) also.trashed_at = null;
    this.#keepCopy(row, known, also);
    return { status: "applied", item: id, ...this.#log(row, also, known) };
  }

  /** Of two notes neither of whose authors had seen the other the one that loses is kept.
   * @param {Omit<Logged, "seq" | "at"> & { set: Puts }} row @param {Item | undefined} known @param {Puts} also */
  #keepCopy({ device, hlc, base, set }, known, also) {
    const held = known?.puts.notes;
    if (!("notes" in set) || !held || held[2] <= base || held[1] === device || held[3] === set.notes) return;
    const [loser, text] = isLater(hlc, device, held[0], held[1]) ? [held[1], held[3]] : [device, set.notes];
    if (text) also[`notes/copy/${loser}`] = text;
  }

  /** @param {Value | undefined} parent @param {string} id */
  #isUnder(parent, id) {
    for (let [at, steps] = [parent, 0]; typeof at === "string" && steps < 1000; at = this.shelf.item(at)?.puts.parent?.[3], steps += 1) if (at === id) return true;
    return false;
  }

  /** @param {string} url @param {string} id */
  #ownerOf(url, id) {
    const wanted = canon(url) ?? "";
    for (const other of this.urls.get(wanted) ?? []) {
      const item = this.shelf.items.get(other);
      const isOther = other !== id && item && !this.shelf.aliases.has(other) && !item.puts.purged;
      if (isOther && canon(String(item.puts.url[3])) === wanted) return item;
    }
    return undefined;
  }

  /** @param {Omit<Logged, "seq" | "at"> & { set: Puts }} row @param {Item} owner */
  #join(row, owner) {
    /** @type {Puts} */
    const also = {};
    if ((owner.puts.trashed_at?.[3] ?? null) !== null) also.trashed_at = null;
    for (const name of ["title", "notes"]) if (row.set[name] && !owner.puts[name]?.[3]) also[name] = row.set[name];
    const told = this.#log({ ...row, item: owner.id, joined: row.item }, also, owner);
    return { status: "joined", item: owner.id, ...told };
  }

  /** @param {Omit<Logged, "seq" | "at"> & { set: Puts }} row @param {Puts} also @param {Item | undefined} known */
  #log(row, also, known) {
    const at = Object.keys(also).map((register) => known?.puts[register]?.[0] ?? "").concat(row.hlc).sort().at(-1) ?? "";
    const seq = this.rows.length + 1;
    /** @type {Logged} */
    const done = { ...row, seq, at: this.now(), ...(Object.keys(also).length > 0 ? { also, also_hlc: nextStamp(0, at) } : {}) };
    if (!known) done.number = seq;
    this.rows.push(structuredClone(done));
    this.shelf.fold(structuredClone(done));
    const address = row.kind === "bookmark" && row.set.url ? (canon(String(row.set.url)) ?? "") : null;
    if (address !== null) this.urls.set(address, (this.urls.get(address) ?? new Set()).add(row.item));
    return { seq, hlc: row.hlc };
  }

  /** Somebody edits on the pages. @param {string} item @param {string} kind @param {Puts} set */
  edit(item, kind, set) {
    const change = { n: 0, hlc: nextStamp(this.now(), this.shelf.hlc), base: this.shelf.seq, act: this.newId(), item, kind, set };
    const answer = this.decide("0193f0a0-0000-7000-8000-0000000000ff", change);
    if (answer.status === "refused") throw new Error(answer.refused?.code);
    return answer.item;
  }
}

export { SEQUENCER };
