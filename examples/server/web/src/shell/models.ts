import { fetchModels } from '../api/endpoints';
import type { ModelList } from '../api/types';
import { createStore } from '../state/store';

const choiceKey = 'scorpio-model';

interface ModelState {
  /** What this user may choose, once the server has told. */
  list: ModelList | null;
  /** The model that was picked last, for chats that have none yet. */
  picked: string | null;
}

export const models = createStore<ModelState>({ list: null, picked: readChoice() });

/** The page works without knowing the models, so a failure here is no reason to disturb. */
export async function refreshModels(): Promise<void> {
  const list = await fetchModels().catch(() => null);
  if (list !== null) models.update({ list });
}

export function rememberModel(id: string): void {
  try {
    localStorage.setItem(choiceKey, id);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  models.update({ picked: id });
}

function readChoice(): string | null {
  try {
    return localStorage.getItem(choiceKey);
  } catch {
    return null;
  }
}
