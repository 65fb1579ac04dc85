// The extension in a real Firefox, with a real server: let in, level both ways, through an outage, a killed background and a
// restart. Arguments: the server's binary, and the browser's. It takes half a minute; what does not hold is an error.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Firefox, Server, until } from "./browser.mjs";
import { aPage } from "./page.mjs";
import { Person } from "./person.mjs";

/** How long the whole may take, milliseconds. */
const END_MS = 90_000;
const EXTENSION = fileURLToPath(new URL("../../firefox.mjs", import.meta.url));
/** How long both sides may take to be level, milliseconds. */
const PATIENCE_MS = 12_000;

const [serverBinary, firefoxBinary = "firefox-esr"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "mindshelf-firefox-"));
for (const name of ["profile", "data"]) mkdirSync(join(folder, name));
execFileSync(process.execPath, [EXTENSION, join(folder, "extension")]);
const server = new Server(serverBinary, join(folder, "data"));
const firefox = new Firefox(firefoxBinary, join(folder, "profile"));
const page = await aPage("A page of somebody");
let held = 0;
let at = "";

/** @param {string} what */
function now(what) {
  at = what;
}

/** @param {unknown} holds @param {string} what */
function must(holds, what) {
  if (!holds) throw new Error(`it does not hold that ${what}`);
  held += 1;
}

/** @param {string} what @param {() => Promise<unknown>} look */
async function comes(what, look) {
  await until(what, PATIENCE_MS, look);
  held += 1;
}

/** @param {Person} person */
async function mayNotComplain(person) {
  const complaints = await person.complaints();
  must(complaints.length === 0, `Firefox has nothing to complain of:\n${complaints.join("\n")}`);
}

async function story() {
  await server.start();
  let person = new Person(await firefox.start());
  await firefox.install(join(folder, "extension"));

  now("connecting");
  await person.comesIn(server.said("link"));
  await person.connects(server.origin);
  const { libraries: [{ id: library }] } = await server.ask("GET", "/v1/me");
  const at = `/v1/libraries/${library}`;
  const shelf = {
    /** A folder there. @param {string} name @returns {Promise<any>} */
    folder: async (name) => (await server.ask("GET", `${at}/collections`)).items.find((/** @type {any} */ one) => one.name === name),
    /** A bookmark there. @param {string} url @returns {Promise<any>} */
    bookmark: async (url) => (await server.ask("GET", `${at}/bookmarks`)).items.find((/** @type {any} */ one) => one.url === url),
    /** Whether the bookmarks in a folder there are called so, in order. @param {string} name @param {string} titles */
    stands: async (name, titles) => {
      const into = await shelf.folder(name);
      const { items } = await server.ask("GET", `${at}/bookmarks`);
      const places = items.flatMap((/** @type {any} */ one) => one.places.map((/** @type {any} */ place) => ({ ...place, title: one.title })));
      const here = places.filter((/** @type {any} */ { collection }) => collection === into?.id);
      here.sort((/** @type {any} */ one, /** @type {any} */ other) => (one.order < other.order ? -1 : 1));
      return here.map((/** @type {any} */ { title }) => title).join(" ") === titles;
    },
    /** Whether a bookmark stands in a folder there. @param {string} url @param {string} name */
    holds: async (url, name) => {
      const [saved, into] = [await shelf.bookmark(url), await shelf.folder(name)];
      return into !== undefined && (saved?.places ?? []).some((/** @type {any} */ { collection }) => collection === into.id);
    },
  };
  const names = async () => (await server.ask("GET", `${at}/collections`)).items.map((/** @type {any} */ { name }) => name);
  must(!(await names()).includes("Bookmarks menu"), "nothing is mirrored unasked");
  await person.mirrors();
  must(!(await person.isAsked()), "the browser asks nothing more");
  for (const root of ["Bookmarks bar", "Other bookmarks", "Bookmarks menu"]) await comes(`${root} is a folder there`, () => shelf.folder(root));

  now("from the browser to the library");
  const made = await person.makes([
    { parent: "toolbar_____", title: "News", type: "folder", children: [{ title: "One", url: "https://one.example/" }] },
    { parent: "toolbar_____", type: "separator" },
    { parent: "toolbar_____", title: "Two", url: "https://two.example/" },
    { parent: "menu________", title: "In the menu", url: "https://menu.example/" },
    { parent: "mobile______", title: "On the phone", url: "https://phone.example/" },
    { parent: "unfiled_____", title: "Script", url: "javascript:alert(1)" },
  ]);
  await comes("a page is in its folder there", () => shelf.holds("https://one.example/", "News"));
  await comes("a page is in the bar there", () => shelf.holds("https://two.example/", "Bookmarks bar"));
  await comes("a page is in the menu there", () => shelf.holds("https://menu.example/", "Bookmarks menu"));
  await comes("a page is among the phone's there", () => shelf.holds("https://phone.example/", "Mobile bookmarks"));
  must((await shelf.folder("News")).parent === (await shelf.folder("Bookmarks bar")).id, "a folder stands where it stood");
  must((await shelf.bookmark("javascript:alert(1)")) === undefined, "what is no page of the web stays here");

  now("from the library to the browser");
  const news = await shelf.folder("News");
  await server.ask("POST", `${at}/bookmarks`, { url: "https://there.example/", title: "There", places: [{ collection: news.id }] });
  await comes("what is saved there is here, and nobody pressed anything", () => person.sees("News(One https://one.example/|There https://there.example/)"));
  const phone = await shelf.folder("Mobile bookmarks");
  await server.ask("POST", `${at}/bookmarks`, { url: "https://tram.example/", title: "Tram", places: [{ collection: phone.id }] });
  await comes("what is saved for the phone is among its bookmarks", () => person.sees("On the phone https://phone.example/|Tram https://tram.example/"));
  const bar = await shelf.folder("Bookmarks bar");
  const { item: deep } = await server.ask("POST", `${at}/collections`, { name: "Deep", parent: bar.id });
  const one = await shelf.bookmark("https://one.example/");
  await server.ask("PATCH", `${at}/bookmarks/${one.id}`, { title: "First" });
  await server.ask("PATCH", `${at}/collections/${news.id}`, { parent: deep.id });
  const all = "Two https://two.example/|Deep(News(First https://one.example/|There https://there.example/))";
  await comes("what is named and moved there is so here", () => person.sees(all));
  must(await person.sees("--|Two"), "a separator stays where it was");

  now("moving in the browser");
  await person.moves(made[0][1], "toolbar_____", 0);
  await comes("what is moved here is moved there", () => shelf.holds("https://one.example/", "Bookmarks bar"));
  await comes("it stands first here", () => person.sees("(First https://one.example/|--|Two"));

  now("order");
  const four = ["a", "b", "c", "d"].map((title) => ({ title, url: `https://${title}.example/` }));
  const [[order, , b, c, d]] = await person.makes([{ parent: "unfiled_____", title: "Order", type: "folder", children: four }]);
  await comes("four are there as they stand here", () => shelf.stands("Order", "a b c d"));
  const place = async (/** @type {string} */ letter) => (await shelf.bookmark(`https://${letter}.example/`)).places[0].id;
  await server.ask("PATCH", `${at}/places/${await place("a")}`, { after: await place("c") });
  await comes("what is moved down there is so here", () => person.stands(order, "b c a d"));
  await server.ask("PATCH", `${at}/places/${await place("d")}`, { after: null });
  await comes("what is moved up there is so here", () => person.stands(order, "d b c a"));
  await person.moves(b, order, 3);
  await comes("what is moved down here is so there", () => shelf.stands("Order", "d c a b"));
  await person.moves(c, order, 0);
  await person.moves(d, order, 2);
  await comes("what is moved twice here is so there", () => shelf.stands("Order", "c a d b"));

  now("saving the page in front");
  await person.opens(page.address);
  await person.presses("S");
  await comes("it is saved by its key", () => shelf.bookmark(page.address));
  must((await shelf.bookmark(page.address)).title === page.title, "it bears its title");
  await person.savesByPopup("red, blue", "By hand");
  await comes("the popup adds a note", async () => (await shelf.bookmark(page.address)).notes === "By hand");
  const { tags } = await shelf.bookmark(page.address);
  must(tags.map((/** @type {any} */ { name }) => name).sort().join() === "blue,red", "it bears its tags");
  await person.finds("ms somebody", page.address);
  await person.closes();
  await person.letsItSeeTabs();
  await person.opens(page.address);
  await comes("the icon says that the page is saved", () => person.isMarked(page.address));
  await person.closes();

  now("a background that is killed");
  await person.killsBackground();
  await person.makes([{ parent: "unfiled_____", title: "After", url: "https://after.example/" }]);
  await comes("it wakes for a bookmark", () => shelf.holds("https://after.example/", "Other bookmarks"));

  now("an outage and a restart");
  await server.kill();
  await person.makes([{ parent: "unfiled_____", title: "Offline", url: "https://offline.example/" }]);
  await person.reads("#news", "The server does not answer");
  await mayNotComplain(person);
  await firefox.quit();
  person = new Person(await firefox.start());
  await person.reads("#standing", "to be sent");
  await server.start();
  await person.syncs();
  await comes("what was done meanwhile is there", () => shelf.holds("https://offline.example/", "Other bookmarks"));
  await person.reads("#standing", "Synced");

  now("removing");
  await person.removes(made[2][0]);
  await comes("what is removed here is in the trash there", async () => !(await shelf.bookmark("https://two.example/")));
  const there = await shelf.bookmark("https://there.example/");
  await server.ask("DELETE", `${at}/bookmarks/${there.id}`);
  await comes("what is removed there is removed here", async () => !(await person.sees("there.example")));
  await person.verifies();
  must(await person.sees("Mozilla Firefox("), "what Firefox brought is as it was");

  now("leaving, and coming again by a code");
  const count = async () => [await person.tree(), (await server.ask("GET", `${at}/bookmarks`)).items.length];
  const before = await count();
  await person.leaves();
  await person.connectsByCode(server.origin);
  await person.mirrors();
  await person.verifies();
  must(String(await count()) === String(before), "both sides are merged, and nothing is there twice");
  await mayNotComplain(person);
}

const late = setTimeout(() => {
  console.error(`too late, at: ${at}`);
  process.exitCode = 1;
  void finish();
}, END_MS);

async function finish() {
  clearTimeout(late);
  await Promise.all([firefox.kill(), server.kill()]);
  page.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => { process.exitCode = 1; void finish(); });
await story().then(
  () => console.log(`${held} things hold in ${firefoxBinary}`),
  (error) => {
    console.error(`at: ${at}\n${error.stack ?? error}`);
    process.exitCode = 1;
  },
);
await finish();
