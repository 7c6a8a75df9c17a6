import type { AnsweredBy, Model, ModelList } from '../api/types';

/**
 * The model that answers next: the one that answered last in this chat, the one that was picked last, or the default of
 * this user. One that the user may no longer choose does not count.
 */
export function chosenModel(
  list: ModelList | null,
  ofChat: string | null,
  picked: string | null,
): Model | null {
  if (list === null) return null;
  const find = (id: string | null) => list.models.find((model) => model.id === id);
  return find(ofChat) ?? find(picked) ?? find(list.default) ?? list.models[0] ?? null;
}

/** Whether there is anything to pick, or to know about. */
export function isChoice(list: ModelList | null): boolean {
  return list !== null && list.models.length + list.locked.length > 1;
}

export function modelLabel({ name, demo }: Model): string {
  return demo && !name.toLowerCase().includes('demo') ? `${name} · demo` : name;
}

/** Who answered, for the line under the answer. */
export function answeredBy({ name, fellBackTo }: AnsweredBy): string {
  return fellBackTo === undefined ? name : `${name}, answered by ${fellBackTo}`;
}
