import { planFiles, type PlannedFiles, type PlanOptions } from '../../../src/writeback/plan_files.ts';
import type { Begin } from '../../../src/writeback/intent.ts';
import { FIELD_NAMES, type FieldName } from '../../../src/writeback/fields/fields.ts';
import type { AssetRecord } from '../../../src/writeback/fields/record.ts';
import type { FileStamp, WritePlan } from '../../../src/writeback/tags.ts';
import type { UndoDelta } from '../../../src/writeback/undo_delta/undo_delta.ts';
import { NOTHING_OWN, type OwnValues } from '../../../src/writeback/fields/values.ts';
import { applyWhatCanBe } from '../../../src/writeback/without_tags.ts';
import { Writer } from '../../../src/writeback/writer.ts';

/** An asset of which Immich knows all there is to know. */
export const RECORD: AssetRecord = Object.freeze({
  assetId: '0e9a8d2c-5a53-4f0e-9a43-3f1f4c0a7c11',
  originalPath: '/data/library/a.jpg',
  type: 'IMAGE',
  isExternal: true,
  isFavorite: false,
  isEdited: false,
  description: 'Évening at the “sea”, 1 & 2',
  capturedAt: {
    instant: '2023-07-14T05:30:01.530Z',
    timeZone: 'Australia/Sydney',
    localDateTime: '2023-07-14T15:30:01.530Z',
  },
  position: { latitude: -33.856784, longitude: 151.215296 },
  rating: 4,
  storedSize: { width: 320, height: 240 },
  orientation: 1,
  people: [{ id: '1', name: 'Anna Müller' }, { id: '2', name: '李雷' }],
  faces: [{ personName: 'Anna Müller', imageWidth: 1440, imageHeight: 1080, x1: 100, y1: 200, x2: 300, y2: 500 }],
  albums: ['Summer 2023', 'B & Ö'],
  tags: ['Travel/Australia/Sydney', 'sea'],
});

/** Nothing known but that it exists. */
export const BLANK: AssetRecord = Object.freeze({
  ...RECORD,
  description: '',
  capturedAt: undefined,
  position: undefined,
  rating: undefined,
  people: [],
  faces: [],
  albums: [],
  tags: [],
});

export const ALL: PlanOptions = Object.freeze({
  fields: FIELD_NAMES,
  destination: 'embed',
  captionMaxLength: 2000,
  timeZone: undefined,
});

/** By their fields. Worlds share them, as the files of a run do: an ExifTool that starts and reads its modules takes half a second. */
const WRITERS = new Map<string, Promise<Writer>>();

Deno.test.afterAll(async () => {
  for (const writer of WRITERS.values()) await (await writer)[Symbol.asyncDispose]();
});

async function isShared(writer: Writer): Promise<boolean> {
  return (await Promise.all(WRITERS.values())).includes(writer);
}

/** Does what a run does, with a ledger in memory. */
export class World implements AsyncDisposable {
  readonly directory: string;
  readonly writer: Writer;
  own = new Map<string, OwnValues>();
  readonly done: {
    plan: WritePlan;
    bytesBefore: Uint8Array | undefined;
    delta: UndoDelta | undefined;
    written: FileStamp;
  }[] = [];

  /** What could not be written. */
  readonly left: { readonly tags: readonly string[]; readonly reason: string }[] = [];

  private constructor(directory: string, writer: Writer) {
    this.directory = directory;
    this.writer = writer;
  }

  /** @param exifToolPath a program to use instead of ExifTool itself */
  static async open(
    fields: readonly FieldName[] = FIELD_NAMES,
    exifToolPath: string | undefined = undefined,
  ): Promise<World> {
    const directory = await Deno.makeTempDir({ prefix: 'writeback-' });
    const open = () => Writer.open({ workers: 1, exifToolPath, fields, scratchParent: undefined });
    if (exifToolPath !== undefined) return new World(directory, await open());
    const key = fields.join();
    const writer = WRITERS.get(key) ?? open();
    WRITERS.set(key, writer);
    return new World(directory, await writer);
  }

  async add(name: string, bytes: Uint8Array): Promise<string> {
    const path = `${this.directory}/${name}`;
    await Deno.writeFile(path, bytes);
    await Deno.utime(path, new Date('2020-01-01T00:00:00.123Z'), new Date('2020-02-03T04:05:06.789Z'));
    return path;
  }

  async plan(path: string, record: AssetRecord, options: Partial<PlanOptions> = {}): Promise<PlannedFiles> {
    const [seen] = await this.writer.look([{ path, realPath: path }]);
    if (seen === undefined) throw new Error('Nothing was looked at.');
    const own = { media: this.ownOf(seen.media.path), sidecar: this.ownOf(seen.sidecar.path) };
    return planFiles(record, seen, own, { ...ALL, ...options });
  }

  /** Plans anew after the media file has turned out to be unwritable. */
  async planAround(path: string, record: AssetRecord, reason: string): Promise<PlannedFiles> {
    const [seen] = await this.writer.look([{ path, realPath: path }]);
    if (seen === undefined) throw new Error('Nothing was looked at.');
    const media = { ...seen.media, obstacle: { reason, isPermanent: true } };
    return planFiles(record, { ...seen, media }, { media: NOTHING_OWN, sidecar: NOTHING_OWN }, ALL);
  }

  /** Plans and applies; returns what was planned. */
  async write(path: string, record: AssetRecord, options: Partial<PlanOptions> = {}, begin: Begin = () => {}) {
    const planned = await this.plan(path, record, options);
    for (const whole of planned.plans) {
      let bytesBefore: Uint8Array | undefined;
      let delta: UndoDelta | undefined;
      const apply = (plan: WritePlan) =>
        this.writer.apply(plan, async (intent) => {
          bytesBefore = intent.bytesBefore;
          await begin(intent);
        }, (kept) => {
          delta = kept;
          return Promise.resolve();
        });
      const onLeft = (tags: readonly string[], reason: string) => void this.left.push({ tags, reason });
      const present = whole.kind === 'media' ? planned.present : [];
      const { result: written, applied: plan } = await applyWhatCanBe(
        whole,
        this.ownOf(whole.path),
        present,
        apply,
        onLeft,
      );
      if (written === undefined) continue;
      this.own.set(plan.path, plan.own);
      this.done.push({ plan, bytesBefore, delta, written });
    }
    return planned;
  }

  /** Takes everything back, the last write first. */
  async undoAll(): Promise<void> {
    for (const change of this.done.splice(0).reverse()) await this.writer.undo(change, () => {});
  }

  forget(): void {
    this.own = new Map();
  }

  /** Names in the directory, temporary ones included. */
  names(): string[] {
    return [...Deno.readDirSync(this.directory)].map(({ name }) => name).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!await isShared(this.writer)) await this.writer[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }

  ownOf(path: string): OwnValues {
    return this.own.get(path) ?? NOTHING_OWN;
  }
}
