// What the pages do beyond HTML: a choice of light or dark, and mentions that light up with their relation.
"use strict";

const root = document.documentElement;
const chosen = () => {
  try { return localStorage.getItem("harmonize-theme"); } catch { return null; }
};
const isDark = () => root.dataset.theme === "dark"
  || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);

const theme = chosen();
if (theme === "dark" || theme === "light") root.dataset.theme = theme;

function themeButton() {
  const button = document.getElementById("theme");
  const name = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `Change to ${isDark() ? "light" : "dark"} colours`);
  };
  button.hidden = false;
  name();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("harmonize-theme", root.dataset.theme); } catch { /* this page only */ }
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
}

// Numbers of entities that an element is about; the two graphs of a document number them alike.
const about = (element) => element.dataset.entities.trim().split(" ").map((name) => name.replace(/^p-/, "g-"));

function lighting() {
  const all = Array.from(document.querySelectorAll("[data-entities]"));
  const light = (entities) => {
    for (const element of all) {
      const own = about(element);
      const isLit = element.matches("mark, .node")
        ? own.some((name) => entities.includes(name))
        : entities.length > 0 && (entities.length > 1 ? own.every((name) => entities.includes(name))
          : own.includes(entities[0]));
      element.classList.toggle("lit", isLit);
      element.classList.toggle("dim", entities.length > 0 && !isLit);
    }
  };
  for (const element of all) {
    element.addEventListener("mouseenter", () => light(about(element)));
    element.addEventListener("mouseleave", () => light([]));
    element.addEventListener("focusin", () => light(about(element)));
    element.addEventListener("focusout", () => light([]));
  }
}

function asking() {
  for (const form of document.querySelectorAll("form.ask")) {
    const button = form.querySelector("button");
    const name = button.textContent;
    form.addEventListener("submit", (event) => {
      if (button.hasAttribute("aria-disabled")) event.preventDefault();
      button.setAttribute("aria-disabled", "true");
      button.textContent = "Predicting …";
    });
    window.addEventListener("pageshow", () => { // also when someone comes back to the page
      button.removeAttribute("aria-disabled");
      button.textContent = name;
    });
  }
}

document.addEventListener("DOMContentLoaded", () => {
  themeButton();
  lighting();
  asking();
});
