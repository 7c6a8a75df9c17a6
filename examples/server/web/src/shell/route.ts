/** Which chat the address names. A new chat has its id before its first message, so sending changes nothing on the page. */
import { newIdentifier } from '../state/identifier';
import { createStore } from '../state/store';

export interface Route {
  chatId: string;
  /** The chat has no message yet, and the address is `/`. */
  isNew: boolean;
}

export const route = createStore<Route>(readRoute(location.pathname));

addEventListener('popstate', () => route.update(readRoute(location.pathname)));

export function pathOf(chatId: string): string {
  return `/chat/${encodeURIComponent(chatId)}`;
}

export function openChat(chatId: string): void {
  if (route.get().chatId === chatId && !route.get().isNew) return;
  history.pushState(null, '', pathOf(chatId));
  route.update({ chatId, isNew: false });
}

export function openNewChat(): void {
  if (location.pathname !== '/') history.pushState(null, '', '/');
  route.update({ chatId: newIdentifier(), isNew: true });
}

/** The first message is under way: the address now names the chat. */
export function markSent(chatId: string): void {
  if (route.get().chatId !== chatId || !route.get().isNew) return;
  history.replaceState(null, '', pathOf(chatId));
  route.update({ isNew: false });
}

/** The first message was refused, so there is no such chat. */
export function markUnsent(chatId: string): void {
  if (route.get().chatId !== chatId) return;
  history.replaceState(null, '', '/');
  route.update({ isNew: true });
}

export function readRoute(path: string): Route {
  const encoded = /^\/chat\/([^/]+)\/?$/.exec(path)?.[1];
  const chatId = encoded === undefined ? null : decode(encoded);
  return chatId === null ? { chatId: newIdentifier(), isNew: true } : { chatId, isNew: false };
}

function decode(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}
