// Proofs of a key that never leaves this browser (DPoP, RFC 9449): what was given to it is of no use without it.

import { keep, kept } from "./store.js";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
/** How long an answer is waited for, milliseconds. */
const PATIENCE_MS = 30_000;

/** @param {ArrayBuffer | Uint8Array} bytes */
export function base64url(bytes) {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const part = (/** @type {unknown} */ value) => base64url(new TextEncoder().encode(JSON.stringify(value)));

/** @param {string} text */
export const sha256 = async (text) => base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

/** @param {number} count */
export const randomText = (count) => base64url(crypto.getRandomValues(new Uint8Array(count)));

/** The key of this browser; made when it is first asked for, and not to be taken out. @returns {Promise<CryptoKeyPair>} */
async function keyPair() {
  const known = await kept("key");
  if (known) return known;
  const made = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]));
  await keep("key", made);
  return made;
}

/** How far the clock here may be from the server's without being put right, milliseconds. */
const OFF_MS = 10_000;
/** How often one request is made where what is in its proof was wrong. */
const TRIES_MAX = 3;

/** @type {string | undefined} what the server wants repeated */
let nonce;
/** How much later the server's clock is, milliseconds: it takes no proof of another time. */
let offMs = 0;

/** Learns from an answer what a proof is to hold; whether that was another before. @param {Response} answer */
function learns(answer) {
  const [wanted, date] = [answer.headers.get("DPoP-Nonce"), Date.parse(answer.headers.get("Date") ?? "")];
  const off = Number.isNaN(date) ? 0 : date - Date.now();
  const isOff = Math.abs(off - offMs) > OFF_MS;
  const isNew = wanted !== null && wanted !== nonce;
  if (isOff) offMs = Math.abs(off) > OFF_MS ? off : 0;
  if (isNew) nonce = wanted;
  return isNew || isOff;
}

/**
 * One proof, for one request.
 * @param {string} method @param {string} address @param {string | undefined} token
 */
export async function proof(method, address, token) {
  const pair = await keyPair();
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const url = new URL(address);
  const claims = {
    jti: randomText(16), htm: method, htu: `${url.origin}${url.pathname}`, iat: Math.floor((Date.now() + offMs) / 1000),
    ...(token === undefined ? {} : { ath: await sha256(token) }), ...(nonce === undefined ? {} : { nonce }),
  };
  const text = `${part({ typ: "dpop+jwt", alg: "ES256", jwk: { crv, kty, x, y } })}.${part(claims)}`;
  const signed = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, new TextEncoder().encode(text));
  return `${text}.${base64url(signed)}`;
}

/**
 * Asks with a proof; once more where the server wants its nonce, or its time, in it.
 * @param {string} method @param {string} address @param {{ token?: string, headers?: Record<string, string>, body?: string }} what
 */
export async function proven(method, address, what) {
  for (let tries = 0; ; tries += 1) {
    /** @type {Record<string, string>} */
    const headers = { ...what.headers, DPoP: await proof(method, address, what.token) };
    if (what.token !== undefined) headers.Authorization = `DPoP ${what.token}`;
    const answer = await fetch(address, { method, headers, body: what.body, credentials: "omit", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS) });
    const isRefused = answer.status === 400 || answer.status === 401;
    if (!learns(answer) || tries + 1 >= TRIES_MAX || !isRefused) return answer;
  }
}
