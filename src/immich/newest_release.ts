import type { Catalog, Trigger } from './catalog.ts';
import newest from './newest_release.json' with { type: 'json' };

/** The tables of a release of Immich by name, with the names of their columns and what their triggers do. */
export interface ReleaseShape {
  readonly release: string;
  readonly tables: Readonly<
    Record<string, { readonly columns: readonly string[]; readonly triggers: readonly string[] }>
  >;
}

/** The newest release that this program was tried with; written by tests/immich/newest_release.test.ts. */
export const NEWEST_RELEASE: ReleaseShape = newest;

/** The shape of a database in hand. Pure. */
export function shapeOf(release: string, catalog: Catalog): ReleaseShape {
  const tables = [...catalog.values()].toSorted((a, b) => a.name < b.name ? -1 : 1).map((table) =>
    [table.name, {
      columns: [...table.columns.keys()].sort(),
      triggers: table.triggers.map(triggerText).sort(),
    }] as const
  );
  return { release, tables: Object.fromEntries(tables) };
}

function triggerText({ timing, events, function: name }: Trigger): string {
  return `${timing.toLowerCase()} ${[...events].sort().join(' or ').toLowerCase()}: ${name}`;
}

/** In what a database is not as that release: sentences for people, by table. Tables of other programs are no part of it. Pure. */
export function differencesFrom(known: ReleaseShape, catalog: Catalog): string[] {
  const live = shapeOf('', catalog).tables;
  const added = Object.keys(live).filter((name) => !(name in known.tables) && !name.startsWith('_'));
  const found = added.map((name) => `table ${name} is new`);
  for (const [name, { columns, triggers }] of Object.entries(known.tables)) {
    const now = live[name];
    if (now === undefined) {
      found.push(`table ${name} is gone`);
      continue;
    }
    for (
      const [what, before, after] of [['column', columns, now.columns], ['trigger', triggers, now.triggers]] as const
    ) {
      found.push(...after.filter((it) => !before.includes(it)).map((it) => `${what} ${name}.${it} is new`));
      found.push(...before.filter((it) => !after.includes(it)).map((it) => `${what} ${name}.${it} is gone`));
    }
  }
  return found;
}
