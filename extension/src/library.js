// What a person does with one page: whether it is saved, saving it with tags and a note, editing and removing it.

import { folded, isWeb } from "./domain/canon.js";
import { between } from "./domain/order.js";

/** @typedef {import("./sync/state.js").State} State */
/** @typedef {{ url: string, title: string, tags: string[], notes: string, folder: string }} Saves */
/** @typedef {{ epoch: number, seq: number }} Seen up to which row the library is shown */
/** @typedef {{ title: string, tags: string[], notes: string, folder: string, seen: Seen }} Shown what a person saw of a page */

/** The tags a bookmark bears, as they are called. @param {State} state @param {import("./domain/shelf.js").Item} item */
function tagsOf(state, item) {
  const view = state.view();
  const tags = Object.entries(item.puts).filter(([name, held]) => name.startsWith("tag/") && held[3] === true).map(([name]) => name.slice(4));
  return [...new Set(tags.filter((id) => view.isLiving(id)).map((id) => view.text(id, "name")))].sort();
}

/** What is shown now. @param {State} state @returns {Seen} */
export const seenBy = ({ shelf: { epoch, seq } }) => ({ epoch, seq });

/** What is known of an address. @param {State} state @param {string} url */
export function lookUp(state, url) {
  const view = state.view();
  const item = view.byAddress(url);
  if (!item || !view.isLiving(item.id)) return null;
  // What stands in a folder that is gone is unsorted.
  const [folder = ""] = view.placesOf(item.id).map((place) => view.text(place, "parent")).filter((at) => view.isLiving(at));
  return {
    id: item.id, url: view.text(item.id, "url"), title: view.text(item.id, "title"), notes: view.text(item.id, "notes"),
    seen: seenBy(state), tags: tagsOf(state, item), folder, path: pathOf(state, folder),
  };
}

/** The names of a folder and of those it stands in; one in a folder that is gone stands at the top. @param {State} state @param {string} folder */
function pathOf(state, folder) {
  const view = state.view();
  const names = [];
  for (let [at, steps] = [folder, 0]; view.isLiving(at) && steps < 100; at = view.text(at, "parent"), steps += 1) names.unshift(view.text(at, "name"));
  return names.join(" › ");
}

/** Folders to choose from, by their paths. @param {State} state */
export function folders(state) {
  const view = state.view();
  const all = [...view.items()].filter((item) => item.kind === "collection" && view.isLiving(item.id) && view.text(item.id, "query") === "" && view.text(item.id, "mount") === "");
  return all.map(({ id }) => ({ id, path: pathOf(state, id) })).sort((one, other) => one.path.localeCompare(other.path));
}

/** The names of all tags. @param {State} state */
export function tagNames(state) {
  const view = state.view();
  return [...view.items()].filter((item) => item.kind === "tag" && view.isLiving(item.id)).map(({ id }) => view.text(id, "name")).sort();
}

/**
 * Saves a page, or what was changed about it.
 * @param {State} state @param {Saves} saves
 * @param {Shown} [shown] what the person saw: what they left as it was is not put, tags they did not see stay, and the folder they saw is
 *   the one it leaves. Of a text that others wrote since a copy is kept
 */
export function save(state, saves, shown) {
  if (!isWeb(saves.url)) throw Object.assign(new Error("this is no page of the web"), { code: "address" });
  state.beginAct();
  const view = state.view();
  const known = view.byAddress(saves.url);
  const id = known?.id ?? state.env.newId();
  const isNew = !known || !view.isLiving(id);
  /** @type {Record<string, import("./sync/state.js").Value>} */
  const set = known ? {} : { url: saves.url, created_at: state.env.now() };
  if (known && isNew) set.trashed_at = null;
  const isSame = (/** @type {"title" | "notes"} */ name) => !isNew && shown !== undefined && shown[name].trim() === saves[name].trim();
  if (!isSame("title") && saves.title !== view.text(id, "title")) set.title = saves.title;
  if (!isSame("notes") && saves.notes !== view.text(id, "notes")) set.notes = saves.notes === "" ? null : saves.notes;
  // A name may hold a comma: who did not touch the tags tears none apart.
  const areSame = shown && !isNew && shown.tags.join(", ").trim() === saves.tags.join(", ");
  const wanted = areSame ? [] : saves.tags.map((name) => tagOf(state, name)).filter((tag) => tag !== "");
  const borne = Object.entries(areSame ? {} : (known?.puts ?? {})).filter(([name, held]) => name.startsWith("tag/") && held[3] === true).map(([name]) => name.slice(4));
  for (const tag of wanted) if (!borne.some((one) => view.base.resolve(one) === tag)) set[`tag/${tag}`] = true;
  const wasSeen = (/** @type {string} */ tag) => isNew || !shown || shown.tags.includes(view.text(tag, "name"));
  for (const tag of borne) if (view.isLiving(tag) && wasSeen(tag) && !wanted.includes(view.base.resolve(tag))) set[`tag/${tag}`] = null;
  if (Object.keys(set).length > 0) state.put(id, "bookmark", set, shown && seenHere(state, shown.seen));
  keepSpot(state, id, saves.folder, isNew ? undefined : shown?.folder);
  return id;
}

/** Up to which row of this life of the log something was seen: of another life nothing surely is the same.
 * @param {State} state @param {Seen} seen */
const seenHere = (state, { epoch, seq }) => (epoch === state.shelf.epoch ? seq : 0);

/** Puts a bookmark into a folder, out of the one it was seen in. @param {State} state @param {string} id @param {string} folder @param {string} [left] */
function keepSpot(state, id, folder, left) {
  const view = state.view();
  const places = view.placesOf(id);
  const from = left === undefined || left === "" || left === folder ? undefined : places.find((place) => view.text(place, "parent") === left);
  if (folder === "" || places.some((place) => view.text(place, "parent") === folder)) {
    if (from) state.put(from, "place", { trashed_at: state.env.now() });
    return;
  }
  const order = between(lastIn(state, folder), "", state.env.chance());
  if (from) state.put(from, "place", { parent: folder, order });
  else state.put(state.env.newId(), "place", { bookmark: id, parent: folder, order });
}

/** The last key of order in a folder. @param {State} state @param {string} folder */
function lastIn(state, folder) {
  const view = state.view();
  let last = "";
  for (const item of view.items()) {
    const isChild = (item.kind === "place" || item.kind === "collection") && view.text(item.id, "parent") === folder && view.isLiving(item.id);
    if (isChild && view.text(item.id, "order") > last) last = view.text(item.id, "order");
  }
  return last;
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
    const all = `${title} ${url} ${tagsOf(state, item).join(" ")}`.toLowerCase();
    if (isWeb(url) && words.every((word) => all.includes(word))) hits.push({ url, title: title || url, at: Number(view.get(item.id, "created_at") ?? 0) });
  }
  return hits.sort((one, other) => other.at - one.at).slice(0, most);
}
