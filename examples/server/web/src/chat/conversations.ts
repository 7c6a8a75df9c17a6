/** The conversations that were opened since the page was loaded. */
import { refreshQuota } from '../auth/quota';
import { forgetChat, refreshHistory } from '../history/history';
import { markUnsent, openChat } from '../shell/route';
import { Conversation } from './conversation';

const opened = new Map<string, Conversation>();
const mostOpened = 40;

/** Titles are written by the model after the answer, so the list is read once more a little later. */
const titleDelay = 2_000;

export function conversationOf(chatId: string): Conversation {
  const known = opened.get(chatId);
  if (known !== undefined) return known;
  const conversation = new Conversation(chatId, { onAnswerEnded, onRejected, onForked });
  opened.set(chatId, conversation);
  dropOldest(chatId);
  return conversation;
}

export function closeConversation(chatId: string): void {
  opened.get(chatId)?.detach();
  opened.delete(chatId);
}

/** Another user must not see what the last one had open. */
export function closeAllConversations(): void {
  for (const conversation of opened.values()) conversation.detach();
  opened.clear();
}

/** A new account has a new quota: refusals of the old one no longer hold. */
export function dismissRefusals(): void {
  for (const conversation of opened.values()) conversation.dismissRefusal();
}

function dropOldest(except: string): void {
  if (opened.size <= mostOpened) return;
  for (const [chatId, conversation] of opened) {
    if (chatId !== except && !conversation.isBusy) {
      opened.delete(chatId);
      return;
    }
  }
}

function onAnswerEnded(): void {
  void refreshQuota();
  void refreshHistory();
  setTimeout(() => void refreshHistory(), titleDelay);
}

function onForked(chatId: string): void {
  void refreshHistory();
  openChat(chatId);
}

function onRejected(chatId: string): void {
  forgetChat(chatId);
  markUnsent(chatId);
  void refreshQuota();
}
