// Arranging with the hand: the two splits, folders among each other, rows into folders.
const csrf = () => document.body.dataset.csrf ?? "";
const root = document.documentElement;

// Splits: dragged, or moved with the arrow keys; the width is remembered.
const bounds = { rail: [180, 480], panel: [320, 900] };
function widen(split, width) {
  const [least, most] = bounds[split];
  const fitting = Math.round(Math.min(most, Math.max(least, width)));
  root.style.setProperty(`--${split}`, `${fitting}px`);
  document.querySelector(`[data-split=${split}]`)?.setAttribute("aria-valuenow", String(fitting));
  try { localStorage.setItem(`split-${split}`, String(fitting)); } catch { /* no storage */ }
}
const widthAt = (split, x) => (split === "rail" ? x : innerWidth - x);
document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest?.("[data-split]");
  if (!handle) return;
  event.preventDefault();
  handle.setPointerCapture(event.pointerId);
  handle.dataset.held = "";
  const move = (moved) => widen(handle.dataset.split, widthAt(handle.dataset.split, moved.clientX));
  const drop = () => { delete handle.dataset.held; handle.removeEventListener("pointermove", move); };
  handle.addEventListener("pointermove", move);
  handle.addEventListener("pointerup", drop, { once: true });
  handle.addEventListener("pointercancel", drop, { once: true });
});
document.addEventListener("keydown", (event) => {
  const handle = event.target.closest?.("[data-split]");
  const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
  if (!handle || !step) return;
  event.preventDefault();
  const { left, width } = handle.getBoundingClientRect();
  widen(handle.dataset.split, widthAt(handle.dataset.split, left + width / 2 + step));
});

// Dragging: a folder before, after or into another; a row into a folder.
let held;
const folderAt = (target) => target.closest?.("[data-folder]");
document.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.("[data-rows] .row");
  const folder = folderAt(event.target);
  if (row) {
    const chosen = [...document.querySelectorAll(".pick input:checked")].map((pick) => pick.value);
    held = { items: chosen.includes(row.dataset.id) ? chosen : [row.dataset.id] };
  } else if (folder) {
    held = { folder: folder.dataset.folder };
  } else return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");
});

function place(event, folder) {
  const line = folder.closest("[data-arrange]") ? folder : folder.querySelector(":scope > .twig") ?? folder;
  const { top, height } = line.getBoundingClientRect();
  const part = (event.clientY - top) / height;
  if (held.items) return "into";
  return part < 0.28 ? "before" : part > 0.72 ? "after" : "into";
}
const clear = () => document.querySelectorAll("[data-over]").forEach((one) => delete one.dataset.over);
const face = (folder) => (folder.closest("[data-arrange]") ? folder : folder.querySelector(".nav-item"));

document.addEventListener("dragover", (event) => {
  const folder = held && folderAt(event.target);
  if (!folder || folder.dataset.folder === held.folder) return;
  event.preventDefault();
  clear();
  face(folder).dataset.over = place(event, folder);
});
document.addEventListener("dragend", () => { held = undefined; clear(); });
document.addEventListener("drop", (event) => {
  const folder = held && folderAt(event.target);
  if (!folder) return;
  event.preventDefault();
  const where = place(event, folder);
  if (held.items) send("bulk", [["act", `move:${folder.dataset.folder}`], ...held.items.map((item) => ["item", item])]);
  else if (held.folder !== folder.dataset.folder) send(`folders/${held.folder}/move`, [["way", where], ["beside", folder.dataset.folder]]);
  held = undefined;
  clear();
});

/** Posts to an address below the base as a form would, so that the answer is a page. */
function send(action, values) {
  const form = document.createElement("form");
  const { base } = document.documentElement.dataset;
  form.method = "post";
  form.action = base + action;
  for (const [name, value] of [["_csrf", csrf()], ["back", location.pathname.slice(base.length - 1) + location.search], ...values]) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}
