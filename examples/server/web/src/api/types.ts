/** What the server sends; `docs/src/server/http-api.md` is the contract. */
import type { UIMessage } from 'ai';

export interface User {
  id: string;
  kind: 'guest' | 'registered';
  email: string | null;
  created_at: string;
}

export interface SessionAnswer {
  access_token: string;
  expires_in: number;
  user: User;
}

export interface Quota {
  limit: number;
  used: number;
  remaining: number;
  resets_at: string | null;
}

export interface ChatSummary {
  id: string;
  title: string;
  createdAt: string;
  updatedAt: string;
}

export interface ChatPage {
  chats: ChatSummary[];
  hasMore: boolean;
}

export interface Model {
  id: string;
  name: string;
  demo: boolean;
}

export interface ModelList {
  default: string;
  models: Model[];
}

export type MessageStatus = 'complete' | 'stopped' | 'interrupted' | 'failed';

export interface MessageMetadata {
  createdAt?: string;
  status?: MessageStatus;
}

export type ChatMessage = UIMessage<MessageMetadata>;
export type ChatMessagePart = ChatMessage['parts'][number];
