// Chance from a seed, so that what failed once fails again.

/** @param {number} seed */
export function chanceOf(seed) {
  let at = seed >>> 0;
  const next = () => {
    at = (at + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(at ^ (at >>> 15), at | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    /** A whole number below `most`. @param {number} most */
    below: (most) => Math.floor(next() * most),
    /** @template T @param {T[]} list @returns {T} */
    one: (list) => list[Math.floor(next() * list.length)],
    /** @param {Uint8Array} bytes */
    fill: (bytes) => { for (let byte = 0; byte < bytes.length; byte += 1) bytes[byte] = Math.floor(next() * 256); },
  };
}
