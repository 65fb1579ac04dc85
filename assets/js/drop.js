// A file dropped or chosen is sent at once, with its progress shown; the answer says where to look at it.
const forms = document.querySelectorAll("[data-drop]");

for (const form of forms) {
  const input = form.querySelector("input[type=file]");
  const zone = form.querySelector(".drop");
  input.addEventListener("change", () => input.files[0] && send(form, input.files[0]));
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      zone.dataset.over = "";
    });
  }
  zone.addEventListener("dragleave", () => delete zone.dataset.over);
  zone.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    delete zone.dataset.over;
    send(form, file);
  });
}

// A file dropped beside the zone must not replace the page.
if (forms.length) {
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => {
    if ([...(event.dataTransfer?.types ?? [])].includes("Files")) event.preventDefault();
  });
}

function send(form, file) {
  const shown = form.querySelector("[data-drop-progress]");
  const bar = shown.querySelector("progress");
  const trouble = form.querySelector("[data-drop-trouble]");
  trouble.hidden = true;
  shown.hidden = false;
  const request = new XMLHttpRequest();
  request.open("POST", `${document.documentElement.dataset.base}import?name=${encodeURIComponent(file.name.slice(0, 200))}`);
  request.setRequestHeader("X-CSRF-Token", document.body.dataset.csrf ?? "");
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.addEventListener("progress", (event) => { bar.max = event.total; bar.value = event.loaded; });
  request.addEventListener("load", () => {
    const where = request.getResponseHeader("X-Location");
    if (request.status < 300 && where) { location.assign(where); return; }
    fail(request.getResponseHeader("X-Problem"));
  });
  request.addEventListener("error", () => fail());
  const fail = (why) => {
    shown.hidden = true;
    trouble.hidden = false;
    trouble.textContent = why ? decodeURIComponent(why) : "The file could not be sent. Nothing was changed.";
  };
  request.send(file);
}
