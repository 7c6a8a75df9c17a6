import { useSyncExternalStore } from 'react';

/** A value that lives outside the component tree and tells its listeners when it changes. */
export interface Store<Value extends object> {
  get: () => Value;
  update: (change: Partial<Value>) => void;
  subscribe: (listener: () => void) => () => void;
}

export function createStore<Value extends object>(initial: Value): Store<Value> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    update: (change) => {
      value = { ...value, ...change };
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<Value extends object>(store: Store<Value>): Value {
  return useSyncExternalStore(store.subscribe, store.get);
}
