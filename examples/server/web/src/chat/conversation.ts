/**
 * One chat: its messages, the answer that runs, and what went wrong. It lives outside the component tree, so an answer
 * goes on arriving while the reader looks at another chat.
 */
import { Chat } from '@ai-sdk/react';
import {
  answerApproval,
  fetchApprovals,
  fetchBranches,
  fetchMessages,
  forkChat,
  stopAnswer,
  switchBranch,
} from '../api/endpoints';
import { asProblem, Problem } from '../api/problem';
import type { Approval, ApprovalAnswer, Branch, ChatMessage } from '../api/types';
import { models, rememberModel } from '../shell/models';
import { newIdentifier } from '../state/identifier';
import { createStore } from '../state/store';
import { type AnswerNotes, noNotes, noted, replayed, settled } from './answerNotes';
import { chosenModel } from './chosenModel';
import { keepDraft, readDraft } from './drafts';
import { isSettled, lastOf, questionsOf, textOf, withStatus } from './messages';
import { type EndOfRequest, type Outcome, outcomeOf } from './outcome';
import { delayBefore, mostAttempts, waitForConnection } from './patience';
import { transport } from './transport';
import { type Trouble, troubleOf } from './trouble';

export interface ConversationState {
  phase: 'new' | 'loading' | 'ready' | 'missing' | 'failed';
  title: string | null;
  trouble: Trouble | null;
  /** The connection was lost in the middle of an answer and is being made again. */
  reconnecting: boolean;
  stopping: boolean;
  /** Whether an answer is being written is being asked. */
  probing: boolean;
  draft: string;
  /** The model that was chosen in this chat. */
  model: string | null;
  notes: AnswerNotes;
  /** What is asked in this chat now. */
  approvals: readonly Approval[];
  /** Where it went on in more than one way. */
  branches: readonly Branch[];
}

export interface ConversationEvents {
  onAnswerEnded: (chatId: string) => void;
  onRejected: (chatId: string) => void;
  onForked: (chatId: string) => void;
}

const longestStop = 4_000;

/** How often it is looked whether somebody has answered elsewhere. */
const glance = 3_000;

type Request = 'send' | 'regenerate' | 'resume';

export class Conversation {
  readonly chat: Chat<ChatMessage>;
  readonly state;
  readonly #events: ConversationEvents;
  #answer: EndOfRequest['answer'];
  #stopRequested = false;
  /** A question of a tool was answered since the messages were loaded. */
  #answered = false;
  #reloading: Promise<boolean> | null = null;
  #following: Promise<void> | null = null;

  constructor(
    readonly id: string,
    events: ConversationEvents,
  ) {
    this.#events = events;
    this.state = createStore<ConversationState>({
      phase: 'new',
      title: null,
      trouble: null,
      reconnecting: false,
      stopping: false,
      probing: false,
      draft: readDraft(id),
      model: null,
      notes: noNotes,
      approvals: [],
      branches: [],
    });
    this.chat = new Chat<ChatMessage>({
      id,
      transport,
      generateId: newIdentifier,
      onData: (told) => {
        const { notes } = this.state.get();
        this.state.update({ notes: noted(notes, told, this.chat.lastMessage, Date.now()) });
      },
      onFinish: ({ finishReason, isAbort }) => {
        this.#answer = { finishReason, aborted: isAbort };
      },
    });
  }

  get isBusy(): boolean {
    const { status } = this.chat;
    return status === 'submitted' || status === 'streaming' || this.state.get().reconnecting;
  }

  setDraft = (draft: string): void => {
    keepDraft(this.id, draft);
    this.state.update({ draft });
  };

  /** Has another model answer from now on, here and in new chats. */
  setModel = (model: string): void => {
    rememberModel(model);
    this.state.update({ model });
  };

  /** Loads what the server keeps, then goes on with the answer that runs, if one does. */
  load = async (): Promise<void> => {
    const { phase, trouble } = this.state.get();
    // A question that waits to be sent again is not on the server: loading would lose it.
    if (this.isBusy || phase === 'loading' || trouble?.retry === 'resend') return;
    if (this.chat.messages.length === 0) this.state.update({ phase: 'loading' });
    this.#reloading = this.#reload();
    if (await this.#reloading) await this.#follow('resume', () => this.chat.resumeStream());
  };

  send = async (text: string): Promise<void> => {
    await this.#endProbe();
    if (this.isBusy || this.#following !== null) return;
    this.setDraft('');
    this.state.update({ phase: 'ready' });
    const message: ChatMessage = {
      id: newIdentifier(),
      role: 'user',
      parts: [{ type: 'text', text }],
      metadata: { createdAt: new Date().toISOString() },
    };
    await this.#follow('send', () => this.chat.sendMessage(message, this.#choice()));
  };

  regenerate = async (): Promise<void> => {
    if (this.isBusy) return;
    const before = this.chat.messages;
    await this.#follow('regenerate', async () => {
      await this.chat.regenerate(this.#choice());
      // The SDK takes the old answer off before it asks; a refusal leaves it standing on the server.
      if (this.chat.error instanceof Problem) this.chat.messages = before;
    });
  };

  /** Asks a question of the reader anew, in other words. What was there stays as a version of it. */
  edit = (messageId: string, text: string): void => {
    if (this.isBusy) return;
    const before = this.chat.messages;
    const edited = before.map((message) =>
      message.id === messageId ? { ...message, parts: [{ type: 'text' as const, text }] } : message,
    );
    void this.#follow('regenerate', async () => {
      this.chat.messages = edited;
      await this.chat.regenerate({ ...this.#choice(), messageId });
      if (this.chat.error instanceof Problem) this.chat.messages = before;
    });
  };

  /** Shows another way in which the chat went on. */
  switchBranch = (seq: number): void => {
    if (this.isBusy) return;
    void this.#try(async () => {
      await switchBranch(this.id, seq);
      await this.#reload();
    });
  };

  /** Goes on from a message in a chat of its own. */
  fork = (messageId: string): void => {
    void this.#try(async () => {
      const { id } = await forkChat(this.id, messageId);
      this.#events.onForked(id);
    });
  };

  /** Answers a question of a tool; the answer of the model then goes on. */
  answer = async (approvalId: string, answer: ApprovalAnswer): Promise<void> => {
    try {
      await answerApproval(this.id, approvalId, answer);
    } catch (thrown) {
      const problem = asProblem(thrown);
      // Somebody was quicker, or it is over: what the server has is what counts.
      if (![404, 409, 410].includes(problem.status)) {
        this.state.update({ trouble: { problem, kept: 'answer', retry: null } });
        return;
      }
      if (problem.kind === 'stale') this.state.update({ trouble: { problem, kept: 'answer', retry: null } });
    }
    await this.#goOnAfterAnswer();
  };

  /** Notices while the chat is shown that a question was answered elsewhere. Gives what ends it. */
  watch = (): (() => void) => {
    const look = () => void this.#lookForAnswers();
    const timer = setInterval(look, glance);
    addEventListener('focus', look);
    return () => {
      clearInterval(timer);
      removeEventListener('focus', look);
    };
  };

  async #lookForAnswers(): Promise<void> {
    const asked = questionsOf(this.chat.messages);
    if (asked.length === 0 || this.isBusy || this.#following !== null || document.hidden) return;
    const approvals = await fetchApprovals(this.id).catch(() => null);
    if (approvals === null || this.isBusy || this.#following !== null) return;
    this.state.update({ approvals });
    if (asked.some((id) => !approvals.some((approval) => approval.id === id))) await this.#goOnAfterAnswer();
  }

  async #goOnAfterAnswer(): Promise<void> {
    await this.#following;
    this.#answered = true;
    // Where nothing is being written any more, this loads what the server has.
    await this.#follow('resume', () => this.chat.resumeStream());
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.state.update({ trouble: { problem: asProblem(thrown), kept: 'answer', retry: null } });
    }
  }

  /** What goes with the messages. Without it they can be read all the same. */
  async #loadExtras(): Promise<void> {
    const asks = questionsOf(this.chat.messages).length > 0;
    const [approvals, branches] = await Promise.all([
      asks ? fetchApprovals(this.id).catch(() => []) : [],
      fetchBranches(this.id).catch(() => null),
    ]);
    this.state.update(branches === null ? { approvals } : { approvals, branches });
  }

  /** The next step after a problem, as `Trouble` names it. */
  retry = async (): Promise<void> => {
    const retry = this.state.get().trouble?.retry;
    if (retry === 'resend') await this.#follow('send', this.#sendAgain);
    else if (retry === 'regenerate') await this.regenerate();
    else if (retry === 'load') {
      this.state.update({ trouble: null });
      await this.load();
    }
  };

  /** The field of a post that chooses the model. The chat remembers it as the server does. */
  #choice(): { body: { model?: string } } {
    const { list, picked } = models.get();
    const chosen = chosenModel(list, this.state.get().model, picked);
    if (chosen === null) return { body: {} };
    this.state.update({ model: chosen.id });
    return { body: { model: chosen.id } };
  }

  /** Asks the server to stop; the answer then ends by itself, and what was written stays. */
  stop = async (): Promise<void> => {
    if (!this.isBusy || this.state.get().stopping) return;
    this.#stopRequested = true;
    this.state.update({ stopping: true });
    const giveUp = setTimeout(() => void this.chat.stop(), longestStop);
    try {
      await stopAnswer(this.id);
    } catch {
      clearTimeout(giveUp);
      await this.chat.stop();
    }
  };

  dismissRefusal = (): void => {
    const kind = this.state.get().trouble?.problem.kind;
    if (kind === 'rate_limit' || kind === 'unauthorized') this.state.update({ trouble: null });
  };

  /** Stops listening without stopping the answer. */
  detach = (): void => {
    this.#stopRequested = true;
    void this.chat.stop();
  };

  /** A question sent right after opening waits for the history, but not for whether an answer still runs. */
  async #endProbe(): Promise<void> {
    await this.#reloading;
    if (this.#following === null || this.isBusy || !isSettled(this.chat.messages)) return;
    await this.chat.stop();
    await this.#following;
  }

  async #follow(kind: Request, request: () => Promise<void>): Promise<void> {
    if (this.#following !== null) return;
    this.state.update({ probing: kind === 'resume' });
    this.#following = this.#carry(kind, request).finally(() => {
      this.#following = null;
      this.state.update({ reconnecting: false, stopping: false, probing: false });
    });
    await this.#following;
  }

  /** Carries a request to its end over lost connections. */
  async #carry(kind: Request, request: () => Promise<void>): Promise<void> {
    this.#stopRequested = false;
    this.state.update({ trouble: null, notes: noNotes });
    let outcome = await this.#attempt(request);
    for (let attempt = 0; canContinue(outcome, attempt); attempt += 1) {
      this.state.update({ reconnecting: true });
      await waitForConnection(delayBefore(attempt));
      outcome = this.#stopRequested ? { kind: 'stopped' } : await this.#attempt(this.#goOn);
    }
    await this.#settle(kind, outcome);
    if (outcome.kind === 'finished' || outcome.kind === 'stopped') void this.#loadExtras();
  }

  async #attempt(request: () => Promise<void>): Promise<Outcome> {
    this.#answer = undefined;
    this.state.update({ notes: replayed(this.state.get().notes) });
    await request();
    const error = this.chat.status === 'error' ? this.chat.error : undefined;
    return outcomeOf({ error, answer: this.#answer, stopRequested: this.#stopRequested });
  }

  /** A question that may not have arrived is sent again under its own id; an answer that began is resumed. */
  #goOn = (): Promise<void> =>
    this.chat.lastMessage?.role === 'user' ? this.#sendAgain() : this.chat.resumeStream();

  #sendAgain = (): Promise<void> => {
    const last = this.chat.lastMessage;
    if (last?.role !== 'user') return this.chat.resumeStream();
    this.chat.messages = this.chat.messages.slice(0, -1);
    return this.chat.sendMessage(last, this.#choice());
  };

  async #settle(kind: Request, outcome: Outcome): Promise<void> {
    this.#applyNotes();
    if (outcome.kind === 'stopped') this.chat.messages = withStatus(this.chat.messages, 'stopped');
    if (outcome.kind === 'idle') {
      if (!isSettled(this.chat.messages)) await this.#reload();
      if (kind !== 'resume') this.#events.onAnswerEnded(this.id);
      return;
    }
    if (outcome.kind === 'rejected' && kind === 'resume' && outcome.problem.status === 404) return;
    if (outcome.kind === 'finished' && (this.#answered || this.state.get().notes.recovered)) {
      // The server knows more than the stream tells: why something was denied, and what was lost in a restart.
      this.#answered = false;
      await this.#reload();
    }
    const trouble = troubleOf(kind, outcome);
    if (trouble?.kept === 'draft') this.#takeBack();
    this.state.update({ trouble });
    if (outcome.kind === 'rejected' && this.chat.messages.length === 0) this.#events.onRejected(this.id);
    else this.#events.onAnswerEnded(this.id);
  }

  /** The answer is over: what does not count goes, and what was told of it stays. */
  #applyNotes(): void {
    const last = this.chat.lastMessage;
    if (last?.role !== 'assistant') return;
    const message = settled(last, this.state.get().notes);
    if (message !== last) this.chat.messages = [...this.chat.messages.slice(0, -1), message];
  }

  /** Puts the refused question back into the composer, unless something new is written there. */
  #takeBack(): void {
    const last = this.chat.lastMessage;
    if (last?.role !== 'user') return;
    this.chat.messages = this.chat.messages.slice(0, -1);
    if (this.state.get().draft === '') this.setDraft(textOf(last));
    if (this.chat.messages.length === 0) this.state.update({ phase: 'new' });
  }

  async #reload(): Promise<boolean> {
    try {
      const { chat, messages } = await fetchMessages(this.id);
      this.chat.messages = messages;
      this.state.update({ phase: 'ready', title: chat.title, model: chat.model ?? null });
      void this.#loadExtras();
      return true;
    } catch (thrown) {
      this.#showLoadProblem(asProblem(thrown));
      return false;
    }
  }

  #showLoadProblem(problem: Problem): void {
    if (problem.status === 404 || problem.status === 400) {
      this.state.update({ phase: 'missing' });
    } else {
      const phase = this.chat.messages.length === 0 ? 'failed' : 'ready';
      this.state.update({ phase, trouble: { problem, kept: 'nothing', retry: 'load' } });
    }
  }

  /** What `ArrowUp` brings back. */
  get lastQuestion(): string {
    const message = lastOf(this.chat.messages, 'user');
    return message === undefined ? '' : textOf(message);
  }
}

function canContinue(outcome: Outcome, attempt: number): boolean {
  if (attempt >= mostAttempts) return false;
  if (outcome.kind === 'disconnected') return true;
  // A server that restarts refuses for a moment; only the first refusal is told at once.
  return attempt > 0 && outcome.kind === 'rejected' && outcome.problem.status >= 500;
}
