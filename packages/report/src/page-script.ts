/**
 * The script of the page: filters, sorting and opening of findings. Without it all findings stand there and open as they
 * are. It only reads attributes and text and hides, orders or opens elements; it never makes markup from data.
 * Fixed text: its SHA-256 is in the content security policy.
 */
export const PAGE_SCRIPT = `
(function () {
  "use strict";
  var tools = document.getElementById("tools");
  var list = document.getElementById("finding-list");
  if (!tools || !list) return;
  var items = Array.prototype.slice.call(list.children);
  var texts = items.map(function (item) { return item.textContent.toLowerCase(); });
  var find = function (id) { return document.getElementById(id); };
  var text = find("find-text"), check = find("find-check"), severity = find("find-severity");
  var sort = find("find-sort"), open = find("find-open"), status = find("find-status"), none = find("find-none");
  var numberOf = function (item, name, missing) {
    var value = item.getAttribute("data-" + name);
    return value === null ? missing : Number(value);
  };
  var orders = {
    gravity: function (a, b) { return numberOf(a, "index", 0) - numberOf(b, "index", 0); },
    score: function (a, b) { return numberOf(b, "score", 0) - numberOf(a, "score", 0); },
    q: function (a, b) { return numberOf(a, "q", 2) - numberOf(b, "q", 2); },
    record: function (a, b) { return numberOf(a, "record", 0) - numberOf(b, "record", 0); }
  };
  function filter() {
    var words = text.value.toLowerCase().split(/\\s+/).filter(Boolean);
    var shown = 0;
    items.forEach(function (item, index) {
      var keep = (!check.value || item.getAttribute("data-check") === check.value) &&
        (!severity.value || item.getAttribute("data-severity") === severity.value) &&
        words.every(function (word) { return texts[index].indexOf(word) >= 0; });
      item.hidden = !keep;
      if (keep) shown++;
    });
    none.hidden = shown > 0;
    status.textContent = shown + " of " + items.length + " on this page";
  }
  function order() {
    items.slice().sort(function (a, b) {
      return orders[sort.value](a, b) || orders.gravity(a, b);
    }).forEach(function (item) { list.appendChild(item); });
  }
  function openLinked() {
    var id = location.hash.slice(1);
    items.forEach(function (item) {
      if (item.id !== id) return;
      item.hidden = false;
      item.querySelector("details").open = true;
      item.scrollIntoView();
    });
  }
  [text, check, severity].forEach(function (control) { control.addEventListener("input", filter); });
  sort.addEventListener("input", order);
  open.addEventListener("click", function () {
    var all = open.getAttribute("aria-pressed") !== "true";
    open.setAttribute("aria-pressed", String(all));
    open.textContent = all ? "Close all" : "Open all";
    items.forEach(function (item) { if (!item.hidden) item.querySelector("details").open = all; });
  });
  window.addEventListener("hashchange", openLinked);
  tools.hidden = false;
  filter();
  openLinked();
})();
`;
