// A strict client of OAuth 2.1, by a library of others: has itself let in each way there is, and
// tries what a thief would. Arguments: its modules, the server, a token and a link to sign in by.

import { pathToFileURL } from "node:url";

const [modules, server, token, link] = process.argv.slice(2);
const oauth = await import(pathToFileURL(`${modules}/oauth4webapi/build/index.js`));
// The server listens on loopback, without TLS.
const plain = { [oauth.allowInsecureRequests]: true };
const BACK = "http://127.0.0.1:9/back";
let held = 0;

function must(holds, what) {
  if (!holds) throw new Error(`it does not hold that ${what}`);
  held += 1;
}

async function refused(promise, error, what) {
  try {
    await promise;
  } catch (failure) {
    must(failure.error === error, `${what} (${failure.error ?? failure})`);
    return;
  }
  must(false, what);
}

async function api(method, path, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(server + path, { method, headers, body: body && JSON.stringify(body) });
  must(answer.ok, `${method} ${path} is answered (${answer.status})`);
  return answer.json();
}

// A person with a browser, as far as they need one here.
let cookie = "";

async function browse(path, fields) {
  const headers = { cookie, origin: server };
  const body = fields && new URLSearchParams(fields);
  const method = fields ? "POST" : "GET";
  return fetch(server + path, { method, headers, body, redirect: "manual" });
}

async function signIn() {
  const secret = new URL(link).searchParams.get("link");
  const answer = await browse("/sign-in", [["link", secret]]);
  cookie = answer.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
  must(cookie.includes("mindshelf_session"), "the person is signed in");
}

function unescaped(text) {
  const named = { amp: "&", lt: "<", gt: ">", quot: '"' };
  return text.replace(/&(?:#(\d+)|(\w+));/g, (all, code, name) =>
    code ? String.fromCodePoint(Number(code)) : (named[name] ?? all));
}

// What the form on a page would send, with every box ticked that is ticked already.
function fieldsOf(page) {
  const fields = [];
  for (const [input] of page.matchAll(/<input\b[^>]*>/g)) {
    const of = (name) => input.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1];
    if (of("type") === "checkbox" && !/\bchecked\b/.test(input)) continue;
    if (of("name")) fields.push([of("name"), unescaped(of("value") ?? "")]);
  }
  return fields;
}

async function letIn(url) {
  const target = url.href.slice(server.length);
  const page = await (await browse(target)).text();
  const answer = await browse("/oauth/authorize", [...fieldsOf(page), ["answer", "yes"]]);
  must(answer.status === 303, `the person's yes sends the browser back by 303 (${answer.status})`);
  return new URL(answer.headers.get("location"));
}

async function found() {
  const issuer = new URL(server);
  const answer = await oauth.discoveryRequest(issuer, { ...plain, algorithm: "oauth2" });
  const as = await oauth.processDiscoveryResponse(issuer, answer);
  const resource = await oauth.resourceDiscoveryRequest(issuer, plain);
  const known = await oauth.processResourceDiscoveryResponse(issuer, resource);
  must(known.authorization_servers.includes(as.issuer), "the resource names who lets in");
  return as;
}

async function registered(more) {
  const ask = { name: "A strict client", redirects: [BACK], scopes: ["bookmarks:read"], ...more };
  const { client, client_secret } = await api("POST", "/v1/clients", ask);
  const auth = client_secret ? oauth.ClientSecretBasic(client_secret) : oauth.None();
  return { client: { client_id: client.id }, auth };
}

async function question(client) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const challenge = await oauth.calculatePKCECodeChallenge(verifier);
  const says = new URLSearchParams({
    client_id: client.client_id, redirect_uri: BACK, response_type: "code", state,
    scope: "bookmarks:read", code_challenge: challenge, code_challenge_method: "S256",
  });
  return { verifier, state, says };
}

// What the person's yes is worth: the answer, and the verifier it was asked with.
async function asked(as, client) {
  const { verifier, state, says } = await question(client);
  const url = new URL(as.authorization_endpoint);
  url.search = says.toString();
  const parameters = oauth.validateAuthResponse(as, client, await letIn(url), state);
  return { parameters, verifier };
}

// The same, pushed before the browser is sent.
async function pushed(as, { client, auth }) {
  const { verifier, state, says } = await question(client);
  const answer = await oauth.pushedAuthorizationRequest(as, client, auth, says, plain);
  const { request_uri } = await oauth.processPushedAuthorizationResponse(as, client, answer);
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({ client_id: client.client_id, request_uri }).toString();
  const parameters = oauth.validateAuthResponse(as, client, await letIn(url), state);
  const again = await browse(url.href.slice(server.length));
  const used = await browse("/oauth/authorize",
    [...fieldsOf(await again.text()), ["answer", "yes"]]);
  must(used.status === 400, `what was pushed is answered once (${used.status})`);
  return { parameters, verifier };
}

// The same once more with the server's nonce, where it wants one.
async function twice(once) {
  try {
    return await once();
  } catch (failure) {
    if (!oauth.isDPoPNonceError(failure)) throw failure;
    return once();
  }
}

async function exchanged(as, { client, auth }, { parameters, verifier }, options) {
  return twice(async () => {
    const answer = await oauth.authorizationCodeGrantRequest(
      as, client, auth, parameters, BACK, verifier, { ...plain, ...options });
    return oauth.processAuthorizationCodeResponse(as, client, answer);
  });
}

async function renewed(as, { client, auth }, refresh, options) {
  return twice(async () => {
    const answer = await oauth.refreshTokenGrantRequest(as, client, auth, refresh,
      { ...plain, ...options });
    return oauth.processRefreshTokenResponse(as, client, answer);
  });
}

async function reads(access, options) {
  const library = new URL(`${server}/v1/libraries/${home}/bookmarks`);
  const answer = await oauth.protectedResourceRequest(access, "GET", library, undefined, null,
    { ...plain, ...options });
  return answer.status;
}

async function isOut(access, options) {
  try {
    return (await reads(access, options)) === 401;
  } catch (failure) {
    return failure instanceof oauth.WWWAuthenticateChallengeError && failure.status === 401;
  }
}

const home = (await api("GET", "/v1/me")).libraries[0].id;
await signIn();
const as = await found();

// Code, refresh and what a copy of either does.
const open = await registered({});
const answer = await asked(as, open.client);
const first = await exchanged(as, open, answer);
must(first.token_type === "bearer" && await reads(first.access_token) === 200, "a code opens");
await refused(exchanged(as, open, answer), "invalid_grant", "a code works once");
must(await isOut(first.access_token), "what a copied code made is ended");
const family = await exchanged(as, open, await asked(as, open.client));
const second = await renewed(as, open, family.refresh_token);
const third = await renewed(as, open, second.refresh_token);
must(await reads(third.access_token) === 200, "secrets are renewed");
await refused(renewed(as, open, family.refresh_token), "invalid_grant", "a refresh works once");
must(await isOut(third.access_token), "a copied refresh ends the family");

// Bound to a key.
const keys = await oauth.generateKeyPair("ES256");
const DPoP = oauth.DPoP(open.client, keys);
const bound = await exchanged(as, open, await asked(as, open.client), { DPoP });
must(bound.token_type === "dpop", "what is bound says so");
must(await reads(bound.access_token, { DPoP }) === 200, "the key opens");
must(await isOut(bound.access_token), "without its key it opens nothing");
const thief = oauth.DPoP(open.client, await oauth.generateKeyPair("ES256"));
must(await isOut(bound.access_token, { DPoP: thief }), "another key opens nothing");
await refused(renewed(as, open, bound.refresh_token, { DPoP: thief }), "invalid_grant",
  "another key renews nothing");
const again = await renewed(as, open, bound.refresh_token, { DPoP });
must(again.token_type === "dpop" && await reads(again.access_token, { DPoP }) === 200,
  "the key renews");

// A program that proves itself: introspection, revocation, and acting alone.
const proven = await registered({ has_secret: true, acts_alone: true });
const given = await exchanged(as, proven, await pushed(as, proven));
const behind = await exchanged(as, open, await pushed(as, open));
must(await reads(behind.access_token) === 200, "what was pushed opens as well");
const look = async (secret) => oauth.processIntrospectionResponse(as, proven.client,
  await oauth.introspectionRequest(as, proven.client, proven.auth, secret, plain));
must((await look(given.access_token)).active, "it is told what its own secret is good for");
must(!(await look(bound.access_token)).active, "of another's it learns nothing");
await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, proven.client, proven.auth, given.refresh_token, plain));
must(await isOut(given.access_token), "what it hands back opens nothing");
const alone = await oauth.processClientCredentialsResponse(as, proven.client,
  await oauth.clientCredentialsGrantRequest(as, proven.client, proven.auth,
    new URLSearchParams({ scope: "bookmarks:read" }), plain));
must(await reads(alone.access_token) === 200, "it acts alone");

// A device.
const start = await oauth.processDeviceAuthorizationResponse(as, open.client,
  await oauth.deviceAuthorizationRequest(as, open.client, open.auth,
    new URLSearchParams({ scope: "bookmarks:read" }), plain));
const poll = async () => oauth.processDeviceCodeResponse(as, open.client,
  await oauth.deviceCodeGrantRequest(as, open.client, open.auth, start.device_code, plain));
await refused(poll(), "authorization_pending", "it waits for a person");
await refused(poll(), "slow_down", "it does not ask too often");
const typing = fieldsOf(await (await browse("/device")).text());
const typed = typing.map(([name, value]) => [name, name === "code" ? start.user_code : value]);
const consent = await (await browse("/device", typed)).text();
await browse("/device/answer", [...fieldsOf(consent), ["answer", "yes"]]);
must(await reads((await poll()).access_token) === 200, "the person lets it in");
await refused(poll(), "expired_token", "it gets in once");

console.log(`${held} things hold of a strict client by oauth4webapi`);
