import type { Group, Mirror } from './memory.ts';
import { type Prediction, text } from './prediction.ts';

/** What Immich writes into sidecars, and how. */
const WRITTEN: Readonly<
  Partial<Record<Group, { readonly tags: readonly string[]; readonly locks: readonly string[] }>>
> = {
  description: { tags: ['dc:description', 'tiff:ImageDescription'], locks: ['description'] },
  date: { tags: ['exif:DateTimeOriginal', 'photoshop:DateCreated'], locks: ['dateTimeOriginal', 'timeZone'] },
  position: { tags: ['exif:GPSLatitude', 'exif:GPSLongitude'], locks: ['latitude', 'longitude'] },
  rating: { tags: ['xmp:Rating'], locks: ['rating'] },
  tags: { tags: ['digiKam:TagsList'], locks: ['tags'] },
};

export const IN_SIDECAR = Object.keys(WRITTEN) as Group[];

export function locksOf(group: Group): readonly string[] {
  return WRITTEN[group]?.locks ?? [];
}

/**
 * Whose a value on a mirror is that neither we nor its source gave it: the target's when Immich has it locked, or when the sidecar that Immich wrote for
 * the mirror says something of it that no sidecar of ours ever said.
 */
export class Sidecars {
  readonly #own: ReadonlyMap<string, string>;
  readonly #source: ReadonlyMap<string, string>;
  readonly #isOwn: boolean;
  readonly #locks: readonly unknown[];

  constructor(prediction: Prediction, readonly mirror: Mirror) {
    const { records, before } = prediction;
    const fileOf = (assetId: string) => {
      const row = records.of('asset_file', assetId).find((file) => file['type'] === 'sidecar');
      return row === undefined ? undefined : before.files.get(text(row['path']));
    };
    const [own, source] = [fileOf(mirror.id), fileOf(mirror.sourceId)];
    this.#isOwn = own !== undefined && own.inode !== source?.inode;
    this.#own = fieldsIn(own?.content);
    this.#source = fieldsIn(source?.content);
    const locks = records.of('asset_exif', mirror.id)[0]?.['lockedProperties'];
    this.#locks = Array.isArray(locks) ? locks : [];
  }

  isTheirs(group: Group): boolean {
    if (WRITTEN[group] === undefined || this.isHeld(group)) return true;
    const said = this.#own.get(group);
    return this.#isOwn && said !== undefined && said !== this.#source.get(group) && !this.mirror.said.has(said);
  }

  /** Whether Immich has it locked. */
  isHeld(group: Group): boolean {
    return locksOf(group).some((lock) => this.#locks.includes(lock));
  }

  /** Remembers what the sidecar says of everything but `theirs`. */
  remember(theirs: ReadonlySet<Group>): void {
    for (const [group, said] of this.#own) if (!theirs.has(group as Group)) this.mirror.said.add(said);
  }
}

/** All that a sidecar says. */
export function saidIn(content: string | undefined): Set<string> {
  return new Set(fieldsIn(content).values());
}

function fieldsIn(content: string | undefined): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(WRITTEN).flatMap(([group, { tags }]) => {
      const said = tags.map((tag) => new RegExp(`<${tag}>[\\s\\S]*?</${tag}>`).exec(content ?? '')?.[0]);
      return said.every((it) => it === undefined) ? [] : [[group, JSON.stringify(said)] as const];
    }),
  );
}
