// Asks before a form is sent while another one holds something that nobody has sent: the page is
// loaded again, and what was typed there would be lost.
"use strict";

function isChanged(field) {
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") {
    return Array.from(field.options).some((option) => option.selected && !option.defaultSelected && option.index > 0);
  }
  if (field.tagName !== "INPUT" || field.type === "hidden") return false;
  return field.name !== "who" && field.value !== field.defaultValue;
}

document.addEventListener("submit", (event) => {
  const others = Array.from(document.forms).filter((form) => form !== event.target);
  // a form that was not taken holds what was typed before
  const isUnsent = (form) => form.closest("#not-taken, #meanwhile") || Array.from(form.elements).some(isChanged);
  const unsent = others.filter(isUnsent).length;
  const count = unsent === 1 ? "1 other form" : `${unsent} other forms`;
  if (unsent && !confirm(`${count} of this page would lose what you typed. Send only this one?`)) {
    event.preventDefault();
  }
});
