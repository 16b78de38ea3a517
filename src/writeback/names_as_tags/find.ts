import { entryKey } from '../fields/lists.ts';
import type { FieldName } from '../fields/fields.ts';
import type { FileState } from '../file_state.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Located } from '../locate.ts';
import type { LazyWriter } from '../open_writer.ts';
import type { AssetRecord } from '../fields/record.ts';
import type { SourceItem } from '../records/source.ts';
import type { OpenSource } from '../run/open_source.ts';
import { tagsOfNames, tagsOfOthers, tagsRead } from './names.ts';

/** The fields of which keywords are made. */
export const KEYWORD_FIELDS: readonly FieldName[] = Object.freeze(['people', 'albums', 'tags', 'hierarchy']);

/** Files that are read at once. */
const AT_ONCE = 100;

/** A tag in Immich that is the name of a person or of an album, which Immich has taken from files that we wrote. */
export interface NameAsTag {
  /** Levels separated by `/`. */
  readonly tag: string;
  readonly photos: readonly TaggedPhoto[];
}

export interface TaggedPhoto {
  readonly assetId: string;
  /** As this program sees it. */
  readonly path: string;
  /** Whether Immich would take it from the file once more. */
  readonly isInFile: boolean;
}

interface Candidate {
  readonly record: AssetRecord;
  readonly file: Located & { readonly isFound: true };
  readonly sidecar: string | undefined;
  readonly tags: readonly string[];
}

interface Tools extends Pick<OpenSource, 'source' | 'locator'> {
  readonly ledger: Ledger;
  readonly writer: LazyWriter;
}

/**
 * Tags of photos that the ledger says we have written into their files, now or once, as names of people or albums, and that nobody else has in any list of keywords in the file or its sidecar. Tags that a person gave a photo in Immich are
 * in Immich's own sidecar. In the order of the tags; reads only.
 */
export async function findNamesAsTags(tools: Tools, signal: AbortSignal): Promise<readonly NameAsTag[]> {
  const photos = new Map<string, TaggedPhoto[]>();
  for await (const page of tools.source.pages({ fields: ['tags'] })) {
    signal.throwIfAborted();
    const candidates = candidatesOf(tools, page);
    for (let at = 0; at < candidates.length; at += AT_ONCE) {
      for (const [tag, photo] of await confirmed(tools, candidates.slice(at, at + AT_ONCE))) {
        photos.set(tag, [...photos.get(tag) ?? [], photo]);
      }
    }
  }
  return [...photos].map(([tag, found]) => ({ tag, photos: found })).sort((a, b) => a.tag < b.tag ? -1 : 1);
}

/** Photos with tags that were names once. */
function candidatesOf({ locator, ledger: { files, journal } }: Tools, page: readonly SourceItem[]): Candidate[] {
  const tagged = page.flatMap((item) => {
    if (item.kind === 'mirror' || (item.record.tags ?? []).length === 0) return [];
    const file = locator.locate(item.record.originalPath);
    return file.isFound ? [{ item, file }] : [];
  });
  const known = files.find(tagged.map(({ file }) => file.realPath));
  return tagged.flatMap(({ item: { record, sidecarPath }, file }) => {
    const row = known.get(file.realPath);
    const places = [file.realPath, ...(row?.sidecar === undefined ? [] : [row.sidecar.path])];
    const owns = places.flatMap((path) => [files.own(path), ...journal.ownsOf(path)]);
    const names = new Set(owns.flatMap(tagsOfNames).map(entryKey));
    const tags = (record.tags ?? []).filter((tag) => names.has(entryKey(tag)));
    const sidecar = sidecarPath === undefined ? undefined : locator.locate(sidecarPath);
    return tags.length === 0 ? [] : [{ record, file, tags, sidecar: sidecar?.isFound ? sidecar.path : undefined }];
  });
}

/** Those of their tags that nobody else has written. */
async function confirmed(
  { ledger, writer }: Tools,
  candidates: readonly Candidate[],
): Promise<[tag: string, photo: TaggedPhoto][]> {
  const seen = await (await writer.get()).look(candidates.map(({ file, sidecar }) => ({ ...file, sidecar })));
  return candidates.flatMap(({ record: { assetId }, file: { path }, tags }, index) => {
    const files = [seen[index]?.media, seen[index]?.sidecar].filter((file) => file !== undefined);
    if (!files.every(isUnderstood)) return [];
    const others = new Set(
      files.flatMap((file) => tagsOfOthers(file.tags, ledger.files.own(file.path))).map(entryKey),
    );
    const [media, sidecar] = files;
    const read = new Set(tagsRead(media?.tags ?? {}, sidecar?.tags ?? {}).map(entryKey));
    return tags.filter((tag) => !others.has(entryKey(tag))).map((tag): [string, TaggedPhoto] => [
      tag,
      { assetId, path, isInFile: read.has(entryKey(tag)) },
    ]);
  });
}

/** Whether it is known what is in it; a sidecar need not be there. */
function isUnderstood({ kind, stamp, fileType }: FileState): boolean {
  return fileType !== undefined || (kind === 'sidecar' && stamp === undefined);
}
