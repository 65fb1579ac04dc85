// Waits until the browser's bookmarks, drawn as text, hold `words`, and asks nobody; answers what they were where that never comes.
const [words, patience] = arguments;
const done = arguments[arguments.length - 1];
const began = performance.now();
const draw = ({ title, url, children }) => (children ? `${title}(${children.map(draw).join("|")})` : `${title} ${url}`);
const look = async () => {
  const [top] = await chrome.bookmarks.getTree();
  const text = top.children.map(draw).join("|");
  if (text.includes(words)) return done("");
  if (performance.now() - began >= patience) return done(text);
  setTimeout(look, 200);
};
look();
