// What the browser's tree is to be: the folders and places of a view beneath the collections of its roots.

import { isWeb } from "../domain/canon.js";

/**
 * @typedef {{ item: string, type: "folder" | "place", title: string, url: string | null, order: string, bookmark: string }} Wanted
 * @typedef {{ childrenOf(folder: string): Wanted[], folderOf(item: string): string | undefined, under(roots: string[]): Set<string>, elsewhere: number }} Target
 */

/** A folder has a name in a library; where it has none in the browser, this one. */
export const UNTITLED = "Untitled folder";

/**
 * @param {import("../domain/shelf.js").View} view
 * @param {Record<string, number>} held items whose deletion waits for the person: they are not brought back meanwhile
 * @returns {Target}
 */
export function targetOf(view, held) {
  /** @type {Map<string, Wanted[]>} */
  const children = new Map();
  /** @type {Map<string, string>} */
  const folders = new Map();
  let elsewhere = 0;
  const is = (/** @type {string} */ id) => view.isLiving(id) && !(id in held);
  for (const item of view.items()) {
    if ((item.kind !== "collection" && item.kind !== "place") || !is(item.id)) continue;
    const parent = view.text(item.id, "parent");
    const wanted = item.kind === "place" ? placeOf(view, item.id, is) : folderOf(view, item.id);
    if (wanted === "scheme") elsewhere += 1;
    if (parent === "" || wanted === null || wanted === "scheme") continue;
    folders.set(item.id, parent);
    const siblings = children.get(parent);
    if (siblings) siblings.push(wanted);
    else children.set(parent, [wanted]);
  }
  for (const siblings of children.values()) siblings.sort(bySpot);
  const under = (/** @type {string[]} */ roots) => {
    const all = new Set(roots);
    for (const folder of all) for (const { item } of children.get(folder) ?? []) all.add(item);
    return all;
  };
  return { childrenOf: (folder) => children.get(folder) ?? [], folderOf: (item) => folders.get(item), under, elsewhere };
}

/** @param {import("../domain/shelf.js").View} view @param {string} id @returns {Wanted | null} */
function folderOf(view, id) {
  // What shows what a search finds, or another library, is no folder of a browser.
  if (view.text(id, "query") !== "" || view.text(id, "mount") !== "") return null;
  return { item: id, type: "folder", title: view.text(id, "name"), url: null, order: view.text(id, "order"), bookmark: "" };
}

/**
 * @param {import("../domain/shelf.js").View} view @param {string} id @param {(id: string) => boolean} is
 * @returns {Wanted | null | "scheme"}
 */
function placeOf(view, id, is) {
  const bookmark = view.base.resolve(view.text(id, "bookmark"));
  if (!is(bookmark)) return null;
  const url = view.text(bookmark, "url");
  if (!isWeb(url)) return "scheme";
  const title = view.text(id, "title") || view.text(bookmark, "title");
  return { item: id, type: "place", title, url, order: view.text(id, "order"), bookmark };
}

/** @param {{ order: string, item: string }} one @param {{ order: string, item: string }} other */
export function bySpot(one, other) {
  if (one.order !== other.order) return one.order < other.order ? -1 : 1;
  return one.item < other.item ? -1 : one.item > other.item ? 1 : 0;
}
