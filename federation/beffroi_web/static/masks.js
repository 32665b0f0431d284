// SPDX-License-Identifier: AGPL-3.0-or-later
// Hiding words of a text by selecting them. The pages work without: words can be typed, one a line.
"use strict";

for (const one of document.querySelectorAll("[data-script]")) one.hidden = false;

const review = document.querySelector("[data-review]");
const original = document.querySelector("[data-original]");
const listed = document.querySelector("[name=also], [name=hide_words]");

// The words that are selected inside the text, or nothing.
function selected() {
  const selection = document.getSelection();
  if (!original || !selection || selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  return original.contains(range.commonAncestorContainer) && String(selection).trim() ? range : null;
}

// Write what was selected into the list of words, one a line.
function list(words) {
  const line = words.replace(/\s+/g, " ").trim();
  if (!listed || !line) return;
  listed.value = [...listed.value.split("\n").filter((one) => one.trim()), line].join("\n") + "\n";
  listed.dispatchEvent(new Event("input", { bubbles: true }));
}

// Characters as the server counts them: code points.
const count = (text) => Array.from(text).length;

// Cut a plain piece of the text in three and make the middle a mask that can be ticked.
function wrap(range, word) {
  const piece = range.startContainer.parentElement;
  if (range.startContainer !== range.endContainer || !piece.matches("[data-at]")) return false;
  const text = range.startContainer.data;
  const [from, to] = [range.startOffset, range.endOffset];
  const at = Number(piece.dataset.at) + count(text.slice(0, from));
  const end = at + count(text.slice(from, to));
  const label = document.createElement("label");
  label.className = "toggle";
  const tick = document.createElement("input");
  Object.assign(tick, { type: "checkbox", name: "mask", value: `${at}-${end}-ADDED`, checked: true });
  tick.dataset.shown = "[…]";
  const words = document.createElement("span");
  words.className = "toggle-words";
  words.textContent = text.slice(from, to);
  const said = document.createElement("span");
  said.className = "mask-word";
  said.textContent = word;
  label.append(tick, words, " ", said);
  const rest = document.createElement("span");
  rest.dataset.at = end;
  rest.textContent = text.slice(to);
  piece.textContent = text.slice(0, from);
  piece.after(label, rest);
  tick.focus();
  return true;
}

function hide() {
  const range = selected();
  const button = document.querySelector("[data-hide]");
  if (!range || !button) return false;
  const words = String(document.getSelection());
  if (!review || !wrap(range, button.dataset.word)) list(words);
  document.getSelection().removeAllRanges();
  result();
  return true;
}

// What everyone will read, as it stands now.
function result() {
  const shown = document.querySelector("[data-result]");
  if (!review || !shown) return;
  let text = "";
  for (const one of original.children) {
    const tick = one.querySelector("input");
    if (tick) text += tick.checked ? tick.dataset.shown : one.querySelector(".toggle-words").textContent;
    else text += one.textContent;
  }
  for (const line of listed.value.split("\n").map((one) => one.trim()).filter(Boolean)) {
    const pattern = line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+");
    text = text.replace(new RegExp(`(?<![\\p{L}\\p{N}_])${pattern}(?![\\p{L}\\p{N}_])`, "giu"), "[…]");
  }
  shown.textContent = text;
}

if (original) {
  const button = document.querySelector("[data-hide]");
  // A click would take the selection away before it is read.
  if (button) button.addEventListener("mousedown", (event) => event.preventDefault());
  if (button) button.addEventListener("click", hide);
}
if (review) {
  review.addEventListener("change", result);
  review.addEventListener("input", result);
}

// Single keys can be switched off, and never act while somebody writes.
const keys = document.querySelector("[data-keys]");
if (keys) {
  try { keys.checked = localStorage.getItem("review-keys") !== "off"; } catch { /* no store: on */ }
  keys.addEventListener("change", () => {
    try { localStorage.setItem("review-keys", keys.checked ? "on" : "off"); } catch { /* kept for this page */ }
  });
}

function step(by) {
  const ticks = [...original.querySelectorAll("input")];
  if (!ticks.length) return;
  const at = ticks.indexOf(document.activeElement);
  ticks[(at < 0 ? (by > 0 ? 0 : ticks.length - 1) : at + by + ticks.length) % ticks.length].focus();
}

const acts = {
  j: () => step(1),
  k: () => step(-1),
  h: hide,
  a: () => review.querySelector("[name=step][value=release]").click(),
  n: () => document.querySelector("[data-next]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const at = document.activeElement;
  if (at && (at.isContentEditable || at.matches("textarea, select, input:not([type=checkbox])"))) return;
  if (event.key === "h" && !review) return void hide();
  if (!review || !keys || !keys.checked || !(event.key in acts)) return;
  event.preventDefault();
  acts[event.key]();
});
