// Before the first paint: the widths one left the room with, and the sign that scripts run.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    for (const split of ["rail", "panel"]) {
      const width = Number(localStorage.getItem(`split-${split}`));
      if (width > 0) root.style.setProperty(`--${split}`, `${width}px`);
    }
  } catch { /* no storage, no memory */ }
})();
