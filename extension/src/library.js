// What a person does with one page: whether it is saved, saving it with tags and a note, editing and removing it.

import { folded, isWeb } from "./domain/canon.js";

/** @typedef {import("./sync/state.js").State} State */
/** @typedef {{ url: string, title: string, tags: string[], notes: string, folder: string }} Saves */

/** What is known of an address. @param {State} state @param {string} url */
export function lookUp(state, url) {
  const view = state.view();
  const item = view.byAddress(url);
  if (!item || !view.isLiving(item.id)) return null;
  const tags = Object.entries(item.puts).filter(([name, held]) => name.startsWith("tag/") && held[3] === true);
  const names = tags.map(([name]) => name.slice(4)).filter((id) => view.isLiving(id)).map((id) => view.text(id, "name"));
  const places = view.placesOf(item.id);
  return {
    id: item.id, url: view.text(item.id, "url"), title: view.text(item.id, "title"), notes: view.text(item.id, "notes"),
    tags: names.sort(), folder: places.length > 0 ? view.text(places[0], "parent") : "", path: places.length > 0 ? pathOf(state, view.text(places[0], "parent")) : "",
  };
}

/** The names of a folder and of those it stands in. @param {State} state @param {string} folder */
function pathOf(state, folder) {
  const names = [];
  for (let [at, steps] = [folder, 0]; at !== "" && steps < 100; at = state.view().text(at, "parent"), steps += 1) names.unshift(state.view().text(at, "name"));
  return names.join(" › ");
}

/** Folders to choose from, by their paths. @param {State} state */
export function folders(state) {
  const view = state.view();
  const all = [...view.items()].filter((item) => item.kind === "collection" && view.isLiving(item.id) && view.text(item.id, "query") === "");
  return all.map(({ id }) => ({ id, path: pathOf(state, id) })).sort((one, other) => one.path.localeCompare(other.path));
}

/** The names of all tags. @param {State} state */
export function tagNames(state) {
  const view = state.view();
  return [...view.items()].filter((item) => item.kind === "tag" && view.isLiving(item.id)).map(({ id }) => view.text(id, "name")).sort();
}

/** Saves a page, or what was changed about it. @param {State} state @param {Saves} saves */
export function save(state, saves) {
  if (!isWeb(saves.url)) throw Object.assign(new Error("this is no page of the web"), { code: "address" });
  state.beginAct();
  const view = state.view();
  const known = view.byAddress(saves.url);
  const id = known?.id ?? state.env.newId();
  const isNew = !known || !view.isLiving(id);
  /** @type {Record<string, import("./sync/state.js").Value>} */
  const set = known ? {} : { url: saves.url, created_at: state.env.now() };
  if (known && isNew) set.trashed_at = null;
  if (saves.title !== view.text(id, "title")) set.title = saves.title;
  if (saves.notes !== view.text(id, "notes")) set.notes = saves.notes === "" ? null : saves.notes;
  const wanted = saves.tags.map((name) => tagOf(state, name)).filter((tag) => tag !== "");
  const borne = Object.entries(known?.puts ?? {}).filter(([name, held]) => name.startsWith("tag/") && held[3] === true).map(([name]) => name.slice(4));
  for (const tag of wanted) if (!borne.some((one) => view.base.resolve(one) === tag)) set[`tag/${tag}`] = true;
  for (const tag of borne) if (view.isLiving(tag) && !wanted.includes(view.base.resolve(tag))) set[`tag/${tag}`] = null;
  if (Object.keys(set).length > 0) state.put(id, "bookmark", set);
  if (saves.folder !== "" && !view.placesOf(id).some((place) => view.text(place, "parent") === saves.folder)) {
    state.put(state.env.newId(), "place", { bookmark: id, parent: saves.folder });
  }
  return id;
}

/** The tag of a name: the one there is, else a new one. @param {State} state @param {string} name */
function tagOf(state, name) {
  const view = state.view();
  const wanted = folded(name);
  if (wanted === "") return "";
  for (const item of view.items()) {
    if (item.kind === "tag" && view.isLiving(item.id) && folded(view.text(item.id, "name")) === wanted) return item.id;
  }
  const id = state.env.newId();
  state.put(id, "tag", { name: name.trim() });
  return id;
}

/** Puts a bookmark into the trash. @param {State} state @param {string} id */
export function remove(state, id) {
  state.beginAct();
  if (state.view().isLiving(id)) state.put(id, "bookmark", { trashed_at: state.env.now() });
}

/** Bookmarks whose title, address or tags hold every word; the latest first. @param {State} state @param {string} text @param {number} most */
export function find(state, text, most) {
  const view = state.view();
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return [];
  const hits = [];
  for (const item of view.items()) {
    if (item.kind !== "bookmark" || !view.isLiving(item.id)) continue;
    const [url, title] = [view.text(item.id, "url"), view.text(item.id, "title")];
    const tags = Object.keys(item.puts).filter((name) => name.startsWith("tag/")).map((name) => view.text(name.slice(4), "name"));
    const all = `${title} ${url} ${tags.join(" ")}`.toLowerCase();
    if (isWeb(url) && words.every((word) => all.includes(word))) hits.push({ url, title: title || url, at: Number(view.get(item.id, "created_at") ?? 0) });
  }
  return hits.sort((one, other) => other.at - one.at).slice(0, most);
}
