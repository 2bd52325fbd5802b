// Gives a list of complaints about the page: unnamed fields, missing structure, too little contrast (WCAG 2 AA).
const complaints = [];
const rgb = (text) => (text.match(/[\d.]+/g) || []).map(Number);
const luminance = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const contrast = (one, other) => {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = rgb(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let counted = 0;
for (let node = words.nextNode(); node; node = words.nextNode()) {
  const element = node.parentElement;
  if (!node.textContent.trim() || !element.checkVisibility()) continue;
  counted += 1;
  const style = getComputedStyle(element);
  const size = parseFloat(style.fontSize);
  const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
  const found = contrast(rgb(style.color), ground(element));
  if (found < needed) complaints.push(`contrast ${found.toFixed(2)} of "${node.textContent.trim()}"`);
}
if (counted < 3) complaints.push("hardly any text on the page");
for (const field of document.querySelectorAll("input:not([type=hidden]), select")) {
  if (!field.labels.length) complaints.push(`no label: ${field.outerHTML}`);
  for (const id of (field.getAttribute("aria-describedby") || "").split(" ").filter(Boolean)) {
    if (!document.getElementById(id)) complaints.push(`no description ${id}: ${field.outerHTML}`);
  }
  if (field.type !== "radio") {
    const edge = contrast(rgb(getComputedStyle(field).borderTopColor), ground(field.parentElement));
    if (edge < 3) complaints.push(`contrast ${edge.toFixed(2)} of the edge of ${field.outerHTML}`);
  }
}
for (const button of document.querySelectorAll("button, a")) {
  if (!button.textContent.trim()) complaints.push(`no name: ${button.outerHTML}`);
  if (button.getBoundingClientRect().height < 24) complaints.push(`too small: ${button.outerHTML}`);
}
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
if (new Set(ids).size !== ids.length) complaints.push("an id is there twice");
if (document.querySelectorAll("h1").length !== 1) complaints.push("not exactly one h1");
if (document.querySelectorAll("main").length !== 1) complaints.push("not exactly one main");
if (!document.title.trim()) complaints.push("no title");
if (!document.documentElement.lang) complaints.push("no language");
if (document.querySelector("script, [onclick], [onload]")) complaints.push("a script");
return complaints;
