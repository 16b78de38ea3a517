import type { Tools, View } from '../cycle/tools.ts';
import { compareNames, readRememberedNames, writeNames } from './remembered.ts';
import { resolveNames } from './resolve.ts';

/**
 * Remembers what names stand for since a cycle has made, or removed, something that is called so: a tag or a person that its target now has may be
 * what they leave out of what they share themselves. Names were looked up before that. What somebody has renamed meanwhile is told by the next cycle.
 */
export async function noteMadeNames({ database, schema }: Tools, { jobs }: View): Promise<void> {
  const isMade = jobs.some(({ select, except, never }) =>
    [select, except, never].some((named) => named !== undefined && named.tags.length + named.people.length > 0)
  );
  if (!isMade) return;
  const remembered = await readRememberedNames(database.sql);
  const names = await resolveNames(database.sql, schema, jobs, remembered);
  const kinds = new Set(['tag', 'person']);
  const isAbout = ({ kind }: { readonly kind: string }) => kinds.has(kind);
  const { remember, forget, renamed } = compareNames(remembered, names.flatMap((one) => one.remember));
  const isRenamed = new Set(renamed.map(({ id }) => id));
  const changes = {
    remember: remember.filter((name) => isAbout(name) && !isRenamed.has(name.id)),
    forget: forget.filter(isAbout),
  };
  if (changes.remember.length + changes.forget.length === 0) return;
  await database.transaction((tx) => writeNames(tx, changes));
}
