// SPDX-License-Identifier: AGPL-3.0-or-later
// Tells the page around a frame how high it is, in the words of Decidim's own widgets: asked with
// {type: "GET_HEIGHT"} it answers {type: "SET_HEIGHT", height}. Only who may show the frame is
// heard, and only its exact origin is answered. Without this script the frame keeps its height.
"use strict";

(() => {
  const root = document.documentElement;
  const hosts = [...(root.dataset.hosts || "").split(" ").filter(Boolean), location.origin];
  let asked = "";
  let told = 0;

  const tell = () => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (!asked || height === told) return;
    told = height;
    window.parent.postMessage({ type: "SET_HEIGHT", height }, asked);
  };

  window.addEventListener("message", (event) => {
    if (window.parent === window || event.source !== window.parent) return;
    if (!hosts.includes(event.origin) || !event.data || event.data.type !== "GET_HEIGHT") return;
    asked = event.origin;
    told = 0;
    tell();
  });
  if ("ResizeObserver" in window) new ResizeObserver(tell).observe(document.body);
})();
