// An identity provider by a certified library of others (node-oidc-provider), on loopback, with the
// people of a guild and a browser that signs them in by the provider's own pages. Every sign-in has
// to come with PKCE, to an address that was registered to the letter, from a client with a secret.

import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

/** What the provider calls the server under test, and what that proves itself by. */
export const CLIENT = { id: "mindshelf", secret: "a secret of the client, long enough for any algorithm" };
/** The same server by a name whose tokens are signed with the secret both know. */
export const SHARED_KEY_CLIENT = { id: "mindshelf-hs256", secret: CLIENT.secret };

const NOW = Date.now;

const PEOPLE = {
  flo: { email: "flo@guild.example", email_verified: true, groups: ["librarians"] },
  gil: { email: "gil@guild.example", email_verified: false, groups: [] },
  hal: { email: "hal@other.example", email_verified: true, groups: ["librarians"] },
  ida: { email: "ida@guild.example", email_verified: true, groups: [] },
  lea: { email: "lea@guild.example", email_verified: true, groups: [] },
  kim: { email: "kim@guild.example", email_verified: true, groups: [] },
  joy: { email: "joy@guild.example", email_verified: "true", groups: [] },
};

function signingKey(name) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: name, use: "sig", alg: "RS256" };
}

/** A provider whose settings a test can change while it runs. */
export class IdentityProvider {
  constructor(modules, port, { redirect, logout }) {
    this.issuer = `http://127.0.0.1:${port}`;
    this.codeSeconds = 60;
    this.modules = modules;
    this.port = port;
    this.redirects = [redirect];
    this.logout = logout;
    this.keys = 0;
  }

  async start() {
    // What it warns of is that it is used for a test.
    console.warn = console.info = () => {};
    const at = `${this.modules}/oidc-provider/lib/index.js`;
    this.library = await import(pathToFileURL(at));
    this.changeKeys();
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
  }

  /** From now on it signs with a key nobody was told of, and forgets who is signed in. */
  changeKeys() {
    this.keys += 1;
    const provider = new this.library.Provider(this.issuer, this.settings());
    provider.on("server_error", (context, error) => console.error(error));
    provider.on("backchannel.error", (context, error) => console.error(error));
    this.answer = provider.callback();
  }

  settings() {
    const client = (one, algorithm) => ({
      client_id: one.id, client_secret: one.secret, redirect_uris: this.redirects,
      response_types: ["code"], grant_types: ["authorization_code"],
      backchannel_logout_uri: this.logout,
      id_token_signed_response_alg: algorithm,
    });
    return {
      clients: [client(CLIENT, "RS256"), client(SHARED_KEY_CLIENT, "HS256")],
      jwks: { keys: [signingKey(`key-${this.keys}`)] },
      enabledJWA: { idTokenSigningAlgValues: ["RS256", "HS256"] },
      pkce: { required: () => true },
      claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
      conformIdTokenClaims: false,
      features: { backchannelLogout: { enabled: true } },
      // Its own way out refuses addresses of this machine, where the server under test is.
      fetch: (url, { dispatcher: _, ...options }) => fetch(url, options),
      cookies: { keys: ["a key of this run alone"] },
      ttl: {
        AuthorizationCode: () => this.codeSeconds, IdToken: 300,
        AccessToken: 60, Grant: 600, Interaction: 600, Session: 600,
      },
      findAccount: (context, id) => ({
        accountId: id, claims: () => ({ sub: id, name: `${id} of the guild`, ...PEOPLE[id] }),
      }),
    };
  }

  /** From now on its clock goes wrong by so many seconds. */
  setClock(seconds) {
    Date.now = () => NOW() + seconds * 1000;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

let browsers = 0;

/** A browser, as far as people need one here: it keeps cookies of one site, and stands at an
 * address of its own (of the block for benchmarks, RFC 2544), as a proxy before a site tells it. */
export class Browser {
  cookies = new Map();

  constructor(site) {
    browsers += 1;
    this.site = site;
    this.place = `198.18.1.${browsers % 250}`;
  }

  async ask(path, fields) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { cookie, "x-forwarded-for": this.place };
    if (fields) headers.origin = this.site;
    const answer = await fetch(new URL(path, this.site), {
      method: fields ? "POST" : "GET", headers,
      body: fields && new URLSearchParams(fields), redirect: "manual",
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (value) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    return answer;
  }
}

function actionOf(page) {
  const action = page.match(/<form\b[^>]*\baction="([^"]*)"/)?.[1];
  if (!action) throw new Error(`the provider shows no form:\n${page}`);
  return action.replaceAll("&amp;", "&");
}

/** Signs `person` in at the provider's pages; the address the browser is sent back to. */
export async function signsIn(provider, address, person, browser = new Browser(provider.issuer)) {
  let answer = await browser.ask(address);
  for (let step = 0; step < 10; step += 1) {
    const onwards = answer.headers.get("location");
    const next = onwards && new URL(onwards, provider.issuer);
    if (next && next.origin !== provider.issuer) return next;
    if (next) {
      answer = await browser.ask(next.href);
      continue;
    }
    const page = await answer.text();
    if (!answer.ok) throw new Error(`the provider refuses (${answer.status}):\n${page}`);
    if (person === null) {
      answer = await browser.ask(`${actionOf(page)}/abort`);
      continue;
    }
    // What is hidden goes back; a page without a question sends itself.
    const hidden = page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g);
    const fields = Object.fromEntries([...hidden].map(([, name, value]) => [name, value]));
    if (fields.prompt === "login") Object.assign(fields, { login: person, password: "any" });
    answer = await browser.ask(actionOf(page), fields);
  }
  throw new Error("the provider sends the browser round in circles");
}

/** Signs whoever is signed in there with `browser` out, who says yes to that. */
export async function signsOut(browser) {
  const page = await (await browser.ask("/session/end")).text();
  const [, xsrf] = page.match(/name="xsrf" value="(\w+)"/);
  const answer = await browser.ask("/session/end/confirm", { xsrf, logout: "yes" });
  if (answer.status >= 400) throw new Error(`nobody is signed out: ${await answer.text()}`);
}

/** Whether the provider takes this question at all. */
export async function isTaken(provider, address) {
  const answer = await new Browser(provider.issuer).ask(address);
  const back = answer.headers.get("location");
  const error = back && new URL(back, provider.issuer).searchParams.get("error");
  return answer.status < 400 && !error;
}
