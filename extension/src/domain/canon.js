// When two addresses are the same bookmark (canon v1), and two names the same tag; see docs/LOG.md.

const TRACKERS = ["gclid", "fbclid"];

/** @param {string} pair */
const keyOf = (pair) => pair.split("=", 1)[0];

/** @param {string} pair */
function isTracker(pair) {
  const key = keyOf(pair).toLowerCase();
  return key.startsWith("utm_") || TRACKERS.includes(key);
}

/**
 * The canonical form of an address; nothing where it is no absolute address.
 * @param {string} text
 */
export function canon(text) {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return null;
  const url = new URL(trimmed);
  if (!url.host) return url.href;
  const path = url.href.split(/[?#]/, 1)[0].replace(/\/+$/, "");
  const pairs = url.search.slice(1).split("&").filter((pair) => pair !== "" && !isTracker(pair));
  pairs.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : keyOf(one) > keyOf(other) ? 1 : 0));
  const query = pairs.length > 0 ? `?${pairs.join("&")}` : "";
  const fragment = url.hash.slice(1).split(":~:", 1)[0];
  return `${path}${query}${fragment === "" ? "" : `#${fragment}`}`;
}

/**
 * Whether an address is one that is kept in a library by this extension.
 * @param {string} text
 */
export function isWeb(text) {
  return /^https?:\/\//i.test(text.trim()) && URL.canParse(text.trim());
}

/**
 * The form under which two names are one tag.
 * @param {string} name
 */
export function folded(name) {
  const lower = [...name.normalize("NFKC")].map((letter) => letter.toLowerCase()).join("");
  return lower.normalize("NFKC").split(/\s+/u).filter((word) => word !== "").join(" ");
}
