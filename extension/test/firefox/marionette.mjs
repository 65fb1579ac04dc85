// Firefox's own wire for those who drive it: messages of a length, a colon and JSON, over TCP. One request at a time.

import { connect } from "node:net";

/** How WebDriver calls an element in its answers. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
/** How long one answer may take, milliseconds. */
const PATIENCE_MS = 20_000;

/** What Firefox said no to. */
export class Refused extends Error {
  /** @param {string} name @param {{ error: string, message: string }} told */
  constructor(name, told) {
    super(`${name}: ${told.error}: ${told.message.split("\n")[0]}`);
    this.code = told.error;
  }
}

export class Marionette {
  /** @param {number} port */
  static async at(port) {
    const wire = connect(port, "127.0.0.1");
    await new Promise((resolve, reject) => wire.once("connect", () => resolve(undefined)).once("error", reject));
    const marionette = new Marionette(wire);
    await marionette.greeted;
    return marionette;
  }

  /** @param {import("node:net").Socket} wire */
  constructor(wire) {
    this.wire = wire;
    this.last = 0;
    this.heard = Buffer.alloc(0);
    /** @type {Map<number, (error: Error | null, value?: any) => void>} */
    this.waiting = new Map();
    this.greeted = new Promise((resolve) => { this.waiting.set(0, resolve); });
    wire.on("data", (bytes) => this.#hear(bytes));
    wire.on("error", () => undefined);
    wire.on("close", () => {
      for (const answer of this.waiting.values()) answer(new Error("Firefox closed the wire"));
    });
  }

  /** @param {Buffer} bytes */
  #hear(bytes) {
    this.heard = Buffer.concat([this.heard, bytes]);
    for (;;) {
      const colon = this.heard.indexOf(":");
      const length = Number(this.heard.subarray(0, colon).toString());
      if (colon < 0 || this.heard.length < colon + 1 + length) return;
      this.#take(JSON.parse(this.heard.subarray(colon + 1, colon + 1 + length).toString()));
      this.heard = this.heard.subarray(colon + 1 + length);
    }
  }

  /** What it says first is no answer, and has a shape of its own. @param {any} told */
  #take(told) {
    const [, id, error, value] = Array.isArray(told) ? told : [1, 0, null, told];
    const answer = this.waiting.get(id);
    this.waiting.delete(id);
    answer?.(error, value);
  }

  /** Asks one thing. @param {string} name @param {object} [parameters] @returns {Promise<any>} */
  ask(name, parameters = {}) {
    this.last += 1;
    const [id, text] = [this.last, JSON.stringify([0, this.last, name, parameters])];
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${name} took more than ${PATIENCE_MS} ms`)), PATIENCE_MS);
      this.waiting.set(id, (error, value) => {
        clearTimeout(late);
        if (error instanceof Error) reject(error);
        else if (error) reject(new Refused(name, /** @type {any} */ (error)));
        else resolve(value !== null && typeof value === "object" && "value" in value ? value.value : value);
      });
      this.wire.write(`${Buffer.byteLength(text)}:${text}`);
    });
  }

  /** Asks in the browser's own window instead of a page. @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  async inWindow(work) {
    await this.ask("Marionette:SetContext", { value: "chrome" });
    try {
      return await work();
    } finally {
      await this.ask("Marionette:SetContext", { value: "content" });
    }
  }

  /** Goes to an address and waits until its page has loaded. @param {string} url */
  goto(url) {
    return this.ask("WebDriver:Navigate", { url });
  }

  /** Runs the body of a function. @param {string} script @param {unknown[]} args */
  run(script, ...args) {
    return this.ask("WebDriver:ExecuteScript", { script, args });
  }

  /** Runs the body of an asynchronous function, and waits for it. @param {string} code @param {unknown[]} args @returns {Promise<any>} */
  async does(code, ...args) {
    const script = `const done = arguments[arguments.length - 1]; const given = [...arguments].slice(0, -1);
      (async (given) => { ${code} })(given).then((told) => done({ told }), (error) => done({ error: String(error) }))`;
    const { told, error } = await this.ask("WebDriver:ExecuteAsyncScript", { script, args });
    if (error !== undefined) throw new Error(`${error} in: ${code}`);
    return told ?? null;
  }

  /** @param {string} css */
  async #find(css) {
    const found = await this.ask("WebDriver:FindElement", { using: "css selector", value: css });
    return found[ELEMENT];
  }

  /** Presses what `css` names, as a mouse does. @param {string} css */
  async press(css) {
    return this.ask("WebDriver:ElementClick", { id: await this.#find(css) });
  }

  /** Types into what `css` names. @param {string} css @param {string} text */
  async type(css, text) {
    return this.ask("WebDriver:ElementSendKeys", { id: await this.#find(css), text });
  }

  end() {
    this.wire.destroy();
  }
}
