import { expect, test } from 'vitest';
import type { ChatSummary } from '../api/types';
import { filterChats, groupByDay, mergeChats } from './merge';

const chat = (id: string, updated: Date, title = id): ChatSummary => ({
  id,
  title,
  createdAt: updated.toISOString(),
  updatedAt: updated.toISOString(),
});

const now = new Date(2025, 2, 30, 15, 0);
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);

test('merges by id, newest first, and lets the later version win', () => {
  const merged = mergeChats(
    [chat('a', hoursAgo(1)), chat('b', hoursAgo(2))],
    [chat('b', hoursAgo(0), 'renamed'), chat('c', hoursAgo(9))],
  );
  expect(merged.map((one) => one.id)).toEqual(['b', 'a', 'c']);
  expect(merged[0]?.title).toBe('renamed');
});

test('groups by the reader’s calendar day', () => {
  const groups = groupByDay([chat('a', hoursAgo(1)), chat('b', hoursAgo(16)), chat('c', hoursAgo(80))], now);
  expect(groups.map((group) => [group.label, group.chats.map((one) => one.id)])).toEqual([
    ['Today', ['a']],
    ['Yesterday', ['b']],
    ['Earlier', ['c']],
  ]);
});

test('leaves empty groups out', () => {
  expect(groupByDay([], now)).toEqual([]);
});

test('filters by all words, in any order and case', () => {
  const chats = [chat('a', now, 'Time in Tokyo'), chat('b', now, 'Blue sky')];
  expect(filterChats(chats, 'tokyo TIME').map((one) => one.id)).toEqual(['a']);
  expect(filterChats(chats, ' ')).toHaveLength(2);
});
