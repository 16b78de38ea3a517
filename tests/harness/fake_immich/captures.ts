/** The two ways of talking that were captured from real servers: the last 2.x, and 3.x. */
export type Dialect = '2.7.5' | '3.1.0';

export const DIALECTS: readonly Dialect[] = ['2.7.5', '3.1.0'];

export type Json = Readonly<Record<string, unknown>>;

const remembered = new Map<string, unknown>();

/** An answer that a real server of this release gave. */
export function capture<T = Json>(dialect: Dialect, name: string): T {
  const key = `${dialect}/${name}`;
  if (!remembered.has(key)) {
    const file = new URL(`../../fixtures/immich-api/${key}.json`, import.meta.url);
    remembered.set(key, JSON.parse(Deno.readTextFileSync(file)));
  }
  return structuredClone(remembered.get(key)) as T;
}
