// Pairs a device that saves enough to be many and then deletes all there is; what it was answered.
const [token, number, done] = arguments;
const id = (kind, n) => `0193f0a0-000${number}-7000-8000-${kind}${String(n).padStart(11, "0")}`;
const ask = async (method, path, body) => {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, credentials: "omit", body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};
let n = 0;
const change = (item, base, set) => {
  n += 1;
  const hlc = ((BigInt(Date.now()) << 16n) + BigInt(n)).toString(16).padStart(16, "0");
  return { n, hlc, base, act: id("a", n), item, kind: "bookmark", set };
};
const work = async () => {
  const { libraries: [{ id: library }] } = await ask("GET", "/v1/me");
  const changes = `/v1/libraries/${library}/changes`;
  const { id: device } = await ask("POST", "/v1/devices", { name: `Phone ${number}` });
  const made = [...Array(15).keys()].map((at) => id("b", at));
  const saved = made.map((item, at) => change(item, 0, { url: `https://phone-${number}.example/${at}` }));
  const { head } = await ask("POST", changes, { device, changes: saved });
  const { items } = await ask("GET", `/v1/libraries/${library}/bookmarks?limit=200`);
  const gone = items.map((item) => change(item.id, head.seq, { trashed_at: Date.now() }));
  return ask("POST", changes, { device, changes: gone });
};
work().then(done, (error) => done({ error: String(error) }));
