/** The list of chats, as far as it has been paged in. */
import * as endpoints from '../api/endpoints';
import { asProblem, type Problem } from '../api/problem';
import type { ChatSummary } from '../api/types';
import { createStore } from '../state/store';
import { mergeChats } from './merge';

export interface HistoryState {
  chats: ChatSummary[];
  hasMore: boolean;
  phase: 'loading' | 'ready' | 'failed';
  problem: Problem | null;
}

const empty: HistoryState = { chats: [], hasMore: false, phase: 'loading', problem: null };

export const chatHistory = createStore<HistoryState>(empty);

/** The oldest chat that was paged in; the list itself may be in another order. */
let cursor: string | undefined;
let paging: Promise<void> | null = null;
/** Answers for a user who has since signed out are thrown away. */
let generation = 0;

export function forgetHistory(): void {
  generation += 1;
  cursor = undefined;
  paging = null;
  chatHistory.update(empty);
}

/** Reads the newest chats again; what was paged in before stays. */
export async function refreshHistory(): Promise<void> {
  const asked = generation;
  try {
    const page = await endpoints.fetchHistory();
    if (asked !== generation) return;
    const first = cursor === undefined;
    if (first) cursor = page.chats.at(-1)?.id;
    chatHistory.update({
      chats: mergeChats(chatHistory.get().chats, page.chats),
      hasMore: first ? page.hasMore : chatHistory.get().hasMore,
      phase: 'ready',
      problem: null,
    });
  } catch (thrown) {
    if (asked === generation && chatHistory.get().phase === 'loading') showFailure(thrown);
  }
}

export function loadOlderChats(): Promise<void> {
  if (!chatHistory.get().hasMore) return Promise.resolve();
  paging ??= readOlderChats().finally(() => {
    paging = null;
  });
  return paging;
}

async function readOlderChats(): Promise<void> {
  const asked = generation;
  try {
    const page = await endpoints.fetchHistory(cursor);
    if (asked !== generation) return;
    cursor = page.chats.at(-1)?.id ?? cursor;
    chatHistory.update({
      chats: mergeChats(chatHistory.get().chats, page.chats),
      hasMore: page.hasMore && page.chats.length > 0,
      phase: 'ready',
      problem: null,
    });
  } catch (thrown) {
    if (asked === generation) showFailure(thrown);
  }
}

/** Shows a chat before the server has it. */
export function announceChat(chatId: string, firstMessage: string): void {
  if (chatHistory.get().chats.some((chat) => chat.id === chatId)) return;
  const now = new Date().toISOString();
  const title = firstMessage.trim().split('\n')[0]?.slice(0, 80) ?? 'New chat';
  const chat = { id: chatId, title, createdAt: now, updatedAt: now };
  chatHistory.update({ chats: mergeChats(chatHistory.get().chats, [chat]) });
}

export function forgetChat(chatId: string): void {
  chatHistory.update({ chats: chatHistory.get().chats.filter((chat) => chat.id !== chatId) });
}

export async function renameChat(chatId: string, title: string): Promise<void> {
  const before = chatHistory.get().chats;
  chatHistory.update({ chats: before.map((chat) => (chat.id === chatId ? { ...chat, title } : chat)) });
  try {
    const renamed = await endpoints.renameChat(chatId, title);
    chatHistory.update({ chats: mergeChats(chatHistory.get().chats, [renamed]) });
  } catch (thrown) {
    const old = before.filter((chat) => chat.id === chatId);
    chatHistory.update({ chats: mergeChats(chatHistory.get().chats, old) });
    throw asProblem(thrown);
  }
}

export async function deleteChat(chatId: string): Promise<void> {
  try {
    await endpoints.deleteChat(chatId);
  } catch (thrown) {
    // Another tab has deleted it already.
    if (asProblem(thrown).status !== 404) throw asProblem(thrown);
  }
  forgetChat(chatId);
}

function showFailure(thrown: unknown): void {
  chatHistory.update({ phase: 'failed', problem: asProblem(thrown) });
}
