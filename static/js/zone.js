// Suggests the browser's time zone where the profile says another one.
const select = document.querySelector("select[name=time_zone]");
const suggestion = document.querySelector("[data-zone-suggestion]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (select && suggestion && zone && zone !== select.value) {
  const option = [...select.options].find(({ value }) => value === zone);
  if (option) {
    suggestion.querySelector("[data-zone-name]").textContent = option.textContent;
    suggestion.hidden = false;
    suggestion.querySelector("button").addEventListener("click", () => {
      select.value = zone;
      suggestion.hidden = true;
      select.focus();
    });
  }
}
