// SPDX-License-Identifier: AGPL-3.0-or-later
// Addresses of the town's own list while one is typed: an editable combobox with a list, as the ARIA
// Authoring Practices describe it. What is typed goes to this server only, in a body that no log
// holds. Without this script, or with none chosen, the next page asks which address was meant.
"use strict";

{
  const part = document.querySelector("[data-by-address]");
  const line = document.querySelector("[name=place]");
  if (part && line) begin(part, line, line.form);

  function begin(part, line, form) {
    const WAIT = 200;
    const LEAST = 3;
    const code = form.elements.namedItem("found");
    const words = form.elements.namedItem("found_for");
    const status = part.querySelector("[data-heard]");
    const map = document.querySelector("[data-place]");
    const list = document.createElement("ul");
    let items = [];
    let active = -1;
    let waiting = 0;
    let going = null;

    list.id = "by-address";
    list.className = "suggestions";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", part.dataset.label);
    line.after(list);
    const said = {
      role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-controls": list.id,
      "aria-expanded": "false",
    };
    for (const [name, value] of Object.entries(said)) line.setAttribute(name, value);

    const isStreet = () => form.elements.namedItem("family")?.value !== "cyber";

    function close() {
      list.hidden = true;
      active = -1;
      line.setAttribute("aria-expanded", "false");
      line.removeAttribute("aria-activedescendant");
    }

    function open(found) {
      items = found;
      list.replaceChildren(...found.map((one, at) => option(one, at)));
      active = -1;
      line.removeAttribute("aria-activedescendant");
      list.hidden = !found.length;
      line.setAttribute("aria-expanded", String(found.length > 0));
      // While a word is only begun, that nothing fits yet says nothing.
      const isBegun = line.value.trim().split(/\s+/).pop().length < 4;
      if (found.length) status.textContent = part.dataset.some.replace("{}", () => String(found.length));
      else status.textContent = isBegun ? "" : part.dataset.none;
    }

    // One address; whatever came is words, never markup.
    function option(one, at) {
      const shown = document.createElement("li");
      shown.id = `by-address-${at}`;
      shown.setAttribute("role", "option");
      shown.setAttribute("aria-selected", "false");
      shown.textContent = one.label;
      if (one.hint) {
        const hint = document.createElement("span");
        hint.className = "hint";
        hint.textContent = one.hint;
        shown.append(" ", hint);
      }
      shown.addEventListener("pointerdown", (event) => event.preventDefault()); // the line keeps focus
      shown.addEventListener("click", () => choose(at));
      return shown;
    }

    function move(to) {
      list.children[active]?.setAttribute("aria-selected", "false");
      active = to;
      const shown = list.children[active];
      if (!shown) return void line.removeAttribute("aria-activedescendant");
      shown.setAttribute("aria-selected", "true");
      shown.scrollIntoView({ block: "nearest" });
      line.setAttribute("aria-activedescendant", shown.id);
    }

    function choose(at) {
      const one = items[at];
      clearTimeout(waiting);
      going?.abort();
      line.value = words.value = one.label;
      code.value = one.code;
      close();
      status.textContent = `${part.dataset.chosen} ${one.label}`;
      map?.dispatchEvent(new CustomEvent("found", { detail: one }));
    }

    async function ask() {
      const typed = line.value.trim();
      going?.abort();
      if (typed.length < LEAST || !isStreet()) return void close();
      going = new AbortController();
      const body = new URLSearchParams({
        q: typed, commune: form.elements.namedItem("commune")?.value ?? "",
      });
      try {
        const answer = await fetch(part.dataset.byAddress, {
          method: "POST", body, signal: going.signal, credentials: "same-origin",
          headers: { "X-CSRF-Token": form.elements.namedItem("csrf_token").value },
        });
        if (answer.ok && document.activeElement === line) open((await answer.json()).items);
      } catch { /* typed on, or offline: the next page asks */ }
    }

    line.addEventListener("input", () => {
      if (code.value) map?.dispatchEvent(new CustomEvent("found"));
      code.value = words.value = "";
      clearTimeout(waiting);
      waiting = setTimeout(ask, WAIT);
    });
    line.addEventListener("keydown", (event) => {
      const last = items.length - 1;
      if (event.key === "Escape" && !list.hidden) close();
      else if (event.key === "Enter" && !list.hidden && active >= 0) choose(active);
      else if (event.key === "ArrowDown" && list.hidden) return void ask();
      else if (event.key === "ArrowDown") move(active < last ? active + 1 : 0);
      else if (event.key === "ArrowUp" && !list.hidden) move(active > 0 ? active - 1 : last);
      else return;
      event.preventDefault();
    });
    line.addEventListener("blur", close);
    map?.addEventListener("pointed", () => {
      code.value = words.value = "";
      status.textContent = "";
    });
  }
}
