/** Questions that the page asks of messages and their parts. */
import type { DynamicToolUIPart, ReasoningUIPart } from 'ai';
import type { ChatMessage, ChatMessagePart, MessageStatus } from '../api/types';

export function textOf(message: ChatMessage): string {
  return message.parts
    .filter((part) => part.type === 'text')
    .map((part) => part.text)
    .join('\n\n');
}

export function lastOf(messages: ChatMessage[], role: ChatMessage['role']): ChatMessage | undefined {
  return messages.findLast((message) => message.role === role);
}

/** True when the server has said how the last answer ended, so that nothing can be running. */
export function isSettled(messages: ChatMessage[]): boolean {
  const last = messages.at(-1);
  const status = last?.metadata?.status;
  return last === undefined || (last.role === 'assistant' && isEnd(status));
}

/** The questions of the last answer that wait for somebody. */
export function questionsOf(messages: ChatMessage[]): string[] {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return [];
  return last.parts.flatMap((part) =>
    part.type === 'dynamic-tool' && part.state === 'approval-requested' ? [part.approval.id] : [],
  );
}

function isEnd(status: MessageStatus | undefined): boolean {
  return status === 'complete' || status === 'stopped' || status === 'interrupted' || status === 'failed';
}

export function withStatus(messages: ChatMessage[], status: MessageStatus): ChatMessage[] {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return messages;
  return [...messages.slice(0, -1), { ...last, metadata: { ...last.metadata, status } }];
}

/** How much of an answer there is. Only good for comparing two states of the same answer. */
export function extentOf(message: ChatMessage): number {
  return message.parts.reduce((extent, part) => extent + extentOfPart(part), 0);
}

function extentOfPart(part: ChatMessagePart): number {
  if (part.type === 'text' || part.type === 'reasoning') return part.text.length;
  if (part.type === 'dynamic-tool') return part.state.startsWith('output') ? 2 : 1;
  return 0;
}

/**
 * A resumed answer is replayed from its first chunk. The reader keeps seeing what already stands until the replay
 * has caught up with it, so that nothing jumps.
 */
export function steadier(shown: ChatMessage | undefined, next: ChatMessage): ChatMessage {
  return shown !== undefined && shown.id === next.id && extentOf(next) < extentOf(shown) ? shown : next;
}

export type Section =
  | { kind: 'text'; key: string; text: string }
  | { kind: 'reasoning'; key: string; parts: ReasoningUIPart[] }
  | { kind: 'tools'; key: string; parts: DynamicToolUIPart[] }
  | { kind: 'source'; key: string; url: string; title: string }
  | { kind: 'file'; key: string; url: string; mediaType: string; name: string };

/** The parts as the page shows them: neighbouring tool calls and pieces of reasoning stand together. */
export function sectionsOf(message: ChatMessage): Section[] {
  const sections: Section[] = [];
  message.parts.forEach((part, index) => {
    const key = `${message.id}:${index}`;
    const previous = sections.at(-1);
    if (part.type === 'dynamic-tool') {
      if (previous?.kind === 'tools') previous.parts.push(part);
      else sections.push({ kind: 'tools', key, parts: [part] });
    } else if (part.type === 'reasoning') {
      if (previous?.kind === 'reasoning') previous.parts.push(part);
      else sections.push({ kind: 'reasoning', key, parts: [part] });
    } else if (part.type === 'text') {
      if (part.text !== '') sections.push({ kind: 'text', key, text: part.text });
    } else if (part.type === 'source-url') {
      sections.push({ kind: 'source', key, url: part.url, title: part.title ?? part.url });
    } else if (part.type === 'file') {
      const name = part.filename ?? part.mediaType;
      sections.push({ kind: 'file', key, url: part.url, mediaType: part.mediaType, name });
    }
  });
  return sections.filter((section) => section.kind !== 'reasoning' || reasoningText(section.parts) !== '');
}

export function reasoningText(parts: ReasoningUIPart[]): string {
  return parts
    .map((part) => part.text)
    .join('\n\n')
    .trim();
}
