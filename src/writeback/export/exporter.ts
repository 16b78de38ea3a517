import { hash } from 'node:crypto';
import { basename, dirname } from 'node:path/posix';
import { codeOf } from '../../files/problem.ts';
import { inTree } from '../../config/destination.ts';
import { FIELD_NAMES } from '../fields/fields.ts';
import { NOTHING_OWN } from '../fields/values.ts';
import { toStamp } from '../files.ts';
import { infoOf } from '../in_place.ts';
import type { Located } from '../locate.ts';
import type { LazyWriter } from '../open_writer.ts';
import { MAPPING_VERSION, planFiles } from '../plan_files.ts';
import type { RecordItem, ShownAs } from '../records/source.ts';
import { Sidecars } from '../sidecar_choice.ts';
import { applyWhatCanBe } from '../without_tags.ts';
import type { Book, ExportEntry } from './book.ts';
import { isAsLeft, isLinked, makeDirectories, place, sha256Of, tidy } from './files.ts';
import { ALBUMS_DIRECTORY, exportPlaceOf, fitName, numbered, PEOPLE_DIRECTORY, split } from './layout.ts';
import type { ExportTally } from './report.ts';

type Found = Located & { readonly isFound: true };

/** A photo with all that belongs to it, here. */
export interface Exported {
  readonly item: RecordItem;
  readonly shown: ShownAs;
  readonly file: Found;
  /** The video of a live photo. */
  readonly motion: Found | undefined;
  /** The sidecar that Immich reads, where it is known. */
  readonly sidecar: string | undefined;
  /** The directory of its owner. */
  readonly userDirectory: string;
}

export interface ExporterTools {
  readonly book: Book;
  readonly writer: LazyWriter;
  readonly tally: ExportTally;
  readonly isCopy: boolean;
  readonly captionMaxLength: number;
  readonly timeZone: string | undefined;
}

/** What cannot be done because of the directory, and not because of one file. */
const FATAL: readonly string[] = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'];

/** Brings photos into the directory of an export. What is there and was not made by it is never touched. */
export class Exporter {
  readonly #tools: ExporterTools;
  readonly #root: string;
  /** None is made beside an original. */
  readonly #sidecars = new Sidecars('photo.jpg.xmp');
  #hasLinks = true;

  constructor(tools: ExporterTools) {
    this.#tools = tools;
    this.#root = tools.book.directory;
  }

  /** Directories of originals may have changed. */
  nextPage(): void {
    this.#sidecars.nextPage();
  }

  /** Throws only what concerns the whole directory. */
  async export(photo: Exported): Promise<void> {
    const { tally } = this.#tools;
    try {
      const path = this.#pathOf(photo);
      await this.#file(path, 'original', photo.item.record.assetId, photo.file.realPath);
      if (photo.motion !== undefined) await this.#motion(path, photo, photo.motion);
      this.#links(path, photo);
      await this.#sidecar(`${path}.xmp`, photo);
    } catch (error) {
      if (FATAL.includes(codeOf(error))) throw error;
      tally.trouble(photo.file.path, reasonOf(error));
      // What was exported of it before stays.
      for (const entry of this.#tools.book.of(photo.item.record.assetId)) this.#tools.book.see(entry);
    }
  }

  /** Where its original lies: where it was, if that is still a name that it may have, else under the first that is free. */
  #pathOf({ item, shown, motion, userDirectory }: Exported): string {
    const { book } = this.#tools;
    const { assetId } = item.record;
    const wanted = `${userDirectory}/${exportPlaceOf(shown)}`;
    const before = book.of(assetId).find(({ kind }) => kind === 'original')?.path;
    for (let number = 1;; number++) {
      const path = numbered(wanted, number);
      const names = [path, `${path}.xmp`, ...(motion === undefined ? [] : [motionPathOf(path, motion)])];
      if (path === before || names.every((name) => this.#isFree(name, assetId))) return path;
    }
  }

  #isFree(path: string, assetId: string): boolean {
    const entry = this.#tools.book.at(path);
    if (entry !== undefined) return entry.assetId === assetId;
    return infoOf(`${this.#root}/${path}`) === undefined;
  }

  async #motion(path: string, { item }: Exported, motion: Found): Promise<void> {
    await this.#file(motionPathOf(path, motion), 'motion', item.record.assetId, motion.realPath);
  }

  async #file(path: string, kind: 'original' | 'motion', assetId: string, from: string): Promise<void> {
    const { book, tally, isCopy } = this.#tools;
    const source = JSON.stringify([from, toStamp(Deno.lstatSync(from)), isCopy]);
    if (this.#isThere(path, source)) return;
    this.#assertOurs(path);
    const to = `${this.#root}/${path}`;
    makeDirectories(this.#root, path);
    place(from, to, isCopy);
    book.save({ path, kind, assetId, source, digest: await sha256Of(from), ...toStamp(Deno.lstatSync(to)) });
    tally.made.originals++;
  }

  /** Albums and people as directories of links. */
  #links(path: string, { item: { record }, userDirectory }: Exported): void {
    const directories = [
      ...(record.albums ?? []).map((name) => `${userDirectory}/${ALBUMS_DIRECTORY}/${fitName(name)}`),
      ...record.people.map(({ name }) => `${userDirectory}/${PEOPLE_DIRECTORY}/${fitName(name)}`),
    ];
    for (const directory of new Set(directories)) this.#link(directory, path, record.assetId);
  }

  /** A hard link, as the sandbox lets nobody make symbolic ones. Where the file system has none, nothing is linked, which is said once. */
  #link(directory: string, path: string, assetId: string): void {
    const { book, tally } = this.#tools;
    if (!this.#hasLinks) return;
    const source = JSON.stringify([path, Deno.lstatSync(`${this.#root}/${path}`).ino]);
    const isSame = (entry: ExportEntry) =>
      entry.kind === 'link' && dirname(entry.path) === directory && entry.digest === path;
    const before = book.of(assetId).find(isSame);
    if (before !== undefined && this.#isThere(before.path, source)) return;
    let link = before?.path ?? '';
    for (let number = 1; link === ''; number++) {
      const name = numbered(`${directory}/${basename(path)}`, number);
      if (book.at(name) === undefined && infoOf(`${this.#root}/${name}`) === undefined) link = name;
    }
    this.#assertOurs(link);
    makeDirectories(this.#root, link);
    const to = `${this.#root}/${link}`;
    if (!isLinked(`${this.#root}/${path}`, to)) {
      this.#hasLinks = false;
      tally.trouble(
        directory,
        'this file system has no hard links, so that albums and people are in the manifest only',
      );
      return;
    }
    book.save({ path: link, kind: 'link', assetId, digest: path, source, ...toStamp(Deno.lstatSync(to)) });
    tally.made.links++;
  }

  /** What others have written beside the original, and all that Immich knows. */
  async #sidecar(path: string, { item: { record }, file, sidecar }: Exported): Promise<void> {
    const { book, tally, writer, captionMaxLength, timeZone } = this.#tools;
    const choice = this.#sidecars.choose(file.path, sidecar);
    const beside = infoOf(choice.path)?.isFile === true ? choice.path : undefined;
    const stamp = beside === undefined ? undefined : toStamp(Deno.lstatSync(beside));
    const wish = [MAPPING_VERSION, captionMaxLength, timeZone, stamp, toStamp(Deno.lstatSync(file.realPath)), record];
    const source = hash('sha256', JSON.stringify(wish));
    if (this.#isThere(path, source)) return;
    this.#assertOurs(path);
    const to = `${this.#root}/${path}`;
    if (beside !== undefined) Deno.writeFileSync(to, Deno.readFileSync(beside), { createNew: true });
    const exifTool = await writer.get();
    const [seen] = await exifTool.look([{
      path: file.path,
      realPath: file.realPath,
      sidecar: choice.path,
      inTree: to,
    }]);
    if (seen === undefined) throw new Error('nothing was looked at');
    const { plans, refused, obstacle } = planFiles(record, seen, { media: NOTHING_OWN, sidecar: NOTHING_OWN }, {
      ...{ fields: FIELD_NAMES, destination: inTree(this.#root), captionMaxLength, timeZone },
    });
    for (const reason of [...refused, ...(obstacle === undefined ? [] : [obstacle.reason])]) {
      tally.trouble(file.path, reason);
    }
    for (const plan of plans) {
      await applyWhatCanBe(
        plan,
        NOTHING_OWN,
        [],
        (applied) => exifTool.apply(applied, () => {}),
        (_tags, reason) => tally.trouble(file.path, reason),
      );
    }
    const info = infoOf(to);
    if (info === undefined) return; // Immich knows nothing that could be written
    book.save({ path, kind: 'sidecar', assetId: record.assetId, source, digest: await sha256Of(to), ...toStamp(info) });
    tally.made.sidecars++;
  }

  /** Whether it was made of this very source and is as it was left. */
  #isThere(path: string, source: string): boolean {
    const { book, tally } = this.#tools;
    const entry = book.at(path);
    if (entry === undefined || entry.path !== path || entry.source !== source || !isAsLeft(this.#root, entry)) {
      return false;
    }
    book.see(entry);
    tally.unchanged++;
    return true;
  }

  /** Throws unless nothing is there; what is there and as we left it goes first. */
  #assertOurs(path: string): void {
    const { book } = this.#tools;
    const entry = book.at(path);
    if (infoOf(`${this.#root}/${path}`) === undefined) return;
    if (entry === undefined || !this.removeOurs(entry)) {
      throw new Error(`${JSON.stringify(path)} in the export was changed by somebody else and is left alone`);
    }
  }

  /** Removes what we made, if it is still what we left. Returns whether it is gone. */
  removeOurs(entry: ExportEntry): boolean {
    const path = `${this.#root}/${entry.path}`;
    if (infoOf(path) !== undefined) {
      if (!isAsLeft(this.#root, entry)) return false;
      Deno.removeSync(path);
    }
    this.#tools.book.remove(entry);
    tidy(this.#root, entry.path);
    return true;
  }
}

/** The film of `IMG_1.HEIC` is `IMG_1.MOV`. */
function motionPathOf(path: string, { realPath }: Found): string {
  return split(path)[0] + split(realPath)[1];
}

function reasonOf(error: unknown): string {
  if (error !== null && typeof error === 'object' && 'reason' in error) return String(error.reason);
  return error instanceof Error ? error.message : String(error);
}
