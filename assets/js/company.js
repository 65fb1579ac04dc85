// Who else is in a library that several people use, and what they change there, as it happens. Nothing of
// it moves what somebody reads: it is said, and shown when they ask.
const PROTOCOL = "mindshelf.sync.v1";
const HERE_EVERY_MS = 15_000;
const WRITES_FOR_MS = 10_000;
const SAY_AFTER_MS = 2_000;
const QUIET_MS = 10_000;
const PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 60_000;
const FOLLOW_AGAIN_MS = 5_000;
const FACES = 5;
/** Where all of this server is: pages may stand beneath a library, and everything beneath a path. */
const root = new URL(".", document.querySelector("link[rel=manifest]")?.href ?? location.href);
/** Closing codes after which it is no use to come again: no message, signed out, not let in. */
const FOR_GOOD = new Set([4400, 4401, 4403]);

const initials = (name) => {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => [...word][0]).join("").toUpperCase() || "?";
};
const listed = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

function sit(desk) {
  const { library } = desk.dataset;
  const part = (name) => desk.querySelector(`[data-company-${name}]`);
  const [faces, said, news] = ["faces", "said", "news"].map(part);
  const item = () => document.querySelector("[data-item]")?.dataset.item;
  let socket, renewal, again, asking, saying, holding, following;
  let tries = 0;
  let wroteAt = 0;
  let spokeAt = 0;
  let people = [];
  let told = "";
  const waiting = new Map();

  const say = (message) => { if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); };
  const here = () => {
    const state = Date.now() - wroteAt < WRITES_FOR_MS ? "writing" : "reading";
    say({ type: "here", library, item: item(), state });
  };

  function face(person) {
    const with_us = person.items.includes(item());
    const does = person.state === "writing" ? "writing" : "reading";
    const words = `${person.name}, ${does}${with_us ? " on this link" : ""}`;
    const one = document.createElement("li");
    one.className = "face";
    one.title = words;
    if (with_us) one.dataset.with = "";
    if (does === "writing") one.dataset.writing = "";
    const letters = document.createElement("span");
    letters.setAttribute("aria-hidden", "true");
    letters.textContent = initials(person.name);
    const name = document.createElement("span");
    name.className = "sr";
    name.textContent = words;
    one.append(letters, name);
    return one;
  }

  function draw() {
    const shown = people.slice(0, FACES).map(face);
    if (people.length > FACES) {
      const more = document.createElement("li");
      more.className = "face";
      more.title = listed(people.slice(FACES).map((person) => person.name));
      more.textContent = `+${people.length - FACES}`;
      shown.push(more);
    }
    faces.replaceChildren(...shown);
    faces.hidden = people.length === 0;
    clearTimeout(saying);
    saying = setTimeout(speak, SAY_AFTER_MS);
  }

  /**
   * Says something to whoever listens; not often, since they are reading. Of what comes in between, the last of
   * each kind is said when the pause ends, as it is by then; no words, where it is so no more.
   */
  function aloud(kind, words) {
    waiting.set(kind, words);
    clearTimeout(holding);
    holding = setTimeout(utter, Math.max(0, spokeAt + QUIET_MS - Date.now()));
  }

  function utter() {
    const now = [...waiting.values()].map((words) => words()).filter(Boolean).join(" ");
    waiting.clear();
    if (!now) return;
    spokeAt = Date.now();
    said.textContent = now;
  }

  /** Says who is there where that changed, and nothing of what they do. */
  function speak() {
    const here_now = () => listed(people.map((person) => person.name));
    if (here_now() === told) return;
    aloud("people", () => {
      const names = here_now();
      if (names === told) return "";
      told = names;
      return names ? `${names} ${people.length === 1 ? "is" : "are"} here too.` : "Nobody else is here any more.";
    });
  }

  /** What others changed since the page was made; a line each. */
  async function ask() {
    const base = document.documentElement.dataset.base;
    const asked = `${base}company/news?after=${encodeURIComponent(desk.dataset.seq)}`;
    const answer = await fetch(asked, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    const read = new DOMParser().parseFromString(await answer.text(), "text/html");
    const lines = [...read.body.childNodes];
    if (read.body.textContent === news.textContent) return;
    news.replaceChildren(...lines.map((line) => document.adoptNode(line)));
    const latest = news.querySelector("li");
    // Taken off the page meanwhile, it was read.
    if (latest) aloud("news", () => (latest.isConnected ? latest.textContent : ""));
  }
  function soon() {
    clearTimeout(asking);
    asking = setTimeout(() => ask().catch(() => { /* it is asked again with the next change */ }), 400);
  }

  function heard(message) {
    if (message.type === "welcome") {
      tries = 0;
      say({ type: "follow", library });
      here();
      renewal = setInterval(here, HERE_EVERY_MS);
    }
    if (message.library !== library) return;
    if (message.type === "present") {
      people = message.people;
      draw();
    }
    // Between the page and the socket something may have happened, too.
    if (["following", "changes", "poke", "reset"].includes(message.type)) soon();
    // Followed anew, since a socket tells nothing more after these.
    if (["poke", "reset"].includes(message.type)) say({ type: "follow", library });
    // Too much was asked, or something was away: without a word a page would hear nothing any more.
    if (message.type === "refused" && (message.status === 429 || message.status >= 500)) {
      clearTimeout(following);
      const pause = Math.max(FOLLOW_AGAIN_MS, 1_000 * (message.retry_after ?? 0));
      following = setTimeout(() => say({ type: "follow", library }), pause);
    }
    if (message.type === "gone") leave();
  }

  function leave() {
    clearInterval(renewal);
    clearTimeout(again);
    clearTimeout(following);
    const was = socket;
    socket = undefined;
    // One that is still being opened is closed once it is: to break it off would be an error.
    if (was?.readyState === WebSocket.OPEN) was.close(1000);
    if (people.length) { people = []; draw(); }
  }

  function enter() {
    if (socket || document.hidden) return;
    const address = new URL("v1/sync", root);
    address.protocol = address.protocol.replace("http", "ws");
    const fresh = new WebSocket(address, PROTOCOL);
    socket = fresh;
    fresh.addEventListener("open", () => (fresh === socket ? say({ type: "hello" }) : fresh.close(1000)));
    fresh.addEventListener("message", (event) => { if (fresh === socket) heard(JSON.parse(event.data)); });
    fresh.addEventListener("close", (event) => {
      if (fresh !== socket) return;
      leave();
      if (FOR_GOOD.has(event.code)) return;
      const pause = Math.random() * Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** tries);
      tries += 1;
      again = setTimeout(enter, pause);
    });
  }

  // Nobody is there behind another window.
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : enter()));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", enter);
  document.addEventListener("input", (event) => {
    if (!event.target.closest?.("[data-item]")) return;
    const began = Date.now() - wroteAt >= WRITES_FOR_MS;
    wroteAt = Date.now();
    if (began) here();
  });
  let at = item();
  const moved = () => {
    if (at === item()) return;
    at = item();
    here();
    draw();
  };
  // Items are opened beside a list, and closed again.
  const panel = document.querySelector("#panel");
  if (panel) new MutationObserver(moved).observe(panel, { childList: true });
  desk.addEventListener("click", (event) => {
    if (event.target.closest("[data-company-show]")) location.reload();
    if (event.target.closest("[data-company-hide]")) {
      desk.dataset.seq = news.querySelector("[data-through]").dataset.through;
      news.replaceChildren();
    }
  });
  enter();
}

const desk = document.querySelector("[data-company]");
if (desk && globalThis.WebSocket) sit(desk);
