import { authorizedJson } from './authorized';
import type {
  Approval,
  ApprovalAnswer,
  Branch,
  ChatMessage,
  ChatPage,
  ChatSummary,
  ModelList,
  Quota,
  User,
} from './types';

export const historyPageSize = 30;

export function fetchAccount(): Promise<{ user: User; quota: Quota }> {
  return authorizedJson('/api/auth/me');
}

export function fetchModels(): Promise<ModelList> {
  return authorizedJson('/api/models');
}

export function fetchHistory(endingBefore?: string): Promise<ChatPage> {
  const query = new URLSearchParams({ limit: String(historyPageSize) });
  if (endingBefore !== undefined) query.set('ending_before', endingBefore);
  return authorizedJson(`/api/history?${query}`);
}

export function fetchMessages(chatId: string): Promise<{ chat: ChatSummary; messages: ChatMessage[] }> {
  return authorizedJson(`/api/messages?${new URLSearchParams({ chatId })}`);
}

export function stopAnswer(chatId: string): Promise<{ stopped: boolean }> {
  return authorizedJson(`/api/chat/${encodeURIComponent(chatId)}/stop`, { method: 'POST' });
}

export async function fetchApprovals(chatId: string): Promise<Approval[]> {
  const { approvals } = await authorizedJson<{ approvals: Approval[] }>(`${pathOf(chatId)}/approvals`);
  return approvals;
}

export function answerApproval(chatId: string, approvalId: string, body: ApprovalAnswer): Promise<void> {
  const path = `${pathOf(chatId)}/approvals/${encodeURIComponent(approvalId)}`;
  return authorizedJson(path, { method: 'POST', body });
}

export async function fetchBranches(chatId: string): Promise<Branch[]> {
  const { branches } = await authorizedJson<{ branches: Branch[] }>(`${pathOf(chatId)}/branches`);
  return branches;
}

export function switchBranch(chatId: string, seq: number): Promise<ChatSummary> {
  return authorizedJson(`${pathOf(chatId)}/branch`, { method: 'POST', body: { seq } });
}

export function forkChat(chatId: string, messageId: string): Promise<ChatSummary> {
  return authorizedJson(`${pathOf(chatId)}/fork`, { method: 'POST', body: { messageId } });
}

function pathOf(chatId: string): string {
  return `/api/chat/${encodeURIComponent(chatId)}`;
}

export function renameChat(chatId: string, title: string): Promise<ChatSummary> {
  return authorizedJson(`/api/chat/${encodeURIComponent(chatId)}/title`, {
    method: 'PATCH',
    body: { title },
  });
}

export function deleteChat(chatId: string): Promise<ChatSummary> {
  return authorizedJson(`/api/chat?${new URLSearchParams({ id: chatId })}`, { method: 'DELETE' });
}
