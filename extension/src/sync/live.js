// The socket of sync (docs/SYNC.md, "The socket"), as a hint alone: where it says that something came, the library is pulled as
// ever. What it needs of the world is given to it.

/**
 * @typedef {{ send(text: string): void, close(): void }} Socket
 * @typedef {{ opened(): void, heard(text: string): void, closed(): void }} Ears
 * @typedef {{ library: string, epoch: number, seq: number }} At
 * @typedef {{ open(ears: Ears): Socket, hello(): Promise<{ token: string, dpop: string }>, at(): At | null, pull(): void,
 *   later(ms: number, work: () => void): () => void, chance(): number }} World `chance` is from 0 to below 1; `later` tells how to call it off
 */

/** What is spoken. */
export const PROTOCOL = "mindshelf.sync.v1";
/** How often the server is asked whether it is there, milliseconds: a worker lives on where something travels within 30 seconds. */
export const PING_MS = 20_000;
/** How long an answer is waited for before the socket counts as lost, milliseconds. */
export const SILENCE_MS = 50_000;
/** The longest pause before it is opened again, milliseconds. */
const PAUSE_MAX_MS = 60_000;

/** How long to wait before the next try: a random part of what doubles with each. @param {number} tries @param {number} chance */
export const pauseMs = (tries, chance) => Math.floor(chance * Math.min(PAUSE_MAX_MS, 1_000 * 2 ** Math.min(tries, 10)));

/** Keeps a socket open for as long as it is wanted. */
export class Live {
  /** @param {World} world */
  constructor(world) {
    this.world = world;
    this.isWanted = false;
    /** Whether the server tells what happens in the library. */
    this.isFollowing = false;
    this.tries = 0;
    /** @type {Socket | null} */
    this.socket = null;
    /** What was said on sockets of before is not heard. */
    this.turn = 0;
    this.library = "";
    /** @type {(() => void) | null} */
    this.callOff = null;
    this.forgetPing = () => {};
    this.forgetSilence = () => {};
  }

  /** Opens it, unless it is open or a pause runs. */
  want() {
    this.isWanted = true;
    const at = this.world.at();
    if (!at) return this.stop();
    if (this.socket && at.library === this.library) return;
    if (this.socket) this.#drop();
    if (this.callOff === null) this.#open(at.library);
  }

  /** Closes it, until it is wanted again. */
  stop() {
    this.isWanted = false;
    this.tries = 0;
    this.callOff?.();
    this.callOff = null;
    this.#drop();
  }

  /** @param {string} library */
  #open(library) {
    this.turn += 1;
    const { turn } = this;
    const mine = (/** @type {() => void} */ work) => { if (turn === this.turn) work(); };
    this.library = library;
    try {
      this.socket = this.world.open({
        opened: () => mine(() => void this.#hello(turn)),
        heard: (text) => mine(() => this.#heard(text)),
        closed: () => mine(() => this.#lost()),
      });
    } catch {
      return this.#lost();
    }
    this.#listen();
  }

  /** @param {number} turn */
  async #hello(turn) {
    try {
      const hello = await this.world.hello();
      if (turn === this.turn) this.#say({ type: "hello", ...hello });
    } catch {
      // Who is signed out, or cannot renew what it has, is told so by the next pull.
      if (turn === this.turn) this.#lost();
    }
  }

  /** @param {string} text */
  #heard(text) {
    /** @type {any} */
    let told;
    try {
      told = JSON.parse(text);
    } catch {
      return this.#lost();
    }
    this.#listen();
    switch (told?.type) {
      case "welcome":
        this.#ping();
        return this.#follow();
      case "following":
        this.isFollowing = true;
        this.tries = 0;
        return this.#look(told.head);
      case "changes":
        return this.#look({ epoch: told.head?.epoch, seq: told.to });
      // More than travels on a socket, or a log that begins anew: pulled, and followed from there.
      case "poke":
      case "reset":
        return this.#follow();
      // The pull says what is the matter.
      case "gone":
        this.world.pull();
        return this.#lost();
      case "refused":
        return this.#lost();
      default:
        return undefined;
    }
  }

  /** Pulls where the library has come further than what is here. @param {{ epoch?: number, seq?: number } | undefined} head */
  #look(head) {
    const at = this.world.at();
    const isLevel = at !== null && at.epoch === head?.epoch && typeof head.seq === "number" && head.seq <= at.seq;
    if (!isLevel) this.world.pull();
  }

  #follow() {
    this.isFollowing = false;
    this.#say({ type: "follow", library: this.library });
  }

  #ping() {
    this.forgetPing();
    this.forgetPing = this.world.later(PING_MS, () => {
      this.#ping();
      this.#say({ type: "ping" });
    });
  }

  /** Counts a socket as lost that nothing is heard of. */
  #listen() {
    this.forgetSilence();
    this.forgetSilence = this.world.later(SILENCE_MS, () => this.#lost());
  }

  /** @param {object} message */
  #say(message) {
    try {
      this.socket?.send(JSON.stringify(message));
    } catch {
      this.#lost();
    }
  }

  /** Opens another one after a pause. */
  #lost() {
    this.#drop();
    if (!this.isWanted || this.callOff !== null) return;
    this.callOff = this.world.later(pauseMs(this.tries, this.world.chance()), () => {
      this.callOff = null;
      if (this.isWanted) this.want();
    });
    this.tries += 1;
  }

  #drop() {
    const { socket } = this;
    this.turn += 1;
    this.socket = null;
    this.isFollowing = false;
    this.forgetPing();
    this.forgetSilence();
    try {
      socket?.close();
    } catch {
      // It was closed before it was open.
    }
  }
}
