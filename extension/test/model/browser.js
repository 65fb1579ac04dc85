// A model of a browser's bookmarks, and of the store of an extension that may be killed at any step.

import { readTree } from "../../src/sync/tree.js";

export class Killed extends Error {
  constructor() {
    super("killed");
    this.isCrash = true;
  }
}

/** The tree of a browser, with the ways Chrome and Firefox count. */
export class ModelBrowser {
  constructor({ isFirefox = false, first = 10 } = {}) {
    this.isFirefox = isFirefox;
    this.next = first;
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

  #node(id) {
    const node = this.nodes.get(id);
    if (!node) throw new Error(`no node ${id}`);
    return node;
  }

  #told(id) {
    const node = this.#node(id);
    const { children, ...rest } = node;
    return { ...rest, index: this.nodes.get(node.parentId)?.children.indexOf(id) };
  }

  async getTree() {
    const tell = (id) => {
      const { children, ...rest } = this.#node(id);
      return children ? { ...rest, children: children.map(tell) } : rest;
    };
    return [tell("0")];
  }

  async create({ parentId, index, title, url, type }) {
    this.#step();
    const parent = this.#node(parentId);
    const id = String(this.next++);
    const given = url === undefined ? {} : { url: URL.canParse(url) ? new URL(url).href : url };
    const node = { id, parentId, title, dateAdded: 1, ...given, ...(type ? { type, url: "data:" } : {}) };
    if (url === undefined && !type) node.children = [];
    this.nodes.set(id, node);
    parent.children.splice(index ?? parent.children.length, 0, id);
    return this.#told(id);
  }

  async move(id, { parentId, index }) {
    this.#step();
    const node = this.#node(id);
    for (let at = parentId; at; at = this.nodes.get(at).parentId) if (at === id) throw new Error("into itself");
    const from = this.#node(node.parentId).children;
    const at = from.indexOf(id);
    let to = index ?? this.#node(parentId).children.length;
    if (!this.isFirefox && node.parentId === parentId && to > at) to -= 1;
    from.splice(at, 1);
    this.#node(parentId).children.splice(to, 0, id);
    node.parentId = parentId;
    return this.#told(id);
  }

  async update(id, { title, url }) {
    this.#step();
    const node = this.#node(id);
    if (title !== undefined) node.title = title;
    if (url !== undefined) node.url = new URL(url).href;
    return this.#told(id);
  }

  async remove(id) {
    this.#step();
    const node = this.#node(id);
    if (node.children?.length) throw new Error("not empty");
    this.nodes.get(node.parentId).children = this.nodes.get(node.parentId).children.filter((child) => child !== id);
    this.nodes.delete(id);
  }

  removeTree(id) {
    const node = this.#node(id);
    for (const child of [...(node.children ?? [])]) this.removeTree(child);
    node.children &&= [];
    this.nodes.get(node.parentId).children = this.nodes.get(node.parentId).children.filter((child) => child !== id);
    this.nodes.delete(id);
  }

  /** What a person sees: names, addresses and order, without ids. */
  picture() {
    const draw = (id) => {
      const { title, url, children } = this.#node(id);
      return children ? [title, children.map(draw)] : `${title} <${url}>`;
    };
    return [this.bar, this.other].map((id) => this.#node(id).children.map(draw));
  }

  /** Every node that is no root, by id. */
  all() {
    const tree = readTree([this.#whole("0")]);
    return [...tree.nodes.values()].filter(({ id }) => ![...tree.roots.values()].includes(id));
  }

  #whole(id) {
    const { children, ...rest } = this.#node(id);
    return children ? { ...rest, children: children.map((child) => this.#whole(child)) } : rest;
  }
}

/** A store in memory that keeps copies, as a disk does. */
export class ModelStore {
  constructor() {
    this.kept = { meta: null, items: new Map(), aliases: new Map(), queue: new Map(), nodes: new Map() };
    this.fuse = Infinity;
  }

  async read() {
    const { meta, items, aliases, queue, nodes } = structuredClone(this.kept);
    return { meta, items: [...items.values()], aliases: [...aliases], queue: [...queue.values()], nodes: [...nodes.values()] };
  }

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
