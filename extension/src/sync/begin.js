// Beginning and stopping to mirror a browser's bookmarks.

import { rootId } from "../domain/ids.js";
import { ROLES } from "./tree.js";

/** How often a folder of a root may have been removed for good. */
const TURNS_MAX = 50;

/**
 * Begins to mirror in a folder, or at the top where there is none. A root whose folder is in the trash comes out of it; one that was removed
 * for good gets the next id that follows.
 * @param {import("./state.js").State} state @param {string | null} above
 */
export async function beginMirror(state, above) {
  const { library } = state.meta;
  /** @type {Record<string, string>} */
  const rootIds = {};
  for (const role of Object.keys(ROLES)) {
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      rootIds[role] = await rootId(library, above, turn === 0 ? role : `${role}/${turn}`);
      if (state.view().get(rootIds[role], "purged") !== true) break;
    }
  }
  state.beginAct();
  const view = state.view();
  for (const id of Object.values(rootIds)) {
    if (view.item(id) && (view.get(id, "trashed_at") ?? null) !== null) state.put(id, "collection", { trashed_at: null });
  }
  Object.assign(state.meta, { above, rootIds, isMirroring: true });
}

/** Mirrors no longer; both sides keep what they have. @param {import("./state.js").State} state */
export function stopMirror(state) {
  for (const native of [...state.nodes.keys()]) state.dropNode(native);
  Object.assign(state.meta, { isMirroring: false, above: null, rootIds: {}, roots: {}, intents: [], inbound: null, outbound: null, blocked: {}, twins: 0 });
}
