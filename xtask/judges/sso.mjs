// An organisation whose people sign in by a provider of others (see provider.mjs): who comes in, as
// what, and what is refused. Arguments: the judges' modules, the server, a token, the port the
// server may reach a provider at, the file of its records, and a link that signs its owner in.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Browser, CLIENT, IdentityProvider, SHARED_KEY_CLIENT, isTaken, signsIn, signsOut } from "./provider.mjs";

const [modules, server, token, port, records, link] = process.argv.slice(2);
const DOMAIN = "guild.example";
const SESSION = "mindshelf_session";
let held = 0;

function must(holds, what) {
  if (!holds) throw new Error(`it does not hold that ${what}`);
  held += 1;
}

async function asked(method, path, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return fetch(server + path, { method, headers, body: body && JSON.stringify(body) });
}

async function api(method, path, body) {
  const answer = await asked(method, path, body);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} is answered ${answer.status}: ${text}`);
  return text && JSON.parse(text);
}

/** A guild whose domain is proven, with a group; its provider is not connected yet. */
async function guild() {
  const { id } = await api("POST", "/v1/tenants", { name: "Guild" });
  const group = await api("POST", `/v1/tenants/${id}/groups`, { name: "Readers" });
  await api("POST", `/v1/tenants/${id}/sso/domains`, { domain: DOMAIN });
  execFileSync("python3", [fileURLToPath(new URL("proven.py", import.meta.url)), records, DOMAIN]);
  const told = await api("GET", `/v1/tenants/${id}/sso`);
  must(told.domains[0].verified_at, "the domain of the guild is proven");
  return { id, group: group.id, redirect: told.redirect_uri, logout: told.logout_uri };
}

function settings(more) {
  return {
    issuer: provider.issuer, client_id: CLIENT.id, client_secret: CLIENT.secret, role: "viewer",
    rules: [{ value: "librarians", group: home.group, role: "admin" }], ...more,
  };
}

const connect = (more) => api("PUT", `/v1/tenants/${home.id}/sso`, settings(more));

/** Where an answer sends a browser on to. */
async function onwards(answer) {
  const refresh = answer.headers.get("refresh");
  if (!refresh) throw new Error(`nobody is sent on (${answer.status}): ${await answer.text()}`);
  return new URL(refresh.slice(refresh.indexOf("=") + 1));
}

/** A browser that is on its way to the provider, and the address it was sent to. */
async function begun() {
  const browser = new Browser(server);
  const answer = await browser.ask("/sign-in/sso", [["mail", `anybody@${DOMAIN}`]]);
  return { browser, address: await onwards(answer) };
}

/** The address `person` is sent back to after a sign-in of their own. */
async function sentBack(person) {
  const { browser, address } = await begun();
  return { browser, back: await signsIn(provider, address, person) };
}

async function comesIn({ browser, back }, what) {
  const answer = await browser.ask(back);
  const page = answer.status === 303 ? "" : await answer.text();
  must(answer.status === 303 && browser.cookies.has(SESSION), `${what} (${answer.status}): ${page}`);
}

async function turnedAway({ browser, back }, word, what) {
  const answer = await browser.ask(back);
  const page = await answer.text();
  const said = page.match(/What happened: <code>(\w+)<\/code>/)?.[1];
  must(said === word && answer.status >= 400, `${what} (${answer.status}, ${said ?? page})`);
  must(!browser.cookies.has(SESSION), `nobody is signed in by it: ${what}`);
}

function changed(address, name, value) {
  const other = new URL(address);
  if (value === null) other.searchParams.delete(name);
  else other.searchParams.set(name, value);
  return other;
}

const seconds = (some) => new Promise((wake) => setTimeout(wake, some * 1000));

async function member(name) {
  const { items } = await api("GET", `/v1/tenants/${home.id}/members`);
  return items.find((one) => one.name === `${name} of the guild`);
}

async function isInGroup(person) {
  const { items } = await api("GET", `/v1/tenants/${home.id}/groups`);
  return items.find((group) => group.id === home.group).people.includes(person);
}

/** Who comes in, and as what. */
async function letIn() {
  await comesIn(await sentBack("flo"), "flo comes in");
  const flo = await member("flo");
  must(flo?.role === "admin", "a value of the claim makes flo an admin");
  must(await isInGroup(flo.person), "and puts her into the group");
  await comesIn(await sentBack("flo"), "flo comes in again");
  must((await member("flo")).person === flo.person, "flo is the same person again");
  await comesIn(await sentBack("ida"), "ida comes in");
  const ida = await member("ida");
  must(ida?.role === "viewer", "without a value ida is what newcomers are");
  must(!(await isInGroup(ida.person)), "and in no group");
}

/** What the server asks of a provider is what this one demands, and demands to the letter. */
async function demanded() {
  const { address } = await begun();
  must(await isTaken(provider, address), "the provider takes what the server asks");
  const says = address.searchParams;
  must(says.get("code_challenge_method") === "S256" && says.get("nonce"), "it asks by PKCE, with a nonce");
  must(!(await isTaken(provider, changed(address, "code_challenge", null))), "without PKCE it is not taken");
  const elsewhere = `${says.get("redirect_uri")}/x`;
  must(!(await isTaken(provider, changed(address, "redirect_uri", elsewhere))),
    "nor for another address to come back to");
}

/** What a thief, a stranger or an accident brings back. */
async function broughtBack() {
  const first = await sentBack("flo");
  const { browser: other } = await begun();
  await turnedAway({ browser: new Browser(server), back: first.back }, "stale",
    "a browser that began nothing ends nothing");
  await turnedAway({ browser: other, back: first.back }, "stale",
    "the answer to one browser does not open another");
  await turnedAway({ ...first, back: changed(first.back, "state", "x".repeat(43)) }, "stale",
    "an answer to another question is none");
  await comesIn(first, "none of that used the sign-in up");
  first.browser.cookies.delete(SESSION);
  await turnedAway(first, "stale", "an answer opens once");

  const [flo, thief] = [await sentBack("flo"), await sentBack("ida")];
  const stolen = changed(thief.back, "code", flo.back.searchParams.get("code"));
  await turnedAway({ ...thief, back: stolen }, "no_token", "the code of another opens nothing");
  const used = await sentBack("flo");
  await comesIn(used, "a code opens");
  const second = await sentBack("flo");
  const again = changed(second.back, "code", used.back.searchParams.get("code"));
  await turnedAway({ ...second, back: again }, "no_token", "a code that was used opens nothing");

  const mixed = await sentBack("flo");
  await turnedAway({ ...mixed, back: changed(mixed.back, "iss", "http://127.0.0.1:9") }, "issuer",
    "an answer of another issuer is none");
  const silent = await sentBack("flo");
  await turnedAway({ ...silent, back: changed(silent.back, "iss", null) }, "issuer",
    "nor one that does not say whose it is");
  await turnedAway(await sentBack(null), "declined", "whoever says no there is not let in here");

  const { browser, address } = await begun();
  const tampered = changed(address, "nonce", "the nonce of another sign-in");
  const back = await signsIn(provider, tampered, "flo");
  await turnedAway({ browser, back }, "nonce", "a token of another sign-in is none");
}

/** Whom a provider may not speak for. */
async function spokenFor() {
  await turnedAway(await sentBack("gil"), "unverified_mail", "an address nobody verified leads nowhere");
  await turnedAway(await sentBack("joy"), "unverified_mail", "nor one that is verified by a word");
  await turnedAway(await sentBack("hal"), "other_domain", "nor one of a domain the guild did not prove");
  for (const name of ["gil", "joy", "hal"]) must(!(await member(name)), `${name} is no member`);
  const elsewhere = await api("POST", "/v1/tenants", { name: "Another guild" });
  const flo = await sentBack("flo");
  const other = new URL(flo.back);
  other.pathname = other.pathname.replace(home.id, elsewhere.id);
  await turnedAway({ ...flo, back: other }, "stale", "what is for one guild opens no other");
  const ida = await member("ida");
  await api("DELETE", `/v1/tenants/${home.id}/members/${ida.person}`);
  await turnedAway(await sentBack("ida"), "not_member", "whoever was taken out stays out");
}

/** Codes and tokens whose time is over, keys nobody was told of, and a secret for a key. */
async function ended() {
  provider.codeSeconds = 1;
  const late = await sentBack("flo");
  await seconds(2.5);
  await turnedAway(late, "no_token", "a code that has ended opens nothing");
  provider.codeSeconds = 60;
  for (const [wrong, word] of [[-500, "expired"], [120, "moment"]]) {
    provider.setClock(wrong);
    await turnedAway(await sentBack("flo"), word, `a token by a clock that is ${wrong} s off is none`);
  }
  provider.setClock(0);

  const meanwhile = await sentBack("flo");
  await connect({ client_id: SHARED_KEY_CLIENT.id });
  await turnedAway(meanwhile, "changed", "a sign-in ends when the provider is changed");
  await turnedAway(await sentBack("flo"), "algorithm", "a token signed with a shared secret is none");
  await connect({});
  provider.changeKeys();
  await turnedAway(await sentBack("flo"), "unknown_key", "a key nobody was told of signs nothing");
  await connect({});
  await comesIn(await sentBack("flo"), "it does once the provider was asked for its keys");
}

/** The owner, who is here already, connects the account lea has there; not the one that is open there. */
async function connected() {
  const there = new Browser(provider.issuer);
  await signsIn(provider, (await begun()).address, "flo", there);
  const owner = new Browser(server);
  await owner.ask("/sign-in", [["link", new URL(link).searchParams.get("link")]]);
  must(owner.cookies.has(SESSION), "the owner is in by a link");
  const path = `/people/${home.id}/sso/connect`;
  const page = await (await owner.ask(path)).text();
  const [, csrf] = page.match(/name="_csrf"[^>]*value="([^"]*)"/);
  const address = await onwards(await owner.ask(path, [["_csrf", csrf]]));
  const back = await signsIn(provider, address, "lea", there);
  await comesIn({ browser: owner, back }, "the owner connects an account");
  await comesIn(await sentBack("lea"), "and comes in by it");
  must(!(await member("lea")), "nobody new was made of it");
  const asked = await sentBack("flo");
  await comesIn(asked, "what was open there is flo's as it was");
}

const isIn = async (browser) => (await browser.ask("/library")).status === 200;

/** Whom the provider signs out is out here, and nobody else. */
async function signedOut() {
  const there = new Browser(provider.issuer);
  const { browser: phone, address } = await begun();
  await comesIn({ browser: phone, back: await signsIn(provider, address, "flo", there) }, "flo comes in");
  const kim = await sentBack("kim");
  await comesIn(kim, "kim comes in");
  must(await isIn(phone) && await isIn(kim.browser), "both are in");
  await signsOut(there);
  for (let tries = 0; tries < 100 && await isIn(phone); tries += 1) await seconds(0.1);
  must(!(await isIn(phone)), "whom the provider signs out is out");
  must(await isIn(kim.browser), "and another one is in");
  const word = new URLSearchParams({ logout_token: "a.b.c" });
  const answer = await fetch(home.logout, { method: "POST", body: word });
  must(answer.status === 400, `a word of nobody signs nobody out (${answer.status})`);
}

/** A provider that is not what was typed is not connected. */
async function notConnected() {
  for (const issuer of [`${provider.issuer}/`, `http://localhost:${port}`, "http://198.18.0.1"]) {
    const answer = await asked("PUT", `/v1/tenants/${home.id}/sso`, settings({ issuer }));
    must(answer.status === 400, `${issuer} is not connected (${answer.status})`);
  }
}

const home = await guild();
const provider = new IdentityProvider(modules, Number(port), home);
await provider.start();
try {
  await connect({});
  await demanded();
  await letIn();
  await broughtBack();
  await spokenFor();
  await ended();
  await connected();
  await signedOut();
  await notConnected();
} finally {
  provider.stop();
}
console.log(`${held} things hold of single sign-on by node-oidc-provider`);
