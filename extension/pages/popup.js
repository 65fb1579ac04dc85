// The popup: whether the page is saved, and saving it with tags and a note.

import { ask, by, made, wordsOf } from "./ask.js";
import { isWeb } from "../src/domain/canon.js";

const say = (/** @type {string} */ text) => { by("words").textContent = text; };

/** The page it is about: the one in front, or the one its own address names. */
async function page() {
  const asked = new URLSearchParams(location.search);
  if (asked.has("url")) return { url: asked.get("url") ?? "", title: asked.get("title") ?? "" };
  const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
  return { url: tab?.url ?? "", title: tab?.title ?? "" };
}

/** @type {({ id: string } & import("../src/library.js").Shown) | null} as it was shown */
let saved = null;
/** @type {import("../src/library.js").Shown | undefined} what was shown of a page that was not saved */
let blank;
let url = "";

/** What is known of the page. */
async function look() {
  const told = await ask("page", { url });
  // The library was left while the popup was open.
  if (!told) throw Object.assign(new Error(), { code: "signed_out" });
  return told;
}

async function begin() {
  by("options").addEventListener("click", () => chrome.runtime.openOptionsPage());
  const status = await ask("status");
  if (!status.library) {
    by("head").textContent = "MindShelf";
    say("Connect this browser with your library first.");
    by("options").textContent = "Connect";
    return;
  }
  const here = await page();
  url = here.url;
  if (!isWeb(url)) {
    by("head").textContent = "MindShelf";
    say("This is no page of the web, so it is not saved.");
    return;
  }
  const told = await look();
  saved = told.saved;
  blank = { title: here.title, tags: [], notes: "", folder: "", seen: told.seen };
  by("title").value = told.saved?.title || here.title;
  by("tags").value = (told.saved?.tags ?? []).join(", ");
  by("notes").value = told.saved?.notes ?? "";
  by("known-tags").append(...told.tags.slice(0, 500).map((name) => Object.assign(document.createElement("option"), { value: name })));
  by("folder").append(...told.folders.map(({ id, path }) => Object.assign(made("option", path), { value: id })));
  showFolder();
  show(status.problem);
  by("form").hidden = false;
  by("title").focus();
}

/** Shows the folder it stands in; it may be none of these. */
function showFolder() {
  by("folder").value = saved?.folder ?? "";
  if (saved && by("folder").value !== saved.folder) saved.folder = by("folder").value = "";
}

/** @param {{ what: string } | null} problem */
function show(problem) {
  by("head").textContent = saved ? "This page is saved" : "Save this page";
  by("save").textContent = saved ? "Save changes" : "Save";
  by("remove").hidden = !saved;
  say(problem ? `${problem.what} What you save waits here.` : "");
}

by("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  by("save").disabled = true;
  try {
    const tags = by("tags").value.split(",").map((tag) => tag.trim()).filter((tag) => tag !== "");
    await ask("save", { shown: saved ?? blank, saves: { url, title: by("title").value.trim(), tags, notes: by("notes").value.trim(), folder: by("folder").value } });
    saved = (await look()).saved;
    showFolder();
    show(null);
    say("Saved.");
  } catch (error) {
    say(wordsOf(error));
  }
  by("save").disabled = false;
});

by("remove").addEventListener("click", async () => {
  try {
    if (saved) await ask("remove", { id: saved.id });
    saved = null;
    show(null);
    say("Removed. It stays in the trash for 30 days.");
  } catch (error) {
    say(wordsOf(error));
  }
});

begin().catch((error) => say(wordsOf(error)));
