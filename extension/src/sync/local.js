// What the person did in the browser since both were level, as changes that are queued.
//
// The browser's tree is compared with the nodes that are kept, never by events: what was applied here changed both,
// so nothing comes back as an echo, and a start after a crash is no different from any other. A node that is new
// takes the place of an item of the same name and address in the same folder, if one has no node here yet, or one that the
// browser has no more; so the first comparison of a second browser is a merge, and never a deletion, and a browser that gives all
// its nodes new ids changes nothing.

import { canon } from "../domain/canon.js";
import { removeGone } from "./gone.js";
import { makeFolder, makePlace, revive, reviveQueued, setTitle, setUrl, shownTitle, shownUrl } from "./items.js";
import { keepOrder } from "./ordered.js";
import { targetOf, UNTITLED } from "./target.js";
import { isInBrowser, localBecause, ROLES } from "./tree.js";
import { Twins } from "./twins.js";

/**
 * @typedef {import("./state.js").State} State
 * @typedef {import("./state.js").Node} Node
 * @typedef {import("./tree.js").Tree} Tree
 * @typedef {import("./tree.js").Seen} Seen
 */

/**
 * Queues what the person did.
 * @param {State} state @param {Tree} tree
 */
export function takeLocal(state, tree) {
  state.beginAct();
  reviveQueued(state);
  const local = new Local(state, tree);
  for (const native of local.roots()) local.walk(native);
  local.setAway();
  for (const order of local.orders) keepOrder(state, order.node, order.before, order.moved);
  removeGone(state, local.gone(), local.inside);
  state.meta.intents = [];
  state.meta.began = local.isCut ? local.began : undefined;
}

class Local {
  /** @param {State} state @param {Tree} tree */
  constructor(state, tree) {
    this.state = state;
    this.tree = tree;
    this.target = targetOf(state.view(), state.meta.held);
    this.seen = new Set();
    /** @type {{ node: Node, before: string[], moved: Set<string> }[]} */
    this.orders = [];
    /** @type {Node[]} nodes that were put inside of what stays here */
    this.inside = [];
    /** @type {Map<string, Map<string, import("./target.js").Wanted[]>>} */
    this.keyed = new Map();
    /** @type {Set<string>} roots whose nodes are left as they are */
    this.frozen = new Set();
    /** Whether something new was left to a later comparison, as the next part of this one. */
    this.isCut = false;
    this.began = state.meta.began ?? state.env.now();
    this.twins = new Twins(state, tree, this.began);
  }

  /** Notes which nodes stand where nothing is mirrored: nobody removed them. */
  setAway() {
    const { state } = this;
    const isAway = (/** @type {string} */ native) => !this.seen.has(native) && isInBrowser(this.tree, native);
    state.away = new Set([...state.nodes.keys()].filter(isAway));
  }

  /** The roots that are mirrored now, each of which has its node and its collection then. */
  roots() {
    const { state, tree } = this;
    const { meta } = state;
    const view = state.view();
    meta.blocked = {};
    /** @type {string[]} */
    const found = [];
    for (const [role, native] of Object.entries(meta.roots)) {
      if (!tree.nodes.has(native)) this.#block(role, "missing");
    }
    for (const [role, native] of tree.roots) {
      const item = meta.rootIds[role];
      if (!item || meta.blocked[role]) continue;
      const known = view.item(item);
      const hasNodes = (tree.nodes.get(native)?.children.length ?? 0) > 0;
      if (!known && role !== "bar" && role !== "other" && !hasNodes) continue;
      if (known && !view.isLiving(item)) {
        this.#block(role, "trashed");
        continue;
      }
      if (!known) this.#makeRoot(role, item);
      meta.roots[role] = native;
      if (!state.nodes.has(native)) {
        state.setNode({ native, item, type: "root", parent: "", title: "", url: null, theirTitle: "", theirUrl: null, children: [] });
      }
      found.push(native);
    }
    return found;
  }

  /** @param {string} role @param {string} why */
  #block(role, why) {
    this.state.meta.blocked[role] = why;
    const native = this.state.meta.roots[role];
    if (native) this.frozen.add(native);
  }

  /** @param {string} role @param {string} item */
  #makeRoot(role, item) {
    const { state } = this;
    const at = Object.keys(ROLES).indexOf(role);
    state.put(item, "collection", {
      name: ROLES[/** @type {keyof typeof ROLES} */ (role)], parent: state.meta.above, order: `V0000${at + 1}V`, created_at: state.env.now(),
    });
  }

  /** @param {string} native */
  walk(native) {
    const open = [native];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const seen = this.tree.nodes.get(id);
      const folder = this.state.nodes.get(id);
      if (!seen || !folder) continue;
      this.seen.add(id);
      const before = folder.children;
      /** @type {Set<string>} */
      const moved = new Set();
      for (const childId of seen.children) {
        const child = this.tree.nodes.get(childId);
        if (!child) continue;
        this.seen.add(childId);
        if (this.#take(child, folder)) moved.add(childId);
      }
      if (folder.type !== "local" && (moved.size > 0 || before.join() !== seen.children.join())) {
        this.orders.push({ node: folder, before, moved });
      }
      if (before.join() !== seen.children.join()) {
        folder.children = seen.children;
        this.state.touch(folder);
      }
      open.push(...seen.children.filter((childId) => this.tree.nodes.get(childId)?.isFolder).reverse());
    }
  }

  /** Takes one node beneath `folder`; whether it is to get a spot of its own there. @param {Seen} seen @param {Node} folder */
  #take(seen, folder) {
    const { state } = this;
    let node = state.nodes.get(seen.id);
    if (node?.type === "local" && (isAnother(node, seen, folder) || this.twins.isHeir(node, seen, folder))) {
      state.dropNode(seen.id);
      node = undefined;
    }
    if (node?.type === "local") return false;
    const why = localBecause(seen) ?? (folder.type === "local" ? "inside" : undefined);
    if (why !== undefined) {
      if (node) this.inside.push({ ...node });
      else state.setNode(nodeFor(seen, folder.native, "", "local"));
      const kept = state.nodes.get(seen.id);
      if (kept) {
        Object.assign(kept, { parent: folder.native, title: seen.title, url: seen.url });
        state.keepHere(kept, why);
      }
      return false;
    }
    return node ? this.#edit(node, seen, folder) : this.#adopt(seen, folder);
  }

  /** @param {Node} node @param {Seen} seen @param {Node} folder */
  #edit(node, seen, folder) {
    const { state } = this;
    const view = state.view();
    if (node.title !== seen.title) {
      setTitle(state, node, seen.title);
      Object.assign(node, { title: seen.title, theirTitle: shownTitle(state, node) });
      state.touch(node);
    }
    if (node.url !== seen.url && seen.url !== null) {
      setUrl(state, node, seen);
      Object.assign(node, { url: seen.url, theirUrl: seen.url });
      state.touch(node);
    }
    if (node.parent === folder.native) return false;
    node.parent = folder.native;
    state.touch(node);
    if (view.text(node.item, "parent") === folder.item) return false;
    revive(state, folder.item);
    state.put(node.item, node.type === "place" ? "place" : "collection", { parent: folder.item });
    return true;
  }

  /** Finds what a new node is, or makes an item of it. @param {Seen} seen @param {Node} folder */
  #adopt(seen, folder) {
    const { state } = this;
    const type = seen.isFolder ? "folder" : "place";
    const intent = this.#intended(seen, folder, type);
    const item = intent?.item ?? this.#same(seen, folder, type);
    if (item) {
      const before = state.nodeOf(item);
      if (before) state.dropNode(before.native);
      const node = this.#nodeFor(seen, folder, item, type);
      state.setNode(node);
      if (seen.title !== "" && !intent && shownTitle(state, node) === "") setTitle(state, node, seen.title);
      node.theirTitle = seen.title === "" && type === "place" ? "" : shownTitle(state, node);
      node.theirUrl = type === "place" ? shownUrl(state, item) : null;
      if (!intent) return false;
      // It was made by a batch that was cut off, and called so; the person may have renamed or moved it since.
      Object.assign(node, { title: intent.title, theirTitle: intent.title, theirUrl: intent.url, parent: intent.parent });
      return this.#edit(node, seen, folder);
    }
    if (this.twins.isTwin(seen, folder)) {
      const node = this.#nodeFor(seen, folder, "", "local");
      state.setNode(node);
      state.keepHere(node, "twin");
      state.meta.twins += 1;
      return false;
    }
    this.isCut ||= state.queue.length >= state.part;
    if (this.isCut) return false;
    const made = type === "folder" ? makeFolder(state, seen, folder) : makePlace(state, seen, folder);
    const node = this.#nodeFor(seen, folder, made, type);
    state.setNode(node);
    node.theirTitle = shownTitle(state, node);
    return true;
  }

  /** @param {Seen} seen @param {Node} folder @param {string} item @param {Node["type"]} type */
  #nodeFor(seen, folder, item, type) {
    return { ...nodeFor(seen, folder.native, item, type), made: this.began };
  }

  /** What a batch that was cut off was about to make, there or, where it is there no more, wherever the person put it since.
   * @param {Seen} seen @param {Node} folder @param {"folder" | "place"} type */
  #intended(seen, folder, type) {
    const { state, tree } = this;
    const keyOfSeen = keyOf(type, type === "folder" ? seen.title.trim() : (seen.url ?? ""));
    const alike = state.meta.intents.filter((one) => one.type === type && !state.nodeOf(one.item)
      && keyOf(type, type === "folder" ? one.title.trim() : (one.url ?? "")) === keyOfSeen);
    const stands = (/** @type {{ parent: string, title: string }} */ { parent, title }) => (tree.nodes.get(parent)?.children ?? []).some((native) => {
      const other = tree.nodes.get(native);
      return !state.nodes.has(native) && other?.title === title && other.isFolder === seen.isFolder && other.url === seen.url;
    });
    return alike.find(({ parent }) => parent === folder.native) ?? alike.find((one) => one.title === seen.title && !stands(one));
  }

  /** What has the same name and address in the same folder and no node here. @param {Seen} seen @param {Node} folder @param {"folder" | "place"} type */
  #same(seen, folder, type) {
    const { state } = this;
    const title = type === "folder" ? seen.title.trim() || UNTITLED : seen.title.trim();
    const alike = this.#keyed(folder.item).get(keyOf(type, type === "folder" ? title : (seen.url ?? ""))) ?? [];
    const isFree = (/** @type {string} */ item) => !isInBrowser(this.tree, state.byItem.get(item) ?? "");
    const free = alike.filter(({ item }) => isFree(item) && state.view().text(item, "parent") === folder.item);
    const exact = free.find((one) => one.title.trim() === title);
    return (exact ?? (type === "place" ? free.find((one) => one.title === "" || title === "") : undefined))?.item;
  }

  /** What is wanted in a folder, by what makes it the same. @param {string} folder */
  #keyed(folder) {
    const known = this.keyed.get(folder);
    if (known) return known;
    /** @type {Map<string, import("./target.js").Wanted[]>} */
    const keyed = new Map();
    for (const one of this.target.childrenOf(folder)) {
      const key = keyOf(one.type, one.url ?? one.title.trim());
      const alike = keyed.get(key);
      if (alike) alike.push(one);
      else keyed.set(key, [one]);
    }
    this.keyed.set(folder, keyed);
    return keyed;
  }

  /** The nodes that are no more. */
  gone() {
    const { state } = this;
    const isFrozen = (/** @type {Node | undefined} */ node) => {
      for (let at = node, steps = 0; at && steps <= state.nodes.size; at = state.nodes.get(at.parent), steps += 1) {
        if (this.frozen.has(at.native)) return true;
      }
      return false;
    };
    const frozen = this.frozen.size > 0;
    return [...state.nodes.values()].filter((node) => !this.seen.has(node.native) && !state.away.has(node.native) && node.type !== "root" && !(frozen && isFrozen(node)));
  }
}

/** What makes a node and an item the same within a folder: the name of a folder, the address of a page.
 * @param {"folder" | "place"} type @param {string} text */
const keyOf = (type, text) => (type === "folder" ? `folder ${text}` : `place ${canon(text)}`);

/** Whether what stayed here became something else. @param {Node} node @param {Seen} seen @param {Node} folder */
function isAnother(node, seen, folder) {
  if (node.why === "scheme" || node.why === "separator") return localBecause(seen) === undefined;
  if (node.why === "inside") return folder.type !== "local";
  return node.title !== seen.title || node.url !== seen.url || node.parent !== folder.native;
}

/** @param {Seen} seen @param {string} parent @param {string} item @param {Node["type"]} type @returns {Node} */
export const nodeFor = (seen, parent, item, type) => ({
  native: seen.id, item, type, parent, title: seen.title, url: seen.url, theirTitle: seen.title, theirUrl: seen.url, children: [],
});
