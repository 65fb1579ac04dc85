// The queue: what is pushed next, what of it came back by the log, and its numbers.

/**
 * @typedef {import("./state.js").State} State
 * @typedef {import("../domain/shelf.js").Change} Change
 * @typedef {import("../domain/shelf.js").Row} Row
 */

/** Most changes of a push, and most of their characters with room for what stands around them. */
export const PUSH = { changes: 500, chars: 4 << 20 };
/** What is pushed next, oldest first. @param {State} state @param {number} most */
export function nextBatch(state, most) {
  /** @type {Change[]} */
  const batch = [];
  let chars = 0;
  for (const { change, seq } of state.queue) {
    if (seq !== undefined) continue;
    chars += JSON.stringify(change).length;
    if (batch.length >= most || (batch.length > 0 && chars > PUSH.chars)) break;
    batch.push(change);
  }
  return batch;
}

/** Notes what came back of what waits, before its answer or instead of it. @param {State} state @param {Row[]} rows */
export function noteCame(state, rows) {
  const own = new Map(rows.filter(({ device }) => device === state.meta.device).map((row) => [row.n, row]));
  for (const queued of own.size > 0 ? state.queue : []) {
    const row = own.get(queued.change.n);
    if (!row || queued.seq !== undefined || !isOf(state, queued.change, row)) continue;
    queued.came = true;
    state.touchedQueue.add(row.n);
  }
}

/** Whether a row is what a change became: a gesture may have had other numbers before a restore.
 * @param {State} state @param {Change} change @param {Row} row */
const isOf = (state, change, row) => row.act === change.act
  && (row.item === change.item || row.joined === change.item || row.item === state.shelf.resolve(change.item));

/** Numbers what waits anew, after `last`; what came back by the log waits no more. @param {State} state @param {number} last */
export function renumber(state, last) {
  const waits = state.queue.filter(({ seq, came }) => seq === undefined && !came);
  const answered = state.queue.length - waits.length;
  state.dequeue(state.queue.map(({ change }) => change.n));
  state.meta.n = last;
  for (const { change } of waits) {
    state.meta.n += 1;
    const again = { ...change, n: state.meta.n };
    state.queue.push({ change: again });
    state.touchedQueue.add(again.n);
    state.droppedQueue.delete(again.n);
  }
  // What was answered is in the log already and comes by it.
  if (answered > 0) state.shown = null;
}
