// The order of siblings as the person left it, as keys of order.

import { between, risingRun, spread } from "../domain/order.js";

/** Longest key before siblings are given new ones, as the server has it. */
const KEY_CHARS_MAX = 48;
/** How many siblings on either side are given new keys where there is no room, and how often more are. */
const WIDER = { by: 200, most: 3 };

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
  const adopted = new Set(mapped.filter((native) => !place.has(native) && !fresh.has(native)));
  if (stays.size + adopted.size === mapped.length) return;
  const view = state.view();
  const itemOf = (/** @type {string} */ native) => state.nodes.get(native)?.item ?? "";
  const keys = mapped.map((native) => view.text(itemOf(native), "order"));
  const fixed = boundsOf(keys, mapped.map((native) => stays.has(native) || adopted.has(native)));
  const isMoving = (/** @type {number} */ at) => !fixed.has(at) && !adopted.has(mapped[at]);
  for (const [at, order] of keysFor(keys, fixed, isMoving, state.env.chance)) {
    if (keys[at] !== order) state.put(itemOf(mapped[at]), state.nodes.get(mapped[at])?.type === "place" ? "place" : "collection", { order });
  }
}

/**
 * Which of those that stay keep their keys: those without one that stand first, and then a longest run that rises. What has no key, or one
 * that leaves no room, is given another.
 * @param {string[]} keys @param {boolean[]} isStaying
 * @returns {Set<number>}
 */
function boundsOf(keys, isStaying) {
  const lead = keys.findIndex((key, at) => key !== "" || !isStaying[at]);
  const at = [...keys.keys()].filter((one) => isStaying[one] && keys[one] !== "");
  const ranks = new Map([...new Set(at.map((one) => keys[one]))].sort().map((key, rank) => [key, rank]));
  const run = risingRun(at.map((one) => ranks.get(keys[one]) ?? 0));
  return new Set([...Array(Math.max(0, lead)).keys(), ...at.filter((_, spot) => run.has(spot))]);
}

/**
 * A key for each sibling that has none it can keep; where one would be too long, those around are given new ones as well.
 * @param {string[]} keys @param {Set<number>} fixed @param {(at: number) => boolean} isMoving @param {() => number} chance
 * @returns {Map<number, string>}
 */
function keysFor(keys, fixed, isMoving, chance) {
  /** @type {Map<number, string>} */
  const given = new Map();
  for (let wider = 0; ; wider += 1) {
    given.clear();
    let tight = -1;
    let [below, gap] = ["", /** @type {number[]} */ ([])];
    for (let at = 0; at <= keys.length; at += 1) {
      const isBound = at === keys.length || fixed.has(at);
      if (!isBound && (isMoving(at) || wider > 0)) gap.push(at);
      if (!isBound) continue;
      const fresh = within(below, keys[at] ?? "", gap.length, chance);
      fresh.forEach((key, spot) => given.set(gap[spot], key));
      if (tight < 0 && fresh.some((key) => key.length > KEY_CHARS_MAX)) tight = gap[0];
      below = keys[at] ?? "";
      gap = [];
    }
    if (tight < 0 || wider >= WIDER.most) return given;
    for (const at of [...fixed]) if (Math.abs(at - tight) <= WIDER.by << wider) fixed.delete(at);
  }
}

/** `count` keys between two bounds, in order. @param {string} below @param {string} above @param {number} count @param {() => number} chance */
function within(below, above, count, chance) {
  if (count > 1 && below !== "" && above !== "") return spread(below, above, count);
  /** @type {string[]} */
  const keys = [];
  // Towards an open end keys are counted, and stay short.
  for (let left = count; left > 0; left -= 1) {
    if (above === "") keys.push(between(keys.at(-1) ?? below, "", chance()));
    else keys.unshift(between(below, keys[0] ?? above, chance()));
  }
  return keys;
}
