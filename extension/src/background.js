// The worker in the background: it may be killed at any moment, so it keeps nothing that is not in a database.

import { signOut, Trouble } from "./access.js";
import * as engine from "./engine.js";
import { find, folders, lookUp, remove, save, seenBy, tagNames } from "./library.js";
import { hello, socketTo } from "./server.js";
import { keep, kept } from "./store.js";
import { Live } from "./sync/live.js";

const ALARM = "sync";
/** How often the server is asked, minutes; and how long after the last thing the person did, milliseconds. */
const EVERY_MINUTES = 0.5;
const SOON_MS = 400;
/** How often turning to a window counts, milliseconds. */
const FOCUS_MS = 5_000;
/** How often it is asked all the same where the server tells what happens, milliseconds. */
const TOLD_MS = 300_000;
const SUGGESTIONS = 6;

/** Changes something; where the library was left meanwhile that is not said to be done. @param {(state: import("./sync/state.js").State) => unknown} work */
async function changed(work) {
  const done = await engine.change((state) => { work(state); return true; });
  if (!done) throw new Trouble("signed_out");
}

/** What pages may ask of it, as `ask` of the pages is typed. */
export const DEEDS = {
  status: () => engine.status(),
  libraries: () => engine.libraries(),
  choose: (/** @type {{ library: string }} */ { library }) => engine.choose(library),
  mirror: (/** @type {{ above: string | null }} */ { above }) => engine.mirror(above),
  stopMirroring: () => engine.stopMirroring(),
  sync: () => engine.sync(),
  verify: () => engine.sync({ verify: true }),
  confirmHeld: () => engine.decideOutbound("confirm"),
  refuseHeld: () => engine.decideOutbound("refuse"),
  removeThere: () => engine.decideGone("remove"),
  bringBack: () => engine.decideGone("keep"),
  removeHere: () => engine.decideInbound("remove"),
  keepHere: () => engine.decideInbound("keep"),
  joinAgain: () => engine.joinAgain(),
  dropAside: () => engine.dropAside(),
  dropGivenUp: () => engine.dropGivenUp(),
  countHere: () => engine.countHere(),
  folders: () => engine.look(folders),
  page: (/** @type {{ url: string }} */ { url }) => engine.look((state) => ({ saved: lookUp(state, url), seen: seenBy(state), folders: folders(state), tags: tagNames(state) })),
  save: async (/** @type {{ saves: import("./library.js").Saves, shown?: import("./library.js").Shown }} */ { saves, shown }) => { await changed((state) => save(state, saves, shown)); soon(); return true; },
  remove: async (/** @type {{ id: string }} */ { id }) => { await changed((state) => remove(state, id)); soon(); return true; },
  hearAtOnce: (/** @type {{ isOn: boolean }} */ { isOn }) => keep("live", isOn ? undefined : false),
  forget: () => engine.leave(),
  leave: async (/** @type {{ agreed: number }} */ { agreed }) => { await engine.leave(agreed); await signOut(); },
};

chrome.runtime.onMessage.addListener((message, sender, answer) => {
  /** @type {Record<string, (message: any) => Promise<unknown>>} */
  const deeds = DEEDS;
  const deed = sender.id === chrome.runtime.id ? deeds[message?.do] : undefined;
  if (!deed) return false;
  deed(message).then((told) => answer({ told }), (error) => answer({ trouble: { code: error.code ?? error.refusal?.code ?? "unknown", detail: error.message } }))
    .then(showBadge)
    .then(() => { if (message.do !== "status") void listen(); });
  return true;
});

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Syncs once the person has paused. */
function soon() {
  clearTimeout(timer);
  timer = setTimeout(run, SOON_MS);
}

let lastRun = 0;

async function run() {
  if ((await kept("access")) === undefined) return;
  lastRun = Date.now();
  await engine.sync();
  await showBadge();
  await listen();
}

let server = "";
/** The socket, on which the server says that something came. It keeps this worker alive as long as it is open. */
const live = new Live({
  open: (ears) => socketTo(server, ears),
  hello,
  at: engine.at,
  pull: soon,
  later: (ms, work) => {
    const one = setTimeout(work, ms);
    return () => clearTimeout(one);
  },
  chance: Math.random,
});

/** Opens the socket, where the person is signed in and does not save the battery. */
async function listen() {
  const [access, wish] = await Promise.all([kept("access"), kept("live")]);
  if (access === undefined || wish === false || !engine.at()) return live.stop();
  server = access.server;
  return live.want();
}

/** Whether it is of no use to ask: the server says what happens, and all that was done here is there. */
const isTold = () => live.isFollowing && engine.isLevel() && Date.now() - lastRun < TOLD_MS;

/** A sign on the icon: what waits, or that something needs the person. */
async function showBadge() {
  const now = await engine.status().catch(() => null);
  const needs = now !== null && now.isSignedIn && (now.problem !== null && now.problem.code !== "away") || (now?.held ?? 0) > 0 || (now?.inbound ?? 0) > 0 || (now?.outbound ?? 0) > 0;
  const waiting = now?.waiting ?? 0;
  await chrome.action.setBadgeText({ text: needs ? "!" : waiting > 0 ? String(Math.min(waiting, 999)) : "" });
  await chrome.action.setBadgeBackgroundColor({ color: needs ? "#8f2d1d" : "#1f5a43" });
}

for (const event of /** @type {const} */ (["onCreated", "onRemoved", "onChanged", "onMoved", "onChildrenReordered", "onImportEnded"])) {
  // Firefox has no word of orders or of imports.
  chrome.bookmarks[event]?.addListener(soon);
}

let lastFocus = 0;
// Whoever turns to this browser wants to see what was done in another one.
chrome.windows?.onFocusChanged.addListener((window) => {
  if (window === chrome.windows.WINDOW_ID_NONE || Date.now() - lastFocus < FOCUS_MS) return;
  lastFocus = Date.now();
  soon();
});
chrome.alarms.onAlarm.addListener(({ name }) => { if (name === ALARM && !isTold()) void run(); });
const wake = () => {
  void chrome.alarms.create(ALARM, { periodInMinutes: EVERY_MINUTES });
  soon();
};
// Firefox forgets alarms at its end, and whoever begins by another event is to have one as well.
void chrome.alarms.get(ALARM).then((known) => { if (!known) wake(); });
chrome.runtime.onStartup.addListener(wake);
chrome.runtime.onInstalled.addListener(({ reason }) => {
  wake();
  if (reason === "install") void chrome.runtime.openOptionsPage();
});

chrome.commands.onCommand.addListener(async (command, tab) => {
  if (command !== "save-page" || !tab?.url) return;
  const { url, title = "" } = tab;
  const id = await engine.change((state) => {
    const known = lookUp(state, url);
    return save(state, { url, title: known?.title || title, tags: known?.tags ?? [], notes: known?.notes ?? "", folder: "" });
  }).catch(() => undefined);
  if (id === null) await chrome.runtime.openOptionsPage();
  else await chrome.action.setBadgeText({ text: id === undefined ? "!" : "✓" });
  soon();
});

/** Text as the address bar takes it. @param {string} text */
const plain = (text) => (/Firefox\//.test(navigator.userAgent) ? text : text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`));

chrome.omnibox.onInputChanged.addListener(async (text, suggest) => {
  const hits = (await engine.look((state) => find(state, text, SUGGESTIONS)).catch(() => null)) ?? [];
  suggest(hits.map(({ url, title }) => ({ content: url, description: `${plain(title)} – ${plain(url)}` })));
});
chrome.omnibox.onInputEntered.addListener(async (text) => {
  const server = (await kept("access"))?.server;
  const url = /^https?:\/\//i.test(text) ? text : server && `${server}/library?q=${encodeURIComponent(text)}`;
  if (url) await chrome.tabs.update({ url });
});

/** Where the person lets it see the tabs: a sign on the icon where the page is saved. @param {number} tabId */
async function mark(tabId) {
  const tab = await chrome.tabs.get(tabId).catch(() => null);
  if (!tab?.url) return;
  const { url } = tab;
  const saved = await engine.look((state) => lookUp(state, url)).catch(() => null);
  await chrome.action.setTitle({ tabId, title: saved ? "MindShelf: this page is saved" : "MindShelf" });
  // By null the tab has the sign of all again, which the types of browsers do not know.
  await chrome.action.setBadgeText({ tabId, text: /** @type {string | undefined} */ (/** @type {unknown} */ (saved ? "✓" : null)) });
}
chrome.tabs.onActivated.addListener(({ tabId }) => void mark(tabId));
chrome.tabs.onUpdated.addListener((tabId, { status }) => { if (status === "complete") void mark(tabId); });
