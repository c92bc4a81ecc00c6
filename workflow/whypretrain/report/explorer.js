// Shows the chosen sample. Without scripts the first one stays.
"use strict";
{
  const form = document.querySelector(".choose");
  const select = form.querySelector("select");
  const samples = [...document.querySelectorAll(".sample")];

  function show() {
    for (const sample of samples) sample.hidden = sample.id !== select.value;
    const title = document.getElementById(`${select.value}-title`).textContent;
    form.querySelector("output").textContent = `${select.selectedIndex + 1} of ${samples.length}: ${title}`;
  }

  function step(by) {
    select.selectedIndex = (select.selectedIndex + by + samples.length) % samples.length;
    show();
  }

  for (const button of form.querySelectorAll("button")) button.addEventListener("click", () => step(Number(button.value)));
  form.hidden = false;
  form.addEventListener("input", show);
  show();
}
