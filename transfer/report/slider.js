"use strict";
for (const stage of document.querySelectorAll(".stage")) {
  const slider = stage.querySelector("input");
  const show = () => {
    const share = Math.round(slider.value);
    stage.style.setProperty("--cut", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", `${share} % content, ${100 - share} % result`);
  };
  slider.addEventListener("input", show);
  show(); // a reloaded page may come with the value it had
}
