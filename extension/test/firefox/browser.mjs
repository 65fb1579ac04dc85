// One Firefox without a window on a profile of its own, and a server of ours; both end by their process.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Marionette } from "./marionette.mjs";

/** How long a process may take to be there or to end, milliseconds. */
const START_MS = 20_000;
const END_MS = 5_000;
/** How often it is looked whether something came, milliseconds. */
export const LOOK_MS = 100;
/** The extension's pages have this address here; Firefox draws another one for each profile otherwise. */
const UUID = "7c1b3f0e-6d1a-4c55-9a49-2f1de6c0f001";
export const PAGES = `moz-extension://${UUID}/pages`;
const ID = "extension@mindshelf";

/** What this Firefox is told beforehand. */
const PREFERENCES = {
  "marionette.port": 0,
  "extensions.webextensions.uuids": JSON.stringify({ [ID]: UUID }),
  // An extension that is to outlive a restart must be installed, and only Mozilla can sign one.
  "xpinstall.signatures.required": false,
  "extensions.autoDisableScopes": 0,
  // A question of the browser may be answered as soon as it is shown.
  "security.notification_enable_delay": 0,
  "security.dialog_enable_delay": 0,
  // It asks nobody but the server.
  "app.update.enabled": false,
  "app.normandy.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.newtabpage.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "datareporting.policy.dataSubmissionPolicyBypassNotification": true,
  "extensions.update.enabled": false,
  "extensions.getAddons.cache.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.proxy.type": 0,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.enabled": false,
};

/** @param {number} ms */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `look` finds something. @template T @param {string} what @param {number} patience milliseconds @param {() => Promise<T> | T} look */
export async function until(what, patience, look) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`it never came that ${what}`);
    await pause(LOOK_MS);
  }
}

/** Ends a process, by force where it does not go. @param {import("node:child_process").ChildProcess} child */
async function ended(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), END_MS);
  await gone;
  clearTimeout(late);
}

export class Firefox {
  /** @param {string} binary @param {string} profile a folder */
  constructor(binary, profile) {
    this.binary = binary;
    this.profile = profile;
    /** @type {import("node:child_process").ChildProcess | null} */
    this.process = null;
  }

  /** Starts it, again after its end. @param {Record<string, unknown>} [more] preferences */
  async start(more = {}) {
    const preferences = Object.entries({ ...PREFERENCES, ...more });
    const lines = preferences.map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    writeFileSync(join(this.profile, "user.js"), lines.join("\n"));
    const port = join(this.profile, "MarionetteActivePort");
    rmSync(port, { force: true });
    const usual = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--width", "1280", "--height", "900"];
    this.process = spawn(this.binary, [...usual, "--profile", this.profile], { stdio: "ignore", env: { ...process.env, HOME: this.profile } });
    const { process: child } = this;
    /** @type {Error | null} */
    let failure = null;
    child.once("error", (error) => { failure = error; });
    child.once("exit", (code) => { failure ??= new Error(`Firefox ended with ${code}`); });
    await until("Firefox is there", START_MS, () => {
      if (failure) throw failure;
      return existsSync(port) && readFileSync(port, "utf8") !== "";
    });
    this.marionette = await Marionette.at(Number(readFileSync(port, "utf8")));
    await this.marionette.ask("WebDriver:NewSession", { pageLoadStrategy: "normal", timeouts: { script: 18_000 } });
    return this.marionette;
  }

  /** Ends it as a person does, so that all it keeps is on the disk. */
  async quit() {
    if (!this.process || !this.marionette) return;
    const gone = new Promise((resolve) => this.process?.once("exit", resolve));
    await this.marionette.ask("Marionette:Quit", { flags: ["eAttemptQuit"] }).catch(() => undefined);
    await Promise.race([gone, pause(END_MS)]);
    await this.kill();
  }

  async kill() {
    this.marionette?.end();
    if (this.process) await ended(this.process);
  }

  /** Packs a folder as an extension and installs it. @param {string} folder */
  async install(folder) {
    const file = join(this.profile, "mindshelf.xpi");
    const packed = spawnSync("python3", ["-m", "zipfile", "-c", file, "img", "pages", "src", "manifest.json"], { cwd: folder });
    if (packed.status !== 0) throw new Error(`the extension cannot be packed: ${packed.stderr}`);
    const id = await this.marionette?.ask("Addon:Install", { path: file, temporary: false });
    if (id !== ID) throw new Error(`installed as ${id}`);
  }
}

export class Server {
  /** @param {string} binary @param {string} data a folder */
  constructor(binary, data) {
    this.binary = binary;
    this.data = data;
    this.port = 0;
    /** @type {import("node:child_process").ChildProcess | null} */
    this.process = null;
  }

  /** How browsers reach it. */
  get origin() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it; after an outage it is where it was. */
  async start() {
    this.port ||= await freePort();
    const child = spawn(this.binary, ["serve", "--listen", `127.0.0.1:${this.port}`, "--data", this.data], { stdio: ["ignore", "pipe", "ignore"] });
    this.process = child;
    const lines = createInterface({ input: /** @type {import("node:stream").Readable} */ (child.stdout) });
    await new Promise((resolve, reject) => {
      lines.on("line", (line) => { if (line.includes("is ready on ")) resolve(undefined); });
      child.once("error", reject);
      child.once("exit", () => reject(new Error("the server ended before it was ready")));
    });
    this.token ??= this.said("token", "create", "--name", "story");
  }

  /** What a command prints. @param {string[]} words */
  said(...words) {
    const answer = spawnSync(this.binary, [...words, "--data", this.data], { encoding: "utf8" });
    if (answer.status !== 0) throw new Error(`${words.join(" ")}: ${answer.stderr}`);
    return answer.stdout.trim();
  }

  /** Asks an operation of REST. @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  async ask(method, path, body) {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const headers = { authorization: `Bearer ${this.token}`, "content-type": type };
    const answer = await fetch(`${this.origin}${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path} is answered ${answer.status}: ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }

  async kill() {
    if (this.process) await ended(this.process);
  }
}

/** @returns {Promise<number>} */
const freePort = () => new Promise((resolve) => {
  const listener = createServer().listen(0, "127.0.0.1", () => {
    const { port } = /** @type {import("node:net").AddressInfo} */ (listener.address());
    listener.close(() => resolve(port));
  });
});
