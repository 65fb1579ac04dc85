// Stands between the pages and the network, and does one thing: where the server cannot be reached, it
// shows the page of links that wait, which keeps what was about to be saved. It stores no page of a library.
const KEPT = "waiting-@asset(app.css)-@asset(js/waiting.js)";
const scope = new URL(self.registration.scope);
const WAITING = new URL("offline", scope);
const PARTS = ["@asset(app.css)", "@asset(js/early.js)", "@asset(js/waiting.js)", "@asset(img/lamp.svg)"]
  .map((file) => new URL(`assets/${file}`, scope));
const FIELDS = ["url", "title", "notes", "tags", "folder", "unread"];
// What a proxy answers whose server is away.
const AWAY = new Set([502, 503, 504]);

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll([WAITING, ...PARTS].map(String))));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("waiting-") && name !== KEPT;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== scope.origin) return;
  if (request.mode !== "navigate") {
    if (PARTS.some((part) => part.pathname === url.pathname)) event.respondWith(part(request));
  } else if (request.method === "GET") {
    const keeps = isSave(url) || url.pathname === WAITING.pathname;
    event.respondWith((keeps ? reached(request) : fetch(request)).catch(waiting));
  } else if (isSave(url)) {
    event.respondWith(sent(request));
  }
});

const isSave = (url) => url.pathname.endsWith("/save");

// The answer of the server itself; that of a proxy before one that is away counts as none.
async function reached(request) {
  const answer = await fetch(request);
  if (AWAY.has(answer.status)) throw new TypeError(`answered ${answer.status}`);
  return answer;
}

const waiting = async () => (await caches.match(String(WAITING), { ignoreVary: true })) ?? Response.error();
const part = async (request) => (await caches.match(request, { ignoreVary: true })) ?? fetch(request);

// A form that could not be sent goes to the page of links that wait, with what it says.
async function sent(request) {
  const again = request.clone();
  try {
    return await reached(request);
  } catch {
    const form = await again.formData();
    const said = new URLSearchParams();
    for (const name of FIELDS) if (form.get(name)) said.set(name, form.get(name));
    // Behind a hash, so that it stays here whether or not the server is back by then.
    return Response.redirect(`${WAITING}#${said}`, 303);
  }
}
