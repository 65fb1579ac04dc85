// GraphQL by programs of others: the audits of graphql-http, and graphql-ws as a client.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [PACKAGES, SERVER, TOKEN, LIBRARY] = process.argv.slice(2);
const require = createRequire(`${PACKAGES}/graphql.mjs`);
const { auditServer } = require("graphql-http");
const { createClient, CloseCode } = require("graphql-ws");
const WebSocket = require("ws");

/** How many audits there are. */
const AUDITS = 61;
/** Milliseconds something may take. */
const SOON = 20_000;
const HTTP = `${SERVER}/graphql`;
const SOCKET = HTTP.replace(/^http/, "ws");
const authorization = `Bearer ${TOKEN}`;

/** `promise`, or a failure that names `what` when it takes too long. */
function soon(what, promise) {
  const late = new Promise((_, fail) =>
    setTimeout(() => fail(new Error(`${what}: nothing came`)), SOON).unref(),
  );
  return Promise.race([promise, late]);
}

/** What the server answers to a document. */
async function ask(query, variables) {
  const answer = await fetch(HTTP, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

async function audits() {
  const fetchFn = (url, init) =>
    fetch(url, { ...init, headers: { ...init?.headers, authorization } });
  const results = await auditServer({ url: HTTP, fetchFn });
  const failed = results.filter(({ status }) => status !== "ok");
  const said = failed.map(({ id, name, status, reason }) => `${id} ${status}: ${name}: ${reason}`);
  assert.equal(results.length, AUDITS);
  assert.deepEqual(said, []);
  return results.length;
}

/** The code a bare socket is closed with that says `messages`. */
function closed(...messages) {
  const socket = new WebSocket(SOCKET, "graphql-transport-ws");
  socket.on("open", () => messages.forEach((message) => socket.send(message)));
  const code = new Promise((done, fail) => {
    socket.on("close", done);
    socket.on("error", fail);
  });
  return soon(messages.at(-1) ?? "silence", code);
}

async function codes() {
  const init = JSON.stringify({ type: "connection_init", payload: { authorization } });
  const operation = JSON.stringify({
    type: "subscribe",
    id: "1",
    payload: {
      query: "subscription ($library: ID!) { libraryChanged(library: $library) { to } }",
      variables: { library: (await viewer()).id },
    },
  });
  const forged = JSON.stringify({ type: "connection_init", payload: { token: "forged" } });
  const expected = [
    [CloseCode.BadRequest, "no message"],
    [CloseCode.Unauthorized, operation],
    [CloseCode.Forbidden, forged],
    [CloseCode.TooManyInitialisationRequests, init, init],
    [CloseCode.ConnectionInitialisationTimeout],
  ];
  for (const [code, ...messages] of expected) {
    assert.equal(await closed(...messages), code, messages.join(" "));
  }
  // The second of one id, once the first is under way.
  const socket = new WebSocket(SOCKET, "graphql-transport-ws");
  const code = new Promise((done) => socket.on("close", done));
  socket.on("open", () => socket.send(init));
  socket.on("message", () => [operation, operation].forEach((message) => socket.send(message)));
  assert.equal(await soon("twice one id", code), CloseCode.SubscriberAlreadyExists);
  return expected.length + 1;
}

async function viewer() {
  const { viewer } = await ask("{ viewer { libraries { id uuid } } }");
  return viewer.libraries.find(({ uuid }) => uuid === LIBRARY);
}

async function subscription() {
  const { id: library } = await viewer();
  const client = createClient({
    url: SOCKET,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
  });
  const events = client.iterate({
    query: `subscription ($library: ID!) {
      libraryChanged(library: $library) { cursor changes { kind item set } }
    }`,
    variables: { library },
  });
  const next = events.next();
  // Saved until it is heard: when a subscription has begun is not told.
  let number = 0;
  const saving = setInterval(() => {
    number += 1;
    const input = { library, url: `https://example.org/heard/${number}` };
    ask("mutation ($input: SaveBookmarkInput!) { saveBookmark(input: $input) { act } }", { input });
  }, 500);
  const { value } = await soon("a change", next);
  clearInterval(saving);
  assert.equal(value.errors, undefined, JSON.stringify(value.errors));
  const kinds = value.data.libraryChanged.changes.map(({ kind }) => kind);
  assert.ok(kinds.includes("bookmark"), JSON.stringify(value));
  await events.return();
  await client.dispose();
}

const count = await audits();
await subscription();
const closings = await codes();
console.log(`${count} audits passed, a change was heard, ${closings} sockets were closed as they should`);
process.exit(0);
