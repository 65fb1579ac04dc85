// One round of sync: pull, take what the person did, push, pull what became of it, make it in the browser. Each step may be cut
// off anywhere and begun again; a round without a connection still queues what was done.

import { applyTarget } from "./apply.js";
import { takeLocal } from "./local.js";
import { nextBatch, noteCame, PUSH, renumber } from "./queue.js";
import { letsGo, restart } from "./restart.js";
import { readTree } from "./tree.js";
import { verify } from "./verify.js";

/**
 * @typedef {import("./state.js").State} State
 * @typedef {{ code: string, detail: string, status: number }} Refusal
 * @typedef {{ n: number, status: string, item?: string, seq?: number, hlc?: string, refused?: { code: string, detail: string, pointer: string } }} Answer
 * @typedef {{ epoch: number, seq: number, floor: number }} Head
 * @typedef {{ changes: import("../domain/shelf.js").Row[], from: number, to: number, next_cursor: string, has_more: boolean, head: Head }} Pulled
 * @typedef {{ item: string, kind: string, number?: number, created?: number,
 *   puts: { seq: number, hlc: string, device: string, set: Record<string, import("../domain/shelf.js").Value> }[] }} Whole an item as a snapshot has it
 * @typedef {{ epoch: number, seq: number, items: Whole[], aliases?: { younger: string, item: string }[], next?: string }} Repair
 * @typedef {{ pull(cursor: string | null): Promise<Pulled>,
 *   push(device: string, changes: import("../domain/shelf.js").Change[], confirmed: string[]): Promise<{ answers: Answer[], stopped?: { code: string, detail: string }, head: Head }>,
 *   standing(device: string): Promise<{ device?: { n: number }, held: number, head: Head }>, pair(): Promise<string>,
 *   checksum(): Promise<{ epoch: number, seq: number, checksum: string, ranges: string[] }>,
 *   repair(ranges: number[], after: string | null): Promise<Repair> }} Server
 * @typedef {import("./apply.js").Native & { getTree(): Promise<import("./tree.js").NativeNode[]> }} Bookmarks
 */

/** How often one round puts its numbers right. */
const RECOVERIES_MAX = 3;
/** How long sums are believed, milliseconds. */
const VERIFIED_MS = 3_600_000;

/** What the server said no to. */
export class ServerRefusal extends Error {
  /** @param {Refusal} refusal */
  constructor(refusal) {
    super(refusal.detail || refusal.code);
    this.refusal = refusal;
  }
}

/**
 * @param {State} state @param {Server} server @param {Bookmarks} bookmarks @param {{ verify?: boolean }} [wishes]
 * @returns {Promise<{ failure?: unknown, pulled: number, pushed: number, applied: number, again: boolean, tree?: import("./tree.js").Tree }>}
 */
export async function round(state, server, bookmarks, wishes = {}) {
  const told = { pulled: 0, pushed: 0, applied: 0, restarted: false, repaired: 0 };
  state.isAgain = false;
  /** @type {unknown} */
  let failure;
  const net = async (/** @type {() => Promise<void>} */ step) => {
    if (failure !== undefined) return;
    try {
      await step();
    } catch (error) {
      if (/** @type {{ isCrash?: boolean }} */ (error).isCrash) throw error;
      failure = error;
    }
  };
  if (state.meta.isApplying) {
    // What was cut off is compared with what it was to become, before the changes of others make something else of it.
    await look(state, bookmarks, false);
    state.meta.isApplying = false;
  }
  await net(() => pull(state, server, told));
  let tree = await look(state, bookmarks, failure === undefined);
  await net(() => push(state, server, told));
  await net(() => pull(state, server, told));
  if (state.meta.titles.length > 0 && failure === undefined) {
    keepTitles(state);
    await state.commit();
    await net(() => push(state, server, told));
    await net(() => pull(state, server, told));
  }
  await net(() => forgetHeld(state, server));
  // What is shown is compared before it is made: a fold that was damaged is to remove nothing.
  const isDue = state.env.now() - (state.meta.verifiedAt ?? 0) > VERIFIED_MS;
  if (wishes.verify || isDue || told.restarted) await net(() => verify(state, server, told));
  if (tree && told.pulled + told.pushed + told.repaired > 0) {
    // The person went on while the server was asked: what they did is taken first, lest it is written over.
    const waits = state.queue.length;
    tree = await look(state, bookmarks, true);
    state.isAgain ||= state.queue.length > waits;
  }
  if (state.meta.isMirroring && state.meta.cursor !== null) told.applied = await applyTarget(state, bookmarks);
  if (failure === undefined && isSynced(state)) state.meta.levelAt = state.env.now();
  await state.commit();
  return { ...told, failure, tree, again: state.isAgain };
}

/** Whether nothing waits and all that was written came back. @param {State} state */
export const isSynced = (state) => state.queue.length === 0 && state.meta.cursor !== null;

/** Takes what the person did in the browser. Never before the library was seen once: it would all look new.
 * @param {State} state @param {Bookmarks} bookmarks @param {boolean} isOnline */
async function look(state, bookmarks, isOnline) {
  if (!state.meta.isMirroring || state.meta.cursor === null || (!isOnline && state.nodes.size === 0)) return undefined;
  const tree = readTree(await bookmarks.getTree(), state.meta.roots);
  takeLocal(state, tree);
  await state.commit();
  return tree;
}

/** @param {State} state @param {Server} server @param {{ pulled: number, restarted: boolean }} told */
async function pull(state, server, told) {
  for (;;) {
    /** @type {Pulled} */
    let pulled;
    try {
      pulled = await server.pull(state.meta.cursor);
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.refusal.status !== 410) throw error;
      await restart(state, server);
      told.restarted = true;
      return;
    }
    if (state.meta.cursor !== null && pulled.head.epoch !== state.shelf.epoch) {
      await restart(state, server);
      told.restarted = true;
      return;
    }
    take(state, pulled);
    told.pulled += pulled.changes.length;
    await state.commit();
    if (!pulled.has_more || pulled.changes.length === 0) return;
  }
}

/** Folds a page of the log. What came back of what waits is known by it, answered or not. @param {State} state @param {Pulled} pulled */
export function take(state, pulled) {
  let last = state.shelf.seq;
  for (const { seq } of pulled.changes) {
    const isRemoved = pulled.from === 0 && seq <= pulled.head.floor + 1;
    if (seq > last + 1 && !isRemoved) throw new Error(`the server left out rows ${last + 1} to ${seq - 1}`);
    last = Math.max(last, seq);
  }
  state.fold(pulled.changes);
  state.shelf.epoch = pulled.head.epoch;
  state.meta.cursor = pulled.next_cursor;
  for (const row of pulled.changes) {
    if ((row.set?.trashed_at ?? null) !== null) delete state.meta.held[row.item];
  }
  noteCame(state, pulled.changes);
  const landed = state.queue.filter(({ seq }) => seq !== undefined && seq <= state.shelf.seq);
  if (landed.length > 0) state.dequeue(landed.map(({ change }) => change.n));
}

/** Pushes all that waits, oldest first. @param {State} state @param {Server} server @param {{ pushed: number, pulled: number, restarted: boolean }} told */
async function push(state, server, told) {
  let [most, recoveries] = [PUSH.changes, 0];
  for (;;) {
    const batch = nextBatch(state, most);
    if (batch.length === 0) {
      state.meta.confirmed = [];
      return;
    }
    try {
      const acts = new Set(batch.map(({ act }) => act));
      const answer = await server.push(state.meta.device, batch, state.meta.confirmed.filter((act) => acts.has(act)));
      const isOfBefore = answer.head.epoch !== state.shelf.epoch;
      note(state, answer.answers, isOfBefore);
      told.pushed += answer.answers.length;
      await state.commit();
      if (isOfBefore) {
        await restart(state, server);
        told.restarted = true;
      } else if (answer.stopped) {
        throw new ServerRefusal({ code: answer.stopped.code, detail: answer.stopped.detail, status: 409 });
      } else if (answer.answers.length === 0) {
        throw new Error("the server answered to nothing of a push");
      }
    } catch (error) {
      if (!(error instanceof ServerRefusal)) throw error;
      const { code } = error.refusal;
      if (code === "too_large" && batch.length > 1) {
        most = Math.max(1, batch.length >> 1);
      } else if (code === "too_large") {
        note(state, [{ n: batch[0].n, status: "refused", refused: { code, detail: "it is too long", pointer: "" } }]);
        await state.commit();
      } else if ((code === "gap" || code === "device_reused") && recoveries < RECOVERIES_MAX) {
        recoveries += 1;
        await recover(state, server, code);
      } else if (!(await letsGo(state, server, code))) throw error;
    }
  }
}

/** Notes what became of changes. What a new life of the log has taken is in no shelf until the library is loaded anew, and the server may
 * be restored once more before: it stays queued. @param {State} state @param {Answer[]} answers @param {boolean} [isOfBefore] */
function note(state, answers, isOfBefore = false) {
  const gone = [];
  const byN = new Map(state.queue.map((queued) => [queued.change.n, queued]));
  for (const answer of answers) {
    const queued = byN.get(answer.n);
    if (!queued) continue;
    if (answer.hlc && answer.hlc > state.meta.hlc) state.meta.hlc = answer.hlc;
    const isThere = answer.status === "applied" || answer.status === "superseded" || answer.status === "joined";
    if (isOfBefore && answer.status === "noop") continue;
    if (isThere && answer.seq !== undefined && (isOfBefore || answer.seq > state.shelf.seq)) {
      queued.seq = answer.seq;
      state.touchedQueue.add(answer.n);
      continue;
    }
    gone.push(answer.n);
    if (answer.status === "held") state.meta.held[queued.change.item] = answer.n;
    if (answer.status === "refused") refused(state, queued.change, answer);
  }
  state.dequeue(gone);
}

/** @param {State} state @param {import("../domain/shelf.js").Change} change @param {Answer} answer */
function refused(state, change, answer) {
  if (answer.refused?.code === "purged") {
    // It was removed for good: what is here is made anew, with a new id.
    const node = state.nodeOf(change.item);
    if (node && node.type !== "root") state.dropNode(node.native);
  }
  const { code, detail, pointer } = answer.refused ?? {};
  const there = code === "moved" && pointer ? { library: pointer } : {};
  state.putAside({ change, why: "refused", code, detail, at: state.env.now(), ...there });
}

/** Puts the numbers of the queue right. @param {State} state @param {Server} server @param {string} code */
async function recover(state, server, code) {
  const known = code === "gap" ? (await server.standing(state.meta.device)).device : undefined;
  if (!known) state.meta.device = await server.pair();
  renumber(state, known?.n ?? 0);
  await state.commit();
}

/** Keeps a title that was typed here where its bookmark turned out to be one that has another. @param {State} state */
function keepTitles(state) {
  state.beginAct();
  const view = state.view();
  for (const { place, title } of state.meta.titles) {
    if (!view.isLiving(place) || title === "" || view.text(place, "title") !== "") continue;
    const bookmark = view.text(place, "bookmark");
    if (view.base.resolve(bookmark) !== bookmark && view.text(bookmark, "title") !== title) state.put(place, "place", { title });
  }
  state.meta.titles = [];
}

/** What was held stands aside until the person decided; what they refused comes by no log. @param {State} state @param {Server} server */
async function forgetHeld(state, server) {
  if (Object.keys(state.meta.held).length === 0) return;
  const standing = await server.standing(state.meta.device);
  if (standing.held === 0) state.meta.held = {};
}

/** Pairs anew, with the person's word, where the device was removed: what waits is pushed as the new one, and what was heard of the old
 * one is not pushed a second time.
 * @param {State} state @param {Server} server */
export async function pairAnew(state, server) {
  const { device } = state.meta;
  await pull(state, server, { pulled: 0, restarted: false });
  // Where the library began anew, it did so with this browser as another device.
  if (state.meta.device !== device) return;
  state.meta.device = await server.pair();
  renumber(state, 0);
  await state.commit();
}
