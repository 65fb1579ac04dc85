// What pages ask of the worker in the background, and how they show it.

import { explained } from "../src/words.js";

/**
 * @typedef {typeof import("../src/background.js").DEEDS} Deeds
 * @typedef {{ [D in keyof Deeds]: Parameters<Deeds[D]> extends [] ? D : never }[keyof Deeds]} Plain deeds that need no more to be said
 * @typedef {Awaited<ReturnType<Deeds["status"]>>} Status
 * @typedef {{ server: HTMLInputElement, title: HTMLInputElement, tags: HTMLInputElement, notes: HTMLTextAreaElement,
 *   live: HTMLInputElement, tabs: HTMLInputElement, library: HTMLSelectElement, above: HTMLSelectElement, folder: HTMLSelectElement,
 *   save: HTMLButtonElement, "code-page": HTMLAnchorElement }} Kinds what is more than an element, by its id
 */

/** @template {keyof Deeds} D @param {D} deed @param {Parameters<Deeds[D]>} more @returns {Promise<Awaited<ReturnType<Deeds[D]>>>} */
export async function ask(deed, ...more) {
  const answer = await chrome.runtime.sendMessage({ do: deed, ...more[0] });
  if (answer?.trouble) throw Object.assign(new Error(answer.trouble.detail), answer.trouble);
  return answer?.told;
}

/** The element of an id, which stands in the page. @template {string} I @param {I} id @returns {I extends keyof Kinds ? Kinds[I] : HTMLElement} */
export const by = (id) => /** @type {any} */ (document.getElementById(id));

/** What is to be read of a failure. @param {unknown} error */
export function wordsOf(error) {
  const { code = "unknown", message } = /** @type {{ code?: string, message?: string }} */ (error);
  const words = explained({ code, detail: message ?? String(error) });
  return `${words?.what} ${words?.remedy}`;
}

/** An element with text. @template {keyof HTMLElementTagNameMap} N @param {N} name @param {string} text @param {string} [kind] */
export function made(name, text, kind) {
  const element = document.createElement(name);
  element.textContent = text;
  if (kind) element.className = kind;
  return element;
}
