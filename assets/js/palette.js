// The palette: a few letters lead to any place, or to a search.
const palette = document.querySelector("#palette");
const field = palette?.querySelector("input");
const list = palette?.querySelector("[role=listbox]");

if (palette && field && list) {
  const search = document.createElement("li");
  const link = document.createElement("a");
  link.setAttribute("role", "option");
  link.tabIndex = -1;
  link.id = "palette-search";
  const words = document.createElement("span");
  link.append(words);
  search.append(link);
  search.setAttribute("role", "presentation");
  list.append(search);

  const options = () => [...list.querySelectorAll("[role=option]")].filter((one) => !one.closest("li").hidden);

  /** How well `name` answers `sought`: whole prefix, start of a word, anywhere, letters in order, not at all. */
  const fit = (name, sought) => {
    if (!sought) return 1;
    if (name.startsWith(sought)) return 4;
    if (name.includes(` ${sought}`)) return 3;
    if (name.includes(sought)) return 2;
    let at = -1;
    for (const letter of sought) { at = name.indexOf(letter, at + 1); if (at < 0) return 0; }
    return 1;
  };

  const choose = (option) => {
    list.querySelectorAll("[aria-selected=true]").forEach((one) => one.setAttribute("aria-selected", "false"));
    if (!option) return;
    option.setAttribute("aria-selected", "true");
    option.id ||= `palette-${Math.random().toString(36).slice(2)}`;
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  let original = [];
  list.addEventListener("htmx:afterSettle", () => {
    original = [...list.children].filter((one) => one !== search);
    narrow();
  });
  const narrow = () => {
    const sought = field.value.trim().toLowerCase();
    const ranked = original
      .map((one, order) => ({ one, order, fit: fit(one.firstElementChild.dataset.name ?? "", sought) }))
      .sort((a, b) => b.fit - a.fit || a.order - b.order);
    for (const { one, fit: fits } of ranked) { one.hidden = !fits; list.append(one); }
    words.textContent = `Search for “${field.value.trim()}”`;
    link.href = `${document.documentElement.dataset.base}library?q=${encodeURIComponent(field.value.trim())}`;
    search.hidden = !sought;
    list.append(search);
    choose(options()[0]);
  };

  field.addEventListener("input", narrow);
  const opened = () => {
    if (!palette.open) return;
    field.value = "";
    narrow();
    field.focus();
    list.dispatchEvent(new CustomEvent("mindshelf:palette"));
  };
  new MutationObserver(opened).observe(palette, { attributeFilter: ["open"] });
  palette.addEventListener("pointermove", (event) => choose(event.target.closest("[role=option]")));
  palette.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") { event.preventDefault(); choose(all[(at + 1) % all.length]); }
    if (event.key === "ArrowUp") { event.preventDefault(); choose(all[(at - 1 + all.length) % all.length]); }
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); all[Math.max(at, 0)]?.click(); }
  });
}
