/** Light or dark. `public/theme.js` has set the first value before the page was painted. */
import { createStore } from '../state/store';

export type Theme = 'light' | 'dark';

const themeKey = 'scorpio-theme';
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

export const theme = createStore<{ theme: Theme }>({
  theme: document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light',
});

systemIsDark.addEventListener('change', () => {
  if (readChoice() === null) apply(systemTheme());
});

/** Choosing what the system prefers anyway goes back to following the system. */
export function toggleTheme(): void {
  const next = theme.get().theme === 'dark' ? 'light' : 'dark';
  writeChoice(next === systemTheme() ? null : next);
  apply(next);
}

function systemTheme(): Theme {
  return systemIsDark.matches ? 'dark' : 'light';
}

function apply(next: Theme): void {
  const root = document.documentElement;
  // Half of the colours would fade while the others change at once.
  root.classList.add('theme-changing');
  root.dataset.theme = next;
  requestAnimationFrame(() => requestAnimationFrame(() => root.classList.remove('theme-changing')));
  colourBrowser();
  theme.update({ theme: next });
}

/** Phones colour their own bars like the page. */
export function colourBrowser(): void {
  const ground = getComputedStyle(document.documentElement).getPropertyValue('--ground');
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', ground);
}

function readChoice(): string | null {
  try {
    return localStorage.getItem(themeKey);
  } catch {
    return null;
  }
}

function writeChoice(choice: Theme | null): void {
  try {
    if (choice === null) localStorage.removeItem(themeKey);
    else localStorage.setItem(themeKey, choice);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}
