// Sets the theme before anything is painted; loaded in the head without defer for that reason alone.
(() => {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
