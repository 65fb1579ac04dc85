// What a worker has of a browser besides its bookmarks: databases and locks, as far as the extension uses them.

/** A request that succeeds in a moment. */
const asked = (result) => {
  const request = { result };
  queueMicrotask(() => request.onsuccess?.());
  return request;
};

/** Puts databases in memory, and locks, where the extension looks for them. */
export function stand() {
  const databases = new Map();
  const stores = (name) => databases.get(name) ?? databases.set(name, new Map()).get(name);
  const transaction = (of) => {
    const done = { objectStore: (name) => of.get(name) };
    setTimeout(() => done.oncomplete?.());
    return done;
  };
  const storeOf = (kept) => ({
    get: (key) => asked(kept.get(key)), getAll: () => asked([...kept.values()]), getAllKeys: () => asked([...kept.keys()]),
    put: (value, key) => kept.set(key, value), delete: (key) => kept.delete(key), clear: () => kept.clear(),
  });
  const open = (name) => {
    const of = stores(name);
    const database = { createObjectStore: (store) => of.set(store, storeOf(new Map())), transaction: () => transaction(of) };
    const request = { result: database };
    queueMicrotask(() => {
      if (of.size === 0) request.onupgradeneeded?.();
      request.onsuccess?.();
    });
    return request;
  };
  globalThis.indexedDB = { open };
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { locks: { request: (_name, work) => work() } } });
}
