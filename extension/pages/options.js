// Settings and sync: connecting, choosing, how it stands in words, and what needs the person.

import { askByCode, baseOf, beginByCode, patternOf, signInByWindow, Trouble } from "../src/access.js";
import { deviceName } from "../src/server.js";
import { ROLES } from "../src/sync/tree.js";
import { ask, by, made, wordsOf } from "./ask.js";

/** How often the page looks how it stands, milliseconds. */
const LOOK_MS = 2_000;
/** What is asked for only where the person switches it on. @type {chrome.permissions.Permissions} */
const TABS = { permissions: ["tabs"] };
/** How it stands where there is a library. @typedef {Extract<import("./ask.js").Status, { library: string }>} Now */

const say = (/** @type {string} */ text) => { by("words").textContent = text; };
const some = (/** @type {number} */ count, /** @type {string} */ one, /** @type {string} */ many) => `${count.toLocaleString()} ${count === 1 ? one : many}`;

/** Does something while its button waits, and says what went wrong. @param {string} id @param {() => Promise<unknown>} work @param {string} [after] */
function onPress(id, work, after = "") {
  by(id).addEventListener("click", () => doing(by(id), work, after));
}

/** @param {HTMLElement | null} button @param {() => Promise<unknown>} work @param {string} after */
async function doing(button, work, after) {
  button?.toggleAttribute("disabled", true);
  say("");
  try {
    await work();
    say(after);
  } catch (error) {
    say(wordsOf(error));
  }
  button?.toggleAttribute("disabled", false);
  await show();
}

/** The server that was typed, once the browser may ask it. */
async function permitted() {
  const server = baseOf(by("server").value);
  if (!(await chrome.permissions.request({ origins: [patternOf(server)] }))) throw new Trouble("permission");
  return server;
}

async function connected() {
  // What waits here is not to be thrown away where the disk is full.
  void navigator.storage.persist().catch(() => false);
  const { person, libraries } = await ask("libraries");
  say(`Connected as ${person}.`);
  const now = await ask("status");
  if (now.library !== undefined) {
    // It was here before: what waits is sent now.
    if (now.home === now.server && libraries.some(({ id }) => id === now.library)) return ask("sync");
    if (now.waiting > 0) throw new Trouble("other_library");
    await ask("forget");
  }
  return libraries.length === 1 ? ask("choose", { library: libraries[0].id }) : undefined;
}

by("connect-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void doing(event.submitter, async () => {
    await signInByWindow(await permitted());
    await connected();
  }, "Connected.");
});

onPress("by-code", async () => {
  const server = await permitted();
  const begun = await beginByCode(server, deviceName());
  by("code").textContent = begun.shown;
  by("code-page").href = begun.page;
  by("code-words").hidden = false;
  for (let access; !access;) {
    await new Promise((resolve) => setTimeout(resolve, begun.seconds * 1_000));
    access = await askByCode(server, begun.code);
  }
  by("code-words").hidden = true;
  await connected();
}, "Connected.");

by("choose-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void doing(event.submitter, () => ask("choose", { library: by("library").value }), "");
});
by("mirror-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void doing(event.submitter, () => ask("mirror", { above: by("above").value || null }), "");
});
onPress("sync", () => ask("sync"));
onPress("verify", () => ask("verify"), "Both sides were compared.");
onPress("stop", () => ask("stopMirroring"), "Both sides keep what they have.");
/** How many changes the person was asked about that would be dropped: pressed again, that is meant. */
let agreed = 0;
onPress("leave", async () => {
  try {
    await ask("leave", { agreed });
    agreed = 0;
  } catch (error) {
    const { code, message } = /** @type {{ code?: string, message?: string }} */ (error);
    agreed = code === "waiting" ? Number(message) : 0;
    throw error;
  }
}, "Disconnected. Your bookmarks stay in this browser and in the library.");
by("tabs").addEventListener("change", async () => {
  if (by("tabs").checked) by("tabs").checked = await chrome.permissions.request(TABS);
  else await chrome.permissions.remove(TABS);
});

by("live").addEventListener("change", () => doing(null, () => ask("hearAtOnce", { isOn: by("live").checked }), ""));

/** A note with what helps. @param {string} head @param {string} text @param {[string, import("./ask.js").Plain][]} [deeds] words on buttons and what they do */
function note(head, text, deeds = []) {
  const box = made("div", "", "note");
  const line = made("p", "");
  line.append(made("strong", head), ` ${text}`);
  const row = made("div", "", "row");
  row.append(...deeds.map(([words, deed]) => {
    const button = made("button", words);
    button.type = "button";
    button.addEventListener("click", () => doing(button, () => ask(deed), ""));
    return button;
  }));
  box.append(line, ...(deeds.length > 0 ? [row] : []));
  return box;
}

/** @param {Now} now */
function standing(now) {
  const mirrored = now.isMirroring ? `, ${some(now.mirrored, "bookmark", "bookmarks")} mirrored` : "";
  if (now.isSynced && now.levelAt) return `Synced at ${new Date(now.levelAt).toLocaleTimeString()}${mirrored}.`;
  if (now.waiting > 0) return `${some(now.waiting, "change waits", "changes wait")} to be sent${mirrored}.`;
  return "The library is being loaded.";
}

/** @param {Now} now */
function notes(now) {
  /** @type {HTMLElement[]} */
  const all = [];
  const { problem } = now;
  if (problem) all.push(note(problem.what, problem.remedy, problem.code === "device_removed" ? [["Join again", "joinAgain"]] : []));
  if (now.outbound > 0) {
    all.push(note(`${some(now.outbound, "bookmark or folder was", "bookmarks and folders were")} removed here.`, "So many are not removed from the library unasked.",
      [["Delete them everywhere", "removeThere"], ["Bring them back", "bringBack"]]));
  }
  if (now.held > 0) {
    all.push(note(`${some(now.held, "deletion waits", "deletions wait")}.`, "So many were removed here at once that the library asks first.",
      [["Delete them everywhere", "confirmHeld"], ["Bring them back", "refuseHeld"]]));
  }
  if (now.inbound > 0) {
    all.push(note(`${some(now.inbound, "bookmark or folder is", "bookmarks and folders are")} no longer in the library.`,
      "They were removed elsewhere. So many are not removed here unasked.", [["Remove them here", "removeHere"], ["Keep and save them again", "keepHere"]]));
  }
  for (const [role, why] of Object.entries(now.blocked)) {
    const name = ROLES[/** @type {keyof typeof ROLES} */ (role)];
    all.push(why === "trashed"
      ? note(`“${name}” is in the library's trash.`, "Nothing is removed here. Restore it there, or stop mirroring and begin anew.")
      : note(`“${name}” is hidden by the browser now.`, "What it held stays in the library."));
  }
  if (now.twins > 0) all.push(note("Another sync copies the same bookmarks.", `${some(now.twins, "copy", "copies")} of what is here were left alone. Let only one of both sync bookmarks.`));
  else if (now.isMirroring && now.isSyncedByBrowser) all.push(note("The browser's own sync is on.", "Two engines may make copies. Switch bookmarks off in the browser's sync settings, or do not mirror here."));
  for (const role of now.doubled) {
    all.push(made("p", `There are two of “${ROLES[/** @type {keyof typeof ROLES} */ (role)]}”, one of your account and one of this machine. One of them is mirrored.`, "muted"));
  }
  if (now.asideCount > 0) {
    const box = note(`${some(now.asideCount, "change was", "changes were")} refused by the library.`, "They are kept here until you drop them.", [["Drop them", "dropAside"]]);
    const list = made("ul", "");
    list.append(...now.aside.map(({ what, why, page }) => {
      const line = made("li", `${what}: ${why}`);
      if (page) line.append(" ", Object.assign(made("a", "Open that library"), { href: page, target: "_blank", rel: "noreferrer" }));
      return line;
    }));
    box.append(list);
    all.push(box);
  }
  if (now.givenUp > 0) {
    all.push(note(`${some(now.givenUp, "item this browser still held is", "items this browser still held are")} not at the server any more.`,
      "It was restored from a backup, and you may only read this library. Who may change it can bring back what they hold.", [["Do not show again", "dropGivenUp"]]));
  }
  const { local } = now;
  if (local.scheme > 0) all.push(made("p", `${some(local.scheme, "bookmark stays", "bookmarks stay")} in this browser alone: ${local.scheme === 1 ? "it is" : "they are"} no address of the web (bookmarklets, settings, files).`, "muted"));
  if (local.refused > 0) all.push(made("p", `${some(local.refused, "bookmark stays", "bookmarks stay")} in this browser alone, because the library refused ${local.refused === 1 ? "it" : "them"}.`, "muted"));
  if (now.mismatches > 0) all.push(note("Both sides differed once.", `${some(now.mismatches, "part was", "parts were")} repaired from the server. Please report it.`));
  return all;
}

let chosen = "";

/** Shows how it stands. */
async function show() {
  const now = await ask("status");
  by("connect").hidden = now.isSignedIn;
  by("choose").hidden = !now.isSignedIn || now.library !== undefined;
  by("state").hidden = now.library === undefined;
  by("mirroring").hidden = now.library === undefined || !now.isSignedIn;
  by("more").hidden = !now.isSignedIn;
  by("live").checked = now.isLive;
  if (!by("choose").hidden && by("library").childElementCount === 0) {
    const { libraries } = await ask("libraries");
    by("library").replaceChildren(...libraries.map(({ id, name }) => Object.assign(made("option", name), { value: id })));
  }
  if (now.library === undefined) return;
  by("standing").textContent = standing(now);
  const text = JSON.stringify([now.problem, now.held, now.inbound, now.outbound, now.blocked, now.twins, now.asideCount, now.givenUp, now.local, now.mismatches, now.isMirroring, now.isSyncedByBrowser, now.doubled]);
  if (text !== chosen) by("news").replaceChildren(...notes(now));
  chosen = text;
  by("mirror-form").hidden = now.isMirroring;
  by("stop-row").hidden = !now.isMirroring;
  by("mirror-words").textContent = now.isMirroring
    ? "Folders, order, names and addresses are kept level, both ways."
    : "Saved pages can be kept level with the bookmarks of this browser: folders, order, names and addresses, both ways.";
  if (!now.isMirroring && by("above").childElementCount === 1) {
    const folders = (await ask("folders")) ?? [];
    by("above").append(...folders.map(({ id, path }) => Object.assign(made("option", `in ${path}`), { value: id })));
  }
}

async function begin() {
  by("tabs").checked = await chrome.permissions.contains(TABS);
  await show();
  // A look now and then; a page that is not seen looks at nothing.
  setInterval(() => { if (!document.hidden) show().catch(() => undefined); }, LOOK_MS);
}

begin().catch((error) => say(wordsOf(error)));
