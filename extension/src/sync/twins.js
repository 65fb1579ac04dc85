// Copies that another engine of sync makes of what is here. Sent on, each copy would come back as another one, without end.

import { isInBrowser } from "./tree.js";

/**
 * @typedef {import("./state.js").Node} Node
 * @typedef {import("./tree.js").Seen} Seen
 */

/** How long after it came here, by whatever way, a twin of a node is taken for the work of another engine. */
const TWIN_MS = 10 * 60_000;

export class Twins {
  /** @param {import("./state.js").State} state @param {import("./tree.js").Tree} tree @param {number} began when this comparison did */
  constructor(state, tree, began) {
    this.state = state;
    this.tree = tree;
    this.began = began;
    /** @type {Map<string, number>} how many nodes of each look the browser has no more */
    this.vanished = new Map();
    for (const node of state.nodes.values()) {
      if (node.type === "local" || isInBrowser(tree, node.native)) continue;
      const look = lookOf(node, node.parent);
      this.vanished.set(look, (this.vanished.get(look) ?? 0) + 1);
    }
  }

  /** Whether a new node is a copy of one beside it that was known before: what comes at once was the person's. Where the browser says that
   * it syncs by itself, whenever that one came: its copy may be a day late.
   * @param {Seen} seen @param {Node} folder */
  isTwin(seen, folder) {
    const since = this.tree.isSyncedByBrowser ? -1 : this.began - TWIN_MS;
    return folder.children.concat(this.tree.nodes.get(folder.native)?.children ?? []).some((native) => {
      const other = this.state.nodes.get(native);
      const came = other?.made ?? 0;
      return other !== undefined && native !== seen.id && other.type !== "local" && came > since && came < this.began
        && other.parent === folder.native && other.title === seen.title && other.url === seen.url && this.tree.nodes.has(native);
    });
  }

  /** Whether a twin takes the place of what it is a twin of, which was taken away in the browser: one of both is left.
   * @param {Node} node @param {Seen} seen @param {Node} folder */
  isHeir(node, seen, folder) {
    const look = lookOf(seen, folder.native);
    const left = node.why === "twin" ? (this.vanished.get(look) ?? 0) : 0;
    if (left > 0) this.vanished.set(look, left - 1);
    return left > 0;
  }
}

/** What a node looks like, and where. @param {{ title: string, url: string | null }} node @param {string} parent */
const lookOf = ({ title, url }, parent) => JSON.stringify([parent, title, url]);
