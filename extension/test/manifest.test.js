// What browsers are told about the extension: both manifests, what they name, and what they may do.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { firefoxOf, PARTS, written } from "../firefox.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const text = (name) => readFileSync(join(here, name), "utf8");
const chrome = JSON.parse(text("manifest.json"));
const clients = text("../crates/shelf-identity/src/oauth/clients.rs");

const files = (folder) => readdirSync(join(here, folder)).flatMap((name) => {
  const path = join(folder, name);
  return statSync(join(here, path)).isDirectory() ? files(path) : [path];
});

test("the manifest of Firefox is the one that follows from Chrome's", () => {
  assert.equal(text("manifest.firefox.json"), written(firefoxOf(chrome)));
});

test("a folder for Firefox holds all that is loaded", () => {
  const folder = mkdtempSync(join(tmpdir(), "mindshelf-firefox-"));
  execFileSync(process.execPath, [join(here, "firefox.mjs"), folder]);
  for (const path of PARTS.flatMap(files)) assert.ok(existsSync(join(folder, path)), path);
  assert.deepEqual(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")), firefoxOf(chrome));
  rmSync(folder, { recursive: true });
});

test("no more is asked for than is needed, and no server without the person", () => {
  // The last of them is asked about by no browser: without it what waits may be thrown away where the disk is full.
  assert.deepEqual(chrome.permissions, ["bookmarks", "alarms", "identity", "activeTab", "unlimitedStorage"]);
  assert.equal(chrome.host_permissions, undefined);
  assert.equal(chrome.content_scripts, undefined);
  assert.match(chrome.content_security_policy.extension_pages, /default-src 'none'; script-src 'self'/);
});

test("the server knows where each browser sends back to", () => {
  const hash = createHash("sha256").update(Buffer.from(chrome.key, "base64")).digest("hex").slice(0, 32);
  const id = [...hash].map((digit) => "abcdefghijklmnop"[parseInt(digit, 16)]).join("");
  assert.ok(clients.includes(`https://${id}.chromiumapp.org/`), id);
  const gecko = firefoxOf(chrome).browser_specific_settings.gecko.id;
  assert.ok(clients.includes(`https://${createHash("sha1").update(gecko).digest("hex")}.extensions.allizom.org/`), gecko);
  const client = /CLIENT = "([0-9a-f-]+)"/.exec(text("src/access.js"))?.[1] ?? "";
  assert.equal(Buffer.from(client.replaceAll("-", ""), "hex").toString(), "mindshelf-ext-01");
});

test("what is named exists, and nothing is loaded from elsewhere", () => {
  const named = [chrome.background.service_worker, chrome.action.default_popup, chrome.options_ui.page, ...Object.values(chrome.icons)];
  for (const path of named) assert.ok(existsSync(join(here, path)), path);
  for (const path of PARTS.flatMap(files).filter((name) => /\.(js|html|css)$/.test(name))) {
    const code = text(path);
    assert.ok(!/\beval\(|new Function|innerHTML|import\(\s*["'`]https?:|src="https?:|href="https?:|\son[a-z]+=/.test(code), path);
    for (const [, target] of code.matchAll(/^import .*?from "(.+?)";/gms)) assert.ok(existsSync(join(here, path, "..", target)), `${path}: ${target}`);
    if (path.endsWith(".js")) assert.match(code, /^\/\/ /, `${path} says what it is for`);
    assert.ok(code.split("\n").length <= 300, `${path} is short`);
  }
});

test("every element a page asks for by its id stands in it, as what it is taken for", () => {
  const [, kinds] = /@typedef \{\{ (server: .+?) \}\} Kinds/s.exec(text("pages/ask.js"));
  const tags = { Input: "input", TextArea: "textarea", Select: "select", Button: "button", Anchor: "a" };
  const kindOf = new Map([...kinds.matchAll(/"?([\w-]+)"?: HTML(\w+)Element/g)].map(([, id, kind]) => [id, tags[kind]]));
  const asked = ["popup", "options"].flatMap((page) => {
    const html = text(`pages/${page}.html`);
    return [...new Set([...text(`pages/${page}.js`).matchAll(/\b(?:by|onPress)\("([\w-]+)"/g)].map(([, id]) => id))].map((id) => ({ id, html }));
  });
  for (const { id, html } of asked) assert.match(html, new RegExp(`<${kindOf.get(id) ?? "\\w+"} [^>]*\\bid="${id}"`), id);
  assert.ok(asked.length > 20 && kindOf.size > 8);
});
