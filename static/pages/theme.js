// @ts-check
// A classic script in the head, so that the page never flashes in the wrong
// theme: it puts the person's choice on <html> before anything is drawn.
// Without a choice the system's theme holds.
try {
  const theme = localStorage.getItem("lyceum.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be switched off; the system's theme holds then.
}
