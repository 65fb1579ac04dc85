// Writes the manifest of Firefox, which follows from that of Chrome: `node extension/firefox.mjs FOLDER` copies all that belongs
// to the extension there, with that manifest. `manifest.firefox.json` is kept, and a test holds it to this.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
/** What is loaded by a browser. */
export const PARTS = ["img", "pages", "src"];

/** The manifest of Firefox. @param {any} chrome that of Chrome */
export function firefoxOf(chrome) {
  const { key: _key, minimum_chrome_version: _version, background, ...rest } = chrome;
  return {
    ...rest,
    background: { scripts: [background.service_worker], type: background.type },
    // What it sends, to the person's own server, Firefox says to them at the installing.
    browser_specific_settings: {
      gecko: { id: "extension@mindshelf", strict_min_version: "140.0", data_collection_permissions: { required: ["bookmarksInfo"] } },
    },
  };
}

/** As it is written. @param {any} manifest */
export const written = (manifest) => `${JSON.stringify(manifest, null, 2)}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const manifest = written(firefoxOf(JSON.parse(readFileSync(`${here}manifest.json`, "utf8"))));
  const folder = process.argv[2];
  if (folder === undefined) {
    writeFileSync(`${here}manifest.firefox.json`, manifest);
  } else {
    mkdirSync(folder, { recursive: true });
    for (const part of PARTS) cpSync(`${here}${part}`, `${folder}/${part}`, { recursive: true });
    writeFileSync(`${folder}/manifest.json`, manifest);
  }
}
