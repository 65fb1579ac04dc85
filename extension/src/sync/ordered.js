// The order of siblings as the person left it, as keys of order.

import { between, risingRun, spread } from "../domain/order.js";

/** Most siblings that are given new keys at once. */
const ANEW_MAX = 400;

/**
 * Queues keys for what was moved within a folder, came into it or was made in it.
 * @param {import("./state.js").State} state
 * @param {import("./state.js").Node} folder its children are as they are now
 * @param {string[]} before native ids as they stood
 * @param {Set<string>} fresh what needs a key in any case
 */
export function keepOrder(state, folder, before, fresh) {
  const mapped = folder.children.filter((native) => (state.nodes.get(native)?.type ?? "local") !== "local");
  const place = new Map(before.map((native, at) => [native, at]));
  const stood = mapped.filter((native) => place.has(native) && !fresh.has(native));
  const run = risingRun(stood.map((native) => place.get(native) ?? 0));
  const stays = new Set(stood.filter((_, at) => run.has(at)));
  // What was found here already, in a merge, keeps the spot it has in the library.
  const adopted = mapped.filter((native) => !place.has(native) && !fresh.has(native));
  for (const native of adopted) stays.add(native);
  if (stays.size === mapped.length) return;
  const view = state.view();
  const itemOf = (/** @type {string} */ native) => state.nodes.get(native)?.item ?? "";
  const keyOf = (/** @type {string} */ native) => view.text(itemOf(native), "order");
  let below = "";
  const above = nextKeys(mapped, stays, keyOf);
  for (const [at, native] of mapped.entries()) {
    if (stays.has(native)) {
      if (keyOf(native) > below) below = keyOf(native);
      continue;
    }
    const bound = above[at];
    if (bound !== "" && bound <= below) {
      spreadAnew(state, mapped, itemOf);
      return;
    }
    below = between(below, bound, state.env.chance());
    state.put(itemOf(native), kindOf(state, native), { order: below });
  }
}

/** For each sibling the key of the next one that stays. @param {string[]} mapped @param {Set<string>} stays @param {(native: string) => string} keyOf */
function nextKeys(mapped, stays, keyOf) {
  const keys = new Array(mapped.length).fill("");
  let next = "";
  for (let at = mapped.length - 1; at >= 0; at -= 1) {
    keys[at] = next;
    if (stays.has(mapped[at])) next = keyOf(mapped[at]);
  }
  return keys;
}

/** Gives siblings new keys where there is no room between them. @param {import("./state.js").State} state @param {string[]} mapped @param {(native: string) => string} itemOf */
function spreadAnew(state, mapped, itemOf) {
  const some = mapped.slice(0, ANEW_MAX);
  const after = mapped[ANEW_MAX];
  const above = after === undefined ? "" : state.view().text(itemOf(after), "order");
  spread("", above, some.length).forEach((order, at) => {
    if (state.view().text(itemOf(some[at]), "order") !== order) state.put(itemOf(some[at]), kindOf(state, some[at]), { order });
  });
}

/** @param {import("./state.js").State} state @param {string} native */
const kindOf = (state, native) => (state.nodes.get(native)?.type === "place" ? "place" : "collection");
