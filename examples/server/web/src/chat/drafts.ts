/** What is written but not sent, kept for each chat until the tab is closed. */
const keyOf = (chatId: string) => `scorpio-draft:${chatId}`;

export function readDraft(chatId: string): string {
  try {
    return sessionStorage.getItem(keyOf(chatId)) ?? '';
  } catch {
    return '';
  }
}

export function keepDraft(chatId: string, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(keyOf(chatId));
    else sessionStorage.setItem(keyOf(chatId), text);
  } catch {
    // Without storage a draft lasts as long as the page.
  }
}
