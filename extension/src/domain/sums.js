// Sums that tell whether two sides hold the same, and in which range they do not; see docs/SYNC.md.

import { bytesOf } from "./ids.js";

/** How many ranges ids fall into, by their last byte. */
const RANGES = 256;
/** How many hashes are made at once. */
const AT_ONCE = 500;

/** @param {import("./shelf.js").Item} item */
export const versionOf = (item) => Object.values(item.puts).reduce((most, [, , seq]) => Math.max(most, seq), 0);

/** @param {string} id */
export const rangeOf = (id) => bytesOf(id)[15];

/**
 * The sum of each range and of all, 16 hexadecimal digits each.
 * @param {import("./shelf.js").Shelf} shelf
 */
export async function sumsOf(shelf) {
  /** @type {[string, Uint8Array][]} */
  const all = [];
  for (const [id, item] of shelf.items) {
    if (shelf.aliases.has(id)) continue;
    const rest = new Uint8Array(8);
    new DataView(rest.buffer).setBigUint64(0, BigInt(versionOf(item)));
    all.push([id, rest]);
  }
  for (const [younger, older] of shelf.aliases) all.push([younger, bytesOf(older)]);
  const ranges = new Array(RANGES).fill(0n);
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const part = all.slice(from, from + AT_ONCE);
    const hashes = await Promise.all(part.map(([id, rest]) => {
      const bytes = new Uint8Array(16 + rest.length);
      bytes.set(bytesOf(id));
      bytes.set(rest, 16);
      return crypto.subtle.digest("SHA-256", bytes);
    }));
    hashes.forEach((hash, at) => { ranges[rangeOf(part[at][0])] ^= new DataView(hash).getBigUint64(0); });
  }
  const text = (/** @type {bigint} */ sum) => sum.toString(16).padStart(16, "0");
  return { checksum: text(ranges.reduce((sum, range) => sum ^ range, 0n)), ranges: ranges.map(text) };
}
