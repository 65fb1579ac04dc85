// Links that were shared or typed while the server could not be reached: kept in this browser, shown as
// what they are, and sent by a button to the library of whoever is signed in then.
const STORE = "waiting";
const MOST = 500;
const FIELDS = ["url", "title", "notes", "tags"];
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

/** What the form of the save page is proved by; nothing where nobody is signed in. */
async function proof() {
  const page = await fetch(save, { headers: { Accept: "text/html" } });
  if (!page.ok || new URL(page.url).pathname !== save.pathname) return null;
  const read = new DOMParser().parseFromString(await page.text(), "text/html");
  return read.querySelector("input[name=_csrf]")?.value ?? null;
}

/** Sends one link; why it was not taken, if it was not. */
async function send(link, csrf) {
  const body = new URLSearchParams({ _csrf: csrf });
  for (const name of FIELDS) body.set(name, link[name] ?? "");
  const answer = await fetch(save, { method: "POST", body });
  if (answer.ok) return null;
  return answer.status === 422 ? "This is not an address that can be saved." : `The server answered ${answer.status}.`;
}

/** The address in what was shared: phones often send it within the text. */
function shared() {
  const said = new URLSearchParams(location.search);
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
    words.textContent = [link.title, link.url, why].filter(Boolean).join(" · ");
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
    if ((await all()).length >= MOST) {
      tell(`${MOST} links wait already. Save those first.`);
      return;
    }
    await keep(Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value.trim()])));
    form.reset();
    await show();
    tell("Kept in this browser. It is not saved yet.");
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
        const why = await send(link, csrf);
        if (why) {
          trouble.set(link.id, why);
        } else {
          await forget(link.id);
          done += 1;
        }
      }
      await show(trouble);
      tell(trouble.size ? `${done} saved, ${trouble.size} still here.` : `${done} saved.`);
    } catch {
      await show();
      tell("The server cannot be reached yet. What is listed here is not saved.");
    } finally {
      go.disabled = false;
    }
  });

  const link = shared();
  for (const name of FIELDS) form.elements[name].value = link[name];
  desk.querySelector("[data-waiting-live]").hidden = false;
  await show();
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
if (globalThis.indexedDB) (desk ? room(desk) : remind()).catch(() => { /* nothing can be kept here */ });
if (manifest && navigator.serviceWorker) {
  navigator.serviceWorker.register(new URL("worker.js", base), { scope: base.pathname }).catch(() => { /* pages work without */ });
}
