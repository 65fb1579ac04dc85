// The server, as the core and the pages ask it; see docs/SYNC.md.

import { current, Trouble } from "./access.js";
import { proof, proven } from "./proof.js";
import { PROTOCOL } from "./sync/live.js";
import { ServerRefusal } from "./sync/round.js";

/** Where the socket is. */
const SOCKET = "/v1/sync";
/** Rows asked for at once. */
const LIMIT = 1_000;
/** The longest a server may ask to wait, milliseconds. */
const PAUSE_MAX_MS = 600_000;

/** Until when the server asked to be left alone. */
let pausedUntil = 0;

/**
 * Asks an operation; a secret that was spent is renewed once.
 * @param {string} method @param {string} path @param {unknown} [body]
 * @returns {Promise<any>}
 */
export async function ask(method, path, body) {
  if (Date.now() < pausedUntil) throw new Trouble("slow_down");
  for (let tries = 0; ; tries += 1) {
    const access = await current(tries > 0);
    const json = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await proven(method, `${access.server}${path}`, { token: access.access, ...json }).catch(() => { throw new Trouble("away"); });
    if (answer.status === 401 && tries === 0) continue;
    if (answer.status === 204) return undefined;
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return told;
    if (answer.status === 401) throw new Trouble("signed_out");
    const wait = Number(answer.headers.get("Retry-After") ?? 0) * 1_000;
    // A random part more, so that not all come back at once.
    if (wait > 0) pausedUntil = Date.now() + Math.min(PAUSE_MAX_MS, wait * (1 + Math.random() / 2));
    throw new ServerRefusal({
      code: told.code ?? `status_${answer.status}`, detail: told.detail ?? told.title ?? "", status: answer.status,
      ...(told.errors?.some((/** @type {{ pointer?: string }} */ { pointer }) => pointer === "#/device") ? { code: "device_removed" } : {}),
    });
  }
}

/** What this browser is called among a person's devices. */
export function deviceName() {
  const agent = navigator.userAgent;
  const browser = [["Firefox", /Firefox\//], ["Edge", /Edg\//], ["Opera", /OPR\//], ["Chrome", /Chrome\//]].find(([, mark]) => /** @type {RegExp} */ (mark).test(agent));
  const system = [["Android", /Android/], ["Windows", /Windows/], ["macOS", /Mac OS/], ["Linux", /Linux|X11/]].find(([, mark]) => /** @type {RegExp} */ (mark).test(agent));
  return `${browser?.[0] ?? "Browser"}${system ? ` on ${system[0]}` : ""}`;
}

/** @param {string} library @returns {import("./sync/round.js").Server} */
export function serverOf(library) {
  const at = `/v1/libraries/${library}`;
  return {
    pull: (cursor) => ask("GET", `${at}/changes?limit=${LIMIT}${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`),
    push: (device, changes, confirmed) => ask("POST", `${at}/changes`, { device, changes, ...(confirmed.length > 0 ? { confirmed } : {}) }),
    standing: (device) => ask("GET", `${at}/sync?device=${device}`),
    pair: async () => (await ask("POST", "/v1/devices", { name: deviceName() })).id,
    checksum: () => ask("GET", `${at}/checksum`),
    repair: (ranges, after) => ask("GET", `${at}/sync/repair?ranges=${ranges.join(",")}${after === null ? "" : `&after=${after}`}`),
  };
}

/** Opens the socket. @param {string} server @param {import("./sync/live.js").Ears} ears @returns {import("./sync/live.js").Socket} */
export function socketTo(server, ears) {
  const socket = new WebSocket(`${server}${SOCKET}`.replace(/^http/, "ws"), [PROTOCOL]);
  socket.onopen = () => ears.opened();
  socket.onmessage = ({ data }) => ears.heard(String(data));
  socket.onclose = () => ears.closed();
  return socket;
}

/** Who asks, as the first message of a socket says it: never its address, which others write down. */
export async function hello() {
  const { server, access } = await current();
  return { token: access, dpop: await proof("GET", `${server}${SOCKET}`, access) };
}

/** Deletions of a device that wait for the person. @param {string} library @param {string} device */
export async function heldOf(library, device) {
  const { items } = await ask("GET", `/v1/libraries/${library}/held`);
  return items.find((/** @type {{ device: string }} */ one) => one.device === device);
}

/** Decides what waits. @param {string} library @param {string} device @param {number} through @param {"confirm" | "refuse"} word */
export async function decideHeld(library, device, through, word) {
  for (let more = true; more;) {
    const told = await ask("POST", `/v1/libraries/${library}/held/${device}/${word}`, { through });
    more = told.more === true;
  }
}
