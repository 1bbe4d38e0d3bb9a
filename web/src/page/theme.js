// Runs before the first paint, so that a chosen theme does not flash. The page itself writes the choice.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is refused (private window, file): the system's theme stays.
}
