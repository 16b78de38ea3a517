/** Pages of Immich that the dashboard leads to, below its address: Route in web/src/lib/route.ts of 2.7.5 and 3.1.0. */
export const IMMICH_PAGES = Object.freeze({
  photo: (id: string) => `/photos/${id}`,
  album: (id: string) => `/albums/${id}`,
  /** From 3.2 on it goes by the id of their group. */
  person: (id: string) => `/people/${id}`,
  /** One with all that are below it, or all. */
  tag: (value: string | null) => value === null ? '/tags' : `/tags?path=${encodeURIComponent(value)}`,
  favorites: () => '/favorites',
  folder: (path: string) => `/folders?path=${encodeURIComponent(path.replace(/\/$/, ''))}`,
});
