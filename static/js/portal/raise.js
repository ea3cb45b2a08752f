// The topics narrow while one types; without scripts the same box asks the server.

const box = document.querySelector("[data-topics-search]");
const topics = document.querySelector("[data-topics]");

if (box && topics) {
  const groups = [...topics.querySelectorAll("[data-topic-group]")];
  const none = document.querySelector("[data-topics-none]");
  const recent = document.querySelector("[data-topics-recent]");
  const plain = (text) => text.toLocaleLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  const narrow = () => {
    const words = plain(box.value).split(/\s+/).filter(Boolean);
    const fits = (text) => words.every((word) => text.includes(word));
    let shown = 0;
    for (const group of groups) {
      const name = plain(group.dataset.topicGroup);
      let below = 0;
      for (const item of group.querySelectorAll("li")) {
        item.hidden = !fits(`${name} ${plain(item.textContent)}`);
        below += item.hidden ? 0 : 1;
      }
      group.hidden = !below && !fits(name);
      shown += group.hidden ? 0 : 1;
    }
    none.hidden = shown > 0;
    if (recent) recent.hidden = words.length > 0;
  };
  box.addEventListener("input", narrow);
  box.form.addEventListener("submit", (event) => {
    // Enter takes the only topic that is left, or the first.
    event.preventDefault();
    const first = [...topics.querySelectorAll("a")].find((link) => link.offsetParent);
    if (first && box.value.trim()) first.click();
  });
  if (box.value) narrow();
}
