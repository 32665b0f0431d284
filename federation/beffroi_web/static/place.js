// SPDX-License-Identifier: AGPL-3.0-or-later
// A place on a map: by pressing on it, or by the position of the device. The form works without.
"use strict";

const where = document.querySelector("[data-place]");
const latitude = document.querySelector("[name=latitude]");
const longitude = document.querySelector("[name=longitude]");

if (where && latitude && longitude) {
  const status = where.querySelector("[data-status]");
  const pointed = () => where.dispatchEvent(new CustomEvent("pointed"));
  const box = where.querySelector("[data-map]");
  let show = () => {};

  // Write a point into the form and show it on whichever map there is.
  const choose = (lat, long) => {
    latitude.value = lat.toFixed(6);
    longitude.value = long.toFixed(6);
    status.textContent = where.dataset.said;
    show(lat, long);
    pointed();
  };

  // An address was chosen beside the map: it is shown there, and what was pointed at counts no more.
  // Without a detail, the words were changed and mean it no more.
  where.addEventListener("found", (event) => {
    const at = event.detail;
    if (at) latitude.value = longitude.value = "";
    status.textContent = at ? where.dataset.said : "";
    show(at?.latitude, at?.longitude);
  });

  for (const one of where.querySelectorAll("[data-script]")) {
    one.hidden = !("geolocation" in navigator);
  }
  where.querySelector("[data-locate]")?.addEventListener("click", () => {
    status.textContent = where.dataset.asking;
    navigator.geolocation.getCurrentPosition(
      (found) => choose(found.coords.latitude, found.coords.longitude),
      () => { status.textContent = where.dataset.unknown; },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 },
    );
  });

  if (box) show = window.L ? bigMap(box, choose) : plainMap(box);
  const point = box && box.dataset.point ? box.dataset.point.split(",").map(Number) : null;
  if (point) show(...point);
  for (const field of [latitude, longitude]) {
    field.addEventListener("change", () => {
      if (latitude.value || longitude.value) pointed();
      const typed = [latitude, longitude].map((one) => Number(one.value.replace(",", ".")));
      if (latitude.value && longitude.value && typed.every(Number.isFinite)) show(...typed);
    });
  }
}

// The picture that the server drew: pressing on it sends the form, which comes back nearer. Here it
// only gets a mark where the device said that it is.
function plainMap(box) {
  const picture = box.querySelector("[type=image]");
  const [south, west, north, east] = box.dataset.window.split(",").map(Number);
  const mark = document.createElement("span");
  mark.className = "place-mark";
  mark.hidden = true;
  const frame = document.createElement("span");
  frame.className = "place-frame";
  picture.replaceWith(frame);
  frame.append(picture, mark);
  // The picture is wider than the window, or taller: as the server draws it.
  const narrow = Math.max(Math.cos(((south + north) / 2) * Math.PI / 180), 0.01);
  const ratio = picture.height / picture.width;
  const tall = Math.max(north - south, (east - west) * narrow * ratio);
  const wide = tall / ratio / narrow;
  return (lat, long) => {
    if (lat === undefined) return void (mark.hidden = true);
    const right = (long - (west + east) / 2) / wide + 0.5;
    const down = 0.5 - (lat - (south + north) / 2) / tall;
    mark.hidden = right < 0 || right > 1 || down < 0 || down > 1;
    mark.style.left = `${right * 100}%`;
    mark.style.top = `${down * 100}%`;
  };
}

// Leaflet, where the build step has brought it in: the map can be moved and brought nearer.
function bigMap(box, choose) {
  const [south, west, north, east] = box.dataset.window.split(",").map(Number);
  const place = document.createElement("div");
  place.className = "place-leaflet";
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", box.dataset.label);
  box.replaceChildren(place, box.querySelector("[name=window]"));
  document.querySelector("#h-at").textContent = box.dataset.help;
  const map = L.map(place, { attributionControl: Boolean(box.dataset.tiles), zoomControl: false });
  const [zoomInTitle, zoomOutTitle] = box.dataset.zoom.split("|");
  L.control.zoom({ zoomInTitle, zoomOutTitle }).addTo(map);
  map.attributionControl?.setPrefix(false);
  if (box.dataset.tiles) {
    L.tileLayer(box.dataset.tiles, { attribution: escaped(box.dataset.credit), maxZoom: 19 }).addTo(map);
  }
  if (box.dataset.outline) {
    L.polygon(JSON.parse(box.dataset.outline), {
      className: box.dataset.tiles ? "place-edge" : "place-land", interactive: false,
    }).addTo(map);
  }
  map.fitBounds([[south, west], [north, east]]);
  let mark = null;
  map.on("click", (event) => choose(event.latlng.lat, event.latlng.lng));
  return (lat, long) => {
    if (lat === undefined) {
      mark?.remove();
      mark = null;
      return;
    }
    mark ??= L.circleMarker([lat, long], { radius: 11, className: "place-chosen" }).addTo(map);
    mark.setLatLng([lat, long]);
    if (!map.getBounds().contains([lat, long])) map.panTo([lat, long]);
  };
}

// Leaflet writes the credit as HTML; ours is words.
function escaped(words) {
  const element = document.createElement("span");
  element.textContent = words;
  return element.innerHTML;
}
