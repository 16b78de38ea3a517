import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { sameFile } from '../../files/identity.ts';
import { readRegularFile } from '../../files/regular.ts';
import { readSidecar, SIDECAR_FIELDS, type SidecarField } from '../../immich/sidecar.ts';
import type { Files } from '../cycle/tools.ts';

/** No sidecar of Immich's is longer; what is, is not read. */
const LONGEST_SIDECAR_BYTES = 4 * 1024 * 1024;

/** What a sidecar says about each field it mentions, as MD5s. */
export type SidecarTexts = ReadonlyMap<SidecarField, string>;

/** The sidecars of a mirror and of its source. */
export interface SidecarPair {
  /** The mirror's; undefined without one, or when it cannot be read. */
  readonly mirror: SidecarTexts | undefined;
  /** Whether the mirror has one that is not its source's: Immich has written it. */
  readonly isOwn: boolean;
  readonly source: SidecarTexts | undefined;
}

/** Where nothing that stands in sidecars is asked for. */
export const NO_SIDECARS: SidecarPair = Object.freeze({ mirror: undefined, source: undefined, isOwn: false });

/** Reads both, as Immich sees their paths; null = there is none. Small files, looked at only where something differs. */
export function readSidecarPair(
  { paths }: Pick<Files, 'paths'>,
  mirrorPath: string | null,
  sourcePath: string | null,
): SidecarPair {
  const [mirror, source] = [mirrorPath, sourcePath].map((path) => path === null ? undefined : paths.toLocal(path));
  const isThere = mirror !== undefined && statSync(mirror, { throwIfNoEntry: false }) !== undefined;
  const isOwn = isThere && (source === undefined || !sameFile(source, mirror));
  const said = source === undefined ? undefined : readSaid(source);
  return { mirror: isOwn ? readSaid(mirror) : isThere ? said : undefined, isOwn, source: said };
}

/** All that a sidecar of ours says: what one that Immich writes in its place will say, besides what its owner has changed. Local path. */
export function saidBy(path: string): string[] {
  return [...readSaid(path)?.values() ?? []];
}

function readSaid(path: string): SidecarTexts | undefined {
  try {
    const bytes = readRegularFile(path, LONGEST_SIDECAR_BYTES);
    const said = bytes && readSidecar(bytes.toString('utf8'));
    return said && new Map([...said].map(([field, text]) => [field, digest(field, text)]));
  } catch {
    return undefined;
  }
}

function digest(field: SidecarField, text: string): string {
  const hex = createHash('md5').update(`${field}\n${text}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** What decides whose the fields of a mirror are. */
export interface Evidence {
  /** Fields that are neither what we wrote last nor what the source says. */
  readonly differing: readonly string[];
  /** Fields that the target has changed and Immich has not written into a sidecar yet. */
  readonly locked: readonly string[];
  /** Whether this release marks those; where it does not, an extraction since the last change is what tells. */
  readonly hasLocks: boolean;
  readonly isExtracted: boolean;
  /** What sidecars of the mirror have said without its owner having said it. */
  readonly known: readonly string[];
}

/** Whose the fields of a mirror are, and what is to be remembered for the next time. */
export interface Judgement {
  /** What Immich's extraction has written: put right from the source. */
  readonly extracted: readonly SidecarField[];
  /** What the target has changed. */
  readonly theirs: readonly SidecarField[];
  /** What the mirror's sidecar says that is not its owner's doing, and was not known yet. */
  readonly news: readonly string[];
}

/**
 * Extraction is no person. A field that differs is the target's if Immich still holds it locked, or if the mirror's own sidecar mentions it and
 * says what neither the source's nor any earlier sidecar of ours said: Immich writes into a sidecar only what its owner has changed, and that
 * stays there. Everything else was read from a file, and is put right. A sidecar that cannot be understood counts as the target's. Pure.
 */
export function judgeFields({ mirror, source, isOwn }: SidecarPair, evidence: Evidence): Judgement {
  const known = new Set(evidence.known);
  const isTheirs = (field: SidecarField): boolean => {
    if (evidence.locked.includes(field)) return true;
    if (!isOwn) return !evidence.hasLocks && !evidence.isExtracted;
    if (mirror === undefined) return true;
    const said = mirror.get(field);
    return said !== undefined && said !== source?.get(field) && !known.has(said);
  };
  const differing = SIDECAR_FIELDS.filter((field) => evidence.differing.includes(field));
  const theirs = differing.filter(isTheirs);
  const news = [...mirror ?? []].filter(([field, said]) => !theirs.includes(field) && !known.has(said));
  return {
    extracted: differing.filter((field) => !theirs.includes(field)),
    theirs,
    news: news.map(([, said]) => said),
  };
}
