import { useEffect } from 'react';
import { conversationOf } from '../chat/conversations';
import { openOverlay, overlay } from './overlay';
import { openNewChat, route } from './route';

export const shortcuts: { keys: string[]; does: string }[] = [
  { keys: ['Ctrl/⌘', 'K'], does: 'Search chats and commands' },
  { keys: ['Ctrl/⌘', 'Shift', 'O'], does: 'New chat' },
  { keys: ['Enter'], does: 'Send the message' },
  { keys: ['Shift', 'Enter'], does: 'New line' },
  { keys: ['↑'], does: 'Bring the last message back into the empty box' },
  { keys: ['A', 'D', 'E'], does: 'Approve, deny or edit what a tool asks, while it has the focus' },
  { keys: ['Esc'], does: 'Stop the answer' },
  { keys: ['?'], does: 'Show these shortcuts' },
];

export function useShortcuts(): void {
  useEffect(() => {
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
}

function onKeyDown(event: KeyboardEvent): void {
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  // Whatever lies over the page has its own use for the keys.
  if (overlay.get().open !== null || document.querySelector('dialog[open], :popover-open') !== null) return;
  if (command && !event.shiftKey && key === 'k') {
    event.preventDefault();
    openOverlay('palette');
  } else if (command && event.shiftKey && key === 'o') {
    event.preventDefault();
    openNewChat();
  } else if (key === 'escape') {
    void conversationOf(route.get().chatId).stop();
  } else if (key === '?' && !command && !isTyping(event.target)) {
    event.preventDefault();
    openOverlay('shortcuts');
  }
}

/** In an empty composer a question mark asks for help; in a text it is a question mark. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, [contenteditable]');
}
