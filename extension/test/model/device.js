// A browser with the extension: its bookmarks, its store, and rounds that may be killed.

import { idMaker, rootId } from "../../src/domain/ids.js";
import { round } from "../../src/sync/round.js";
import { freshMeta, State } from "../../src/sync/state.js";
import { ModelBrowser, ModelStore } from "./browser.js";
import { chanceOf } from "./chance.js";
import { ModelServer } from "./server.js";

export const LIBRARY = "0193f0a0-0000-7000-8000-00000000000a";

/**
 * @typedef {{ chance: ReturnType<typeof chanceOf>, now: () => number, newId: () => string, server: ModelServer, pass(ms: number): void }} World
 */

/** A world with a clock of its own. @param {number} seed @returns {World} */
export function world(seed = 1) {
  const chance = chanceOf(seed);
  let clock = 1_800_000_000_000;
  const now = () => { clock += 1; return clock; };
  const newId = idMaker(now, chance.fill);
  const server = new ModelServer(now, newId);
  return { chance, now, newId, server, pass: (/** @type {number} */ ms) => { clock += ms; } };
}

export class Device {
  /** @param {World} world @param {{ isFirefox?: boolean, first?: number }} [options] */
  constructor(world, options) {
    this.world = world;
    this.browser = new ModelBrowser(options);
    this.store = new ModelStore();
    this.env = { now: world.now, newId: world.newId, chance: () => world.chance.below(65_536) };
    this.client = world.server.client();
    /** @type {number | undefined} how much may wait before what is new is left for later, where it is not as ever */
    this.part = undefined;
  }

  /** Connects, and mirrors. */
  async begin() {
    const meta = freshMeta("http://shelf.example", LIBRARY, await this.client.pair());
    meta.isMirroring = true;
    for (const role of ["bar", "other", "mobile", "menu"]) meta.rootIds[role] = await rootId(LIBRARY, null, role);
    await this.store.write({ meta });
    return this;
  }

  /** One round, as after a start: everything is read from the store. @param {{ verify?: boolean }} [wishes] */
  async sync(wishes) {
    const state = await State.load(this.store, this.env);
    if (!state) throw new Error("it is not connected");
    state.part = this.part ?? state.part;
    const told = await round(state, this.client, this.browser, wishes);
    if (told.failure && !/nobody answers/.test(String(told.failure))) throw told.failure;
    this.state = state;
    return told;
  }
}

/** Syncs all until nothing moves. @param {Device[]} devices */
export async function level(...devices) {
  for (let rounds = 0; rounds < 12; rounds += 1) {
    let moved = 0;
    for (const device of devices) {
      const told = await device.sync();
      moved += told.pulled + told.pushed + told.applied + Number(told.again);
    }
    if (moved === 0) return rounds;
  }
  throw new Error("never level");
}
