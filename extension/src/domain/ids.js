// Ids: UUIDv7, made by whoever creates an item, and those that follow from what both sides know.

/** @param {Uint8Array} bytes */
export function written(bytes) {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** @param {string} id */
export function bytesOf(id) {
  const hex = id.replaceAll("-", "");
  return Uint8Array.from({ length: 16 }, (_, at) => parseInt(hex.slice(at * 2, at * 2 + 2), 16));
}

/**
 * Makes ids that rise within one source.
 * @param {() => number} now milliseconds
 * @param {(bytes: Uint8Array<ArrayBuffer>) => void} fill fills with chance
 */
export function idMaker(now, fill) {
  let [last, count] = [0, 0];
  return () => {
    const at = Math.max(now(), last);
    count = at === last ? count + 1 : 0;
    last = at;
    const millis = at + Math.floor(count / 4096);
    const bytes = new Uint8Array(16);
    fill(bytes);
    for (let byte = 0; byte < 6; byte += 1) bytes[byte] = Math.floor(millis / 2 ** (8 * (5 - byte))) & 0xff;
    bytes[6] = 0x70 | ((count >> 8) & 0x0f);
    bytes[7] = count & 0xff;
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    return written(bytes);
  };
}

/**
 * The collection that stands for one root of browsers in `library`, beneath `above`: the same for
 * every device that asks, so that two which begin at once begin with the same.
 * @param {string} library @param {string | null} above @param {string} role
 */
export async function rootId(library, above, role) {
  const text = new TextEncoder().encode(`mindshelf.browser-root.1/${library}/${above ?? ""}/${role}`);
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", text)).slice(0, 16);
  bytes.set(bytesOf(library).slice(0, 6));
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return written(bytes);
}
