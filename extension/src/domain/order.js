// Order among siblings: a fraction in base 62 that sorts as text, with two digits of jitter.

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Digits at the front of a key that count siblings added at either end. */
const COUNTED = 6;

/** @param {string} key @param {number} at */
const digit = (key, at) => Math.max(0, DIGITS.indexOf(key.charAt(at) || "0"));

/** @param {string} key @param {number} step */
function counted(key, step) {
  let number = 0;
  for (let at = 0; at < COUNTED; at += 1) number = number * 62 + digit(key, at);
  number += step;
  if (number <= 0 || number >= 62 ** COUNTED) return null;
  let text = "";
  for (let at = 0; at < COUNTED; at += 1) {
    text = DIGITS[number % 62] + text;
    number = Math.floor(number / 62);
  }
  return text;
}

/** @param {string} below @param {string} above */
function halved(below, above) {
  let [key, open] = ["", above === ""];
  for (let at = 0; ; at += 1) {
    open ||= at >= Math.max(below.length, above.length);
    const from = digit(below, at);
    const to = open ? 62 : digit(above, at);
    if (to > from + 1) return key + DIGITS[from + Math.floor((to - from) / 2)];
    key += DIGITS[from];
    open ||= to > from;
  }
}

/**
 * A key after `below` and before `above`; empty is no bound on that side.
 * @param {string} below @param {string} above @param {number} jitter a whole number of chance
 */
export function between(below, above, jitter) {
  const isOpen = above === "" || above <= below;
  let key = halved(below, isOpen ? "" : above);
  if (below === "" && isOpen) key = "V";
  else if (isOpen) key = counted(below, 1) ?? key;
  else if (below === "") key = counted(above, -1) ?? key;
  for (let [left, at] = [jitter, 0]; at < 2; at += 1) {
    key += DIGITS[1 + (left % 61)];
    left = Math.floor(left / 61);
  }
  return key;
}

/**
 * `count` keys in order, spread evenly between two bounds.
 * @param {string} below @param {string} above @param {number} count
 * @returns {string[]}
 */
export function spread(below, above, count) {
  /** @type {string[]} */
  const keys = new Array(count).fill("");
  /** @type {[number, number, string, string][]} */
  const open = [[0, count, below, above]];
  for (let span = open.pop(); span; span = open.pop()) {
    const [from, to, low, high] = span;
    if (from >= to) continue;
    const middle = from + Math.floor((to - from) / 2);
    const key = halved(low, high);
    keys[middle] = key;
    open.push([from, middle, low, key], [middle + 1, to, key, high]);
  }
  return keys;
}

/**
 * The positions of a longest rising run of `numbers`: what may stay where it is.
 * @param {number[]} numbers
 * @returns {Set<number>}
 */
export function risingRun(numbers) {
  /** @type {number[]} */
  const tails = [];
  const before = new Array(numbers.length).fill(-1);
  numbers.forEach((number, at) => {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[tails[middle]] < number) low = middle + 1;
      else high = middle;
    }
    before[at] = low > 0 ? tails[low - 1] : -1;
    tails[low] = at;
  });
  /** @type {Set<number>} */
  const run = new Set();
  for (let at = tails.length > 0 ? tails[tails.length - 1] : -1; at >= 0; at = before[at]) run.add(at);
  return run;
}
