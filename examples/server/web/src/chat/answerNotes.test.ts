import type { DataUIPart } from 'ai';
import { expect, test } from 'vitest';
import type { ChatMessage, Told } from '../api/types';
import {
  type AnswerNotes,
  countsUntil,
  noNotes,
  noted,
  replayed,
  settled,
  statusOf,
  withoutVoid,
} from './answerNotes';

const step = { type: 'step-start' } as const;
const text = (words: string) => ({ type: 'text', text: words }) as const;
const answer = (...parts: ChatMessage['parts']): ChatMessage => ({ id: 'a', role: 'assistant', parts });
const reset = (turn: number): DataUIPart<Told> => ({
  type: 'data-stream-reset',
  data: { turn, error: 'truncated' },
});
const retrying = (error: string): DataUIPart<Told> => ({
  type: 'data-retrying',
  data: { turn: 1, attempt: 2, after_ms: 3_000, error },
});
const fellBack: DataUIPart<Told> = {
  type: 'data-fell-back',
  data: { turn: 1, provider: 'openai', model: 'small', error: 'overloaded' },
};
const after = (...told: DataUIPart<Told>[]): AnswerNotes =>
  told.reduce((notes, one) => noted(notes, one, undefined, 0), noNotes);

test('what broke off is hidden, and what stood before it stays', () => {
  const broken = answer(step, text('First.'), step, text('Ha'), step, text('Whole.'));
  expect(withoutVoid(broken, after(reset(2))).parts).toEqual([step, text('First.'), step, text('Whole.')]);
  expect(withoutVoid(broken, noNotes)).toBe(broken);
});

test('an answer may break off again, in the same turn and in a later one', () => {
  const notes = after(reset(1), reset(1), reset(2));
  expect(notes.voidSteps).toEqual([0, 1, 3]);
  const broken = answer(
    step,
    text('a'),
    step,
    text('b'),
    step,
    text('One.'),
    step,
    text('c'),
    step,
    text('Two.'),
  );
  expect(withoutVoid(broken, notes).parts).toEqual([step, text('One.'), step, text('Two.')]);
});

test('a replay tells of the same steps again', () => {
  const notes = after(reset(1), reset(2));
  const again = [reset(1), reset(2)].reduce((seen, one) => noted(seen, one, undefined, 0), replayed(notes));
  expect(again.voidSteps).toEqual(notes.voidSteps);
});

test('until something new comes, the line says that it is asked again', () => {
  const notes = after(reset(1));
  expect(statusOf(answer(step, text('Ha')), notes, 0)).toBe('The answer broke off; asking again…');
  expect(statusOf(answer(step, text('Ha'), step), notes, 0)).toBe('The answer broke off; asking again…');
  expect(statusOf(answer(step, text('Ha'), step, text('W')), notes, 0)).toBe('');
});

test('a wait is counted down, and is over when its time is or when something comes', () => {
  const notes = after(retrying('rate_limited'));
  const waiting = answer(step);
  expect(statusOf(waiting, notes, 0)).toBe('The model is busy; trying again in 3 s');
  expect(statusOf(waiting, notes, 2_100)).toBe('The model is busy; trying again in 1 s');
  expect(statusOf(waiting, notes, 3_000)).toBe('Waiting for the model');
  expect(statusOf(undefined, notes, 0)).toBe('The model is busy; trying again in 3 s');
  expect(statusOf(waiting, notes, null)).toBe('The model is busy; trying again');
  expect(countsUntil(waiting, notes)).toBe(3_000);
  expect(countsUntil(answer(step, text('So')), notes)).toBe(null);
  expect(statusOf(answer(step, text('So')), notes, 0)).toBe('');
});

test('the line says why', () => {
  const why = (error: string) => statusOf(undefined, after(retrying(error)), null);
  expect(why('overloaded')).toBe('The model is busy; trying again');
  expect(why('unreachable')).toBe('The model cannot be reached; trying again');
  expect(why('timeout')).toBe('The model takes too long; trying again');
  expect(why('something new')).toBe('The model did not answer; trying again');
});

test('another model is named while it is waited for, and at the answer', () => {
  const notes = after(retrying('overloaded'), fellBack);
  expect(statusOf(answer(step), notes, 0)).toBe('Waiting for small, which answers instead');
  expect(statusOf(answer(step, text('So')), notes, 0)).toBe('');
  const message = { ...answer(step, text('So')), metadata: { model: { id: 'deep', name: 'Deep' } } };
  expect(settled(message, notes).metadata).toEqual({
    counted: true,
    model: { id: 'deep', name: 'Deep', fellBackTo: 'small' },
  });
  expect(settled(message, noNotes)).toBe(message);
});

test('an answer that is over is counted once, however often it is drawn', () => {
  const notes = after(reset(1));
  const over = settled(answer(step, text('Ha'), step, text('Whole.')), notes);
  expect(over.parts).toEqual([step, text('Whole.')]);
  expect(withoutVoid(over, notes)).toBe(over);
  const kept = { ...answer(step, text('Whole.')), metadata: { status: 'complete' } as const };
  expect(withoutVoid(kept, notes)).toBe(kept);
});

test('a restart of the server is told until there is more of the answer', () => {
  const recovered: DataUIPart<Told> = { type: 'data-recovered', data: { turn: 1 } };
  const before = answer(step, text('Half'));
  const notes = noted(noNotes, recovered, before, 0);
  expect(notes.recovered).toBe(true);
  expect(statusOf(before, notes, 0)).toBe('The server was restarted; going on…');
  expect(statusOf(answer(step, text('Half of')), notes, 0)).toBe('');
});
