import type { Row, State } from '../../share/oracle/state.ts';

/** What a column or a table is called that was dropped. */
export interface Dropped {
  readonly table: string;
  /** None: the whole table. */
  readonly column?: string;
}

/** The state of a copy of a scene, told so that two copies can be compared. */
export interface Account {
  /** Rows in words, by table. */
  readonly rows: Readonly<Record<string, readonly string[]>>;
  /** For each file the names that it has, and its time. */
  readonly files: readonly string[];
}

/** Given anew in each run, and said of nothing else. */
const VOLATILE: readonly string[] = ['updateId', 'updatedAt', 'createdAt', 'createId'];

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const NESTED_UUID = new RegExp(`[0-9a-f]{2}/[0-9a-f]{2}/(?=${UUID.source})`, 'g');

/** Tells the ids that are the same in all copies from those that a run has given, and gives these a name. */
export class Names {
  readonly #known: ReadonlySet<string>;

  /** @param before the state that all copies have in common */
  constructor(before: State) {
    this.#known = new Set(JSON.stringify([before.tables, before.own, [...before.files.keys()]]).match(UUID));
  }

  /** A text in which ids that came since are called after what they are. */
  teller(after: State): (text: string) => string {
    const names = new Map<string, string>();
    const name = (table: string, id: string, ...words: string[]) => {
      for (const row of after.own[table] ?? []) {
        const told = words.map((word) => names.get(String(row[word])) ?? String(row[word])).join(' of ');
        if (!this.#known.has(String(row[id]))) names.set(String(row[id]), `[${table} ${told}]`);
      }
    };
    name('asset_map', 'mirror_asset_id', 'source_asset_id', 'target_user_id');
    name('face_map', 'mirror_face_id', 'source_face_id', 'mirror_asset_id');
    name('person_map', 'mirror_person_id', 'origin_person_id', 'target_user_id');
    name('stack_map', 'mirror_stack_id', 'source_stack_id', 'target_user_id');
    return (text) =>
      text.replaceAll(NESTED_UUID, '')
        .replaceAll(UUID, (id) => this.#known.has(id) ? id : names.get(id) ?? '[new]');
  }
}

/** What Immich's tables say, but for what was dropped, and all files. */
export function accountOf(names: Names, after: State, dropped: Dropped | undefined): Account {
  const tell = names.teller(after);
  const rows = Object.entries(after.tables)
    .filter(([table]) => table !== dropped?.table || dropped.column !== undefined)
    .map(([table, all]) => {
      const left = table === dropped?.table ? [...VOLATILE, dropped.column ?? ''] : VOLATILE;
      return [table, all.map((row) => tell(JSON.stringify(without(row, left)))).sort()] as const;
    });
  const byInode = Map.groupBy(after.files, ([, { inode }]) => inode);
  const files = [...byInode.values()].map((links) => {
    const paths = links.map(([path]) => tell(path)).sort();
    return `${paths.join(' = ')} of ${links[0]?.[1].modifiedAtMs}`;
  });
  return { rows: Object.fromEntries(rows), files: files.sort() };
}

function without(row: Row, columns: readonly string[]): Row {
  const left = Object.entries(row).filter(([column]) => !columns.includes(column));
  return Object.fromEntries(left.toSorted(([a], [b]) => a < b ? -1 : 1));
}

/** Everything that is in one account and not in the other, in words. */
export function differencesOf(expected: Account, actual: Account): string[] {
  const found = listDifferences('file', expected.files, actual.files);
  for (const table of Object.keys(actual.rows)) {
    found.push(...listDifferences(table, expected.rows[table] ?? [], actual.rows[table] ?? []));
  }
  return found;
}

/** The same for two lists of lines. A line counts as often as it is there. */
export function listDifferences(what: string, expected: readonly string[], actual: readonly string[]): string[] {
  const minus = (all: readonly string[], others: readonly string[]) => {
    const rest = [...others];
    return all.filter((line) => {
      const at = rest.indexOf(line);
      if (at >= 0) rest.splice(at, 1);
      return at < 0;
    });
  };
  return [
    ...minus(expected, actual).map((line) => `${what}: expected ${line}`),
    ...minus(actual, expected).map((line) => `${what}: found ${line}`),
  ];
}
