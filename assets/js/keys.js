// The keyboard: / j k Enter o x e f t m # z s ? Esc. Keys never act while one types.
const $ = (what, where = document) => where.querySelector(what);
const $$ = (what, where = document) => [...where.querySelectorAll(what)];

const typing = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio|button|submit)$/.test(target.type);
const rows = () => $$("[data-rows] .row");
const cursor = () => $(".row[data-cursor]") ?? $(".row:focus-within");

function put(row, look) {
  if (!row) return;
  $$(".row[data-cursor]").forEach((other) => other.removeAttribute("data-cursor"));
  row.setAttribute("data-cursor", "");
  $("[data-row-link]", row)?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (look && $("#panel > *")) $("[data-row-link]", row)?.click();
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(cursor() ?? $(".row[data-open]"));
  put(all[Math.min(all.length - 1, Math.max(0, at < 0 ? lastAt : at + by))], true);
}

/** What an act applies to: what is selected, else the row one stands on. */
function aim() {
  if ($(".pick input:checked")) return true;
  const box = $(".pick input", cursor() ?? $(".row[data-open]") ?? document.createElement("i"));
  if (!box) return false;
  box.click();
  return true;
}

let lastAt = 0;
function act(name) {
  lastAt = Math.max(0, rows().indexOf(cursor() ?? $(".row[data-open]")));
  if (aim()) $(`[data-act-many=${name}]`)?.click();
}

function open(where) {
  if (!aim()) return;
  const menu = $(`[data-many-${where}] details`);
  if (!menu) return;
  menu.open = true;
  // At once: who types fast is not to type into the list.
  $(".menu-list input:not([type=hidden])", menu)?.focus();
}

const onCursor = (what) => $(what, cursor() ?? $(".row[data-open]") ?? document.createElement("i"))?.click();

const keys = {
  "/": () => { $("#q")?.focus(); $("#q")?.select(); },
  j: () => step(1),
  k: () => step(-1),
  o: () => ($("[data-opened]", $("#panel")) ?? $("[data-opened]", cursor() ?? document.createElement("i")))?.click(),
  x: () => onCursor(".pick input"),
  e: () => act("archive"),
  f: () => onCursor("[data-act=favourite]"),
  t: () => open("tag"),
  m: () => open("move"),
  "#": () => act("trash"),
  z: () => $("[data-undo]")?.click(),
  s: () => location.assign(`${document.documentElement.dataset.base}save`),
  "?": () => $("#keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    $("dialog[open]")?.close();
    $("#palette")?.showModal();
    return;
  }
  if (event.key === "Escape") return escape(event);
  if (event.target.id === "q" && (event.key === "ArrowDown" || event.key === "Enter" && $("#results"))) {
    const first = rows()[0];
    if (first) { event.preventDefault(); put(first, false); }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
  if (event.key === "ArrowDown" && event.target.closest(".row")) { event.preventDefault(); return step(1); }
  if (event.key === "ArrowUp" && event.target.closest(".row")) { event.preventDefault(); return step(-1); }
  const does = keys[event.key];
  if (does) { event.preventDefault(); does(); }
});

function escape(event) {
  if ($("dialog[open]")) return;
  const menu = $("[data-menu][open]");
  if (menu) { menu.open = false; $("summary", menu)?.focus(); return; }
  if (typing(event.target)) { event.target.blur(); return; }
  if ($(".pick input:checked")) { $("[data-do=let-go]")?.click(); return; }
  document.dispatchEvent(new CustomEvent("mindshelf:close"));
}

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-rows] .row");
  if (!row) return;
  $$(".row[data-cursor]").forEach((other) => { if (other !== row) other.removeAttribute("data-cursor"); });
});
