// How the server is reached where clocks are wrong and answers are lost.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { current } from "../src/access.js";
import { keep } from "../src/store.js";
import { stand } from "./model/disk.js";

stand();
const SERVER = "https://shelf.example";
const HOUR_MS = 3_600_000;

/** The server, as far as it gives secrets: its clock is `off` from ours, and it takes proofs of a minute. */
function server({ off = 0, loses = 0 } = {}) {
  const seen = [];
  globalThis.fetch = async (address, { headers, body }) => {
    const now = Date.now() + off;
    const { iat } = JSON.parse(Buffer.from(headers.DPoP.split(".")[1], "base64url").toString());
    const answer = (status, told) => new Response(JSON.stringify(told), { status, headers: { Date: new Date(now).toUTCString() } });
    if (Math.abs(now / 1_000 - iat) > 60) return answer(400, { error: "invalid_dpop_proof" });
    seen.push(new URLSearchParams(body).get("refresh_token"));
    if (seen.length <= loses) throw new TypeError("the connection was cut");
    return answer(200, { access_token: `a${seen.length}`, refresh_token: "r2", expires_in: 600 });
  };
  return seen;
}

beforeEach(() => keep("access", { server: SERVER, access: "old", refresh: "r1", expiresAt: 0 }));

test("a clock that is hours off keeps nobody out", async () => {
  for (const off of [3 * HOUR_MS, -3 * HOUR_MS, 0]) {
    await keep("access", { server: SERVER, access: "old", refresh: "r1", expiresAt: 0 });
    server({ off });
    assert.equal((await current()).refresh, "r2", `off by ${off}`);
  }
});

test("an answer that was lost is asked for again at once, while the server still gives it", async () => {
  const seen = server({ loses: 1 });
  assert.equal((await current()).access, "a2");
  assert.deepEqual(seen, ["r1", "r1"]);
});

test("a server that does not answer takes nothing away", async () => {
  server({ loses: 9 });
  await assert.rejects(current(), { code: "away" });
  server();
  assert.equal((await current()).refresh, "r2");
});
