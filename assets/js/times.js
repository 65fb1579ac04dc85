// Times in the reader's own zone; where no script runs they are told in UTC, and say so.
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (number) => String(number).padStart(2, "0");
const day = (at) => `${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}`;
const clock = (at) => `${two(at.getHours())}:${two(at.getMinutes())}`;

function tell(where) {
  for (const time of where.querySelectorAll("time[data-tell]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.textContent = time.dataset.tell === "day" ? day(at) : `${day(at)}, ${clock(at)}`;
    time.removeAttribute("data-tell");
  }
}

// A moment is typed in the reader's zone as well, and sent in UTC.
const local = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${clock(at)}`;
for (const field of document.querySelectorAll("input[data-utc]")) {
  if (field.value) field.value = local(new Date(`${field.value}Z`));
  field.form.addEventListener("formdata", (event) => {
    const at = new Date(field.value);
    if (!Number.isNaN(at.getTime())) event.formData.set(field.name, `${at.toISOString().slice(0, 19)}Z`);
  });
}

tell(document);
for (const event of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.addEventListener(event, () => tell(document));
