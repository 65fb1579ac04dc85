// Has two devices write the notes of the first bookmark in the list without having seen each other;
// that bookmark.
const [token, first, second, done] = arguments;
const ask = async (method, path, body) => {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, credentials: "omit", body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};
const work = async () => {
  const { libraries: [{ id: library }] } = await ask("GET", "/v1/me");
  const { items: [bookmark] } = await ask("GET", `/v1/libraries/${library}/bookmarks?limit=1`);
  const base = Number(bookmark.version.split("-")[1]);
  for (const [at, [name, notes]] of [["The phone", first], ["The desk", second]].entries()) {
    const { id: device } = await ask("POST", "/v1/devices", { name });
    const hlc = ((BigInt(Date.now()) << 16n) + BigInt(at)).toString(16).padStart(16, "0");
    const act = `0193f0a0-0000-7000-8000-a${String(at).padStart(11, "0")}`;
    const change = { n: 1, hlc, base, act, item: bookmark.id, kind: "bookmark", set: { notes } };
    await ask("POST", `/v1/libraries/${library}/changes`, { device, changes: [change] });
  }
  return bookmark.id;
};
work().then(done, (error) => done({ error: String(error) }));
