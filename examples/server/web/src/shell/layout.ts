import { createStore } from '../state/store';

const sidebarKey = 'scorpio-sidebar';

/** On a phone the sidebar is a drawer, which is never open to begin with. */
export const phoneQuery = '(max-width: 767px)';

export const layout = createStore<{ sidebarOpen: boolean }>({
  sidebarOpen: !matchMedia(phoneQuery).matches && readChoice() !== 'closed',
});

matchMedia(phoneQuery).addEventListener('change', (event) => {
  layout.update({ sidebarOpen: !event.matches && readChoice() !== 'closed' });
});

export function setSidebar(open: boolean): void {
  layout.update({ sidebarOpen: open });
  if (matchMedia(phoneQuery).matches) return;
  try {
    localStorage.setItem(sidebarKey, open ? 'open' : 'closed');
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

function readChoice(): string | null {
  try {
    return localStorage.getItem(sidebarKey);
  } catch {
    return null;
  }
}
