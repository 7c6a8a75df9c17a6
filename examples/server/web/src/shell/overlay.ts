/** Which of the page's own overlays is open. */
import { createStore } from '../state/store';

export type Overlay = 'palette' | 'shortcuts';

export const overlay = createStore<{ open: Overlay | null }>({ open: null });

export function openOverlay(open: Overlay): void {
  overlay.update({ open });
}

export function closeOverlay(): void {
  overlay.update({ open: null });
}
