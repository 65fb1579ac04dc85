// Stamps: 48 bits of milliseconds and 16 bits of counter, as 16 hexadecimal digits that sort as text.

/** Nothing was stamped yet. */
export const NEVER = "0000000000000000";
/** The library itself, where a row puts something besides. */
export const SEQUENCER = "00000000-0000-0000-0000-000000000000";

const HIGHEST = 0xffffffffffffffffn;

/**
 * The stamp of what is written at `now` by one who knows `highest`.
 * @param {number} now milliseconds
 * @param {string} highest
 */
export function nextStamp(now, highest) {
  const clock = BigInt(Math.max(0, Math.floor(now))) << 16n;
  const known = BigInt(`0x${highest}`);
  const most = clock > known ? clock : known;
  return (most >= HIGHEST ? HIGHEST : most + 1n).toString(16).padStart(16, "0");
}

/**
 * Whether the first stamp is later; devices break ties.
 * @param {string} hlc @param {string} device @param {string} otherHlc @param {string} otherDevice
 */
export function isLater(hlc, device, otherHlc, otherDevice) {
  return hlc === otherHlc ? device > otherDevice : hlc > otherHlc;
}
