// What the person removed in the browser, as changes: bookmarks go to the trash, or out of one of their places.
// Very many at once wait for a word: an emptied profile looks the same.

import { targetOf } from "./target.js";

/** From how many removals on, and from which share of all, a word is waited for; `most` in any case. As the server does (docs/SYNC.md). */
export const MANY = { from: 50, most: 500, share: 0.2 };

/** Whether so many removals wait for the person. @param {number} count @param {number} all */
export const isMany = (count, all) => count > MANY.most || (count >= MANY.from && count > all * MANY.share);

/**
 * Queues what follows from nodes that are no more. What the library has elsewhere meanwhile, where this browser does not show it, was not to
 * stay here anyway, and may have been taken away by a round that was cut off: of that follows nothing. A bookmark that stands nowhere else goes to the trash, its place with it as
 * it is, so that whoever restores it has it where it stood.
 * @param {import("./state.js").State} state
 * @param {import("./state.js").Node[]} gone
 * @param {import("./state.js").Node[]} inside what was put where it stays in this browser alone: taken out, never deleted
 */
export function removeGone(state, gone, inside) {
  const view = state.view();
  const at = state.env.now();
  const wanted = gone.length > 0 ? targetOf(view, state.meta.held).under(Object.values(state.meta.rootIds)) : new Set();
  const isThere = (/** @type {import("./state.js").Node} */ node) => node.type !== "local" && view.isLiving(node.item) && wanted.has(node.item);
  if (state.meta.outbound?.decided === "keep") {
    // Without their nodes they look as if they had never been made here, and are.
    for (const { native } of gone) state.dropNode(native);
    state.meta.outbound = null;
    return;
  }
  if (isWaiting(state, gone.filter(isThere).length)) return;
  const places = gone.filter((node) => node.type === "place" && isThere(node));
  const folders = gone.filter((node) => node.type === "folder" && isThere(node));
  const leaving = new Set(places.map(({ item }) => item));
  /** @type {Set<string>} */
  const trashed = new Set();
  for (const { item } of places) {
    const bookmark = view.base.resolve(view.text(item, "bookmark"));
    if (trashed.has(bookmark) || !view.isLiving(bookmark)) continue;
    if (view.placesOf(bookmark).every((place) => leaving.has(place))) {
      trashed.add(bookmark);
      state.put(bookmark, "bookmark", { trashed_at: at });
    } else {
      state.put(item, "place", { trashed_at: at });
    }
  }
  // What stands deeper goes first.
  const depth = (/** @type {import("./state.js").Node} */ node) => {
    let steps = 0;
    for (let up = state.nodes.get(node.parent); up && steps < 1_000; up = state.nodes.get(up.parent)) steps += 1;
    return steps;
  };
  const deep = folders.map((node) => ({ node, steps: depth(node) })).sort((one, other) => other.steps - one.steps);
  for (const { node } of deep) state.put(node.item, "collection", { trashed_at: at });
  for (const node of inside.filter(({ type, item }) => type !== "local" && view.isLiving(item))) {
    state.put(node.item, node.type === "place" ? "place" : "collection", { trashed_at: at });
  }
  for (const { native } of gone) state.dropNode(native);
}

/** Whether the person is asked first; a gesture they agreed to is not held by the server again.
 * @param {import("./state.js").State} state @param {number} count */
function isWaiting(state, count) {
  const { meta } = state;
  const decided = meta.outbound?.decided ?? "";
  const mapped = [...state.nodes.values()].filter(({ type }) => type === "place" || type === "folder").length;
  const isAsked = isMany(count, mapped) && decided !== "remove";
  if (isAsked) meta.outbound = { count, decided };
  else if (count > 0 && decided === "remove") meta.confirmed.push(state.beginAct());
  if (!isAsked) meta.outbound = null;
  return isAsked;
}
