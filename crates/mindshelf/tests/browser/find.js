// Waits for what a person would call by `words` among `css`; answers the element, or null.
const [css, words, patience] = arguments;
const done = arguments[arguments.length - 1];
const began = performance.now();
const shown = (one) => {
  const { width, height } = one.getBoundingClientRect();
  return width > 2 && height > 2 && one.checkVisibility({ visibilityProperty: true });
};
const labels = (one) => [...(one.labels ?? [])].map((label) => label.textContent);
const names = (one) => [one.getAttribute("aria-label"), one.title, one.placeholder, one.innerText, ...labels(one)]
  .map((name) => (name ?? "").replace(/\s+/g, " ").trim().toLowerCase());
const sought = words.toLowerCase();
const look = () => {
  const all = [...document.querySelectorAll(css)].filter(shown);
  const exact = all.find((one) => names(one).includes(sought));
  const found = exact ?? all.find((one) => names(one).some((name) => name.includes(sought)));
  if (found || performance.now() - began >= patience) return done(found ?? null);
  setTimeout(look, 20);
};
look();
