// The socket as a hint: what is pulled for it, when it is opened again, and when not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Live, pauseMs, PING_MS, SILENCE_MS } from "../src/sync/live.js";

const LIBRARY = "0193f0a0-0000-7000-8000-00000000000a";

/** A world with a clock that is turned by hand. */
class Model {
  constructor() {
    this.now = 0;
    this.timers = [];
    this.sockets = [];
    this.pulls = 0;
    this.level = { library: LIBRARY, epoch: 0, seq: 5 };
    this.isIn = true;
    this.live = new Live({
      open: (ears) => {
        const socket = { ears, said: [], isOpen: true, send: (text) => socket.said.push(JSON.parse(text)), close: () => { socket.isOpen = false; } };
        this.sockets.push(socket);
        return socket;
      },
      hello: async () => {
        if (!this.isIn) throw new Error("signed out");
        return { token: "t", dpop: "p" };
      },
      at: () => this.level,
      pull: () => { this.pulls += 1; },
      later: (ms, work) => {
        const timer = { at: this.now + ms, work };
        this.timers.push(timer);
        return () => { this.timers = this.timers.filter((one) => one !== timer); };
      },
      chance: () => 0.5,
    });
  }

  get socket() { return this.sockets.at(-1); }

  /** Lets time go by, one timer after the other. */
  pass(ms) {
    const end = this.now + ms;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((one) => one !== next);
      this.now = next.at;
      next.work();
    }
    this.now = end;
  }

  hear(message) { this.socket.ears.heard(JSON.stringify(message)); }

  /** Opens, greets and follows. */
  async begin(head = { epoch: 0, seq: 5 }) {
    this.live.want();
    this.socket.ears.opened();
    await Promise.resolve();
    await Promise.resolve();
    this.hear({ type: "welcome" });
    this.hear({ type: "following", library: LIBRARY, head });
    return this;
  }
}

test("who it is stands in the first message, and the library in the second", async () => {
  const model = await new Model().begin();
  assert.deepEqual(model.socket.said, [{ type: "hello", token: "t", dpop: "p" }, { type: "follow", library: LIBRARY }]);
  assert.ok(model.live.isFollowing);
  assert.equal(model.pulls, 0, "what is level is not pulled");
  model.live.want();
  assert.equal(model.sockets.length, 1, "one socket");
});

test("what others did is pulled, and what one did oneself is not pulled again", async () => {
  const model = await new Model().begin();
  model.hear({ type: "changes", from: 5, to: 6, head: { epoch: 0, seq: 6 } });
  assert.equal(model.pulls, 1);
  model.level.seq = 7;
  model.hear({ type: "changes", from: 6, to: 7, head: { epoch: 0, seq: 7 } });
  assert.equal(model.pulls, 1);
  model.hear({ type: "changes", from: 7, to: 7, head: { epoch: 1, seq: 7 } });
  assert.equal(model.pulls, 2, "another epoch is another log");
});

test("what happened between the last pull and the socket is pulled", async () => {
  const model = await new Model().begin({ epoch: 0, seq: 9 });
  assert.equal(model.pulls, 1);
});

test("where the server tells no rows it is followed anew, and pulled for where that begins", async () => {
  for (const type of ["poke", "reset"]) {
    const model = await new Model().begin();
    model.hear({ type, library: LIBRARY, seq: 2_000 });
    assert.deepEqual(model.socket.said.at(-1), { type: "follow", library: LIBRARY });
    assert.ok(!model.live.isFollowing);
    model.hear({ type: "following", library: LIBRARY, head: { epoch: 0, seq: 2_000 } });
    assert.equal(model.pulls, 1, type);
  }
});

test("something travels more often than every thirty seconds, and silence ends it", async () => {
  const model = await new Model().begin();
  for (let times = 0; times < 6; times += 1) {
    model.pass(PING_MS);
    assert.deepEqual(model.socket.said.at(-1), { type: "ping" });
    model.hear({ type: "pong" });
  }
  assert.equal(model.sockets.length, 1);
  model.pass(SILENCE_MS + 1);
  assert.ok(!model.sockets[0].isOpen && !model.live.isFollowing);
  model.pass(1_000);
  assert.equal(model.sockets.length, 2, "and another is opened");
});

test("a socket that nothing can be said on any more is asked nothing more", async () => {
  const model = await new Model().begin();
  model.socket.send = () => { throw new Error("closed"); };
  model.pass(PING_MS);
  assert.ok(!model.sockets[0].isOpen);
  assert.equal(model.timers.length, 1, "it is opened again, and that is all that is waited for");
});

test("it is opened again later and later, and soon after it was well once", async () => {
  const model = new Model();
  model.live.want();
  const pauses = [];
  for (let times = 0; times < 9; times += 1) {
    const before = model.now;
    model.socket.ears.closed();
    const count = model.sockets.length;
    while (model.sockets.length === count) model.pass(100);
    pauses.push(model.now - before);
  }
  assert.ok(pauses.every((pause, at) => at === 0 || pause >= pauses[at - 1]), String(pauses));
  assert.ok(pauses.at(-1) <= 30_100, "half of a minute, by this chance");
  await model.begin();
  model.socket.ears.closed();
  model.pass(500);
  assert.equal(model.sockets.length, 11);
});

test("every pause is a random part of what it may be", () => {
  assert.equal(pauseMs(0, 0), 0);
  assert.equal(pauseMs(3, 0.5), 4_000);
  assert.ok(pauseMs(1_000, 0.999) < 60_000);
});

test("who is signed out, or wants none, has no socket", async () => {
  const model = await new Model().begin();
  model.live.stop();
  assert.ok(!model.socket.isOpen);
  model.pass(600_000);
  assert.equal(model.sockets.length, 1);
  model.level = null;
  model.live.want();
  assert.equal(model.sockets.length, 1);
  model.level = { library: LIBRARY, epoch: 0, seq: 5 };
  model.isIn = false;
  model.live.want();
  model.socket.ears.opened();
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  assert.ok(!model.socket.isOpen, "nothing is said by who cannot say who they are");
});

test("another library has another socket, and what the one of before says is not heard", async () => {
  const model = await new Model().begin();
  const before = model.socket;
  model.level = { library: "0193f0a0-0000-7000-8000-00000000000b", epoch: 0, seq: 0 };
  model.live.want();
  assert.ok(!before.isOpen);
  assert.equal(model.sockets.length, 2);
  before.ears.heard(JSON.stringify({ type: "changes", to: 99, head: { epoch: 0, seq: 99 } }));
  before.ears.closed();
  assert.equal(model.pulls, 0);
  assert.ok(model.socket.isOpen);
});

test("a library that is gone is pulled once, for the word on it, and nonsense ends a socket", async () => {
  const model = await new Model().begin();
  model.hear({ type: "gone", library: LIBRARY, code: "not_found" });
  assert.equal(model.pulls, 1);
  assert.ok(!model.sockets[0].isOpen);
  const other = await new Model().begin();
  other.socket.ears.heard("nonsense");
  assert.ok(!other.sockets[0].isOpen);
});
