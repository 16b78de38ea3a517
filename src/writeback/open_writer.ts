import type { WriteConfig } from '../config/config.ts';
import { UserError } from '../errors.ts';
import type { FieldName } from './fields/fields.ts';
import { FIELD_NAMES } from './fields/fields.ts';
import { Writer } from './writer.ts';

type Settings = Pick<WriteConfig, 'workers' | 'exiftoolPath'>;

/** How many ExifTools work at once. */
export function workersOf({ workers }: Settings): number {
  return workers ?? Math.max(1, navigator.hardwareConcurrency);
}

/** A writer that is made when it is needed: a run that finds nothing changed never does. */
export class LazyWriter implements AsyncDisposable {
  readonly #open: () => Promise<Writer>;
  #writer: Promise<Writer> | undefined;

  /** @param scratchParent see WriterOptions */
  constructor(settings: Settings, fields: readonly FieldName[], scratchParent: string | undefined) {
    const exifToolPath = settings.exiftoolPath;
    this.#open = () => Writer.open({ workers: workersOf(settings), exifToolPath, fields, scratchParent });
  }

  /** Rejects with UserError when ExifTool cannot be unpacked. */
  get(): Promise<Writer> {
    return this.#writer ??= this.#open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const writer = await this.#writer?.catch(() => undefined); // its caller knows already
    await writer?.[Symbol.asyncDispose]();
  }
}

/** Whether ExifTool can be run here. */
export async function hasExifTool(settings: Settings): Promise<boolean> {
  try {
    await using writer = await Writer.open({
      workers: 1,
      exifToolPath: settings.exiftoolPath,
      fields: FIELD_NAMES,
      scratchParent: undefined,
    });
    return await writer.version() !== '';
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
