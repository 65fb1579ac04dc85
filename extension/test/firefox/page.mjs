// A page of somebody else, on this machine but under another name than the server's, so that no permission reaches it.

import { createServer } from "node:http";

/** @param {string} title @returns {Promise<{ address: string, title: string, close(): void }>} */
export const aPage = (title) => new Promise((resolve) => {
  const text = `<!doctype html><title>${title}</title><p>${title}</p>`;
  const listener = createServer((_, answer) => answer.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(text));
  listener.listen(0, "127.0.0.1", () => {
    const { port } = /** @type {import("node:net").AddressInfo} */ (listener.address());
    resolve({
      address: `http://localhost:${port}/page`,
      title,
      close() {
        listener.closeAllConnections();
        listener.close();
      },
    });
  });
});
