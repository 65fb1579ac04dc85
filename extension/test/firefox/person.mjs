// A person at a Firefox: what they press, type, make and see.

import { PAGES, until } from "./browser.mjs";

const OPTIONS = `${PAGES}/options.html`;
/** How long a page may take to show what it is to show, milliseconds. */
const PATIENCE_MS = 12_000;
/** The button by which the browser's question is answered with yes. */
const ALLOW = "#addon-webext-permissions-notification .popup-notification-primary-button";

/** Draws the browser's tree as text: a folder is its name and what is in it, a separator two lines. */
const DRAW = `const draw = ({ type, title, url, children }) => type === "separator" ? "--"
  : children ? title + "(" + children.map(draw).join("|") + ")" : title + " " + url;
  const [top] = await chrome.bookmarks.getTree();
  return top.children.map(draw).join("|");`;

/** Makes bookmarks as the browser's own menus do; answers their ids, each with those of what is in it. */
const MAKE = `const [wanted] = given;
  const { bookmarks } = PlacesUtils;
  const types = { folder: bookmarks.TYPE_FOLDER, separator: bookmarks.TYPE_SEPARATOR, bookmark: bookmarks.TYPE_BOOKMARK };
  const made = [];
  const make = async (one, parentGuid) => {
    const { title, url } = one;
    const type = types[one.type ?? "bookmark"];
    const { guid } = await bookmarks.insert(type === types.separator ? { parentGuid, type } : { parentGuid, type, title, url });
    const ids = [guid];
    for (const child of one.children ?? []) ids.push(...(await make(child, guid)));
    return ids;
  };
  for (const one of wanted) made.push(await make(one, one.parent));
  return made;`;

export class Person {
  /** @param {import("./marionette.mjs").Marionette} marionette */
  constructor(marionette) {
    this.at = marionette;
    /** @type {string} where the extension's own page is */
    this.home = "";
    /** @type {string} where the page is that is looked at */
    this.front = "";
  }

  /** Waits until a script says so; a page that is replaced meanwhile is asked again. @param {string} what @param {string} script */
  async #until(what, script) {
    await until(what, PATIENCE_MS, () => this.at.run(script).catch(() => false)).catch(async (error) => {
      const text = await this.at.run("return location.href + '\\n' + document.body.innerText").catch(() => "");
      throw new Error(`${error.message}; the page says:\n${text}`);
    });
  }

  /** Presses the button of a page that bears some words. @param {string} words */
  #pressing(words) {
    return this.#until(`a button says ${words}`, `const one = [...document.querySelectorAll("button")].find((button) => button.textContent.includes(${JSON.stringify(words)}));
      one?.click(); return one !== undefined`);
  }

  /** Signs in by a link. @param {string} link */
  async comesIn(link) {
    await this.at.goto(link);
    await this.#pressing("Sign in");
    await this.#until("the person is in", "return location.pathname !== '/sign-in' && document.readyState === 'complete'");
  }

  /** Presses a button of the settings once it is shown. @param {string} css */
  async #press(css) {
    await this.#until(`${css} is shown`, `const one = document.querySelector("${css}"); return one !== null && !one.disabled && one.getClientRects().length > 0`);
    await this.at.press(css);
  }

  async settings() {
    await this.at.goto(OPTIONS);
  }

  /** Connects the extension with a server, and allows what the browser and the server ask. @param {string} origin */
  async connects(origin) {
    await this.settings();
    await this.#until("it asks for a server", "return !document.querySelector('#connect').hidden");
    await this.at.type("#server", origin);
    const home = await this.at.ask("WebDriver:GetWindowHandle");
    await this.at.press("#connect-form button.main");
    await this.#allows();
    await this.#turnsTo("/oauth/authorize");
    await this.#pressing("Let it in");
    await this.at.ask("WebDriver:SwitchToWindow", { handle: home });
    await this.#until("it is connected", "return !document.querySelector('#mirroring').hidden");
  }

  /** Disconnects the extension. */
  async leaves() {
    await this.settings();
    await this.#press("#leave");
    await this.#until("it is disconnected", "return !document.querySelector('#connect').hidden");
  }

  /** Connects with a server that was allowed before, by a code on the server's own page. @param {string} origin */
  async connectsByCode(origin) {
    await this.settings();
    await this.#until("it asks for a server", "return !document.querySelector('#connect').hidden");
    await this.at.type("#server", origin);
    await this.#press("#by-code");
    await this.#until("it shows a code", "return !document.querySelector('#code-words').hidden");
    await this.opens(await this.at.run("return document.querySelector('#code-page').href"));
    await this.#pressing("Go on");
    await this.#pressing("Let it in");
    await this.#until("the page says so", "return ![...document.querySelectorAll('button')].some((button) => button.textContent.includes('Let it in'))");
    await this.closes();
    await this.#until("it is connected", "return !document.querySelector('#mirroring').hidden");
  }

  /** Says yes to the browser's own question. */
  async #allows() {
    await until("the browser asks", PATIENCE_MS, () => this.at.inWindow(() => this.at.run(
      `const button = document.querySelector("${ALLOW}"); if (!button || PopupNotifications.panel.state !== "open") return false; button.click(); return true`,
    )));
  }

  /** Turns to the window that shows an address. @param {string} part */
  async #turnsTo(part) {
    await until(`a window shows ${part}`, PATIENCE_MS, async () => {
      for (const handle of await this.at.ask("WebDriver:GetWindowHandles")) {
        await this.at.ask("WebDriver:SwitchToWindow", { handle }).catch(() => undefined);
        if (String(await this.at.ask("WebDriver:GetCurrentURL").catch(() => "")).includes(part)) return true;
      }
      return false;
    });
  }

  /** Whether the browser asks something now. */
  isAsked() {
    return this.at.inWindow(() => this.at.run("return PopupNotifications.panel.state === 'open'"));
  }

  async mirrors() {
    await this.#press("#mirror-form button.main");
    await this.reads("#standing", "mirrored");
  }

  /** Reads words in the settings. @param {string} css @param {string} words */
  async reads(css, words) {
    if ((await this.at.ask("WebDriver:GetCurrentURL")) !== OPTIONS) await this.settings();
    await this.#until(`${css} says ${words}`, `return document.querySelector("${css}").textContent.includes(${JSON.stringify(words)})`);
  }

  async syncs() {
    await this.settings();
    await this.#press("#sync");
  }

  async verifies() {
    await this.settings();
    await this.#press("#verify");
    await this.reads("#words", "Both sides were compared");
    if (await this.at.run("return document.body.textContent.includes('differed')")) throw new Error("both sides differed");
  }

  /** Makes bookmarks, folders and separators. @param {object[]} what @returns {Promise<string[][]>} */
  makes(what) {
    return this.at.inWindow(() => this.at.does(MAKE, what));
  }

  /** @param {string} guid @param {string} parentGuid @param {number} index */
  moves(guid, parentGuid, index) {
    return this.at.inWindow(() => this.at.does("await PlacesUtils.bookmarks.update(given[0])", { guid, parentGuid, index }));
  }

  /** @param {string} guid */
  removes(guid) {
    return this.at.inWindow(() => this.at.does("await PlacesUtils.bookmarks.remove(given[0])", guid));
  }

  /** The browser's bookmarks, drawn as text; nobody is asked to sync. @returns {Promise<string>} */
  async tree() {
    if (!(await this.at.ask("WebDriver:GetCurrentURL")).startsWith(PAGES)) await this.settings();
    return this.at.does(DRAW);
  }

  /** Whether those hold some words. @param {string} words */
  async sees(words) {
    return (await this.tree()).includes(words);
  }

  /** Whether the bookmarks in a folder are called so, in order. @param {string} folder @param {string} titles */
  async stands(folder, titles) {
    const told = await this.at.does("return (await chrome.bookmarks.getChildren(given[0])).map(({ title }) => title).join(' ')", folder);
    return told === titles;
  }

  /** Opens a page in front, in a tab of its own; the settings stay in theirs. @param {string} url */
  async opens(url) {
    this.home = await this.at.ask("WebDriver:GetWindowHandle");
    const { handle } = await this.at.ask("WebDriver:NewWindow", { type: "tab", focus: true });
    await this.at.ask("WebDriver:SwitchToWindow", { handle });
    this.front = handle;
    await this.at.goto(url);
  }

  /** Closes the page in front. */
  async closes() {
    await this.at.ask("WebDriver:SwitchToWindow", { handle: this.front });
    await this.at.ask("WebDriver:CloseWindow");
    await this.at.ask("WebDriver:SwitchToWindow", { handle: this.home });
  }

  /** Does what Alt+Shift and a letter do. @param {string} letter */
  async presses(letter) {
    const is = await this.at.inWindow(() => this.at.run(`const [letter] = arguments;
      const key = [...document.querySelectorAll("keyset[id^=ext-keyset] key")].find((one) => one.getAttribute("key") === letter);
      key?.doCommand(); return key?.getAttribute("modifiers")`, letter));
    if (is !== "alt,shift") throw new Error(`no key does what Alt+Shift+${letter} is to do`);
  }

  /** Saves the page in front by the popup over it. @param {string} tags @param {string} notes */
  async savesByPopup(tags, notes) {
    // Without a window nothing has the focus, and a popup goes when it has none.
    await this.at.inWindow(() => this.at.run("Services.prefs.setBoolPref('ui.popup.disable_autohide', true)"));
    await this.presses("M");
    // The page in front stays there while a page of the extension behind it reaches into the popup.
    await this.at.ask("WebDriver:SwitchToWindow", { handle: this.home, focus: false });
    const popup = "const popup = chrome.extension.getViews({ type: 'popup' })[0]?.document;";
    await this.#until("the popup asks", `${popup} return popup?.getElementById("form")?.hidden === false`);
    await this.at.run(`${popup} const [tags, notes] = arguments;
      popup.getElementById("tags").value = tags; popup.getElementById("notes").value = notes; popup.getElementById("save").click()`, tags, notes);
    await this.#until("it is saved", `${popup} return popup?.getElementById("words").textContent.includes("Saved")`);
    await this.at.inWindow(() => this.at.run("document.querySelectorAll('panel').forEach((panel) => panel.hidePopup())"));
  }

  /** Lets the extension see the addresses of tabs. */
  async letsItSeeTabs() {
    await this.settings();
    await this.#press("#tabs");
    await this.#allows();
    await this.#until("it may", "return document.querySelector('#tabs').checked");
  }

  /** Whether the icon says that the page in front is saved. @param {string} url */
  async isMarked(url) {
    await this.at.ask("WebDriver:SwitchToWindow", { handle: this.home, focus: false });
    return this.at.does(`const [tab] = await chrome.tabs.query({ active: true });
      return tab.url === given[0] && (await chrome.action.getBadgeText({ tabId: tab.id })) === "✓"
        && (await chrome.action.getTitle({ tabId: tab.id })).includes("this page is saved")`, url);
  }

  /** Whether typing some words into the address bar shows others beneath it. @param {string} typed @param {string} words */
  finds(typed, words) {
    return this.at.inWindow(async () => {
      await this.at.run("gURLBar.focus(); gURLBar.search(arguments[0])", typed);
      await until(`${typed} finds ${words}`, PATIENCE_MS, () => this.at.run(
        "return [...document.querySelectorAll('.urlbarView-row')].some((row) => row.textContent.includes(arguments[0]))", words,
      ));
      await this.at.run("gURLBar.view.close()");
    });
  }

  /** What Firefox says is wrong with the code of the extension, or that its policy kept something from it. @returns {Promise<string[]>} */
  complaints() {
    return this.at.inWindow(() => this.at.run(`const [ours] = arguments;
      const all = Services.console.getMessageArray().map((one) => String(one.message)).filter((text) => text.includes(ours));
      return all.filter((text) => /(Reference|Type|Syntax|Range)Error|Content-Security-Policy/.test(text))`, PAGES.slice(0, -"pages".length)));
  }

  /** Ends the background as Firefox does after half a minute, at once. */
  killsBackground() {
    return this.at.inWindow(() => this.at.does(`await WebExtensionPolicy.getByID("extension@mindshelf").extension.terminateBackground()`));
  }
}
