/** Where a chat went on in more than one way, as its messages show it. */
import type { Branch } from '../api/types';

export interface Ways {
  /** Which of them is shown, from 0. */
  current: number;
  /** The sequence numbers through which they go. */
  seqs: number[];
}

/** The ways that part at this question, or at this answer. */
export function waysAt(
  branches: readonly Branch[],
  differs: Branch['differs'],
  messageId: string,
): Ways | null {
  for (const branch of branches) {
    const current = branch.ways.findIndex((way) => way.current);
    const way = branch.ways[current];
    const shownAt = differs === 'question' ? way?.messageId : way?.answerId;
    if (branch.differs === differs && shownAt === messageId) {
      return { current, seqs: branch.ways.map(({ seq }) => seq) };
    }
  }
  return null;
}
