import { fetchModels } from '../api/endpoints';
import type { Model } from '../api/types';
import { createStore } from '../state/store';

/** The model that answers, once the server has told. */
export const model = createStore<{ current: Model | null }>({ current: null });

/** The page works without knowing the model, so a failure here is no reason to disturb. */
export async function refreshModel(): Promise<void> {
  const list = await fetchModels().catch(() => null);
  if (list === null) return;
  model.update({ current: list.models.find((one) => one.id === list.default) ?? list.models[0] ?? null });
}
