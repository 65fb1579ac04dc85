// Waits until the text a person can read contains `words`, or does not; answers whether it came so.
const [words, wanted, patience] = arguments;
const done = arguments[arguments.length - 1];
const began = performance.now();
const look = () => {
  const text = document.body.innerText.replace(/\s+/g, " ").toLowerCase();
  const so = text.includes(words.toLowerCase()) === wanted;
  if (so || performance.now() - began >= patience) return done(so);
  setTimeout(look, 20);
};
look();
