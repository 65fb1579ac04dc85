// The browser's own tree as the core reads it: roots by role, nodes by their native id.

import { isWeb } from "../domain/canon.js";

/**
 * @typedef {{ id: string, parentId?: string, index?: number, title?: string, url?: string, type?: string, dateAdded?: number,
 *   syncing?: boolean, folderType?: string, unmodifiable?: string, children?: NativeNode[] }} NativeNode
 * @typedef {{ id: string, parent: string, title: string, url: string | null, isFolder: boolean, isSeparator: boolean,
 *   added: number, children: string[] }} Seen
 * @typedef {{ nodes: Map<string, Seen>, roots: Map<string, string>, doubled: string[], aside: Set<string>, isSyncedByBrowser: boolean }} Tree `aside`
 *   are the ids beneath roots that are not mirrored because there are two of their kind
 */

/** The roots browsers have, and what their collections are called in a library. */
export const ROLES = /** @type {const} */ ({
  bar: "Bookmarks bar",
  other: "Other bookmarks",
  mobile: "Mobile bookmarks",
  menu: "Bookmarks menu",
});

/** How browsers call their roots: by type (Chrome 134 and later), else by id. */
const BY_TYPE = /** @type {Record<string, string>} */ ({ "bookmarks-bar": "bar", other: "other", mobile: "mobile" });
const BY_ID = /** @type {Record<string, string>} */ ({
  1: "bar", 2: "other", 3: "mobile",
  toolbar_____: "bar", unfiled_____: "other", mobile______: "mobile", menu________: "menu",
});

/** @param {NativeNode} node */
function roleOf(node) {
  if (node.unmodifiable || node.url !== undefined) return undefined;
  return node.folderType === undefined ? BY_ID[node.id] : BY_TYPE[node.folderType];
}

/**
 * Reads what the browser answers for its whole tree. Where there are two roots of one role (one of the
 * account, one of this machine), it is the one that `known` names, else that of the account.
 * @param {NativeNode[]} answer
 * @param {Record<string, string>} [known] role to native id
 * @returns {Tree}
 */
export function readTree(answer, known = {}) {
  /** @type {Tree} */
  const tree = { nodes: new Map(), roots: new Map(), doubled: [], aside: new Set(), isSyncedByBrowser: false };
  /** @type {Map<string, NativeNode>} */
  const chosen = new Map();
  /** @type {NativeNode[]} */
  const others = [];
  for (const root of answer.flatMap((top) => top.children ?? [])) {
    const role = roleOf(root);
    if (!role) continue;
    const before = chosen.get(role);
    if (before) tree.doubled.push(role);
    const isBetter = !before || root.id === known[role] || (before.id !== known[role] && root.syncing === true && !before.syncing);
    if (isBetter) chosen.set(role, root);
    if (before) others.push(isBetter ? before : root);
  }
  for (let node = others.pop(); node; node = others.pop()) {
    tree.aside.add(node.id);
    for (const child of node.children ?? []) others.push(child);
  }
  for (const [role, root] of chosen) {
    tree.roots.set(role, root.id);
    tree.isSyncedByBrowser ||= root.syncing === true;
    const open = [root];
    for (let node = open.pop(); node; node = open.pop()) {
      const children = node.children ?? [];
      const isSeparator = node.type === "separator";
      tree.nodes.set(node.id, {
        id: node.id,
        parent: node.parentId ?? "",
        title: node.title ?? "",
        url: node.url ?? null,
        isFolder: node.url === undefined && !isSeparator,
        isSeparator,
        added: Math.floor(node.dateAdded ?? 0),
        children: children.map(({ id }) => id),
      });
      // One by one: a folder may hold more than a call takes arguments.
      for (const child of children) open.push(child);
    }
  }
  return tree;
}

/**
 * Why a node stays in this browser alone; nothing where it does not.
 * @param {Seen} node
 * @returns {"separator" | "scheme" | undefined}
 */
export function localBecause(node) {
  if (node.isSeparator) return "separator";
  return node.isFolder || isWeb(node.url ?? "") ? undefined : "scheme";
}

/** Whether a browser has a node, be it where nothing is mirrored. @param {Tree} tree @param {string} native */
export const isInBrowser = (tree, native) => tree.nodes.has(native) || tree.aside.has(native);
