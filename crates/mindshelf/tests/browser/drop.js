// Drops a file called `name` holding `text` on `zone`, as the hand of a person does.
const [zone, name, text] = arguments;
const carried = new DataTransfer();
carried.items.add(new File([text], name, { type: "text/html" }));
for (const kind of ["dragenter", "dragover", "drop"]) {
  zone.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
}
