// Items of the library as a person at the browser makes and edits them: bookmarks, their places, and folders.

import { UNTITLED } from "./target.js";

/**
 * @typedef {import("./state.js").State} State
 * @typedef {import("./state.js").Node} Node
 * @typedef {import("./tree.js").Seen} Seen
 */

/** What a node is called in the library. @param {State} state @param {Node} node */
export function shownTitle(state, node) {
  const view = state.view();
  if (node.type === "folder") return view.text(node.item, "name");
  return view.text(node.item, "title") || view.text(view.text(node.item, "bookmark"), "title");
}

/** @param {State} state @param {string} place */
export const shownUrl = (state, place) => state.view().text(state.view().text(place, "bookmark"), "url");

/** @param {State} state @param {Node} node @param {string} title */
export function setTitle(state, node, title) {
  const view = state.view();
  if (node.type === "folder") {
    const name = title.trim() === "" ? UNTITLED : title;
    if (view.text(node.item, "name") !== name) state.put(node.item, "collection", { name });
    return;
  }
  const bookmark = view.base.resolve(view.text(node.item, "bookmark"));
  if (shownTitle(state, node) === title) return;
  // Where a bookmark stands in several places, only the one that was named here gets the name.
  if (title !== "" && (view.text(node.item, "title") !== "" || view.placesOf(bookmark).length > 1)) {
    state.put(node.item, "place", { title });
    return;
  }
  if (view.text(node.item, "title") !== "") state.put(node.item, "place", { title: null });
  if (view.text(bookmark, "title") !== title) state.put(bookmark, "bookmark", { title });
}

/** @param {State} state @param {Node} node @param {Seen} seen */
export function setUrl(state, node, seen) {
  const view = state.view();
  const url = seen.url ?? "";
  const bookmark = view.base.resolve(view.text(node.item, "bookmark"));
  if (view.text(bookmark, "url") === url) return;
  if (view.placesOf(bookmark).length <= 1) {
    state.put(bookmark, "bookmark", { url });
    // Where it joins another one by that, it is still called so here.
    state.meta.titles.push({ place: node.item, title: seen.title });
    return;
  }
  state.put(node.item, "place", { bookmark: bookmarkFor(state, seen) });
}

/** The bookmark of an address: the one there is, else a new one. @param {State} state @param {Seen} seen */
function bookmarkFor(state, seen) {
  const view = state.view();
  const known = view.byAddress(seen.url ?? "");
  if (known && view.isLiving(known.id)) return known.id;
  const id = known?.id ?? state.env.newId();
  const created = seen.added > 0 ? seen.added : state.env.now();
  if (known) state.put(id, "bookmark", { trashed_at: null });
  else state.put(id, "bookmark", { url: seen.url, title: seen.title, created_at: created });
  return id;
}

/** @param {State} state @param {Seen} seen @param {Node} folder */
export function makeFolder(state, seen, folder) {
  const id = state.env.newId();
  revive(state, folder.item);
  const name = seen.title.trim() === "" ? UNTITLED : seen.title;
  state.put(id, "collection", { name, parent: folder.item, created_at: seen.added > 0 ? seen.added : state.env.now() });
  return id;
}

/** @param {State} state @param {Seen} seen @param {Node} folder */
export function makePlace(state, seen, folder) {
  const view = state.view();
  revive(state, folder.item);
  const known = view.byAddress(seen.url ?? "");
  // What comes out of the trash stands where it is saved now, and not where it stood as well.
  const old = known && !view.isLiving(known.id) ? view.placesOf(known.id).filter((place) => !state.byItem.has(place)) : [];
  const bookmark = bookmarkFor(state, seen);
  const [reused, ...others] = old;
  for (const place of others) state.put(place, "place", { trashed_at: state.env.now() });
  const place = reused ?? state.env.newId();
  const title = view.text(bookmark, "title") === seen.title || seen.title === "" ? null : seen.title;
  const set = reused ? { parent: folder.item, title } : { bookmark, parent: folder.item, ...(title === null ? {} : { title }) };
  state.put(place, "place", set);
  if (!known) state.meta.titles.push({ place, title: seen.title });
  return place;
}

/** What was put into a folder here while somebody else removed that folder brings it back: they had not seen it. The folder of a root is left to
 * whoever put it into the trash. @param {State} state */
export function reviveQueued(state) {
  const roots = new Set(Object.values(state.meta.rootIds));
  for (const { change, seq } of [...state.queue]) {
    const { parent } = change.set;
    const view = state.view();
    const isThere = view.isLiving(change.item) && (change.kind !== "place" || view.isLiving(view.text(change.item, "bookmark")));
    if (seq !== undefined || typeof parent !== "string" || !isThere || view.text(change.item, "parent") !== parent) continue;
    const gone = ancestorsOf(view, parent).filter((at) => (view.get(at, "trashed_at") ?? null) !== null);
    const isUnseen = (/** @type {string} */ at) => {
      const [, device = "", row = 0] = view.item(at)?.puts.trashed_at ?? [];
      return row > change.base && device !== state.meta.device;
    };
    if (gone.length > 0 && gone.every(isUnseen) && !gone.some((at) => roots.has(at))) revive(state, parent);
  }
}

/** A folder and those it stands in. @param {import("../domain/shelf.js").View} view @param {string} folder @returns {string[]} */
export function ancestorsOf(view, folder) {
  /** @type {string[]} */
  const all = [];
  for (let at = folder; at !== "" && view.item(at) && !all.includes(at); at = view.text(at, "parent")) all.push(at);
  return all;
}

/** Brings a folder back in which the person put something, and those it stands in. @param {State} state @param {string} folder */
export function revive(state, folder) {
  const view = state.view();
  for (const at of ancestorsOf(view, folder)) {
    if ((view.get(at, "trashed_at") ?? null) !== null) state.put(at, "collection", { trashed_at: null });
    if (at in state.meta.held) delete state.meta.held[at];
  }
}
