// What a page does beyond its forms: a part that changes while one looks at it, and fields that are checked at once.
// Without it everything works as well, only slower.
"use strict";

// Some browsers keep a page as it was for the back button; what was paid or closed meanwhile must show.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

for (const place of document.querySelectorAll("[data-events]")) {
  const part = place.querySelector("[data-part]");
  const put = (name, html) => part.querySelectorAll(`[data-${name}]`).forEach((one) => { one.innerHTML = html; });
  const events = new EventSource(place.dataset.events);
  // What changes all the time is no news.
  const bare = (element) => {
    element.querySelectorAll("[data-picture], [data-left]").forEach((one) => { one.innerHTML = ""; });
    return element.innerHTML;
  };
  const read = (html) => bare(Object.assign(document.createElement("div"), { innerHTML: html }));
  let known = read(part.innerHTML);
  events.addEventListener("part", (event) => {
    // The page came with the first one.
    if (read(event.data) === known) return;
    known = read(event.data);
    const focused = part.contains(document.activeElement);
    part.innerHTML = event.data;
    if (focused) document.getElementById("main").focus();
  });
  events.addEventListener("picture", (event) => put("picture", event.data));
  events.addEventListener("left", (event) => put("left", event.data));
  events.addEventListener("over", () => events.close());
}

for (const form of document.querySelectorAll("form[data-check]")) {
  const touched = new Set();
  const show = (wrong) => {
    for (const field of form.elements) {
      const note = document.getElementById(`${field.id}-wrong`);
      if (!note || !touched.has(field.name)) continue;
      note.textContent = wrong[field.name] || "";
      if (wrong[field.name]) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  };
  const check = async (event) => {
    touched.add(event.target.name);
    try {
      const answer = await fetch(form.dataset.check, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (answer.ok) show(await answer.json());
    } catch {
      // The form is checked once more when it is sent.
    }
  };
  form.addEventListener("change", check);
}
