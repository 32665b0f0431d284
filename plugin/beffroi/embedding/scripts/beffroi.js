// SPDX-License-Identifier: AGPL-3.0-or-later
// <beffroi-board show="board"><a href="…">…</a></beffroi-board>
// for sites that allow scripts from this one. `show` is board, request (with `ref`), report or
// counter; `limit`, `status`, `theme` and `object` narrow a board; `locale` is the page's own
// language if it is not given; `title` names the frame. The link inside stays.
"use strict";

(() => {
  const site = new URL(document.currentScript.src).origin;
  const heights = { board: 480, request: 500, report: 460, counter: 150 };
  const passed = ["limit", "status", "theme", "object"];

  class BeffroiBoard extends HTMLElement {
    static observedAttributes = ["show", "ref", "locale", ...passed];

    connectedCallback() {
      this.heard = (event) => {
        if (!this.frame || event.origin !== site) return;
        if (event.source !== this.frame.contentWindow || !event.data) return;
        const height = Number(event.data.height);
        if (event.data.type === "SET_HEIGHT" && height > 0 && height < 10000)
          this.frame.height = String(Math.ceil(height));
      };
      window.addEventListener("message", this.heard);
      this.draw();
    }

    disconnectedCallback() {
      window.removeEventListener("message", this.heard);
    }

    attributeChangedCallback() {
      if (this.frame) this.draw();
    }

    draw() {
      const asked = this.getAttribute("show") || "board";
      const show = asked in heights ? asked : "board";
      const ref = this.getAttribute("ref") || "";
      const address = new URL(`/embed/${show}${show === "request" ? `/${encodeURIComponent(ref)}` : ""}`, site);
      for (const name of passed)
        if (this.hasAttribute(name)) address.searchParams.set(name, this.getAttribute(name));
      const locale = this.getAttribute("locale") || document.documentElement.lang;
      if (locale) address.searchParams.set("locale", locale);
      if (!this.frame) {
        this.frame = document.createElement("iframe");
        this.frame.width = "100%";
        this.frame.setAttribute("frameborder", "0");
        this.frame.addEventListener("load", () =>
          this.frame.contentWindow.postMessage({ type: "GET_HEIGHT" }, site));
        this.prepend(this.frame);
      }
      this.frame.title = this.getAttribute("title") || this.textContent.trim() || "Beffroi";
      this.frame.height = String(heights[show]);
      this.frame.src = address.href;
    }
  }

  if ("customElements" in window && !customElements.get("beffroi-board"))
    customElements.define("beffroi-board", BeffroiBoard);
})();
