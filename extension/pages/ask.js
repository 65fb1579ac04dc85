// What pages ask of the worker in the background, and how they show it.

import { explained } from "../src/words.js";

/** @param {string} deed @param {Record<string, unknown>} [more] @returns {Promise<any>} */
export async function ask(deed, more = {}) {
  const answer = await chrome.runtime.sendMessage({ do: deed, ...more });
  if (answer?.trouble) throw Object.assign(new Error(answer.trouble.detail), answer.trouble);
  return answer?.told;
}

/** @param {string} id @returns {any} */
export const by = (id) => document.getElementById(id);

/** What is to be read of a failure. @param {unknown} error */
export function wordsOf(error) {
  const { code = "unknown", message } = /** @type {{ code?: string, message?: string }} */ (error);
  const words = explained({ code, detail: message ?? String(error) });
  return `${words?.what} ${words?.remedy}`;
}

/** An element with text. @param {string} name @param {string} text @param {string} [kind] */
export function made(name, text, kind) {
  const element = document.createElement(name);
  element.textContent = text;
  if (kind) element.className = kind;
  return element;
}
