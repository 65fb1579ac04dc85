// What is kept in this browser: two databases, one for the state of sync and one for how the server is reached.

const STATE = "mindshelf";
const ACCESS = "mindshelf-access";
const STORES = ["meta", "items", "aliases", "queue", "nodes"];

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const answer = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
const done = (transaction) => new Promise((resolve, reject) => {
  transaction.oncomplete = () => resolve();
  transaction.onabort = () => reject(transaction.error);
});

/** @param {string} name @param {string[]} stores @returns {Promise<IDBDatabase>} */
function open(name, stores) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => stores.forEach((store) => request.result.createObjectStore(store));
  return answer(request);
}

/** A database that is open, or opened again: where it could not be opened, and where the browser closed it.
 * @param {string} name @param {string[]} stores @returns {() => Promise<IDBDatabase>} */
function opened(name, stores) {
  /** @type {Promise<IDBDatabase> | undefined} */
  let known;
  const forget = () => { known = undefined; };
  return async () => {
    known ??= open(name, stores);
    try {
      const database = await known;
      database.onclose = forget;
      return database;
    } catch (error) {
      forget();
      throw error;
    }
  };
}

const stateDb = opened(STATE, STORES);
const accessDb = opened(ACCESS, ["kept"]);

/** The store of the core. @type {import("./sync/state.js").Store} */
export const store = {
  async read() {
    const transaction = (await stateDb()).transaction(STORES, "readonly");
    const all = (/** @type {string} */ name) => answer(transaction.objectStore(name).getAll());
    const aliases = transaction.objectStore("aliases");
    const [meta, items, younger, older, queue, nodes] = await Promise.all([
      answer(transaction.objectStore("meta").get("meta")), all("items"), answer(aliases.getAllKeys()), answer(aliases.getAll()), all("queue"), all("nodes"),
    ]);
    return { meta: meta ?? null, items, aliases: younger.map((id, at) => [String(id), older[at]]), queue, nodes };
  },
  async write(delta) {
    const transaction = (await stateDb()).transaction(STORES, "readwrite", { durability: "strict" });
    const of = (/** @type {string} */ name) => transaction.objectStore(name);
    if (delta.meta) of("meta").put(delta.meta, "meta");
    if (delta.clearItems) {
      of("items").clear();
      of("aliases").clear();
    }
    for (const item of delta.items ?? []) of("items").put(item, item.id);
    for (const [younger, older] of delta.aliases ?? []) of("aliases").put(older, younger);
    for (const n of delta.queue?.drop ?? []) of("queue").delete(n);
    for (const queued of delta.queue?.put ?? []) of("queue").put(queued, queued.change.n);
    for (const native of delta.nodes?.drop ?? []) of("nodes").delete(native);
    for (const node of delta.nodes?.put ?? []) of("nodes").put(node, node.native);
    await done(transaction);
  },
};

/** Forgets all that sync keeps; the bookmarks of the browser stay. */
export async function forgetState() {
  const transaction = (await stateDb()).transaction(STORES, "readwrite");
  for (const name of STORES) transaction.objectStore(name).clear();
  await done(transaction);
}

/** @typedef {{ access: import("./access.js").Access, key: CryptoKeyPair, live: boolean, problem: { code: string, detail: string } }} Kept by its name */

/** What is kept under a name about how the server is reached. @template {keyof Kept} N @param {N} name @returns {Promise<Kept[N] | undefined>} */
export async function kept(name) {
  return answer((await accessDb()).transaction("kept").objectStore("kept").get(name));
}

/** Keeps a value, or forgets it where there is none. @template {keyof Kept} N @param {N} name @param {Kept[N] | undefined} value */
export async function keep(name, value) {
  const transaction = (await accessDb()).transaction("kept", "readwrite");
  if (value === undefined) transaction.objectStore("kept").delete(name);
  else transaction.objectStore("kept").put(value, name);
  await done(transaction);
}
