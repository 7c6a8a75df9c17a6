import type { ChatSummary } from '../api/types';

/** Both lists as one, newest first; of a chat in both the second list's version counts. */
export function mergeChats(known: ChatSummary[], read: ChatSummary[]): ChatSummary[] {
  const byId = new Map(known.map((chat) => [chat.id, chat]));
  for (const chat of read) byId.set(chat.id, chat);
  return [...byId.values()].sort((one, other) => timeOf(other) - timeOf(one));
}

export interface ChatGroup {
  label: 'Today' | 'Yesterday' | 'Earlier';
  chats: ChatSummary[];
}

export function groupByDay(chats: ChatSummary[], now: Date): ChatGroup[] {
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1).getTime();
  const groups: ChatGroup[] = [
    { label: 'Today', chats: chats.filter((chat) => timeOf(chat) >= today) },
    { label: 'Yesterday', chats: chats.filter((chat) => timeOf(chat) >= yesterday && timeOf(chat) < today) },
    { label: 'Earlier', chats: chats.filter((chat) => timeOf(chat) < yesterday) },
  ];
  return groups.filter((group) => group.chats.length > 0);
}

/** Chats whose title has every word of the query, in any order. */
export function filterChats(chats: ChatSummary[], query: string): ChatSummary[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return chats.filter((chat) => {
    const title = chat.title.toLocaleLowerCase();
    return words.every((word) => title.includes(word));
  });
}

function timeOf(chat: ChatSummary): number {
  return Date.parse(chat.updatedAt);
}
