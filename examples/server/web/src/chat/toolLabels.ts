/** Words and icons for tools. A tool that is not known here is named after its own name. */
import type { DynamicToolUIPart } from 'ai';
import {
  Calculator,
  Clock,
  CloudSun,
  FileText,
  Globe,
  Mail,
  type LucideIcon,
  MessageCircleQuestion,
  Pencil,
  Search,
  SquareTerminal,
  Wrench,
} from 'lucide-react';

/** The first entry with a word that the name of the tool contains. */
const icons: [words: string[], icon: LucideIcon][] = [
  [['calc', 'math'], Calculator],
  [['time', 'clock', 'date'], Clock],
  [['mail'], Mail],
  [['weather', 'forecast'], CloudSun],
  [['search', 'find', 'grep'], Search],
  [['browse', 'web', 'fetch', 'http', 'url'], Globe],
  [['shell', 'bash', 'terminal', 'command', 'exec', 'python'], SquareTerminal],
  [['write', 'edit', 'patch'], Pencil],
  [['ask'], MessageCircleQuestion],
  [['file', 'read', 'document', 'doc'], FileText],
];

export function toolIcon(name: string): LucideIcon {
  const lower = name.toLowerCase();
  return icons.find(([words]) => words.some((word) => lower.includes(word)))?.[1] ?? Wrench;
}

export function toolLabel(part: Pick<DynamicToolUIPart, 'toolName' | 'title'>): string {
  if (part.title !== undefined && part.title !== '') return part.title;
  const words = part.toolName
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .split(/[\s_\-./:]+/)
    .filter(Boolean)
    .join(' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export type ToolState = 'preparing' | 'running' | 'waiting' | 'done' | 'failed' | 'denied' | 'stopped';

export function toolState(part: DynamicToolUIPart, answerRuns: boolean): ToolState {
  switch (part.state) {
    case 'output-available':
      return part.preliminary && answerRuns ? 'running' : 'done';
    case 'output-error':
      return 'failed';
    case 'output-denied':
      return 'denied';
    case 'approval-requested':
      return 'waiting';
    case 'input-streaming':
      return answerRuns ? 'preparing' : 'stopped';
    default:
      return answerRuns ? 'running' : 'stopped';
  }
}

export const toolStateLabels: Record<ToolState, string> = {
  preparing: 'Preparing',
  running: 'Running',
  waiting: 'Waiting for approval',
  done: 'Done',
  failed: 'Failed',
  denied: 'Denied',
  stopped: 'Stopped',
};

const longestSummary = 80;

/** The one thing to know about a call without opening it: its first plain value. */
export function summaryOf(input: unknown): string {
  const value =
    typeof input === 'object' && input !== null
      ? Object.values(input).find((one) => typeof one === 'string' || typeof one === 'number')
      : input;
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  const line = String(value).trim().replace(/\s+/g, ' ');
  return line.length > longestSummary ? `${line.slice(0, longestSummary)}…` : line;
}

export function prettyValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
