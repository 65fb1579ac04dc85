// How the server is reached, and how a person lets this browser in: OAuth 2.1 with PKCE, or by a code on any screen.

import { proven, randomText, sha256 } from "./proof.js";
import { keep, kept } from "./store.js";

/** The extension, as a program every server knows. */
export const CLIENT = "6d696e64-7368-656c-662d-6578742d3031";
const SCOPE = "bookmarks:read bookmarks:write";
const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";
/** How long before its end a secret is renewed, milliseconds. */
const EARLY_MS = 60_000;

/** @typedef {{ server: string, access: string, refresh: string, expiresAt: number }} Access */
/** @typedef {{ access_token: string, refresh_token: string, expires_in: number }} Tokens as the server gives them */

/** What stopped a person or a program, with a word that `words.js` explains. */
export class Trouble extends Error {
  /** @param {string} code @param {string} [detail] */
  constructor(code, detail = "") {
    super(detail || code);
    this.code = code;
  }
}

/** An address a person typed, as the server's base: without a slash at its end. @param {string} typed */
export function baseOf(typed) {
  const text = typed.trim();
  // One's own machine has no certificate.
  const scheme = /^(localhost|127\.|\[::1\])/i.test(text) ? "http" : "https";
  const url = text.includes("://") ? text : `${scheme}://${text}`;
  if (text === "" || !/^https?:/i.test(url) || !URL.canParse(url)) throw new Trouble("address");
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`.replace(/\/+$/, "");
}

/** The pattern of the permission to ask a server. @param {string} server */
export const patternOf = (server) => {
  const { protocol, hostname } = new URL(server);
  return `${protocol}//${hostname}/*`;
};

/** @param {string} server @param {string} path @param {Record<string, string>} fields @returns {Promise<any>} */
async function form(server, path, fields) {
  const body = new URLSearchParams({ ...fields, client_id: CLIENT }).toString();
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const answer = await proven("POST", `${server}${path}`, { headers, body }).catch(() => { throw new Trouble("away"); });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Trouble(told.error ?? told.code ?? "refused", told.error_description ?? told.detail);
  return told;
}

/** @param {string} server @param {Tokens} tokens */
async function take(server, tokens) {
  /** @type {Access} */
  const access = {
    server, access: tokens.access_token, refresh: tokens.refresh_token, expiresAt: Date.now() + tokens.expires_in * 1_000,
  };
  await keep("access", access);
  return access;
}

/** Looks whether there is a MindShelf at an address. @param {string} server */
export async function findServer(server) {
  const address = `${server}/.well-known/oauth-authorization-server`;
  const answer = await fetch(address, { credentials: "omit", cache: "no-store" }).catch(() => { throw new Trouble("away"); });
  const told = answer.ok ? await answer.json().catch(() => ({})) : {};
  if (typeof told.issuer !== "string") throw new Trouble("no_server");
  if (told.issuer.replace(/\/+$/, "") !== server) throw new Trouble("other_name", told.issuer);
}

/** Lets the person decide in a window of the server. @param {string} server */
export async function signInByWindow(server) {
  await findServer(server);
  const [verifier, state] = [randomText(32), randomText(16)];
  const redirect = chrome.identity.getRedirectURL();
  const asked = new URLSearchParams({
    response_type: "code", client_id: CLIENT, redirect_uri: redirect, scope: SCOPE, state,
    code_challenge: await sha256(verifier), code_challenge_method: "S256",
  });
  const back = await chrome.identity.launchWebAuthFlow({ url: `${server}/oauth/authorize?${asked}`, interactive: true })
    .catch((/** @type {unknown} */ error) => { throw new Trouble("closed", String(error)); });
  const answer = new URL(back ?? "about:blank").searchParams;
  if (answer.get("state") !== state || answer.get("iss")?.replace(/\/+$/, "") !== server) throw new Trouble("mixed_up");
  const code = answer.get("code");
  if (code === null) throw new Trouble(answer.get("error") ?? "refused");
  const tokens = await form(server, "/oauth/token", { grant_type: "authorization_code", code, redirect_uri: redirect, code_verifier: verifier });
  return take(server, tokens);
}

/**
 * Begins the way of devices: a page of the server with a code.
 * @param {string} server @param {string} name
 * @returns {Promise<{ code: string, shown: string, page: string, seconds: number }>}
 */
export async function beginByCode(server, name) {
  await findServer(server);
  const told = await form(server, "/oauth/device_authorization", { scope: SCOPE, device_name: name });
  return { code: told.device_code, shown: told.user_code, page: told.verification_uri_complete, seconds: told.interval ?? 5 };
}

/** Whether the person answered; nothing while they have not. @param {string} server @param {string} code */
export async function askByCode(server, code) {
  try {
    return await take(server, await form(server, "/oauth/token", { grant_type: DEVICE_CODE, device_code: code }));
  } catch (error) {
    if (error instanceof Trouble && (error.code === "authorization_pending" || error.code === "slow_down")) return undefined;
    throw error;
  }
}

/** What this browser acts with now. @param {boolean} isSpent whether the one it has was refused @returns {Promise<Access>} */
export async function current(isSpent = false) {
  return navigator.locks.request("mindshelf-access", async () => {
    const access = await kept("access");
    if (!access) throw new Trouble("signed_out");
    if (!isSpent && access.expiresAt - EARLY_MS > Date.now()) return access;
    const fields = { grant_type: "refresh_token", refresh_token: access.refresh };
    try {
      // Where the answer was lost, what it held is used up: for some seconds the server gives it again, and later never.
      const told = await form(access.server, "/oauth/token", fields).catch((error) => {
        if (error instanceof Trouble && error.code === "away") return form(access.server, "/oauth/token", fields);
        throw error;
      });
      return await take(access.server, told);
    } catch (error) {
      if (!(error instanceof Trouble) || error.code !== "invalid_grant") throw error;
      await keep("access", undefined);
      throw new Trouble("signed_out");
    }
  });
}

/** Hands back what this browser was given. */
export async function signOut() {
  const access = await kept("access");
  await keep("access", undefined);
  if (access) await form(access.server, "/oauth/revoke", { token: access.refresh }).catch(() => undefined);
}
