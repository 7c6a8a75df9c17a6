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
  /** The model that was chosen last. */
  model?: string;
}

export interface ChatPage {
  chats: ChatSummary[];
  hasMore: boolean;
}

export interface Model {
  id: string;
  name: string;
  description?: string;
  demo: boolean;
}

/** A model that this user may not choose. */
export interface LockedModel {
  id: string;
  name: string;
  description?: string;
  reason: string;
}

export interface ModelList {
  default: string;
  models: Model[];
  locked: LockedModel[];
}

export type MessageStatus = 'complete' | 'stopped' | 'interrupted' | 'failed';

/** Which model answered; `fellBackTo` is the one that did so in place of the one that was chosen. */
export interface AnsweredBy {
  id?: string;
  name: string;
  fellBackTo?: string;
}

export interface MessageMetadata {
  createdAt?: string;
  status?: MessageStatus;
  model?: AnsweredBy;
  /** Set by the page alone: what does not count has been taken out. */
  counted?: true;
}

/** What is told to those who watch and is no part of the message. */
export type Told = {
  retrying: { turn: number; attempt: number; after_ms: number; error: string };
  'fell-back': { turn: number; provider: string; model: string; error: string };
  'stream-reset': { turn: number; error?: string };
  recovered: { turn: number };
  'waiting-for-store': { after_ms: number };
};

/** A tool call that somebody is asked about. */
export interface Approval {
  id: string;
  tool: string;
  description?: string;
  /** What the tool can do to the world; absent when the server no longer has it. */
  effects?: 'none' | 'read_private' | 'write' | 'egress';
  arguments: unknown;
  argumentsHash: string;
  reason: 'policy' | 'outcome_unknown';
  requestedAt: string;
  expiresAt?: string;
}

export interface ApprovalAnswer {
  decision: 'approve' | 'deny';
  reason?: string;
  arguments?: unknown;
  always?: boolean;
  argumentsHash?: string;
}

/** A place where the chat went on in more than one way. */
export interface Branch {
  after: number;
  differs: 'question' | 'answer';
  ways: { seq: number; messageId: string; answerId?: string; current: boolean }[];
}

export type ChatMessage = UIMessage<MessageMetadata, Told>;
export type ChatMessagePart = ChatMessage['parts'][number];
