// Links that were shared or typed while the server could not be reached: kept in this browser, shown as
// what they are, and sent by a button to the library of whoever is signed in then.
const STORE = "waiting";
const MOST = 500;
const FIELDS = ["url", "title", "notes", "tags", "folder", "unread"];
/** What was asked too much, or what the server cannot answer now: the rest would be told the same. */
const PASSES = (status) => status === 429 || status >= 500;
const manifest = document.querySelector("link[rel=manifest]");
const base = new URL(".", manifest?.href ?? location.href);
const save = new URL("save", base);

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("mindshelf", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function within(mode, work) {
  const kept = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const turn = kept.transaction(STORE, mode);
      const asked = work(turn.objectStore(STORE));
      turn.oncomplete = () => resolve(asked.result);
      turn.onabort = () => reject(turn.error);
    });
  } finally {
    kept.close();
  }
}

const all = () => within("readonly", (store) => store.getAll());
const keep = (link) => within("readwrite", (store) => store.add(link));
const forget = (id) => within("readwrite", (store) => store.delete(id));

/** Asks the browser not to clear what is kept here when it runs out of room; some ask their owner. */
function last() {
  navigator.storage?.persist?.().catch(() => { /* it is kept as long as there is room */ });
}

/** What the form of the save page is proved by; nothing where nobody is signed in. */
async function proof() {
  const page = await fetch(save, { headers: { Accept: "text/html" } });
  if (PASSES(page.status)) throw new Error(`answered ${page.status}`);
  if (!page.ok || new URL(page.url).pathname !== save.pathname) return null;
  const read = new DOMParser().parseFromString(await page.text(), "text/html");
  return read.querySelector("input[name=_csrf]")?.value ?? null;
}

/** Sends one link; why it was not taken, if it was not, and whether the others would fare alike. */
async function send(link, csrf) {
  // The small window is answered by a page of its own: whoever is sent elsewhere is not signed in any more.
  const body = new URLSearchParams({ _csrf: csrf, small: "yes" });
  for (const name of FIELDS) if (link[name]) body.set(name, link[name]);
  const answer = await fetch(save, { method: "POST", body });
  if (answer.redirected || answer.status === 401) return { why: "Sign in first.", ends: true };
  if (answer.ok) return {};
  if (PASSES(answer.status)) return { why: `The server answered ${answer.status}. Try again in a moment.`, ends: true };
  // A folder may be of the library of somebody else.
  if ([404, 422].includes(answer.status) && link.folder) return send({ ...link, folder: "" }, csrf);
  const read = new DOMParser().parseFromString(await answer.text(), "text/html");
  const told = read.querySelector(".error")?.textContent.trim();
  return { why: told || `The server answered ${answer.status}.` };
}

/** The address in what was shared: phones often send it within the text. */
function shared() {
  const said = new URLSearchParams(location.search || location.hash.slice(1));
  const link = Object.fromEntries(FIELDS.map((name) => [name, said.get(name) ?? ""]));
  link.notes ||= said.get("text") ?? "";
  if (!link.url) {
    const [found] = link.notes.match(/https?:\/\/\S+/) ?? [];
    if (found) {
      link.url = found;
      link.notes = link.notes.replace(found, "").trim();
    }
  }
  return link;
}

/** What somebody typed into a field, or whether they switched it on. */
const typed = (field) => (field.type === "checkbox" ? (field.checked ? field.value : "") : field.value.trim());

async function room(desk) {
  const part = (name) => desk.querySelector(`[data-waiting-${name}]`);
  const [form, list, none, go, said] = ["form", "list", "none", "send", "said"].map(part);
  const tell = (words) => { said.textContent = words; };

  async function show(trouble = new Map()) {
    const links = await all();
    list.replaceChildren(...links.map((link) => row(link, trouble.get(link.id))));
    none.hidden = links.length > 0;
    go.hidden = links.length === 0;
    return links;
  }

  function row(link, why) {
    const line = document.createElement("li");
    line.className = "line-item";
    const words = document.createElement("span");
    words.className = "grow";
    const later = link.unread ? "to read later" : "";
    words.textContent = [link.title, link.url, later, why].filter(Boolean).join(" · ");
    const drop = document.createElement("button");
    drop.className = "btn btn-line btn-small";
    drop.type = "button";
    drop.textContent = "Remove";
    drop.addEventListener("click", async () => {
      await forget(link.id);
      await show();
    });
    line.append(words, drop);
    return line;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    let before;
    try {
      before = (await all()).length;
      if (before >= MOST) {
        tell(`${MOST} links wait already. Save those first.`);
        return;
      }
      await keep(Object.fromEntries(FIELDS.map((name) => [name, typed(form.elements[name])])));
    } catch {
      tell("This browser has no room for it. It is kept nowhere: copy the address.");
      return;
    }
    form.reset();
    form.elements.folder.value = "";
    await show();
    tell("Kept in this browser. It is not saved yet.");
    if (before === 0) last();
  });

  go.addEventListener("click", async () => {
    go.disabled = true;
    try {
      const csrf = await proof();
      if (!csrf) {
        tell("Sign in first; the links stay here meanwhile.");
        return;
      }
      const trouble = new Map();
      let done = 0;
      for (const link of await all()) {
        const { why, ends } = await send(link, csrf);
        if (why) {
          trouble.set(link.id, why);
        } else {
          await forget(link.id);
          done += 1;
        }
        if (ends) break;
      }
      const left = (await all()).length;
      await show(trouble);
      tell(left ? `${done} saved, ${left} still here.` : `${done} saved.`);
    } catch {
      await show();
      tell("The server cannot be reached yet. What is listed here is not saved.");
    } finally {
      go.disabled = false;
    }
  });

  const link = shared();
  for (const name of FIELDS) {
    const field = form.elements[name];
    if (field.type === "checkbox") field.checked = Boolean(link[name]); else field.value = link[name];
  }
  await show();
  desk.querySelector("[data-waiting-live]").hidden = false;
}

/** Says that nothing can be kept here, and shows what was shared, so that it is not lost with the page. */
function unable() {
  const note = desk?.querySelector("[data-waiting-unable]");
  if (!note) return;
  note.hidden = false;
  note.querySelector("code").textContent = shared().url;
}

/** Says on any other page that links wait. */
async function remind() {
  const main = document.querySelector("main");
  const count = (await all()).length;
  if (!count || !main) return;
  const note = document.createElement("p");
  note.className = "note";
  const link = document.createElement("a");
  link.href = new URL("offline", base);
  link.textContent = count === 1 ? "1 link waits in this browser and is not saved yet." : `${count} links wait in this browser and are not saved yet.`;
  note.append(link);
  main.prepend(note);
}

const desk = document.querySelector("[data-waiting]");
if (globalThis.indexedDB) (desk ? room(desk) : remind()).catch(unable);
else unable();
if (manifest && navigator.serviceWorker) {
  navigator.serviceWorker.register(new URL("worker.js", base), { scope: base.pathname }).catch(() => { /* pages work without */ });
}
