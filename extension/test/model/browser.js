// A model of a browser's bookmarks, and of the store of an extension that may be killed at any step.

import { readTree } from "../../src/sync/tree.js";

/**
 * @typedef {import("../../src/sync/tree.js").NativeNode} NativeNode
 * @typedef {import("../../src/sync/round.js").Bookmarks} Bookmarks
 * @typedef {import("../../src/sync/state.js").Store} Store
 * @typedef {{ id: string, parentId?: string, title: string, url?: string, type?: string, dateAdded?: number, syncing?: boolean,
 *   folderType?: string, unmodifiable?: string, children?: string[] }} Kept a node, with its children by their ids
 */

export class Killed extends Error {
  constructor() {
    super("killed");
    this.isCrash = true;
  }
}

/** The tree of a browser, with the ways Chrome and Firefox count. @implements {Bookmarks} */
export class ModelBrowser {
  constructor({ isFirefox = false, first = 10 } = {}) {
    this.isFirefox = isFirefox;
    this.next = first;
    /** @type {Map<string, Kept>} */
    this.nodes = new Map();
    this.fuse = Infinity;
    const roots = isFirefox ? ["toolbar_____", "unfiled_____", "menu________", "mobile______"] : ["1", "2"];
    this.nodes.set("0", { id: "0", title: "", children: roots });
    for (const id of roots) this.nodes.set(id, { id, parentId: "0", title: id, children: [] });
    this.bar = roots[0];
    this.other = roots[1];
  }

  /** The next `steps` operations work; the one after is never done. */
  #step() {
    this.fuse -= 1;
    if (this.fuse < 0) throw new Killed();
  }

  /** @param {string} id */
  #node(id) {
    const node = this.nodes.get(id);
    if (!node) throw new Error(`no node ${id}`);
    return node;
  }

  /** The ids in a folder, as a list that may be changed. @param {string | undefined} id */
  #within(id) {
    const { children } = this.#node(id ?? "");
    if (!children) throw new Error(`${id} is no folder`);
    return children;
  }

  /** @param {string} id @returns {NativeNode} */
  #told(id) {
    const { children: _, ...rest } = this.#node(id);
    return { ...rest, index: rest.parentId === undefined ? undefined : this.#within(rest.parentId).indexOf(id) };
  }

  async getTree() {
    return [this.#whole("0")];
  }

  /** @param {{ parentId: string, index?: number, title?: string, url?: string, type?: string }} what */
  async create({ parentId, index, title = "", url, type }) {
    this.#step();
    const siblings = this.#within(parentId);
    const id = String(this.next++);
    const given = url === undefined ? {} : { url: URL.canParse(url) ? new URL(url).href : url };
    /** @type {Kept} */
    const node = { id, parentId, title, dateAdded: 1, ...given, ...(type ? { type, url: "data:" } : {}) };
    if (url === undefined && !type) node.children = [];
    this.nodes.set(id, node);
    siblings.splice(index ?? siblings.length, 0, id);
    return this.#told(id);
  }

  /** @param {string} id @param {{ parentId: string, index?: number }} where */
  async move(id, { parentId, index }) {
    this.#step();
    const node = this.#node(id);
    for (let at = /** @type {string | undefined} */ (parentId); at; at = this.#node(at).parentId) if (at === id) throw new Error("into itself");
    const from = this.#within(node.parentId);
    const at = from.indexOf(id);
    let to = index ?? this.#within(parentId).length;
    if (!this.isFirefox && node.parentId === parentId && to > at) to -= 1;
    from.splice(at, 1);
    this.#within(parentId).splice(to, 0, id);
    node.parentId = parentId;
    return this.#told(id);
  }

  /** @param {string} id @param {{ title?: string, url?: string }} what */
  async update(id, { title, url }) {
    this.#step();
    const node = this.#node(id);
    if (title !== undefined) node.title = title;
    if (url !== undefined) node.url = new URL(url).href;
    return this.#told(id);
  }

  /** @param {string} id */
  async remove(id) {
    this.#step();
    const node = this.#node(id);
    if (node.children?.length) throw new Error("not empty");
    this.#takeOut(node);
  }

  /** Takes a node out of its folder, for good. @param {Kept} node */
  #takeOut({ id, parentId }) {
    const folder = this.#node(parentId ?? "");
    folder.children = folder.children?.filter((child) => child !== id);
    this.nodes.delete(id);
  }

  /** @param {string} id */
  removeTree(id) {
    const node = this.#node(id);
    for (const child of [...(node.children ?? [])]) this.removeTree(child);
    node.children &&= [];
    this.#takeOut(node);
  }

  /** What a person sees: names, addresses and order, without ids. */
  picture() {
    /** @typedef {string | [string, Drawn[]]} Drawn */
    /** @type {(id: string) => Drawn} */
    const draw = (id) => {
      const { title, url, children } = this.#node(id);
      return children ? [title, children.map(draw)] : `${title} <${url}>`;
    };
    return [this.bar, this.other].map((id) => this.#within(id).map(draw));
  }

  /** Every node that is no root, by id. */
  all() {
    const tree = readTree([this.#whole("0")]);
    return [...tree.nodes.values()].filter(({ id }) => ![...tree.roots.values()].includes(id));
  }

  /** @param {string} id @returns {NativeNode} */
  #whole(id) {
    const { children, ...rest } = this.#node(id);
    return children ? { ...rest, children: children.map((child) => this.#whole(child)) } : rest;
  }
}

/** A store in memory that keeps copies, as a disk does. @implements {Store} */
export class ModelStore {
  constructor() {
    this.kept = {
      meta: /** @type {import("../../src/sync/state.js").Meta | null} */ (null),
      items: /** @type {Map<string, import("../../src/domain/shelf.js").Item>} */ (new Map()),
      aliases: /** @type {Map<string, string>} */ (new Map()),
      queue: /** @type {Map<number, import("../../src/domain/shelf.js").Queued>} */ (new Map()),
      nodes: /** @type {Map<string, import("../../src/sync/state.js").Node>} */ (new Map()),
    };
    this.fuse = Infinity;
  }

  /** @type {Store["read"]} */
  async read() {
    const { meta, items, aliases, queue, nodes } = structuredClone(this.kept);
    return { meta, items: [...items.values()], aliases: [...aliases], queue: [...queue.values()], nodes: [...nodes.values()] };
  }

  /** @param {import("../../src/sync/state.js").Delta} delta */
  async write(delta) {
    this.fuse -= 1;
    if (this.fuse < 0) throw new Killed();
    const { meta, clearItems, items = [], aliases = [], queue, nodes } = structuredClone(delta);
    const { kept } = this;
    if (meta) kept.meta = meta;
    if (clearItems) {
      kept.items.clear();
      kept.aliases.clear();
    }
    for (const item of items) kept.items.set(item.id, item);
    for (const [younger, older] of aliases) kept.aliases.set(younger, older);
    for (const n of queue?.drop ?? []) kept.queue.delete(n);
    for (const one of queue?.put ?? []) kept.queue.set(one.change.n, one);
    for (const native of nodes?.drop ?? []) kept.nodes.delete(native);
    for (const node of nodes?.put ?? []) kept.nodes.set(node.native, node);
  }
}
