import { fetchAccount } from '../api/endpoints';
import { createStore } from '../state/store';

export interface QuotaState {
  limit: number | null;
  remaining: number | null;
  resetsAt: Date | null;
}

const unknown: QuotaState = { limit: null, remaining: null, resetsAt: null };

export const quota = createStore<QuotaState>(unknown);

export function forgetQuota(): void {
  quota.update(unknown);
}

/** A quota that cannot be read is no reason to disturb: the next answer tells it. */
export async function refreshQuota(): Promise<void> {
  const account = await fetchAccount().catch(() => null);
  if (account === null) return;
  const { limit, remaining, resets_at } = account.quota;
  quota.update({ limit, remaining, resetsAt: resets_at === null ? null : new Date(resets_at) });
}

/** Answers of the chat carry the quota in their headers. */
export function readQuotaHeaders(headers: Headers): void {
  const limit = numberHeader(headers, 'x-ratelimit-limit');
  const remaining = numberHeader(headers, 'x-ratelimit-remaining');
  if (limit === null || remaining === null) return;
  const reset = numberHeader(headers, 'x-ratelimit-reset');
  quota.update({ limit, remaining, resetsAt: reset === null ? null : new Date(reset * 1000) });
}

function numberHeader(headers: Headers, name: string): number | null {
  const value = headers.get(name);
  if (value === null || value.trim() === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
