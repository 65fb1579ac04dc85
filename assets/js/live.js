// Makes plain pages live: the item panel, toasts, menus, dialogs, fields that save themselves, opened links.
const $ = (what, where = document) => where.querySelector(what);
const $$ = (what, where = document) => [...where.querySelectorAll(what)];
const csrf = () => document.body.dataset.csrf ?? "";

/** Says something in the corner. */
function say(words) {
  const corner = $("#toasts");
  if (!corner) return;
  const toast = document.createElement("div");
  toast.className = "toast toast-plain";
  toast.dataset.toast = "";
  toast.textContent = words;
  corner.replaceChildren(toast);
  fade(toast);
}

function fade(toast) {
  setTimeout(() => { if (!toast.matches(":hover, :focus-within")) toast.remove(); else fade(toast); }, 8000);
}

/** Text areas of one line grow with their text where the browser does not do it itself. */
function grow(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}

function dress(where) {
  $$("[data-toast]", where).forEach(fade);
  $$("textarea.input-bare", where).forEach(grow);
  $$("[data-twist]", where).forEach((twist) => {
    if (remembered().has(twist.dataset.twist)) twist.setAttribute("aria-expanded", "true");
  });
}

function remembered() {
  try { return new Set(JSON.parse(sessionStorage.getItem("twists") ?? "[]")); } catch { return new Set(); }
}

/** The list's own address with the item that is open taken out. */
const listBase = () => $("#results")?.dataset.base;

/** The row of the item that is open shows it. */
function light() {
  const id = $("#panel [data-item]")?.dataset.item;
  $$(".row[data-open]").forEach((row) => row.removeAttribute("data-open"));
  if (id) $(`#item-${CSS.escape(id)}`)?.setAttribute("data-open", "");
}

function closePanel() {
  const panel = $("#panel");
  if (!panel?.firstElementChild) return false;
  const id = $("[data-item]", panel)?.dataset.item;
  panel.replaceChildren();
  $$(".row[data-open]").forEach((row) => row.removeAttribute("data-open"));
  const base = listBase();
  if (base) history.pushState({}, "", base);
  $(`#item-${CSS.escape(id ?? "")} [data-row-link]`)?.focus({ preventScroll: true });
  return true;
}

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-do], [data-dialog], [data-close], [data-opened], [data-twist], [data-toast] a");
  if (!target) return;
  const { dataset } = target;
  if (dataset.do === "theme") theme();
  if (dataset.do === "let-go") letGo();
  if (dataset.dialog && $(`#${dataset.dialog}`)?.showModal) {
    event.preventDefault();
    $(`#${dataset.dialog}`).showModal();
  }
  if ("close" in dataset && target.closest("#panel") && listBase()) {
    event.preventDefault();
    closePanel();
  }
  if (dataset.opened) opened(dataset.opened);
  if (dataset.twist) {
    const open = target.getAttribute("aria-expanded") !== "true";
    target.setAttribute("aria-expanded", String(open));
    const twists = remembered();
    if (open) twists.add(dataset.twist); else twists.delete(dataset.twist);
    try { sessionStorage.setItem("twists", JSON.stringify([...twists])); } catch { /* no storage */ }
  }
});

/** Opening a link is told to the library, which remembers it or not, as its owner wishes. */
function opened(id) {
  fetch(`${document.documentElement.dataset.base}items/${encodeURIComponent(id)}/opened`, { method: "POST", keepalive: true, headers: { "X-CSRF-Token": csrf() } }).catch(() => {});
}
document.addEventListener("auxclick", (event) => {
  const link = event.target.closest?.("[data-opened]");
  if (link && event.button === 1) opened(link.dataset.opened);
});

/** Light becomes dark and dark light; the choice is kept by the server's cookie. */
function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  const body = new URLSearchParams({ theme: root.dataset.theme, _csrf: csrf() });
  fetch(`${root.dataset.base}settings/appearance`, { method: "POST", body, redirect: "manual" }).catch(() => {});
}

function letGo() {
  $$(".pick input:checked").forEach((pick) => { pick.checked = false; });
  count();
}

function count() {
  const chosen = $$(".pick input:checked").length;
  const words = $("[data-selected-count]");
  if (words) words.textContent = chosen === 1 ? "1 selected" : `${chosen} selected`;
}

let lastPick;
document.addEventListener("click", (event) => {
  const pick = event.target.closest?.(".pick input");
  if (!pick) return;
  if (event.shiftKey && lastPick?.isConnected) {
    const picks = $$(".pick input");
    const [from, to] = [picks.indexOf(lastPick), picks.indexOf(pick)].sort((a, b) => a - b);
    picks.slice(from, to + 1).forEach((other) => { other.checked = pick.checked; });
  }
  lastPick = pick;
  count();
});

// A choice that needs no second press.
document.addEventListener("change", (event) => {
  if ("send" in event.target.dataset && event.target.value) event.target.form.requestSubmit();
});

document.addEventListener("input", (event) => {
  const { target } = event;
  if (target.matches("textarea.input-bare")) grow(target);
  if (target.dataset.filter === "next") {
    const sought = target.value.trim().toLowerCase();
    $$("[data-name]", target.nextElementSibling).forEach((one) => { one.hidden = !one.dataset.name.includes(sought); });
  }
});

// A title is one line: Enter saves it. In a menu's field, Enter presses the first button below it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  if (event.target.matches("textarea.item-title")) { event.preventDefault(); event.target.blur(); }
  if (event.target.matches("[data-tag-input], [data-filter]")) {
    event.preventDefault();
    $$("button", event.target.closest(".menu-list")).find((button) => !button.hidden)?.click();
  }
});

// What cannot be undone is asked about once more.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.sure;
  if (question && !confirm(question)) event.preventDefault();
}, true);

// One menu at a time, and a press elsewhere closes it.
document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("[data-menu][open]")) return;
  $$("[data-menu][open]").forEach((menu) => { if (menu !== event.target) menu.open = false; });
  $(".menu-list input:not([type=hidden])", event.target)?.focus();
}, true);
document.addEventListener("pointerdown", (event) => {
  $$("[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  if (event.target.matches?.("dialog[open]")) event.target.close();
});

document.addEventListener("htmx:afterSettle", (event) => {
  dress(event.target);
  if (event.target.id === "panel") {
    event.target.scrollTop = 0;
  }
  light();
  count();
});

// A row that is drawn afresh stays selected and stays the one that keys stand on; one that goes is
// counted off.
function noted(row) {
  if (!row?.matches?.(".row")) return undefined;
  return {
    id: row.id,
    picked: $(".pick input", row)?.checked,
    held: "cursor" in row.dataset,
    focused: row.contains(document.activeElement),
  };
}
function restore(before) {
  if (!before) return;
  const row = document.getElementById(before.id);
  if (!row) { fewer(); return; }
  $(".pick input", row).checked = before.picked;
  if (before.held) row.dataset.cursor = "";
  if (before.focused) $("[data-row-link]", row)?.focus({ preventScroll: true });
}
function fewer() {
  const shown = $(".list-head .count");
  const left = Number(shown?.textContent.replaceAll(/\D/g, "")) - 1;
  if (left >= 0) shown.textContent = `${left.toLocaleString("en")} ${left === 1 ? "link" : "links"}`;
}
// A comment somebody has begun stays where the item around it is drawn afresh, unless it was just sent.
function begun({ target, shouldSwap, requestConfig }) {
  if (target?.id !== "item" || !shouldSwap) return [];
  const said = $$("textarea[name=body]", target).filter((area) => area.value !== area.defaultValue);
  return said.filter((area) => !requestConfig?.elt?.contains(area)).map((area) => [area.id, area.value]);
}
function goOn(comments) {
  for (const [id, text] of comments) {
    const area = document.getElementById(id);
    if (!area) continue;
    area.value = text;
    const around = area.closest("details");
    if (around) around.open = true;
  }
}
let asked, beside;
let comments = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  asked = noted(event.detail.target);
  comments = begun(event.detail);
});
document.addEventListener("htmx:oobBeforeSwap", (event) => { beside = noted(event.detail.target); });
document.addEventListener("htmx:afterSwap", () => {
  restore(asked);
  asked = undefined;
  goOn(comments);
  comments = [];
});
document.addEventListener("htmx:oobAfterSwap", () => {
  restore(beside);
  beside = undefined;
  $$("[data-toast]").forEach(fade);
  light();
  count();
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("form[data-live]");
  if (!form || event.detail.requestConfig?.verb === "get") return;
  const words = $("[data-saved]", form.closest("[data-item]") ?? document);
  if (words) words.textContent = event.detail.successful ? "Saved" : "Not saved";
});
// Whoever was signed out meanwhile is not led away from what they have typed.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (xhr.status !== 401 || requestConfig?.verb === "get") return;
  event.preventDefault();
  say("You are signed out, and this is not saved. It stays here: copy it, then sign in again.");
});
document.addEventListener("htmx:responseError", (event) => {
  const said = event.detail.xhr.getResponseHeader("X-Problem");
  say(said ? decodeURIComponent(said) : "That did not work. Nothing was changed.");
});
document.addEventListener("htmx:sendError", () => say("The server cannot be reached. Nothing was changed."));
document.addEventListener("htmx:beforeHistorySave", () => $$("dialog[open]").forEach((dialog) => dialog.close()));

dress(document);
document.addEventListener("mindshelf:close", closePanel);
if (location.hash === "#q") $("#q")?.focus();
$$("nav.bar a[href$='/library#q']").forEach((link) => link.addEventListener("click", (event) => {
  if ($("#results")) { event.preventDefault(); closePanel(); scrollTo(0, 0); $("#q")?.focus(); }
}));
