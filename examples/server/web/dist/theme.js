// Runs before the first paint, so that a page in the dark theme never flashes white. The content security policy
// allows no inline script, hence a file of its own.
(() => {
  const themeKey = 'scorpio-theme';
  let chosen = null;
  try {
    chosen = localStorage.getItem(themeKey);
  } catch {
    // Storage can be blocked; the system's preference is then the theme.
  }
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  document.documentElement.dataset.theme = chosen === 'dark' || chosen === 'light' ? chosen : system;
})();
