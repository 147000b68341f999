// Where the reader is, in the address's fragment: `#/task/task-0001`, `#/events?topic=task:*`.

import { Store, useValue } from '../live/store.js';

export interface Route {
  view: string;
  id: string;
  query: URLSearchParams;
}

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const [view = '', ...rest] = path.split('/');
  let id = rest.join('/');
  try {
    id = decodeURIComponent(id);
  } catch {
    // As it stands.
  }
  return { view: view || 'now', id, query: new URLSearchParams(query) };
}

const route = new Store(read());
addEventListener('hashchange', () => route.set(read()));

export const useRoute = () => useValue(route);

/** The link to a view. */
export function to(view: string, id = '', query: Record<string, string> = {}): string {
  const shown = Object.entries(query).filter(([, value]) => value !== '');
  const search = shown.length > 0 ? `?${new URLSearchParams(shown)}` : '';
  return `#/${view}${id ? `/${encodeURIComponent(id)}` : ''}${search}`;
}

/** Changes what stands behind the `?`, without a step back for each letter. */
export function setQuery(query: Record<string, string>) {
  const { view, id } = route.value;
  history.replaceState(null, '', to(view, id, query));
  route.set(read());
}
