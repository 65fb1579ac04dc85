// Syncs until the browser's bookmarks, drawn as text, hold `words` or do not; answers what they were where that never comes.
const [words, wanted, patience] = arguments;
const done = arguments[arguments.length - 1];
const began = performance.now();
const draw = ({ title, url, children }) => (children ? `${title}(${children.map(draw).join("|")})` : `${title} ${url}`);
const look = async () => {
  document.getElementById("sync").click();
  const [top] = await chrome.bookmarks.getTree();
  const text = top.children.map(draw).join("|");
  if (text.includes(words) === wanted) return done("");
  if (performance.now() - began >= patience) return done(text);
  setTimeout(look, 200);
};
look();
