// What the compiler is to say no to, line by line, before its yes to all else counts. Nothing loads this.

import { canon } from "../../src/domain/canon.js";

canon(1);
/** @type {string} */
export const address = canon("https://a.example");
chrome.bookmarks.getTree().title;
/** @param text */
export const anything = (text) => text;
