/** What is told beside an answer while it runs: that it broke off, is tried again, or comes from another model. */
import type { DataUIPart } from 'ai';
import type { ChatMessage, Told } from '../api/types';
import { activityOf } from './currentActivity';
import { extentOf } from './messages';

export interface AnswerNotes {
  /** The steps of the message that do not count, from 0. */
  readonly voidSteps: readonly number[];
  /** How many of them this stream has told of: a stream that is resumed tells of them again. */
  readonly resets: number;
  readonly retrying: Retrying | null;
  readonly fellBackTo: string | null;
  /** What the server waits for or has just done, until there is more of the answer. */
  readonly aside: Aside | null;
  /** Another process goes on with the answer; the last words of the one before may be missing here. */
  readonly recovered: boolean;
}

interface Aside {
  sentence: string;
  /** How much of the answer there was. */
  extent: number;
}

interface Retrying {
  why: string;
  /** When the next try begins, as `Date.now()` tells it. */
  until: number;
  /** How much of the answer there was; more of it means that the try has succeeded. */
  extent: number;
}

export const noNotes: AnswerNotes = {
  voidSteps: [],
  resets: 0,
  retrying: null,
  fellBackTo: null,
  aside: null,
  recovered: false,
};

const reasons: Record<string, string> = {
  rate_limited: 'The model is busy',
  overloaded: 'The model is busy',
  unreachable: 'The model cannot be reached',
  timeout: 'The model takes too long',
  truncated: 'The answer broke off',
};

export function noted(
  notes: AnswerNotes,
  told: DataUIPart<Told>,
  message: ChatMessage | undefined,
  now: number,
): AnswerNotes {
  switch (told.type) {
    case 'data-stream-reset': {
      // Each turn is a step, and each turn that is asked for again is one more.
      const step = told.data.turn - 1 + notes.resets;
      const voidSteps = notes.voidSteps.includes(step) ? notes.voidSteps : [...notes.voidSteps, step];
      return { ...notes, voidSteps, resets: notes.resets + 1, retrying: null };
    }
    case 'data-retrying': {
      const why = reasons[told.data.error] ?? 'The model did not answer';
      return { ...notes, retrying: { why, until: now + told.data.after_ms, extent: extentSoFar(message) } };
    }
    case 'data-recovered':
      return { ...notes, recovered: true, aside: asideOf('The server was restarted; going on…', message) };
    case 'data-waiting-for-store':
      return { ...notes, aside: asideOf('The database does not answer; waiting for it…', message) };
    case 'data-fell-back':
      return { ...notes, retrying: null, fellBackTo: told.data.model };
    default:
      return notes;
  }
}

function asideOf(sentence: string, message: ChatMessage | undefined): Aside {
  return { sentence, extent: extentSoFar(message) };
}

function extentSoFar(message: ChatMessage | undefined): number {
  return message?.role === 'assistant' ? extentOf(message) : 0;
}

/** The same answer is streamed from its beginning again. */
export function replayed(notes: AnswerNotes): AnswerNotes {
  return { ...notes, resets: 0, retrying: null, aside: null };
}

/** The message without the steps that do not count. One that is over, or that the server keeps, has none of them. */
export function withoutVoid(message: ChatMessage, { voidSteps }: AnswerNotes): ChatMessage {
  const { status, counted } = message.metadata ?? {};
  if (voidSteps.length === 0 || status !== undefined || counted) return message;
  let step = -1;
  const parts = message.parts.filter((part) => {
    if (part.type === 'step-start') step += 1;
    return !voidSteps.includes(step);
  });
  return { ...message, parts };
}

/**
 * The message as it stands once its answer is over. It says so itself: the page may draw it before or after it hears that
 * the answer is over.
 */
export function settled(message: ChatMessage, notes: AnswerNotes): ChatMessage {
  if (notes.voidSteps.length === 0 && notes.fellBackTo === null) return message;
  const metadata = { ...message.metadata, counted: true } as const;
  const { parts } = withoutVoid(message, notes);
  const { model } = metadata;
  if (notes.fellBackTo === null || model === undefined) return { ...message, parts, metadata };
  return { ...message, parts, metadata: { ...metadata, model: { ...model, fellBackTo: notes.fellBackTo } } };
}

/** Until when the line under the answer counts seconds; null when it does not. */
export function countsUntil(message: ChatMessage | undefined, { retrying }: AnswerNotes): number | null {
  return retrying !== null && retrying.extent === extentSoFar(message) ? retrying.until : null;
}

/** The line under an answer that runs. `now` is null for those who do not want to hear each second. */
export function statusOf(message: ChatMessage | undefined, notes: AnswerNotes, now: number | null): string {
  const until = countsUntil(message, notes);
  if (notes.retrying !== null && until !== null && (now === null || now < until)) {
    const seconds = now === null ? '' : ` in ${Math.ceil((until - now) / 1_000)} s`;
    return `${notes.retrying.why}; trying again${seconds}`;
  }
  if (notes.aside !== null && notes.aside.extent === extentSoFar(message)) return notes.aside.sentence;
  if (isAskedAgain(message, notes)) return 'The answer broke off; asking again…';
  const activity = activityOf(message === undefined ? undefined : withoutVoid(message, notes));
  if (activity === 'Waiting for the model' && notes.fellBackTo !== null) {
    return `Waiting for ${notes.fellBackTo}, which answers instead`;
  }
  return activity;
}

/** Whether nothing has come since the last step that does not count. */
function isAskedAgain(message: ChatMessage | undefined, { voidSteps }: AnswerNotes): boolean {
  if (message === undefined || voidSteps.length === 0) return false;
  const last = Math.max(...voidSteps);
  let step = -1;
  return message.parts.every((part) => {
    if (part.type === 'step-start') step += 1;
    return part.type === 'step-start' || step <= last;
  });
}
