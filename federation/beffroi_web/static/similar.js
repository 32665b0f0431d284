// SPDX-License-Identifier: AGPL-3.0-or-later
// What resembles a request, while its line is typed. Without this the next page shows the same.
"use strict";

const near = document.querySelector("[data-near]");
const line = document.querySelector("[name=title]");
const WAIT = 350;
const LEAST = 4;

// An element with words in it; whatever came is words, never markup.
function element(name, className, words) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (words) made.textContent = words;
  return made;
}

function item(one, facts, answer) {
  const shown = element("li");
  const title = element("p", "near-title");
  const link = element("a", "", one.title);
  if (/^https:\/\//.test(one.url) || one.url.startsWith(location.origin + "/")) link.href = one.url;
  link.target = "_blank"; // what is typed stays
  link.rel = "nofollow noopener external";
  title.append(link);
  shown.append(title);
  const words = one.answer ? answer.replace("{}", () => one.answer) : one.summary;
  if (words) shown.append(element("p", "card-summary", words));
  const line = element("p", "card-facts");
  for (const fact of facts.filter(Boolean)) line.append(element("span", "", fact));
  shown.append(line);
  return shown;
}

function fill(name, things, facts) {
  const part = near.querySelector(`[data-${name}]`);
  part.hidden = !things.length;
  part.querySelector("ul").replaceChildren(
    ...things.map((one) => item(one, facts(one, part.dataset), near.dataset.answer)),
  );
}

function show(found) {
  fill("requests", found.requests, (one, said) => [JSON.parse(said.statuses)[one.status], one.ref]);
  fill("datasets", found.datasets, (one, said) => [
    one.publisher, one.licence, one.high_value && said.highValue, new URL(one.url).host,
  ]);
  fill("elsewhere", found.elsewhere, (one) => [
    one.town, one.published_url && new URL(one.published_url).host,
  ]);
  const any = Object.values(found).some((list) => list.length);
  near.querySelector("[data-shown]").hidden = !any;
  near.querySelector("[data-said]").textContent = any ? near.dataset.found : near.dataset.nothing;
}

const NOTHING = { requests: [], datasets: [], elsewhere: [] };
let waiting = 0;
let asked = "";
let going = null;

async function ask() {
  const words = line.value.trim();
  if (words === asked) return;
  asked = words;
  if (going) going.abort();
  if (words.length < LEAST) return void show(NOTHING);
  going = new AbortController();
  try {
    const answer = await fetch(`${near.dataset.near}?q=${encodeURIComponent(words)}`, {
      signal: going.signal, credentials: "same-origin",
    });
    if (answer.ok) show(await answer.json());
  } catch { /* typed on, or offline: the next page shows it */ }
}

if (near && line) {
  line.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, WAIT);
  });
  if (line.value.trim()) ask();
}
