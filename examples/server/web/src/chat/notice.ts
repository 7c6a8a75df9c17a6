/** The words for a problem: what happened, whether the work is kept, and what can be done next. */
import type { Problem } from '../api/problem';
import type { Trouble } from './trouble';

export type NoticeAction = 'retry' | 'follow' | 'sign-up' | 'sign-in';

export interface Notice {
  tone: 'warning' | 'error';
  title: string;
  sentences: string[];
  actions: NoticeAction[];
}

const titles: Record<string, string> = {
  rate_limit: 'That was the last message for now',
  conflict: 'An answer is still being written in this chat',
  unauthorized: 'You are signed out',
  forbidden: 'This is not allowed',
  not_found: 'This chat is gone',
  bad_request: 'The server could not use this message',
  too_large: 'This message is too long',
  unsupported_media_type: 'The server cannot read this kind of file',
  offline: 'The server is not ready',
  unreachable: 'No connection to the server',
  broken: 'The answer broke off',
};

const warnings = new Set(['rate_limit', 'conflict', 'offline', 'unreachable', 'unauthorized']);

const keptSentences: Record<Trouble['kept'], string | null> = {
  draft: 'Your message is back in the box below.',
  question: 'Your message is kept here.',
  answer: 'What was written so far is kept.',
  nothing: null,
};

export function noticeOf(trouble: Trouble, isGuest: boolean, now: Date): Notice {
  const { problem, kept, retry } = trouble;
  const sentences = [
    problem.message,
    keptSentences[kept],
    problem.retryAt !== null ? waitSentence(problem.retryAt, now) : null,
  ];
  return {
    tone: warnings.has(problem.kind) ? 'warning' : 'error',
    title: titles[problem.kind] ?? 'Something went wrong',
    sentences: sentences.filter((sentence) => sentence !== null),
    actions: actionsFor(problem, retry, isGuest),
  };
}

function actionsFor(problem: Problem, retry: Trouble['retry'], isGuest: boolean): NoticeAction[] {
  const actions: NoticeAction[] = [];
  if (problem.kind === 'conflict') return ['follow'];
  const hasMore = problem.kind === 'rate_limit' || problem.code === 'forbidden:model';
  if (hasMore && isGuest) actions.push('sign-up', 'sign-in');
  if (problem.kind === 'unauthorized') actions.push('sign-in');
  if (retry !== null) actions.push('retry');
  return actions;
}

function waitSentence(until: Date, now: Date): string {
  const seconds = Math.ceil((until.getTime() - now.getTime()) / 1000);
  return seconds < 60 ? 'Try again in a moment.' : `Try again at ${clockTime(until, now)}.`;
}

/** The time of day, with the day when it is not today's. */
export function clockTime(date: Date, now: Date): string {
  const time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.toLocaleDateString([], { weekday: 'long' })}, ${time}`;
}
