// What others did, made in the browser: folders and places that are wanted are made, moved, named and put in order from
// the top down; what is wanted no more is removed last.
//
// Before nodes are made, what is about to be made is kept; a batch that is cut off is so found again at the next start.

import { risingRun } from "../domain/order.js";
import { isMany } from "./gone.js";
import { ancestorsOf } from "./items.js";
import { targetOf } from "./target.js";

/**
 * @typedef {import("./state.js").State} State
 * @typedef {import("./state.js").Node} Node
 * @typedef {import("./target.js").Wanted} Wanted
 * @typedef {import("./tree.js").NativeNode} NativeNode
 * @typedef {{ create(what: { parentId: string, index?: number, title: string, url?: string }): Promise<NativeNode>,
 *   move(id: string, where: { parentId: string, index: number }): Promise<NativeNode>,
 *   update(id: string, what: { title?: string, url?: string }): Promise<NativeNode>, remove(id: string): Promise<void> }} Native
 */

/** Operations after which what was done is kept. */
const BATCH = 100;

/**
 * @param {State} state @param {Native} native
 * @returns {Promise<number>} how many operations there were
 */
export async function applyTarget(state, native) {
  const apply = new Apply(state, native);
  for (const [role, id] of Object.entries(state.meta.roots)) {
    const root = state.nodes.get(id);
    if (root && !state.meta.blocked[role]) await apply.walk(root);
  }
  await apply.removeUnwanted();
  state.meta.isApplying = false;
  await apply.keep();
  return apply.count;
}

class Apply {
  /** @param {State} state @param {Native} native */
  constructor(state, native) {
    this.state = state;
    this.native = native;
    this.target = targetOf(state.view(), state.meta.held);
    this.count = 0;
    this.since = 0;
    /** @type {Set<string>} native ids that are wanted */
    this.wanted = new Set();
  }

  /** Keeps what was done. */
  async keep() {
    this.since = 0;
    this.state.meta.intents = [];
    await this.state.commit();
  }

  /** Does one operation; what the browser refuses (the person was quicker) is left to the next comparison.
   * @template T @param {() => Promise<T>} operation @returns {Promise<T | undefined>} */
  async #do(operation) {
    if (!this.state.meta.isApplying) {
      this.state.meta.isApplying = true;
      await this.state.commit();
    }
    this.count += 1;
    this.since += 1;
    try {
      return await operation();
    } catch (error) {
      if (/** @type {{ isCrash?: boolean }} */ (error).isCrash) throw error;
      return undefined;
    } finally {
      if (this.since >= BATCH) this.isDue = true;
    }
  }

  /** @param {Node} root */
  async walk(root) {
    /** @type {Node[]} */
    const open = [root];
    for (let folder = open.shift(); folder; folder = open.shift()) {
      if (!this.state.meta.isMirroring) return;
      this.wanted.add(folder.native);
      const children = this.target.childrenOf(folder.item).filter(({ item }) => !this.state.away.has(this.state.byItem.get(item) ?? ""));
      await this.#fill(folder, children);
      for (const one of children) {
        const node = this.state.nodeOf(one.item);
        if (!node) continue;
        this.wanted.add(node.native);
        if (one.type === "folder") open.push(node);
      }
    }
  }

  /** Makes, brings and puts in order what is wanted in one folder. @param {Node} folder @param {Wanted[]} children */
  async #fill(folder, children) {
    const { state } = this;
    const missing = children.filter((one) => !state.nodeOf(one.item));
    const here = children.flatMap((one) => state.nodeOf(one.item) ?? []).filter((node) => node.parent === folder.native);
    const stood = new Map(folder.children.map((native, at) => [native, at]));
    const run = risingRun(here.map((node) => stood.get(node.native) ?? -1));
    const stays = new Set(here.filter((_, at) => run.has(at)).map((node) => node.native));
    let last = /** @type {string | null} */ (null);
    for (const [at, one] of children.entries()) {
      // Whoever stops mirroring may do so in the midst of it: without the nodes all would be made again.
      if (!state.meta.isMirroring) return;
      if (this.isDue || (missing.length > 0 && at % BATCH === 0)) await this.#begin(folder, children.slice(at, at + BATCH));
      const node = state.nodeOf(one.item);
      const spot = this.#spotAfter(folder, last);
      if (!node) last = (await this.#make(folder, one, spot)) ?? last;
      else {
        await this.#edit(node, one);
        if (!stays.has(node.native)) await this.#move(node, folder, spot);
        last = node.parent === folder.native ? node.native : last;
      }
    }
    if (missing.length > 0) await this.keep();
  }

  /** Keeps what was done, and what is about to be made. @param {Node} folder @param {Wanted[]} next */
  async #begin(folder, next) {
    this.isDue = false;
    this.since = 0;
    const missing = next.filter((one) => !this.state.nodeOf(one.item));
    this.state.meta.intents = missing.map(({ item, type, title, url }) => ({ item, type, title, url, parent: folder.native }));
    await this.state.commit();
  }

  /** The index after a sibling; what stays in this browser alone stays behind what it stood behind.
   * @param {Node} folder @param {string | null} last */
  #spotAfter(folder, last) {
    const isLocal = (/** @type {string} */ native) => this.state.nodes.get(native)?.type === "local";
    let spot = last === null ? 0 : folder.children.indexOf(last) + 1;
    while (spot < folder.children.length && isLocal(folder.children[spot])) spot += 1;
    return spot;
  }

  /** @param {Node} folder @param {Wanted} one @param {number} spot */
  async #make(folder, one, spot) {
    const adopted = this.#adopt(folder, one);
    if (adopted) return adopted;
    const what = { parentId: folder.native, index: spot, title: one.title, ...(one.url === null ? {} : { url: one.url }) };
    const made = await this.#do(() => this.native.create(what));
    if (!made || !this.state.meta.isMirroring) return undefined;
    this.state.setNode({
      native: made.id, item: one.item, type: one.type, parent: folder.native, title: made.title ?? "", url: made.url ?? null,
      theirTitle: one.title, theirUrl: one.url, children: [], made: this.state.env.now(),
    });
    folder.children = folder.children.toSpliced(spot, 0, made.id);
    this.state.touch(folder);
    return made.id;
  }

  /** What the library refused, or lost, and has after all is what stands here already. @param {Node} folder @param {Wanted} one */
  #adopt(folder, one) {
    const nodes = folder.children.flatMap((native) => this.state.nodes.get(native) ?? []);
    const isIt = (/** @type {Node} */ { type, why, title, url }) => type === "local" && why === "refused" && title === one.title && url === one.url;
    const node = nodes.find(isIt);
    if (!node) return undefined;
    Object.assign(node, { item: one.item, type: one.type, theirTitle: one.title, theirUrl: one.url });
    delete node.why;
    this.state.setNode(node);
    return node.native;
  }

  /** @param {Node} node @param {Wanted} one */
  async #edit(node, one) {
    const what = { ...(node.theirTitle === one.title ? {} : { title: one.title }), ...(node.theirUrl === one.url ? {} : { url: one.url ?? undefined }) };
    if (Object.keys(what).length === 0) return;
    const done = await this.#do(() => this.native.update(node.native, what));
    if (!done) return;
    Object.assign(node, { title: done.title ?? "", url: done.url ?? null, theirTitle: one.title, theirUrl: one.url });
    this.state.touch(node);
  }

  /** @param {Node} node @param {Node} folder @param {number} spot before it is taken out */
  async #move(node, folder, spot) {
    const from = this.state.nodes.get(node.parent);
    const at = from === folder ? folder.children.indexOf(node.native) : -1;
    const aim = at >= 0 && at < spot ? spot - 1 : spot;
    if (at === aim) return;
    // Browsers count the index with or without the node itself: look, and say it again.
    let moved = await this.#do(() => this.native.move(node.native, { parentId: folder.native, index: aim }));
    if (moved && moved.index !== undefined && moved.index !== aim) {
      const index = aim + (aim - moved.index);
      moved = (await this.#do(() => this.native.move(node.native, { parentId: folder.native, index }))) ?? moved;
    }
    if (!moved) return;
    if (from) {
      from.children = from.children.filter((native) => native !== node.native);
      this.state.touch(from);
    }
    folder.children = folder.children.toSpliced(aim, 0, node.native);
    node.parent = folder.native;
    this.state.touch(folder);
    this.state.touch(node);
  }

  /** Removes what is wanted no more, unless that is much and nobody agreed. */
  async removeUnwanted() {
    const { state } = this;
    const blocked = new Set(Object.keys(state.meta.blocked).map((role) => state.meta.roots[role]));
    const isBlocked = (/** @type {Node} */ node) => {
      for (let at = /** @type {Node | undefined} */ (node); at; at = state.nodes.get(at.parent)) if (blocked.has(at.native)) return true;
      return false;
    };
    const mapped = [...state.nodes.values()].filter(({ type }) => type === "folder" || type === "place");
    const isLeft = (/** @type {Node} */ node) => state.away.has(node.native) || (blocked.size > 0 && isBlocked(node)) || this.#isCircling(node.item);
    const unwanted = mapped.filter((node) => !this.wanted.has(node.native) && !isLeft(node));
    // What the library never had, because it refused it, stays here.
    for (const node of unwanted.filter(({ item }) => !state.shelf.item(item))) state.keepHere(node, "refused");
    // Nothing is removed without a reason: what its bookmark is must be known.
    const isKnown = (/** @type {Node} */ { type, item }) => type !== "place" || state.view().item(state.view().text(item, "bookmark")) !== undefined;
    const gone = unwanted.filter((node) => node.type !== "local" && isKnown(node));
    const decided = state.meta.inbound?.decided;
    if (isMany(gone.length, mapped.length) && decided !== "remove") {
      // What is kept looks new to the next comparison, and is saved again.
      if (decided === "keep") for (const node of gone) state.dropNode(node.native);
      state.isAgain = decided === "keep";
      state.meta.inbound = decided === "keep" ? null : { count: gone.length, decided: "" };
      return;
    }
    state.meta.inbound = null;
    // Places first, then folders from the deepest.
    const depth = (/** @type {Node} */ node) => {
      let steps = node.type === "folder" ? 0 : 10_000;
      for (let at = state.nodes.get(node.parent); at; at = state.nodes.get(at.parent)) steps += 1;
      return steps;
    };
    const order = gone.map((node) => ({ node, steps: depth(node) })).sort((one, other) => other.steps - one.steps);
    for (const { node } of order) {
      await this.#remove(node);
      if (this.isDue) {
        this.isDue = false;
        await this.keep();
      }
    }
  }

  /** Whether it stands under itself, as it may seem while a move waits that the library will refuse. @param {string} item */
  #isCircling(item) {
    const view = this.state.view();
    const [top = ""] = ancestorsOf(view, view.text(item, "parent")).slice(-1);
    return view.text(top, "parent") !== "" && view.item(view.text(top, "parent")) !== undefined;
  }

  /** @param {Node} node */
  async #remove(node) {
    const { state } = this;
    const parent = state.nodes.get(node.parent);
    const before = node.children.length;
    const done = before > 0 ? undefined : await this.#do(async () => { await this.native.remove(node.native); return true; });
    if (!done) {
      // A folder that still holds what is only here stays, with it.
      if (node.type === "folder") state.keepHere(node, "kept");
      return;
    }
    state.dropNode(node.native);
    if (!parent) return;
    parent.children = parent.children.filter((native) => native !== node.native);
    state.touch(parent);
  }
}
