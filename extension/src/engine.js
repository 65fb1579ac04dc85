// Runs rounds of sync in this browser: one at a time, again where something happened meanwhile, later where the server is away.

import { idMaker } from "./domain/ids.js";
import { current, patternOf, Trouble } from "./access.js";
import { ask, decideHeld, heldOf, serverOf } from "./server.js";
import { forgetState, keep, kept, store } from "./store.js";
import { beginMirror, stopMirror } from "./sync/begin.js";
import { isSynced, pairAnew, round } from "./sync/round.js";
import { freshMeta, State } from "./sync/state.js";
import { readTree } from "./sync/tree.js";
import { explained, problemOf, refusal } from "./words.js";

const LOCK = "mindshelf-state";
/** Most rounds in a row, and most of a comparison that is taken in parts. */
const [ROUNDS_MAX, PARTS_MAX] = [5, 100];

/** @type {import("./sync/state.js").Env} */
const env = {
  now: () => Date.now(),
  newId: idMaker(() => Date.now(), (bytes) => { crypto.getRandomValues(bytes); }),
  chance: () => crypto.getRandomValues(new Uint16Array(1))[0],
};

/** @type {{ code: string, detail: string } | null | undefined} what went wrong last; read when it is first asked for */
let problem;
let isSyncedByBrowser = false;
/** @type {string[]} roots of which the browser has two */
let doubled = [];
/** @type {State | null} what was read last; thrown away after a failure */
let known = null;

/** Works on the state, alone. @template T @param {(state: State) => Promise<T>} work @returns {Promise<T | null>} */
async function alone(work) {
  return navigator.locks.request(LOCK, async () => {
    try {
      known ??= await State.load(store, env);
      return known ? await work(known) : null;
    } catch (error) {
      known = null;
      throw error;
    }
  });
}

/** @param {State} state */
async function rounds(state, wishes = {}) {
  for (let count = 0; count < (state.meta.began === undefined ? ROUNDS_MAX : PARTS_MAX); count += 1) {
    const server = serverOf(state.meta.library);
    const told = await round(state, server, chrome.bookmarks, wishes);
    if (told.tree) ({ isSyncedByBrowser, doubled } = told.tree);
    const now = told.failure === undefined ? null : problemOf(told.failure);
    await note(now?.code === "away" && !(await mayAsk(state)) ? { code: "permission", detail: "" } : now);
    if (told.failure !== undefined || !told.again) return;
  }
}

/** Keeps what went wrong; the worker may be killed before anybody looks. @param {{ code: string, detail: string } | null} what */
async function note(what) {
  if (problem !== undefined && what?.code === problem?.code) return;
  problem = what;
  // Where the disk is full this is not kept either.
  await keep("problem", what ?? undefined).catch(() => undefined);
}

/** @param {State} state */
const mayAsk = (state) => chrome.permissions.contains({ origins: [patternOf(state.meta.server)] });

/** @type {Promise<void> | null} */
let running = null;
let isWanted = false;

/** Syncs now; whoever asks meanwhile is answered by one more round. @param {{ verify?: boolean }} [wishes] @returns {Promise<void>} */
export async function sync(wishes = {}) {
  if (running) {
    isWanted = true;
    return running;
  }
  running = (async () => {
    try {
      do {
        isWanted = false;
        await alone((state) => rounds(state, wishes));
      } while (isWanted);
    } catch (error) {
      await note(problemOf(error));
    } finally {
      running = null;
    }
  })();
  return running;
}

/** Changes something and keeps it at once; it is sent with the next round. A round that waits for the server is not waited for.
 * @template T @param {(state: State) => T} work @returns {Promise<T | null>} */
export async function change(work) {
  const state = known;
  if (running && state) {
    try {
      const done = work(state);
      await state.commit();
      return done;
    } catch (error) {
      known = null;
      throw error;
    }
  }
  return alone(async (state) => {
    const done = work(state);
    await state.commit();
    return done;
  });
}

/** Reads something, as it is at this moment. @template T @param {(state: State) => T} work */
export const look = async (work) => (known ? work(known) : alone(async (state) => work(state)));

/** How far the library was followed here; nothing where there is none, or it was not read yet. */
export const at = () => (known ? { library: known.meta.library, epoch: known.shelf.epoch, seq: known.shelf.seq } : null);

/** Whether all that was done here is in the library, and nothing went wrong. */
export const isLevel = () => known !== null && isSynced(known) && problem === null && running === null;

/** Libraries to choose from. */
export async function libraries() {
  /** @type {{ libraries: { id: string, name: string, right: string }[], person: { name: string } }} */
  const { libraries: all, person } = await ask("GET", "/v1/me");
  return { person: person.name, libraries: all.map(({ id, name, right }) => ({ id, name, right })) };
}

/** Begins with a library. @param {string} library */
export async function choose(library) {
  const { server } = await current();
  const device = await serverOf(library).pair();
  await navigator.locks.request(LOCK, async () => {
    known = null;
    await forgetState();
    await store.write({ meta: freshMeta(server, library, device) });
  });
  await sync();
}

/** Begins to mirror the browser's bookmarks in a folder, or at the top where there is none. @param {string | null} above */
export async function mirror(above) {
  await alone(async (state) => {
    await beginMirror(state, above);
    await state.commit();
  });
  await sync();
}

/** Mirrors no longer; both sides keep what they have. */
export const stopMirroring = () => change(stopMirror);

/** Decides what others removed in masses. @param {"remove" | "keep"} word */
export async function decideInbound(word) {
  await change((state) => { if (state.meta.inbound) state.meta.inbound.decided = word; });
  await sync();
}

/** Decides what was removed here in masses and waits here. @param {"remove" | "keep"} word */
export async function decideGone(word) {
  await change((state) => { if (state.meta.outbound) state.meta.outbound.decided = word; });
  await sync();
}

/** Decides what was removed here in masses and waits at the server. @param {"confirm" | "refuse"} word */
export async function decideOutbound(word) {
  await alone(async (state) => {
    const { library, device } = state.meta;
    const waiting = await heldOf(library, device);
    if (waiting) await decideHeld(library, device, waiting.through, word);
  });
  await sync();
}

/** Joins again as a new device. */
export async function joinAgain() {
  await alone((state) => pairAnew(state, serverOf(state.meta.library)));
  await sync();
}

/** The person was told what was let go of. */
export const dropGivenUp = () => change((state) => { delete state.meta.givenUp; });

/** Drops what stands aside. */
export const dropAside = () => change((state) => { state.meta.aside = []; });

/** Forgets the library; the browser's bookmarks stay. No more of what waits is dropped than the person agreed to. */
export async function leave(agreed = 0) {
  await navigator.locks.request(LOCK, async () => {
    // What cannot be read holds nobody.
    known ??= await State.load(store, env).catch(() => null);
    const waits = known?.queue.filter(({ seq }) => seq === undefined).length ?? 0;
    if (waits > agreed) throw new Trouble("waiting", String(waits));
    known = null;
    await forgetState();
  });
  await note(null);
}

/** How it stands with the library there is. @param {State} state */
function standingOf(state) {
  const { meta } = state;
  const nodes = [...state.nodes.values()];
  const local = (/** @type {string} */ why) => nodes.filter((node) => node.why === why).length;
  return {
    library: meta.library, home: meta.server, isMirroring: meta.isMirroring, above: meta.above, isSynced: isSynced(state), levelAt: meta.levelAt, verifiedAt: meta.verifiedAt,
    mismatches: meta.mismatches, waiting: state.queue.length, held: Object.keys(meta.held).length, inbound: meta.inbound?.count ?? 0, outbound: meta.outbound?.count ?? 0,
    blocked: meta.blocked, twins: local("twin"), isSyncedByBrowser, doubled, mirrored: nodes.filter(({ type }) => type === "place").length,
    local: { scheme: local("scheme"), separator: local("separator"), refused: local("refused"), kept: local("kept") + local("inside") },
    aside: meta.aside.slice(-20).map((aside) => ({ ...refusal(aside, state.view()), page: aside.library ? `${meta.server}/in/${encodeURIComponent(aside.library)}/` : undefined })),
    asideCount: meta.aside.length, givenUp: meta.givenUp ?? 0,
  };
}

/** @typedef {ReturnType<typeof standingOf>} Standing */

/** How it stands, for pages. */
export async function status() {
  const access = await kept("access");
  problem ??= (await kept("problem")) ?? null;
  /** @type {Standing | { [K in keyof Standing]?: undefined }} */
  const of = (await look(standingOf)) ?? {};
  const isLive = (await kept("live")) !== false;
  return { server: access?.server ?? null, isSignedIn: access !== undefined, isLive, problem: explained(problem ?? null), ...of };
}

/** Whether any bookmarks are there to be mirrored, for the page that asks. */
export async function countHere() {
  const tree = readTree(await chrome.bookmarks.getTree());
  return [...tree.nodes.values()].filter((node) => !node.isFolder && !node.isSeparator).length;
}
