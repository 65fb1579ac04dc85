// Passkeys: opens the browser's own dialogue for a form, and hands its answer to the form.
const forms = [...document.querySelectorAll("form[data-passkey]")];
const known = Boolean(window.PublicKeyCredential && navigator.credentials);
// The server forgets its question after five minutes; a field that waits for longer asks anew.
const STALE_MS = 4 * 60 * 1000;
let waiting = null;
const door = forms.find((form) => form.getAttribute("action").endsWith("/sign-in/passkey"));
let question = null;
// One answer leaves a page, and one dialogue is open: whoever takes what the field offers and presses the button as well would
// answer one question twice, and the door turns the second answer away.
let handed = false;
let open = false;

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer ?? [])))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

/** What the server asks for, as the dialogue takes it. */
async function asked(form) {
  const sent = { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin" };
  const answer = await fetch(`${form.action}/begin`, sent);
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.why || "The server did not answer as it should. Load this page again.");
  const options = { ...told, challenge: bytes(told.challenge) };
  if (told.user) options.user = { ...told.user, id: bytes(told.user.id) };
  if (told.allowCredentials) options.allowCredentials = named(told.allowCredentials);
  if (told.excludeCredentials) options.excludeCredentials = named(told.excludeCredentials);
  return options;
}

/** The same; the button and the field at the door answer one question, whichever is first. */
function questionOf(form) {
  if (form !== door) return asked(form);
  if (!question || Date.now() - question.at > STALE_MS) {
    question = { at: Date.now(), options: asked(form) };
    question.options.catch(() => { question = null; });
  }
  return question.options;
}

function made({ response }) {
  return { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject) };
}

function shown({ rawId, response }) {
  return {
    id: text(rawId),
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: text(response.userHandle),
  };
}

function hand(form, answer) {
  if (handed) return;
  handed = true;
  form.elements.answer.value = JSON.stringify(answer);
  form.submit();
}

function say(form, words) {
  const line = form.querySelector("[data-why]");
  line.textContent = words;
  line.hidden = !words;
}

function why(error) {
  switch (error.name) {
    case "NotAllowedError": return "Nothing was done: the dialogue was closed, took too long, or found no passkey.";
    case "InvalidStateError": return "This device has a passkey of yours already.";
    case "SecurityError": return "The browser does not let this page use passkeys.";
    case "TypeError": return "The server could not be reached. Try again.";
    default: return error.message;
  }
}

async function pressed(form) {
  if (handed || open) return;
  open = true;
  waiting?.abort();
  waiting = null;
  say(form, "");
  try {
    const publicKey = await questionOf(form);
    if (handed) return;
    if (form.dataset.passkey === "create") hand(form, made(await navigator.credentials.create({ publicKey })));
    else hand(form, shown(await navigator.credentials.get({ publicKey })));
  } catch (error) {
    if (!handed) say(form, why(error));
  } finally {
    open = false;
  }
}

/** Offers passkeys where a browser fills the name in, until one is chosen or the button pressed. */
async function fill(form, field) {
  if (!await PublicKeyCredential.isConditionalMediationAvailable?.()) return;
  field.autocomplete = "username webauthn";
  for (;;) {
    const turn = new AbortController();
    waiting = turn;
    let stale = false;
    const timer = setTimeout(() => { stale = true; turn.abort(); }, STALE_MS);
    try {
      const publicKey = await questionOf(form);
      // The button was pressed meanwhile.
      if (open || handed || (turn.signal.aborted && !stale)) return;
      const answer = await navigator.credentials.get({ publicKey, mediation: "conditional", signal: turn.signal });
      if (answer) hand(form, shown(answer));
      return;
    } catch {
      if (!stale) return;
    } finally {
      clearTimeout(timer);
    }
  }
}

for (const form of forms) {
  if (!known) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    pressed(form);
  });
}
// A page that comes back as it was left asks anew: its question is answered.
window.addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  [handed, open, question] = [false, false, null];
});
if (!known) for (const line of document.querySelectorAll("[data-passkeys-unknown]")) line.hidden = false;

const field = document.querySelector("input[autocomplete=username]");
// After a passkey that opened nothing, none is offered unasked.
const refused = document.querySelector(".note-warn");
if (known && door && field && !refused) fill(door, field);
