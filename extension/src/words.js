// What went wrong, in words, and what helps.

/** @type {Record<string, [string, string]>} */
const WORDS = {
  address: ["This is no address.", "Write it as it stands in the address bar, such as https://shelf.example."],
  away: ["The server does not answer.", "What you do is kept here and sent when it answers again. Check the address, and whether you are connected."],
  no_server: ["There is no MindShelf at this address.", "Open it in a tab: you should see your library's sign-in page."],
  other_name: ["The server goes by another address.", "Use the address it names:"],
  closed: ["The window was closed before you answered.", "Connect again, or use a code instead."],
  access_denied: ["You did not let this browser in.", "Connect again whenever you like."],
  expired_token: ["The code has run out.", "Ask for a new one."],
  mixed_up: ["The answer did not come from your server.", "Connect again. If this repeats, check the address."],
  signed_out: ["This browser is no longer let in.", "Connect again: what waits here is kept and sent then."],
  permission: ["The browser may not ask your server.", "Connect again and allow it."],
  insufficient_scope: ["This browser may read, but not change.", "Connect again and let it change bookmarks."],
  forbidden: ["You may not change this library.", "Ask its owner, or choose another one."],
  not_found: ["The library is gone, or no longer shared with you.", "Choose another one. What is here stays here."],
  device_removed: ["This browser was removed from your devices.", "Join again to send what waits, or disconnect."],
  other_library: ["Changes wait here for another library.", "Connect with its server again to send them, or disconnect to drop them."],
  waiting: ["Changes wait here that the library does not have.", "Connect and sync to send them, or press Disconnect again to drop them."],
  too_many: ["More was changed here than this browser can keep for sending.", "Connect and sync: what was changed then is taken once there is room."],
  storage: ["This browser could not keep what came.", "Make room on its disk. Nothing is lost: it is asked for again."],
  slow_down: ["The server asked to wait.", "It goes on by itself."],
  unavailable: ["The server is busy.", "It goes on by itself."],
  quota: ["The library has no more room.", "Make room, or ask whoever runs the server."],
  foreign_origin: ["The server does not let extensions in.", "Update it, or name this extension in its setting “origins”."],
};

/** @param {{ code: string, detail: string } | null} problem */
export function explained(problem) {
  if (!problem) return null;
  const [what, remedy] = WORDS[problem.code] ?? ["Something went wrong.", problem.detail || problem.code];
  return { code: problem.code, what, remedy: problem.code === "other_name" ? `${remedy} ${problem.detail}` : remedy };
}

/** What to keep of a failure. @param {unknown} error */
export function problemOf(error) {
  const some = /** @type {{ refusal?: { code: string, detail: string }, code?: string, message?: string }} */ (error);
  if (some.refusal) return { code: some.refusal.code, detail: some.refusal.detail };
  return { code: typeof some.code === "string" ? some.code : "unknown", detail: some.message ?? String(error) };
}

/** What was refused, and why, for a list. What lives in another library now may still be read here by its old name.
 * @param {import("./sync/state.js").Aside} aside @param {import("./domain/shelf.js").View} view */
export function refusal({ change: { item, kind, set }, code, detail }, view) {
  const names = ["title", "name", "url"];
  const put = names.map((name) => set[name]).find((text) => typeof text === "string" && text !== "");
  const known = names.map((name) => view.text(item, name)).find((text) => text !== "");
  const why = code === "moved" ? "it lives in another library now. Make the change there." : detail || code || "";
  return { what: String(put ?? known ?? kind), why };
}
